//! `gc-lab exec`: one script in this process, and the memory it took.

use crate::backend::{Backend, Run, Script, Setup};
use crate::matrix::read_script;
use crate::output;
use serde::Serialize;
use std::path::Path;
use tare_reports::record::{Ledger, Measured, Outcome};
use tare_reports::units;

/// How to run a script.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether to print JSON.
    pub json: bool,
    /// The value of the global `SIZE`.
    pub size: Option<u64>,
    /// Whether it is a module whatever it looks like.
    pub module: bool,
}

/// The answer in its JSON form.
#[derive(Serialize)]
struct Answer<'a> {
    engine: &'a str,
    version: String,
    setup: &'a Setup,
    #[serde(flatten)]
    run: &'a Run,
}

/// Runs a script. Returns whether it ended without an exception.
///
/// What the script prints goes to standard output, then the memory report; an exception goes to
/// standard error as `Uncaught ...`.
///
/// # Errors
/// A sentence that says what kept the script from running.
pub fn exec(backend: &dyn Backend, path: &Path, setup: &Setup, options: Options) -> Result<bool, String> {
    let engine = backend.name();
    crate::backend::allocator(&setup.allocator)?;
    if !backend.fronts().contains(&setup.front.as_str()) {
        let fronts = backend.fronts().join(", ");
        return Err(format!("{engine} has no front `{}`; it has {fronts}", setup.front));
    }
    if backend.command().is_none() {
        backend.supports(&setup.policy()?)?;
    }
    let (filename, source) = (path.display().to_string(), read_script(path)?);
    let module = options.module || Script::is_module(&filename, &source);
    let script = Script { filename, source, size: options.size, prints: true, module };
    let run = backend.run(&script, setup);
    if options.json {
        let answer = Answer { engine, version: backend.version(), setup, run: &run };
        say!("{}", serde_json::to_string(&answer).map_err(|e| format!("cannot write the report: {e}"))?);
    } else {
        output::write(format_args!("{}", text(&run, backend.command().is_none())));
    }
    if let Some(message) = tare_allocators::take_trace_failure() {
        return Err(message);
    }
    match &run.outcome {
        Outcome::Ok => Ok(true),
        Outcome::Threw { message } => {
            eprintln!("Uncaught {message}");
            Ok(false)
        }
        other => Err(format!("{}: {}", other.name(), other.message())),
    }
}

/// The memory report as text; without what nobody tells of an engine that is not seen from inside.
fn text(run: &Run, inside: bool) -> String {
    let Some(m) = &run.measured else { return String::new() };
    let mut out = String::new();
    if !run.memory_report.is_empty() {
        out += &format!("\n{}\n", run.memory_report.trim_end());
    }
    let mut line = |name: &str, value: String| out += &format!("{name:<28} {value:>14}\n");
    line("\nTime on a core", units::time(m.cpu_ns as f64));
    if inside {
        line("Peak taken from allocator", units::bytes(m.peak_charged_bytes as f64));
        line("Still taken at the end", units::bytes(m.end_charged_bytes as f64));
        line("Allocations", units::count(m.allocations));
        line("Refused", units::count(m.refused));
        line("Collections", units::count(m.collection_count));
    }
    if m.collection_count > 0 {
        line("Time in collections", units::time(m.pause_total_ns as f64));
        line("Longest pause", units::time(m.pause_max_ns as f64));
        line("  in time on a core", units::time(m.pause_cpu_max_ns as f64));
    }
    out += &ledger(m);
    out
}

/// The ledger as a table: at the peak and at the end, as growth over the process before the engine started.
fn ledger(measured: &Measured) -> String {
    type Line = (&'static str, fn(&Ledger) -> Option<u64>);
    const LINES: [Line; 8] = [
        ("asked for", |l| l.asked_bytes),
        ("usable", |l| l.usable_bytes),
        ("taken from allocator", |l| Some(l.taken_bytes).filter(|bytes| *bytes > 0)),
        ("committed by allocator", |l| l.committed_bytes),
        ("anonymous pages", |l| l.rss_anon_bytes),
        ("  in huge pages", |l| l.anon_huge_bytes),
        ("file pages", |l| l.rss_file_bytes),
        ("proportional share", |l| l.pss_bytes),
    ];
    let ledgers = &measured.ledger;
    let mut out = format!("\n{:<28} {:>14} {:>14}\n", "Who holds how much", "at the peak", "at the end");
    for (name, of) in LINES {
        let grown = |ledger: &Ledger| {
            // The base knows nothing of the engine's own lines, which begin at zero.
            let base = of(&ledgers.base).unwrap_or(0);
            of(ledger).map_or("not known".into(), |bytes| units::bytes(bytes.saturating_sub(base) as f64))
        };
        out += &format!("{name:<28} {:>14} {:>14}\n", grown(&ledgers.peak), grown(&ledgers.end));
    }
    out
}
