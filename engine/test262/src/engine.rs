//! What the runner asks of an engine.
//!
//! One call runs one test in one mode, in a realm (and a runtime) of its own. All policy is the
//! runner's: which files come first, what counts as a pass, what to do about a crash. The engine's
//! side supplies the host: `print`, `$262`, the module loader, the job loop and the limits.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::meta::Phase;

/// A JavaScript engine under test.
pub trait Engine {
    /// Name and version, for reports.
    fn name(&self) -> String;

    /// Runs one test. The host functions of the suite's INTERPRETING.md must be in place before
    /// the first script, as writable, configurable, non-enumerable properties of the global.
    fn run(&self, job: &Job<'_>) -> Ran;
}

/// One test in one mode.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// Scripts to evaluate in the realm's global scope before the test: file name and text.
    pub harness: &'a [(&'a str, &'a str)],
    /// The test's text, already changed for strict mode where the mode asks for that.
    pub source: &'a str,
    /// Absolute path of the test: its name in stack traces, and what imports are relative to.
    pub path: &'a Path,
    /// Whether `source` is a module, otherwise it is a script.
    pub module: bool,
    /// Whether the test reports its end through `print`: keep running jobs and timers until it
    /// has, or nothing can happen any more.
    pub is_async: bool,
    /// What the agent record's `[[CanBlock]]` must be.
    pub can_block: bool,
    /// Most bytes the engine may hold at a time.
    pub memory_limit: usize,
    /// When to give up and answer [`Completion::TimedOut`]. The runner kills the process a little
    /// later if the engine does not.
    pub deadline: Instant,
}

/// The file that `specifier` means in an import of the file `referrer`.
pub fn resolve(referrer: &Path, specifier: &str) -> PathBuf {
    let folder = referrer.parent().unwrap_or(Path::new(""));
    let mut path = PathBuf::new();
    for part in folder.join(specifier).components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                path.pop();
            }
            other => path.push(other),
        }
    }
    path
}

/// How a test ended, and what it printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub completion: Completion,
    /// The argument of each call of `print`, in order.
    pub printed: Vec<String>,
}

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// Evaluation and all jobs ran to the end.
    Normal,
    /// The test's own text threw and nothing caught it, or its module's promise was rejected.
    Threw {
        /// The stage in which it was thrown.
        phase: Phase,
        /// The name of the thrown value's constructor, or its type when it has none.
        error: String,
        /// What the value converts to as a string.
        message: String,
    },
    /// A harness file threw, or the host could not be set up: not the test's doing.
    Broken(String),
    /// The deadline passed.
    TimedOut,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_are_relative_to_the_file_that_imports() {
        let test = Path::new("/s/test/a/b.js");
        assert_eq!(resolve(test, "./c.js"), Path::new("/s/test/a/c.js"));
        assert_eq!(resolve(test, "../d/e_FIXTURE.js"), Path::new("/s/test/d/e_FIXTURE.js"));
        assert_eq!(resolve(Path::new("/s/test/a/x/y.js"), "./z.json"), Path::new("/s/test/a/x/z.json"));
    }
}
