//! `gc-lab run`: the matrix, sample by sample, into a directory, and the report at its end.
//!
//! # Invariants
//! - A record is written, whole, as soon as its sample has ended; an interrupted run loses at
//!   most the sample that was running.
//! - A directory holds the records of one choice and one build of the lab. Another choice or
//!   build starts a new file and keeps the old one under another name.

use crate::backend;
use crate::machine;
use crate::matrix::{Choice, Matrix};
use crate::sample::{self, Ended, Job};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tare_reports::record::{Noise, Outcome, SCHEMA, Sample, read_records};
use tare_reports::{RECORDS_FILE, Record};

/// How to run a matrix.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory of the records and the report.
    pub out: PathBuf,
    /// What one sample may take.
    pub timeout: Duration,
    /// After this time no further repeat is begun; the first is always completed.
    pub time_budget: Option<Duration>,
    /// Whether to start anew where an interrupted run could go on.
    pub fresh: bool,
    /// The command line, for the records.
    pub command: Vec<String>,
}

/// What the directory says of the run whose records it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// The choice, as text.
    choice: String,
    /// The build of the lab.
    build: String,
    /// Whether the run came to its end.
    complete: bool,
}

const STATE_FILE: &str = "run.json";

/// Runs the matrix and makes the report. Returns false when the user interrupted.
///
/// # Errors
/// A sentence that names what could not be read, written or started.
pub fn run(choice: &Choice, options: &Options) -> Result<bool, String> {
    let matrix = Matrix::new(choice)?;
    let out = &options.out;
    fs::create_dir_all(out).map_err(|e| format!("cannot make the directory {}: {e}", out.display()))?;
    let mut state = State { choice: format!("{choice:?}"), build: build(), complete: false };
    let done = begin(out, &state, options.fresh)?;
    let todo: Vec<&Sample> = matrix.samples.iter().filter(|s| !done.contains(&s.key())).collect();
    if !done.is_empty() {
        eprintln!("Going on with the run in {}: {} samples are done.", out.display(), done.len());
    }
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = interrupted.clone();
    // A second handler in one process is refused; then ^C ends the lab, and the run can still go on.
    let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
    let finished = samples(&matrix, &todo, options, &interrupted)?;
    if !finished {
        let command = options.command.join(" ");
        eprintln!("Interrupted. The records are kept; go on with `{command}`.");
        return Ok(false);
    }
    state.complete = true;
    write_state(out, &state)?;
    report(out).map(|()| true)
}

/// Reads what the directory holds and returns the keys of the samples that need not run again.
fn begin(out: &Path, state: &State, fresh: bool) -> Result<BTreeSet<String>, String> {
    let records = out.join(RECORDS_FILE);
    let old: Option<State> =
        fs::read_to_string(out.join(STATE_FILE)).ok().and_then(|text| serde_json::from_str(&text).ok());
    let mut done = BTreeSet::new();
    if records.exists() {
        if !fresh && old.as_ref() == Some(state) {
            let (read, bad) =
                read_records(&records).map_err(|e| format!("cannot read {}: {e}", records.display()))?;
            for line in &bad {
                tracing::warn!("{} line {}: {}", records.display(), line.line, line.message);
            }
            done.extend(read.iter().map(|r| r.sample.key()));
            if !bad.is_empty() {
                // A half-written last line would spoil the next record.
                let lines: Result<String, _> = read.iter().map(Record::to_line).collect();
                let lines = lines.map_err(|e| format!("cannot write a record: {e}"))?;
                fs::write(&records, lines).map_err(|e| format!("cannot write {}: {e}", records.display()))?;
            }
        } else {
            let kept = (1..).map(|n| out.join(format!("records-{n}.jsonl"))).find(|p| !p.exists());
            if let Some(kept) = kept {
                fs::rename(&records, &kept)
                    .map_err(|e| format!("cannot rename {} to {}: {e}", records.display(), kept.display()))?;
                eprintln!("Kept the records of an earlier run as {}.", kept.display());
            }
        }
    }
    write_state(out, state)?;
    Ok(done)
}

fn write_state(out: &Path, state: &State) -> Result<(), String> {
    let path = out.join(STATE_FILE);
    let text = serde_json::to_string_pretty(state).map_err(|e| e.to_string())?;
    fs::write(&path, text + "\n").map_err(|e| format!("cannot write {}: {e}", path.display()))
}

/// Runs the samples. Returns false when the user interrupted.
fn samples(
    matrix: &Matrix,
    todo: &[&Sample],
    options: &Options,
    interrupted: &AtomicBool,
) -> Result<bool, String> {
    let path = options.out.join(RECORDS_FILE);
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|e| format!("cannot open {}: {e}", path.display()))?;
    let bar = progress(todo.len() as u64);
    let (begun, machine) = (Instant::now(), machine::machine());
    let first_repeat = todo.first().map_or(0, |s| s.block);
    for sample in todo {
        let spent = options.time_budget.is_some_and(|budget| begun.elapsed() >= budget);
        if spent && sample.block > first_repeat {
            bar.println("The time budget is used up; the remaining repeats are left out.");
            break;
        }
        bar.set_message(format!(
            "{} {} · {} {} · {}",
            sample.engine, sample.workload, sample.allocator, sample.front, sample.policy
        ));
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64);
        let engine = backend::find(&sample.engine)?;
        let program =
            matrix.program(sample).ok_or_else(|| format!("no program is called {}", sample.workload))?;
        let job = Job {
            engine: sample.engine.clone(),
            script: backend::Script {
                filename: format!("{}.js", sample.workload),
                source: program.source().into(),
                size: Some(sample.size).filter(|s| *s > 0),
                prints: false,
            },
            setup: Matrix::setup(sample),
            check: program.check(),
        };
        let run = match sample::in_child(&job, options.timeout, interrupted)? {
            Ended::Interrupted => {
                bar.abandon();
                return Ok(false);
            }
            Ended::Run(run) => *run,
        };
        if !run.outcome.is_ok() {
            tracing::info!("{}: {} {}", sample.key(), run.outcome.name(), run.outcome.message());
        }
        let record = Record {
            schema: SCHEMA,
            sample: (*sample).clone(),
            measured: run.measured.filter(|_| run.outcome.is_ok()),
            outcome: run.outcome,
            noise: Noise::default(),
            machine: machine.clone(),
            versions: machine::versions(&engine.version()),
            environment: machine::environment(),
            command: options.command.clone(),
            started_unix_ms: started,
        };
        let line = record.to_line().map_err(|e| format!("cannot write a record: {e}"))?;
        file.write_all(line.as_bytes()).map_err(|e| format!("cannot write to {}: {e}", path.display()))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(true)
}

fn progress(length: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr_with_hz(5));
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {eta} left  {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar
}

/// Makes the report of a directory and says where it is and what was found.
///
/// # Errors
/// A sentence that names what could not be read or written.
pub fn report(directory: &Path) -> Result<(), String> {
    let path = if directory.is_file() { directory.to_path_buf() } else { directory.join(RECORDS_FILE) };
    let (records, bad) = read_records(&path).map_err(|e| {
        format!(
            "cannot read the records {}: {e}; `gc-lab run --out {}` makes them",
            path.display(),
            directory.display()
        )
    })?;
    for line in &bad {
        eprintln!("{} line {} is left out: {}", path.display(), line.line, line.message);
    }
    let report = tare_reports::build(&records).map_err(|e| format!("cannot make the report: {e}"))?;
    let directory =
        if directory.is_file() { directory.parent().unwrap_or(Path::new(".")) } else { directory };
    let page =
        report.write(directory).map_err(|e| format!("cannot write into {}: {e}", directory.display()))?;
    for finding in &report.findings {
        say!("{}", wrap(&format!("{}: {}", finding.topic, finding.text), 96));
    }
    let failed = records.iter().filter(|r| matches!(r.outcome, Outcome::Crashed { .. })).count();
    if failed > 0 {
        say!("Samples whose process died: {failed}.");
    }
    say!("\nReport: {}", page.display());
    Ok(())
}

/// Breaks a text into lines; those after the first are indented.
fn wrap(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push_str("\n  ");
            column = 2;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// The build of the lab: another compilation is another build.
fn build() -> String {
    let made = std::env::current_exe().and_then(fs::metadata).ok();
    let size = made.as_ref().map_or(0, fs::Metadata::len);
    let time = made
        .and_then(|m| m.modified().ok())
        .and_then(|t| t.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |d| d.as_nanos());
    format!("{} {size} {time}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrap("aa bb cc dd", 5), "aa bb\n  cc\n  dd");
        assert_eq!(wrap("one", 2), "one");
    }
}
