//! `gc-lab stress`: what becomes of a script when memory runs out, at every point it can.
//!
//! A sweep runs one script many times, each time with another allocator stack or limit, in a
//! child process that writes a line per case. A child that dies names the case that killed it by
//! the line it did not write; the sweep goes on behind it with a new child.

use crate::backend::{self, Script, Setup};
use crate::matrix::{Program, Size};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tare_reports::record::Outcome;
use tare_reports::units;

/// Many runs of one script.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sweep {
    /// The engine.
    pub engine: String,
    /// The program.
    pub script: Script,
    /// The set-up that the cases vary.
    pub setup: Setup,
    /// What is varied.
    pub vary: Vary,
    /// The first value.
    pub from: u64,
    /// The values' distance.
    pub step: u64,
    /// How many cases.
    pub count: u64,
}

/// What a sweep varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Vary {
    /// The memory limit of the runtime, in bytes.
    Limit,
    /// The number of the allocation that is refused.
    Failure,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The limit, or the number of the refused allocation.
    pub value: u64,
    /// How the script ended.
    pub outcome: Outcome,
    /// Bytes at the peak by the engine's own books, which the limit is checked on; `None` where
    /// the engine does not tell.
    pub peak_bytes: Option<u64>,
    /// Bytes taken from the allocator at the peak.
    pub taken_bytes: u64,
    /// Requests for memory that reached the allocator.
    pub requests: u64,
    /// Requests refused.
    pub refused: u64,
    /// Bytes that were not given back when the runtime was gone.
    pub left_bytes: u64,
}

/// The name of the hidden subcommand.
pub const SUBCOMMAND: &str = "sweep";

/// The child's side: a line per case.
///
/// # Errors
/// When the sweep cannot be read or a line not be written.
pub fn serve() -> Result<(), String> {
    let mut text = String::new();
    std::io::stdin().read_line(&mut text).map_err(|e| format!("cannot read the sweep: {e}"))?;
    crate::process::end_with_the_lab();
    let sweep: Sweep = serde_json::from_str(&text).map_err(|e| format!("cannot read the sweep: {e}"))?;
    let backend = backend::find(&sweep.engine)?;
    let mut out = std::io::stdout().lock();
    for index in 0..sweep.count {
        let value = sweep.from + index * sweep.step;
        let mut setup = sweep.setup.clone();
        match sweep.vary {
            Vary::Limit => setup.memory_limit_bytes = value,
            Vary::Failure => setup.allocator = format!("fail-nth({value}, {})", setup.allocator),
        }
        let run = backend.run(&sweep.script, &setup);
        let measured = run.measured.unwrap_or_default();
        let case = Case {
            value,
            outcome: run.outcome,
            peak_bytes: measured.peak_requested_bytes,
            taken_bytes: measured.peak_charged_bytes,
            requests: run.requests,
            refused: run.refused,
            left_bytes: run.left_bytes,
        };
        let line = serde_json::to_string(&case).map_err(|e| e.to_string())?;
        writeln!(out, "{line}")
            .and_then(|()| out.flush())
            .map_err(|e| format!("cannot write a case: {e}"))?;
    }
    Ok(())
}

/// Runs a sweep in child processes.
fn in_children(sweep: &Sweep, timeout: Duration) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    let mut left = sweep.clone();
    while left.count > 0 {
        let (done, died) = in_child(&left, timeout)?;
        let advanced = done.len() as u64;
        cases.extend(done);
        left.from += advanced * left.step;
        left.count -= advanced;
        match died {
            None => break,
            Some(outcome) => {
                cases.push(Case {
                    value: left.from,
                    outcome,
                    peak_bytes: None,
                    taken_bytes: 0,
                    requests: 0,
                    refused: 0,
                    left_bytes: 0,
                });
                left.from += left.step;
                left.count = left.count.saturating_sub(1);
            }
        }
    }
    Ok(cases)
}

/// One child: the cases it finished, and how it ended where it did not finish all.
fn in_child(sweep: &Sweep, timeout: Duration) -> Result<(Vec<Case>, Option<Outcome>), String> {
    let mut child = crate::process::child(None, SUBCOMMAND, &sweep.setup)?
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("cannot start a process for a sweep: {e}"))?;
    let text = serde_json::to_string(sweep).map_err(|e| e.to_string())?;
    // Held open until the child has ended: its end would end the child.
    let mut stdin = child.stdin.take();
    if let Some(stdin) = &mut stdin {
        // A child that died before it read shows in its status.
        let _ = stdin.write_all((text + "\n").as_bytes());
    }
    let (sender, receiver) = std::sync::mpsc::channel::<Case>();
    let out = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let lines = out.into_iter().flat_map(|out| BufReader::new(out).lines());
        for case in lines.map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok()) {
            if sender.send(case).is_err() {
                break;
            }
        }
    });
    let mut done = Vec::new();
    let mut begun = Instant::now();
    let timed_out = loop {
        match receiver.recv_timeout(timeout.saturating_sub(begun.elapsed())) {
            Ok(case) => {
                done.push(case);
                begun = Instant::now();
            }
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break false,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => break true,
        }
    };
    if timed_out {
        // It fails only when the child has ended meanwhile.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|e| format!("cannot wait for a sweep: {e}"))?;
    let _ = reader.join();
    let died = if timed_out {
        Some(Outcome::TimedOut { after_ms: timeout.as_millis() as u64 })
    } else if done.len() as u64 == sweep.count && status.success() {
        None
    } else {
        Some(Outcome::Crashed {
            signal: crate::sample::signal_of(status),
            status: status.code(),
            message: "the process of the sweep died".into(),
        })
    };
    Ok((done, died))
}

/// What a sweep came to.
#[derive(Clone, Debug, Default)]
struct Verdict {
    cases: u64,
    good: u64,
    finished: u64,
    out_of_memory: u64,
    not_started: u64,
    bad: Vec<String>,
}

impl Verdict {
    fn add(&mut self, case: &Case, vary: Vary) {
        self.cases += 1;
        let bad = self.bad.len();
        match &case.outcome {
            Outcome::Ok => self.finished += 1,
            // A script may catch the error and throw one of its own that quotes it.
            Outcome::Threw { message }
                if message.lines().next().is_some_and(|line| line.ends_with("out of memory")) =>
            {
                self.out_of_memory += 1;
            }
            Outcome::Failed { message } if message.contains("out of memory") => self.not_started += 1,
            other => {
                let message = other.message();
                let line = message.lines().next().unwrap_or_default();
                self.bad.push(format!("at {}: {} {line}", case.value, other.name()));
            }
        }
        if case.left_bytes > 0 {
            self.bad.push(format!("at {}: {} bytes were not given back", case.value, case.left_bytes));
        }
        if let Some(peak) = case.peak_bytes.filter(|peak| vary == Vary::Limit && *peak > case.value) {
            self.bad.push(format!("at {}: the peak was {peak} bytes", case.value));
        }
        self.good += u64::from(self.bad.len() == bad);
    }
}

/// How to stress.
pub struct Options {
    /// The engine.
    pub engine: String,
    /// The programs, at their small size.
    pub programs: Vec<Program>,
    /// The allocator stack under test.
    pub allocator: String,
    /// The front.
    pub front: Option<String>,
    /// Cases per program: limits, or at most so many refused allocations, evenly spread.
    pub cases: u64,
    /// What one case may take.
    pub timeout: Duration,
}

/// Runs every program under many limits between nothing and what it needs, or with one
/// allocation after the other refused, and prints a line per program.
///
/// Returns whether every case ended with a result or a catchable `InternalError: out of memory`,
/// within the limit, with every byte given back.
///
/// # Errors
/// When a program does not even run without stress, or no process can be started.
pub fn stress(vary: Vary, options: &Options) -> Result<bool, String> {
    let backend = backend::find(&options.engine)?;
    backend::allocator(&options.allocator)?;
    let front = options.front.clone().unwrap_or_else(|| backend.fronts()[0].to_string());
    say!(
        "{:<18} {:>8} {:>8} {:>13} {:>11} {:>6}",
        "program",
        "cases",
        "ended",
        "out of memory",
        "not begun",
        "bad"
    );
    let mut total = Verdict::default();
    for program in &options.programs {
        let mut setup = Setup::new(
            &options.allocator,
            &front,
            &crate::policy::Policy::quickjs(crate::policy::QUICKJS_THRESHOLD),
        );
        setup.watch = true;
        let script = program.script(Size::Small);
        let mut sweep =
            Sweep { engine: options.engine.clone(), script, setup, vary, from: 0, step: 1, count: 1 };
        // Without stress: how much there is to refuse. A limit of 0 is none; a failure that is
        // never reached is none either.
        sweep.from = if vary == Vary::Limit { 0 } else { u64::from(u32::MAX) };
        let free = in_children(&sweep, options.timeout)?.pop().ok_or("a sweep of one case gave none")?;
        if !free.outcome.is_ok() {
            say!(
                "{:<18} does not run without stress: {} {}",
                program.name(),
                free.outcome.name(),
                free.outcome.message()
            );
            total.bad.push(program.name());
            continue;
        }
        let mut verdict = Verdict::default();
        match vary {
            Vary::Limit => {
                let step = (free.peak_bytes.unwrap_or(free.taken_bytes) / options.cases).max(1);
                sweep = Sweep { from: step, step, count: options.cases, ..sweep };
                for case in in_children(&sweep, options.timeout)? {
                    verdict.add(&case, vary);
                }
            }
            Vary::Failure => {
                // Every request where there are few, else one in so many.
                let step = (free.requests / options.cases).max(1);
                let count = options.cases.min(free.requests);
                for case in in_children(&Sweep { from: 1, step, count, ..sweep }, options.timeout)? {
                    verdict.add(&case, vary);
                }
            }
        }
        print_line(&program.name(), &verdict);
        for bad in verdict.bad.iter().take(3) {
            say!("    {bad}");
        }
        total.cases += verdict.cases;
        total.good += verdict.good;
        total.finished += verdict.finished;
        total.out_of_memory += verdict.out_of_memory;
        total.not_started += verdict.not_started;
        total.bad.extend(verdict.bad);
    }
    print_line("all", &total);
    say!("{} of {} cases ended as they should", units::count(total.good), units::count(total.cases));
    Ok(total.bad.is_empty())
}

fn print_line(name: &str, v: &Verdict) {
    say!(
        "{name:<18} {:>8} {:>8} {:>13} {:>11} {:>6}",
        v.cases,
        v.finished,
        v.out_of_memory,
        v.not_started,
        v.bad.len()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(outcome: Outcome, peak_bytes: u64, left_bytes: u64) -> Case {
        Case {
            value: 100,
            outcome,
            peak_bytes: Some(peak_bytes),
            taken_bytes: 0,
            requests: 1,
            refused: 1,
            left_bytes,
        }
    }

    #[test]
    fn only_results_and_catchable_errors_within_the_limit_are_good() {
        let threw = |message: &str| Outcome::Threw { message: message.into() };
        let mut verdict = Verdict::default();
        verdict.add(&case(Outcome::Ok, 100, 0), Vary::Limit);
        verdict.add(&case(threw("InternalError: out of memory\n    at f"), 90, 0), Vary::Limit);
        verdict
            .add(&case(Outcome::Failed { message: "no runtime: out of memory".into() }, 0, 0), Vary::Limit);
        assert_eq!((verdict.finished, verdict.out_of_memory, verdict.not_started), (1, 1, 1));
        assert!(verdict.bad.is_empty());
        assert_eq!((verdict.good, verdict.cases), (3, 3));
        verdict.add(&case(threw("null"), 90, 0), Vary::Limit);
        verdict.add(&case(Outcome::Ok, 101, 0), Vary::Limit);
        verdict.add(&case(Outcome::Ok, 50, 8), Vary::Failure);
        verdict.add(&case(Outcome::TimedOut { after_ms: 1 }, 50, 0), Vary::Failure);
        assert_eq!(verdict.bad.len(), 4, "{:?}", verdict.bad);
    }
}
