//! The process that runs tests: names come in on standard input, results go out on standard output.
//!
//! Each line in is the name of a test, each line out the result of that test as JSON. A test that
//! takes the process down takes nothing else with it: the parent sees the end of the stream,
//! notes the crash and starts another worker.

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::engine::{Engine, Job};
use crate::judge::judge;
use crate::suite::{Harness, Suite};

/// Bytes of native stack for the thread that runs tests: an engine that recurses has its own
/// limit, well below this.
const STACK_BYTES: usize = 256 << 20;

/// Address space beyond the memory limit that an engine's allocator may reserve without using.
const RESERVE_BYTES: usize = 16 << 30;

/// Limits for one test in one mode.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest time.
    pub timeout: Duration,
    /// Most bytes the engine may hold.
    pub memory_bytes: usize,
}

/// What came of one test in one mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// `sloppy`, `strict`, `module`, `raw`, or `all` when the modes were not reached one by one.
    pub mode: String,
    /// Why it failed; nothing when it passed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<String>,
}

/// What came of one test file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The test's name.
    pub test: String,
    /// One entry for each mode, in the order they were run.
    pub variants: Vec<Variant>,
}

impl Outcome {
    /// A failure of the file as a whole.
    pub fn failed(test: &str, why: String) -> Outcome {
        let variant = Variant { mode: "all".to_string(), failure: Some(why) };
        Outcome { test: test.to_string(), variants: vec![variant] }
    }

    /// Whether every mode passed.
    pub fn passed(&self) -> bool {
        self.failure().is_none()
    }

    /// The first failure: mode and reason.
    pub fn failure(&self) -> Option<(&str, &str)> {
        self.variants.iter().find_map(|v| Some((v.mode.as_str(), v.failure.as_deref()?)))
    }
}

/// Runs one test in all its modes.
pub fn run_test(
    engine: &dyn Engine,
    suite: &Suite,
    harness: &mut Harness,
    name: &str,
    limits: Limits,
) -> Outcome {
    let test = match suite.read(name) {
        Ok(test) => test,
        Err(why) => return Outcome::failed(name, why),
    };
    let files = match harness.load(&test.meta.harness()) {
        Ok(files) => files,
        Err(why) => return Outcome::failed(name, why),
    };
    let path = suite.path(name);
    let run = |mode: &crate::meta::Mode| {
        let source = test.source(*mode);
        let job = Job {
            harness: &files,
            source: &source,
            path: &path,
            module: test.meta.module,
            is_async: test.meta.is_async,
            can_block: test.meta.can_block,
            memory_limit: limits.memory_bytes,
            deadline: Instant::now() + limits.timeout,
        };
        let failure = judge(&test.meta, &engine.run(&job)).err();
        Variant { mode: mode.name().to_string(), failure }
    };
    Outcome { test: name.to_string(), variants: test.meta.modes().iter().map(run).collect() }
}

/// Serves names from standard input until it ends. A panic ends the process.
///
/// # Errors
/// The streams to the parent broke, or the thread for the tests could not be started.
pub fn serve(engine: Box<dyn Engine + Send>, suite: Suite, limits: Limits) -> Result<(), String> {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        report(info);
        std::process::abort();
    }));
    limit_address_space(limits.memory_bytes.saturating_add(RESERVE_BYTES + STACK_BYTES));
    let run = move || {
        let mut harness = Harness::new(&suite);
        for line in std::io::stdin().lock().lines() {
            let name = line.map_err(|error| error.to_string())?;
            let outcome = run_test(&*engine, &suite, &mut harness, &name, limits);
            let mut text = serde_json::to_string(&outcome).map_err(|error| error.to_string())?;
            text.push('\n');
            let mut out = std::io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| error.to_string())?;
        }
        Ok(())
    };
    let thread = std::thread::Builder::new().name("tests".to_string()).stack_size(STACK_BYTES);
    let thread = thread.spawn(run).map_err(|error| error.to_string())?;
    thread.join().map_err(|_| "the test thread panicked".to_string())?
}

/// Asks the system to refuse this process more than `bytes` of address space, for the memory that
/// an engine fails to count. Best effort: a system that refuses leaves things as they are.
#[cfg(unix)]
fn limit_address_space(bytes: usize) {
    let limit = libc::rlimit { rlim_cur: bytes as libc::rlim_t, rlim_max: bytes as libc::rlim_t };
    // SAFETY: setrlimit only reads the structure it is given, which lives on this stack frame.
    unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) };
}

#[cfg(not(unix))]
fn limit_address_space(_bytes: usize) {}
