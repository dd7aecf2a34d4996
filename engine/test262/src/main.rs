//! `tare-test262`: runs the ECMAScript conformance suite.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use clap::Parser;
use tare_test262::expected::Expected;
use tare_test262::report::Results;
use tare_test262::suite::{CORE, Suite};
use tare_test262::worker::{Limits, Outcome};
use tare_test262::{engines, features, pool, worker};

/// Runs the tests of a checkout of tc39/test262 against an engine.
///
/// The scope `core` is language, built-ins, annexB and harness, without the tests of proposals
/// below stage 4, of Intl and of Temporal. A file passes if it passes in every mode it asks for.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The checkout of tc39/test262
    #[arg(long, value_name = "DIR")]
    suite: PathBuf,
    /// The engine to test
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(engines::NAMES), default_value = engines::NAMES[0])]
    engine: String,
    /// Run only tests whose name (the path below `test/`) contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Folders below `test/` to run instead of the scope `core`; features are not filtered then
    #[arg(long, value_name = "FOLDER", num_args = 1..)]
    folders: Vec<String>,
    /// Worker processes [default: the number of processors]
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// Longest time for one test in one mode, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    timeout: f64,
    /// Most memory for one test, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 512)]
    memory_limit: usize,
    /// Depth of the table by folder
    #[arg(long, value_name = "LEVELS", default_value_t = 2)]
    depth: usize,
    /// Write all results to this file as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Print every failing test with its reason
    #[arg(long)]
    failures: bool,
    /// Print the N commonest reasons for failures
    #[arg(long, value_name = "N", default_value_t = 0)]
    reasons: usize,
    /// Print no progress
    #[arg(long, short)]
    quiet: bool,
    /// The list of expected failures
    #[arg(long, value_name = "FILE", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/expected-failures.txt"))]
    expected: PathBuf,
    /// Fail unless exactly the tests on the list of expected failures fail
    #[arg(long)]
    check: bool,
    /// Rewrite the list of expected failures
    #[arg(long, conflicts_with = "check")]
    update: bool,
    /// Serve as a worker process (used by the runner itself)
    #[arg(long, hide = true)]
    worker: bool,
}

impl Args {
    fn limits(&self) -> Result<Limits, String> {
        let timeout =
            Duration::try_from_secs_f64(self.timeout).map_err(|error| format!("--timeout: {error}"))?;
        let memory_bytes = self.memory_limit.checked_mul(1 << 20).ok_or("--memory-limit is too large")?;
        Ok(Limits { timeout, memory_bytes })
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = if args.worker { serve(&args).map(|()| true) } else { run(&args) };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            // If nobody can be told, the status must do.
            let _ = writeln!(std::io::stderr(), "tare-test262: {why}");
            ExitCode::from(2)
        }
    }
}

fn serve(args: &Args) -> Result<(), String> {
    let engine = engines::find(&args.engine).ok_or("no such engine")?;
    worker::serve(engine, Suite::open(&args.suite)?, args.limits()?)
}

/// Runs the tests and prints what came of them; whether `--check` is content.
fn run(args: &Args) -> Result<bool, String> {
    let suite = Suite::open(&args.suite)?;
    let limits = args.limits()?;
    let engine = engines::find(&args.engine).ok_or("no such engine")?.name();
    let (all, skipped, bad) = select(&suite, args)?;
    let wanted = |name: &str| args.filter.as_ref().is_none_or(|text| name.contains(text.as_str()));
    let tests: Vec<String> = all.iter().filter(|name| wanted(name)).cloned().collect();

    let program = std::env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
    let command = || {
        let mut command = Command::new(&program);
        command.arg("--worker").arg("--suite").arg(suite.root()).args(["--engine", &args.engine]);
        command.arg("--timeout").arg(args.timeout.to_string());
        command.arg("--memory-limit").arg(args.memory_limit.to_string());
        // Of a panic only the message goes into the report.
        command.env("RUST_BACKTRACE", "0");
        command
    };
    let jobs = args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let start = Instant::now();
    let mut progress = Progress::new(tests.len(), args.quiet);
    let mut outcomes: Vec<Outcome> = bad.into_iter().filter(|outcome| wanted(&outcome.test)).collect();
    pool::run_all(&tests, jobs, limits, &command, |outcome| {
        progress.count(outcome.passed());
        outcomes.push(outcome);
    })?;
    progress.finish();

    let scope = if args.folders.is_empty() { "core".to_string() } else { args.folders.join("+") };
    let mut results = Results::new(engine, scope, args.filter.clone(), outcomes);
    results.seconds = start.elapsed().as_secs_f64();
    results.skipped = skipped;
    print_results(args, &results)?;
    let content = judge_list(args, &all, &results)?;
    say(format_args!("{}\n", results.summary()))?;
    Ok(content)
}

/// Names of the tests in the scope; how many each excluded feature leaves out; tests that cannot
/// be read, which fail without being run.
type Selection = (Vec<String>, BTreeMap<String, usize>, Vec<Outcome>);

fn select(suite: &Suite, args: &Args) -> Result<Selection, String> {
    let folders: Vec<&str> = args.folders.iter().map(String::as_str).collect();
    let core = folders.is_empty();
    if core {
        for note in suite.feature_notes() {
            let _ = writeln!(std::io::stderr(), "note: {note}");
        }
    }
    let mut tests = Vec::new();
    let mut skipped = BTreeMap::new();
    let mut bad = Vec::new();
    for name in suite.tests(if core { CORE } else { &folders })? {
        match suite.read(&name) {
            Ok(test) => match features::excluded(&test.meta.features).filter(|_| core) {
                Some(feature) => *skipped.entry(feature.to_string()).or_default() += 1,
                None => tests.push(name),
            },
            Err(why) => bad.push(Outcome::failed(&name, why)),
        }
    }
    Ok((tests, skipped, bad))
}

fn print_results(args: &Args, results: &Results) -> Result<(), String> {
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(results).map_err(|error| error.to_string())?;
        write(path, &text)?;
    }
    if args.failures {
        say(format_args!("{}", results.failures()))?;
    }
    if args.reasons > 0 {
        say(format_args!("Commonest reasons:\n{}\n", results.reasons(args.reasons)))?;
    }
    say(format_args!("{}", results.table(args.depth)))?;
    let skipped: usize = results.skipped.values().sum();
    say(format_args!(
        "{}: {} of {} runs passed, {skipped} files outside the scope, {:.0} s\n",
        results.engine, results.variants_passed, results.variants_total, results.seconds
    ))
}

/// Compares with the list of expected failures, or rewrites it, as the command line asks.
fn judge_list(args: &Args, all: &[String], results: &Results) -> Result<bool, String> {
    if !args.check && !args.update {
        return Ok(true);
    }
    let text = match std::fs::read_to_string(&args.expected) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && args.update => String::new(),
        Err(error) => return Err(format!("{}: {error}", args.expected.display())),
    };
    let expected = Expected::parse(&text).map_err(|why| format!("{}: {why}", args.expected.display()))?;
    let by_name = results.by_name();
    if args.update {
        let updated = expected.updated(all, &by_name);
        write(&args.expected, &updated.render())?;
        say(format_args!("{} entries in {}\n", updated.len(), args.expected.display()))?;
        return Ok(true);
    }
    let difference = expected.compare(all, &by_name);
    for (label, names) in [
        ("fails, not on the list", &difference.unexpected_failures),
        ("passes, on the list", &difference.unexpected_passes),
        ("on the list, not in the suite", &difference.unknown),
    ] {
        for name in names {
            say(format_args!("{label}: {name}\n"))?;
        }
    }
    Ok(difference.is_empty())
}

/// Writes to standard output: results that cannot be written are a failure.
fn say(text: std::fmt::Arguments<'_>) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    let written = out.write_fmt(text).and_then(|()| out.flush());
    written.map_err(|error| format!("cannot write to standard output: {error}"))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The line that tells how far a run has come: on a terminal twice a second, otherwise every tenth
/// of the way.
struct Progress {
    total: usize,
    done: usize,
    failed: usize,
    start: Instant,
    shown: Instant,
    quiet: bool,
    terminal: bool,
}

impl Progress {
    fn new(total: usize, quiet: bool) -> Progress {
        let start = Instant::now();
        Progress {
            total,
            done: 0,
            failed: 0,
            start,
            shown: start,
            quiet,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    fn count(&mut self, passed: bool) {
        self.done += 1;
        self.failed += usize::from(!passed);
        let due = if self.terminal {
            self.shown.elapsed() > Duration::from_millis(500)
        } else {
            self.done.is_multiple_of((self.total / 10).max(1))
        };
        if self.quiet || !due {
            return;
        }
        self.shown = Instant::now();
        let left = self.start.elapsed().as_secs_f64() / self.done as f64 * (self.total - self.done) as f64;
        let line = format!("{} of {} files, {} failed, {left:.0} s left", self.done, self.total, self.failed);
        let mut out = std::io::stderr().lock();
        // Progress that cannot be shown is no reason to stop.
        let _ = if self.terminal { write!(out, "\r\x1b[K{line}") } else { writeln!(out, "{line}") };
        let _ = out.flush();
    }

    fn finish(&self) {
        if self.terminal && !self.quiet {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
