//! `gc-lab exec`: one script in this process, and the memory it took.

use crate::backend::{self, Run, Script, Setup};
use crate::matrix::read_script;
use crate::output;
use serde::Serialize;
use std::path::Path;
use tare_reports::record::Outcome;
use tare_reports::units;

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
pub fn exec(engine: &str, path: &Path, setup: &Setup, json: bool) -> Result<bool, String> {
    let backend = backend::find(engine)?;
    backend::allocator(&setup.allocator)?;
    if !backend.fronts().contains(&setup.front.as_str()) {
        let fronts = backend.fronts().join(", ");
        return Err(format!("{engine} has no front `{}`; it has {fronts}", setup.front));
    }
    backend.supports(&setup.policy()?)?;
    let script =
        Script { filename: path.display().to_string(), source: read_script(path)?, size: None, prints: true };
    let run = backend.run(&script, setup);
    if json {
        let answer = Answer { engine, version: backend.version(), setup, run: &run };
        say!("{}", serde_json::to_string(&answer).map_err(|e| format!("cannot write the report: {e}"))?);
    } else {
        output::write(format_args!("{}", text(&run)));
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

/// The memory report as text.
fn text(run: &Run) -> String {
    let Some(m) = &run.measured else { return String::new() };
    let mut out = String::new();
    if !run.memory_report.is_empty() {
        out += &format!("\n{}\n", run.memory_report.trim_end());
    }
    let mut line = |name: &str, value: String| out += &format!("{name:<28} {value:>14}\n");
    line("\nTime on a core", units::time(m.cpu_ns as f64));
    line("Peak taken from allocator", units::bytes(m.peak_charged_bytes as f64));
    line("Still taken at the end", units::bytes(m.end_charged_bytes as f64));
    if let Some(bytes) = m.peak_requested_bytes {
        line("Peak asked for", units::bytes(bytes as f64));
    }
    if let Some(bytes) = m.ledger.peak.committed_bytes {
        line("Held from the system", units::bytes(bytes as f64));
    }
    if let Some(bytes) = m.ledger.peak_growth(|l| l.rss_anon_bytes) {
        line("Physical memory, growth", units::bytes(bytes as f64));
    }
    line("Allocations", units::count(m.allocations));
    line("Refused", units::count(m.refused));
    line("Collections", units::count(m.collection_count));
    if m.collection_count > 0 {
        line("Time in collections", units::time(m.pause_total_ns as f64));
        line("Longest pause", units::time(m.pause_max_ns as f64));
    }
    out
}
