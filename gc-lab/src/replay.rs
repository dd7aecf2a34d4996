//! `gc-lab replay`: a recorded allocation trace, on allocators alone.
//!
//! A replay is a process. It makes the recorded calls on a fresh allocator, once cold and then again over the same
//! heap, and writes to each block as far as the recorded program did. Every block of the measurement has two replays
//! of each allocator, in random order: one for the time of the whole passes on a core, and one with a clock before the
//! allocator, for the time inside it. With the program that was recorded beside it, the differences between
//! allocators by replay are held against those of live runs.

use crate::backend::Setup;
use crate::cost::{self, Estimate, Runs, Timed, mean, time_words};
use crate::machine;
use crate::policy::Policy;
use crate::sample;
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tare_allocators::replay::{Options as Replaying, Program};
use tare_allocators::{Allocator, Stats};
use tare_reports::stats::{Interval, Random};
use tare_reports::units;

/// How to replay.
#[derive(Clone, Debug)]
pub struct Options {
    /// Allocator stacks, the first of which the others are compared with.
    pub allocators: Vec<String>,
    /// Whether a trace that breaks off is replayed as far as it goes.
    pub partial: bool,
    /// How many blocks.
    pub blocks: u32,
    /// Passes after the first.
    pub warm: u32,
    /// What one process may take.
    pub timeout: Duration,
    /// Whether to print JSON.
    pub json: bool,
}

/// What a child is to do.
#[derive(Serialize, Deserialize)]
struct Job {
    trace: PathBuf,
    allocator: String,
    warm: u32,
    /// The seed of the choice of calls, where those are to be measured.
    cost_seed: Option<u64>,
}

/// One pass over a trace.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Pass {
    /// Time of the whole pass on a core: the calls, the writing, and going through the list.
    cpu_ns: u64,
    calls: u64,
    refused: u64,
    touched_bytes: u64,
    /// Time inside the allocator, where it was measured.
    cost: Option<Estimate>,
}

/// What a child answers.
#[derive(Serialize, Deserialize)]
struct Answer {
    passes: Vec<Pass>,
    peak_bytes: usize,
    committed_bytes: Option<usize>,
    /// Bytes that the recorded program wrote to, as far as the trace says.
    recorded_bytes: u64,
}

/// The name of the hidden subcommand.
const SUBCOMMAND: &str = "replay-sample";

/// The child's side.
///
/// # Errors
/// When the job cannot be read or done, or the answer not be written.
pub fn serve() -> Result<(), String> {
    sample::answer(|job: Job| perform(&job))
}

/// Readings of the allocator's figures on the way, in a replay of their own pass.
const READINGS: usize = 64;

fn perform(job: &Job) -> Result<Answer, String> {
    let program = read(&job.trace, true)?;
    let allocator = crate::backend::allocator(&job.allocator)?;
    let options = Replaying { touch: true, clock: machine::thread_cpu_ns, sample_every: None };
    let timed = job.cost_seed.map(|_| ());
    let mut answer = Answer {
        passes: Vec::new(),
        peak_bytes: 0,
        committed_bytes: None,
        recorded_bytes: program.touches(),
    };
    let mut pass = |allocator: &dyn Allocator, cost: &dyn Fn() -> Option<Estimate>| {
        let replay = program.run(allocator, options);
        answer.peak_bytes = replay.peak_requested;
        answer.passes.push(Pass {
            cpu_ns: replay.elapsed.as_nanos() as u64,
            calls: replay.calls,
            refused: replay.refused,
            touched_bytes: replay.touched,
            cost: cost(),
        });
    };
    match (timed, job.cost_seed) {
        (Some(()), Some(seed)) => {
            let (timed, _) = Timed::new(allocator, seed);
            (0..=job.warm).for_each(|_| pass(&timed, &|| Some(timed.tell())));
        }
        _ => {
            (0..=job.warm).for_each(|_| pass(&*allocator, &|| None));
            // The figures are taken apart from the times, for they cost some.
            let fresh = crate::backend::allocator(&job.allocator)?;
            let every = Some((program.ops.len() / READINGS).max(1));
            let seen = program.run(&*fresh, Replaying { sample_every: every, ..options });
            let committed = |stats: Stats| stats.committed;
            answer.committed_bytes = seen.samples.iter().filter_map(|s| committed(s.stats)).max();
        }
    }
    Ok(answer)
}

/// Reads a trace; one that breaks off only where `partial` says so.
fn read(path: &Path, partial: bool) -> Result<Program, String> {
    let trace = path.display();
    let bytes = std::fs::read(path).map_err(|e| {
        let how = format!("`gc-lab exec FILE.js --allocator 'trace({trace}, system)'` makes one");
        format!("cannot read the trace {trace}: {e}; {how}")
    })?;
    let program = Program::read(&bytes).map_err(|e| format!("{trace}: {e}"))?;
    if !program.complete && !partial {
        return Err(format!(
            "the trace {trace} breaks off: the program that wrote it was ended, or the disk was full; \
             `--partial` replays what there is of it"
        ));
    }
    if program.ops.is_empty() {
        return Err(format!("the trace {trace} holds no call to replay"));
    }
    Ok(program)
}

/// An allocator and its replays: a reading per block.
#[derive(Clone, Debug, Default, Serialize)]
struct Row {
    allocator: String,
    calls: u64,
    refused: u64,
    touched_bytes: u64,
    recorded_bytes: u64,
    peak_bytes: usize,
    committed_bytes: Option<usize>,
    /// Time of the first pass on a core.
    cold_cpu_ns: Vec<f64>,
    /// That of a later one, their mean.
    warm_cpu_ns: Vec<f64>,
    /// Time inside the allocator in the first pass.
    cold_inside_ns: Vec<f64>,
    /// And in a later one.
    warm_inside_ns: Vec<f64>,
}

/// A comparison of an allocator with the first, by replay and by live runs.
#[derive(Clone, Debug, Serialize)]
struct Difference {
    allocator: String,
    base: String,
    /// Time inside the allocator, less that of the base, in nanoseconds.
    replay_ns: f64,
    replay_low_ns: f64,
    replay_high_ns: f64,
    live_ns: f64,
    live_low_ns: f64,
    live_high_ns: f64,
    /// Time of the whole script, less that under the base.
    script_ns: f64,
    script_low_ns: f64,
    script_high_ns: f64,
    agrees: Option<bool>,
    sentence: String,
}

/// What is printed.
#[derive(Serialize)]
struct Report {
    allocators: Vec<Row>,
    differences: Vec<Difference>,
}

/// Replays a trace on each allocator stack and prints the figures; with a program to run live, also whether both
/// agree. Returns false when the user interrupted.
///
/// # Errors
/// A sentence that names the trace, the script or the allocator and what is wrong with it.
pub fn replay(path: &Path, options: &Options, live: Option<cost::Wish>) -> Result<bool, String> {
    let program = read(path, options.partial)?;
    if !program.complete {
        eprintln!("The trace {} breaks off; what there is of it is replayed.", path.display());
    }
    drop(program);
    let mut runs = live.as_ref().map(Runs::new).transpose()?;
    let (stop, mut random) = (cost::interrupts(), Random::new(1));
    let name = |allocator: &String| Row { allocator: allocator.clone(), ..Row::default() };
    let mut rows: Vec<Row> = options.allocators.iter().map(name).collect();
    let bar = ProgressBar::new(u64::from(options.blocks));
    for block in 0..options.blocks {
        if !replays(path, options, block, &mut rows, &mut random, &stop)? {
            return Ok(false);
        }
        if let Some(runs) = &mut runs
            && !runs.block(block, &mut random, &stop)?
        {
            return Ok(false);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let cells = runs.as_ref().map(|runs| &runs.cells[..]).unwrap_or_default();
    let differences =
        rows.iter().zip(cells).skip(1).map(|(row, cell)| difference(&rows[0], row, &cells[0], cell));
    let report = Report { differences: differences.collect(), allocators: rows };
    if options.json {
        let text = serde_json::to_string_pretty(&report);
        say!("{}", text.map_err(|e| format!("cannot write the answer: {e}"))?);
    } else {
        say!("{}", text(&report, cells, options));
    }
    Ok(true)
}

/// The replays of one block. False when the user interrupted.
fn replays(
    path: &Path,
    options: &Options,
    block: u32,
    rows: &mut [Row],
    random: &mut Random,
    stop: &AtomicBool,
) -> Result<bool, String> {
    let mut order: Vec<(usize, bool)> = (0..rows.len()).flat_map(|row| [(row, false), (row, true)]).collect();
    random.shuffle(&mut order);
    for (index, timed) in order {
        let row = &mut rows[index];
        let job = Job {
            trace: path.to_path_buf(),
            allocator: row.allocator.clone(),
            warm: options.warm,
            cost_seed: timed.then_some(u64::from(block) * 7919 + index as u64 + 1),
        };
        let setup = Setup::new(&row.allocator, "", &Policy::quickjs(0));
        let answer = sample::ask::<_, Answer>(None, SUBCOMMAND, &setup, &job, options.timeout, stop)?;
        let answer = match answer {
            None => return Ok(false),
            Some(Err(outcome)) => {
                return Err(format!(
                    "the replay on {}: {} {}",
                    row.allocator,
                    outcome.name(),
                    outcome.message()
                ));
            }
            Some(Ok(answer)) => answer,
        };
        row.add(&answer);
    }
    Ok(true)
}

impl Row {
    /// Takes in what a child answered.
    fn add(&mut self, answer: &Answer) {
        let Some((cold, warm)) = answer.passes.split_first() else { return };
        let middle = |of: &dyn Fn(&Pass) -> f64| warm.iter().map(of).sum::<f64>() / warm.len().max(1) as f64;
        match cold.cost {
            Some(cost) => {
                let inside = |pass: &Pass| pass.cost.map_or(0.0, |c| c.ns);
                self.cold_inside_ns.push(cost.ns);
                self.warm_inside_ns.push(middle(&inside));
            }
            None => {
                self.cold_cpu_ns.push(cold.cpu_ns as f64);
                self.warm_cpu_ns.push(middle(&|pass| pass.cpu_ns as f64));
                self.committed_bytes = answer.committed_bytes;
            }
        }
        (self.calls, self.refused, self.touched_bytes) = (cold.calls, cold.refused, cold.touched_bytes);
        (self.recorded_bytes, self.peak_bytes) = (answer.recorded_bytes, answer.peak_bytes);
    }
}

/// Up to which share of the live difference both are said to agree.
const AGREE: f64 = 0.1;

fn difference(base: &Row, row: &Row, base_cell: &cost::Cell, cell: &cost::Cell) -> Difference {
    let less = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
    let by_replay = less(&row.cold_inside_ns, &base.cold_inside_ns);
    let by_live = less(&cell.figures(|l| l.cost.ns), &base_cell.figures(|l| l.cost.ns));
    let script = mean(&less(&cell.figures(|l| l.cpu_ns), &base_cell.figures(|l| l.cpu_ns)));
    let (replay, live) = (mean(&by_replay), mean(&by_live));
    let (agrees, words) = agreement(live, mean(&less(&by_replay, &by_live)));
    Difference {
        allocator: row.allocator.clone(),
        base: base.allocator.clone(),
        replay_ns: replay.value,
        replay_low_ns: replay.low,
        replay_high_ns: replay.high,
        live_ns: live.value,
        live_low_ns: live.low,
        live_high_ns: live.high,
        script_ns: script.value,
        script_low_ns: script.low,
        script_high_ns: script.high,
        agrees,
        sentence: format!(
            "{} against {}: {} inside the allocator by replay, {} live; {words}.",
            row.allocator,
            base.allocator,
            time_words(replay),
            time_words(live)
        ),
    }
}

/// Whether a difference by replay is that of the live runs, by the difference of the two with its interval: `None`
/// where the data do not decide it.
fn agreement(live: Interval, gap: Interval) -> (Option<bool>, String) {
    let allowed = AGREE * live.value.abs();
    let percent = |ns: f64| units::percent(ns.abs() / live.value.abs().max(1.0));
    if live.low <= 0.0 && live.high >= 0.0 {
        return (
            None,
            format!(
                "live the two cannot be told apart, so there is nothing to agree on; replay is off by {}",
                time_words(gap)
            ),
        );
    }
    if gap.low >= -allowed && gap.high <= allowed {
        return (Some(true), format!("they agree within {:.0} %", AGREE * 100.0));
    }
    if gap.low > allowed || gap.high < -allowed {
        let off = (percent(gap.value), time_words(gap));
        return (
            Some(false),
            format!("they do not agree: replay is off by {}, {} of the live difference", off.1, off.0),
        );
    }
    (
        None,
        format!(
            "whether they agree within {:.0} % cannot be told: replay is off by {}, {} of the live difference",
            AGREE * 100.0,
            time_words(gap),
            percent(gap.value)
        ),
    )
}

fn text(report: &Report, cells: &[cost::Cell], options: &Options) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header([
        "allocator",
        "calls",
        "inside, cold",
        "inside, warm",
        "per call",
        "whole pass, cold",
        "warm",
        "written to",
        "peak asked for",
        "held from the system",
        "refused",
    ]);
    for row in &report.allocators {
        let (cold, warm) = (mean(&row.cold_inside_ns), mean(&row.warm_inside_ns));
        let per_call = |inside: Interval| inside.value / row.calls.max(1) as f64;
        table.add_row([
            row.allocator.clone(),
            units::count(row.calls),
            time_words(cold),
            time_words(warm),
            format!("{:.1} ns, {:.1} ns", per_call(cold), per_call(warm)),
            time_words(mean(&row.cold_cpu_ns)),
            time_words(mean(&row.warm_cpu_ns)),
            units::bytes(row.touched_bytes as f64),
            units::bytes(row.peak_bytes as f64),
            row.committed_bytes.map_or("not known".into(), |c| units::bytes(c as f64)),
            units::count(row.refused),
        ]);
    }
    let recorded = report.allocators.first().map_or(0, |r| r.recorded_bytes);
    let mut out = format!(
        "{table}\n\nTimes are times on a core; cold is the first pass in a fresh process, warm a later one over the \
         same heap. Inside is the time in the allocator, from a random sample of the calls; a whole pass is also the \
         writing to blocks, as far as the recorded program wrote ({}), and going through the list of calls. {} blocks, \
         intervals of {:.0} %.",
        units::bytes(recorded as f64),
        options.blocks,
        cost::CONFIDENCE * 100.0
    );
    if cells.is_empty() {
        return out;
    }
    out += "\n\nBeside live runs of the program:\n";
    for difference in &report.differences {
        out += &format!("- {}\n", difference.sentence);
    }
    for (row, cell) in report.allocators.iter().zip(cells) {
        let calls = mean(&cell.figures(|l| l.cost.calls as f64)).value;
        if (calls - row.calls as f64).abs() > 0.01 * row.calls as f64 {
            out += &format!(
                "The live run makes {} calls of {}, the trace {}: the trace is of another program, size, policy or front.\n",
                units::count(calls as u64),
                row.allocator,
                units::count(row.calls)
            );
        }
        let inside = mean(&cell.figures(|l| l.cost.ns));
        let script = mean(&cell.figures(|l| l.cpu_ns));
        out += &format!(
            "{}: {} inside the allocator by replay, {} live, of {} of the script.\n",
            row.allocator,
            time_words(mean(&row.cold_inside_ns)),
            time_words(inside),
            time_words(script)
        );
    }
    out + &cost::method(cells, options.blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_is_claimed_only_where_the_interval_lies_within() {
        let of = |value, low, high| Interval { value, low, high };
        let live = of(20e6, 18e6, 22e6);
        let (agrees, words) = agreement(live, of(1e6, 0.2e6, 1.8e6));
        assert!(agrees == Some(true) && words.contains("agree within 10 %"), "{words}");
        // The old fault: a difference of 130 ms by replay where the live one is 20.
        let (agrees, words) = agreement(live, of(110e6, 100e6, 120e6));
        assert!(
            agrees == Some(false) && words.contains("off by 110 ms") && words.contains("550.0 %"),
            "{words}"
        );
        let (agrees, words) = agreement(live, of(1e6, -3e6, 5e6));
        assert!(agrees.is_none() && words.contains("cannot be told"), "{words}");
        let (agrees, words) = agreement(of(1e6, -1e6, 3e6), of(0.0, -1e3, 1e3));
        assert!(agrees.is_none() && words.contains("nothing to agree on"), "{words}");
    }

    #[test]
    fn cold_and_warm_passes_are_told_apart() {
        let pass = |cpu_ns| Pass { cpu_ns, calls: 5, ..Pass::default() };
        let mut row = Row::default();
        row.add(&Answer {
            passes: vec![pass(900), pass(100), pass(300)],
            peak_bytes: 1,
            committed_bytes: None,
            recorded_bytes: 0,
        });
        assert_eq!((row.cold_cpu_ns, row.warm_cpu_ns), (vec![900.0], vec![200.0]));
    }
}
