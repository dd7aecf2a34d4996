//! Decides from how a test ended whether it passed.

use crate::engine::{Completion, Ran};
use crate::meta::Meta;

const COMPLETE: &str = "Test262:AsyncTestComplete";
const FAILURE: &str = "Test262:AsyncTestFailure:";

/// Whether a run of a test described by `meta` is a pass.
///
/// # Errors
/// Why it is not, as one line.
pub fn judge(meta: &Meta, ran: &Ran) -> Result<(), String> {
    match (&ran.completion, &meta.negative) {
        (Completion::TimedOut, _) => Err("timeout".to_string()),
        (Completion::Broken(why), _) => Err(format!("harness: {}", one_line(why))),
        (Completion::Normal, Some(want)) => {
            Err(format!("no error, expected {} at {}", want.error, want.phase))
        }
        (Completion::Threw { phase, error, message }, Some(want)) => {
            if error == &want.error && phase == &want.phase {
                Ok(())
            } else {
                let message = one_line(message);
                Err(format!("{error} at {phase}, expected {} at {}: {message}", want.error, want.phase))
            }
        }
        (Completion::Threw { phase, error, message }, None) => {
            let message = one_line(message);
            let message = message.strip_prefix(&format!("{error}: ")).unwrap_or(&message);
            let at =
                if *phase == crate::meta::Phase::Runtime { String::new() } else { format!(" at {phase}") };
            Err(format!("{error}{at}: {message}"))
        }
        (Completion::Normal, None) if meta.is_async => judge_async(&ran.printed),
        (Completion::Normal, None) => Ok(()),
    }
}

/// A passing asynchronous test says that it is complete, once, and never that it failed.
fn judge_async(printed: &[String]) -> Result<(), String> {
    if let Some(failure) = printed.iter().find_map(|line| line.strip_prefix(FAILURE)) {
        return Err(one_line(failure.trim_start()));
    }
    match printed.iter().filter(|line| *line == COMPLETE).count() {
        1 => Ok(()),
        0 => Err("async test never completed".to_string()),
        n => Err(format!("async test completed {n} times")),
    }
}

/// `text` without line ends, cut after 200 characters.
fn one_line(text: &str) -> String {
    let mut line: String = text.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Phase;

    fn meta(block: &str) -> Meta {
        Meta::parse(&format!("/*---\n{block}\n---*/")).unwrap()
    }

    fn threw(phase: Phase, error: &str, message: &str) -> Ran {
        let completion = Completion::Threw { phase, error: error.into(), message: message.into() };
        Ran { completion, printed: Vec::new() }
    }

    fn printed(lines: &[&str]) -> Ran {
        Ran { completion: Completion::Normal, printed: lines.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn a_plain_test_passes_when_nothing_is_thrown() {
        assert_eq!(judge(&meta(""), &printed(&["anything"])), Ok(()));
        assert_eq!(
            judge(&meta(""), &threw(Phase::Runtime, "Test262Error", "Test262Error: no\nmore")).unwrap_err(),
            "Test262Error: no more"
        );
        assert_eq!(
            judge(&meta(""), &threw(Phase::Parse, "SyntaxError", "x")).unwrap_err(),
            "SyntaxError at parse: x"
        );
    }

    #[test]
    fn a_negative_test_needs_the_error_and_the_phase() {
        let meta = meta("negative:\n  phase: parse\n  type: SyntaxError");
        assert_eq!(judge(&meta, &threw(Phase::Parse, "SyntaxError", "")), Ok(()));
        assert!(
            judge(&meta, &threw(Phase::Runtime, "SyntaxError", ""))
                .unwrap_err()
                .contains("expected SyntaxError at parse")
        );
        assert!(judge(&meta, &threw(Phase::Resolution, "SyntaxError", "")).is_err());
        assert!(judge(&meta, &threw(Phase::Parse, "ReferenceError", "")).is_err());
        assert_eq!(judge(&meta, &printed(&[])).unwrap_err(), "no error, expected SyntaxError at parse");
    }

    #[test]
    fn an_async_test_says_once_that_it_is_complete() {
        let meta = meta("flags: [async]");
        assert_eq!(judge(&meta, &printed(&["hello", COMPLETE])), Ok(()));
        assert_eq!(judge(&meta, &printed(&[])).unwrap_err(), "async test never completed");
        assert_eq!(
            judge(&meta, &printed(&[COMPLETE, COMPLETE])).unwrap_err(),
            "async test completed 2 times"
        );
        let failed = printed(&[COMPLETE, "Test262:AsyncTestFailure:Test262Error: x"]);
        assert_eq!(judge(&meta, &failed).unwrap_err(), "Test262Error: x");
    }

    #[test]
    fn a_timeout_or_a_broken_harness_fails_even_a_negative_test() {
        let meta = meta("negative:\n  phase: runtime\n  type: Error");
        let ran = |completion| Ran { completion, printed: Vec::new() };
        assert_eq!(judge(&meta, &ran(Completion::TimedOut)).unwrap_err(), "timeout");
        assert_eq!(judge(&meta, &ran(Completion::Broken("a\nb".into()))).unwrap_err(), "harness: a b");
    }
}
