//! An engine that does what comments tell it: it tests the runner.
//!
//! Lines of a test's text that start with `//@` are carried out from top to bottom:
//!
//! | line | effect |
//! |---|---|
//! | `//@ print TEXT` | calls `print` |
//! | `//@ throw PHASE ERROR TEXT` | ends with that error |
//! | `//@ strict COMMAND` | carries out the command if the text starts with the strict directive |
//! | `//@ need-harness FILE` | throws unless that file came before the test |
//! | `//@ need-script`, `//@ need-module`, `//@ need-no-block` | throws unless that holds |
//! | `//@ hang` | sleeps until the deadline, then answers that it timed out |
//! | `//@ freeze` | never answers |
//! | `//@ abort` | ends the process by a signal |
//! | `//@ panic TEXT` | panics |
//! | `//@ broken TEXT` | answers that the harness is broken |

use std::time::{Duration, Instant};

use crate::engine::{Completion, Engine, Job, Ran};
use crate::meta::Phase;

/// The engine; it has no state.
pub struct Scripted;

impl Engine for Scripted {
    fn name(&self) -> String {
        "scripted".to_string()
    }

    fn run(&self, job: &Job<'_>) -> Ran {
        let mut printed = Vec::new();
        let commands = job.source.lines().filter_map(|line| line.strip_prefix("//@ "));
        let completion = commands.into_iter().find_map(|line| obey(line, job, &mut printed));
        Ran { completion: completion.unwrap_or(Completion::Normal), printed }
    }
}

/// Carries out one line; the completion if it ends the test.
fn obey(line: &str, job: &Job<'_>, printed: &mut Vec<String>) -> Option<Completion> {
    let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
    let need = |holds: bool| {
        let message = format!("unmet: {line}");
        (!holds).then(|| Completion::Threw { phase: Phase::Runtime, error: "Unmet".to_string(), message })
    };
    match command {
        "print" => {
            printed.push(rest.to_string());
            None
        }
        "throw" => {
            let mut words = rest.splitn(3, ' ');
            let phase = match words.next() {
                Some("parse") => Phase::Parse,
                Some("resolution") => Phase::Resolution,
                _ => Phase::Runtime,
            };
            let error = words.next().unwrap_or_default().to_string();
            Some(Completion::Threw { phase, error, message: words.next().unwrap_or_default().to_string() })
        }
        "strict" if job.source.starts_with("\"use strict\";\n") => obey(rest, job, printed),
        "strict" => None,
        "need-harness" => need(job.harness.iter().any(|(name, text)| *name == rest && !text.is_empty())),
        "need-script" => need(!job.module),
        "need-module" => need(job.module),
        "need-no-block" => need(!job.can_block),
        "hang" => {
            std::thread::sleep(job.deadline.saturating_duration_since(Instant::now()));
            Some(Completion::TimedOut)
        }
        "freeze" => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        "abort" => std::process::abort(),
        "panic" => panic!("{rest}"),
        "broken" => Some(Completion::Broken(rest.to_string())),
        _ => Some(Completion::Broken(format!("no such command: {line}"))),
    }
}
