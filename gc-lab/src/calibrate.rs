//! `gc-lab calibrate`: how often the lab's verdicts err on this machine, as it is now.
//!
//! Each comparison is made like any other: processes of their own, in blocks, in random order. Two
//! sides run the same script (A and A again), a third runs one that really does more: more rounds
//! of its loop and more objects kept, by factors that a measurement at the beginning finds, so
//! that it needs the planted share more time and more memory. A verdict of less or more between
//! the equal sides is a false alarm; the planted share is found when both its slowdown and its
//! growth are called more.

use crate::matrix::Program;
use crate::policy::{Policy, QUICKJS_THRESHOLD};
use crate::take::Take;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tare_reports::Figure;
use tare_reports::record::{Measured, Sample};
use tare_reports::stats::{Blocks, Judged, Pair, Random, Rule, Verdict, judge, median};

/// What is planted, as a share of time and of memory.
const PLANTED: f64 = 0.05;

/// Samples of each side in a block.
const SAMPLES: usize = 5;

/// Blocks of a comparison, as many as the time allows.
const BLOCKS: std::ops::RangeInclusive<usize> = 5..=12;

/// What one sample may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Rounds and kept objects of the script that is measured.
const BASE: Amount = Amount { rounds: 20_000.0, kept: 1_000.0 };

/// The script: garbage by the round, and a list that is kept.
const BODY: &str = "
let kept = null;
for (let i = 0; i < KEPT; i++) kept = { next: kept, name: 'kept ' + i };
let sum = 0;
for (let round = 0; round < ROUNDS; round++) {
  const point = { x: round, y: [round, round + 1] };
  sum = (sum + point.x * point.y[1]) % 1000003;
}
globalThis.result = sum;
";

/// How to calibrate.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many comparisons.
    pub comparisons: u32,
    /// How long all of it may take.
    pub budget: Duration,
    /// Threads that keep the machine busy meanwhile.
    pub load: u32,
    /// How sure verdicts are to be, and what is alike.
    pub rule: Rule,
    /// The seed of the order.
    pub seed: u64,
}

#[derive(Clone, Copy, Debug)]
struct Amount {
    rounds: f64,
    kept: f64,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    made: u32,
    alarms: u32,
    found: u32,
    slow_found: u32,
    growth_found: u32,
}

/// Calibrates, and prints the rates; the last line is the sum. Returns false when interrupted.
///
/// # Errors
/// When samples cannot be taken.
pub fn calibrate(options: &Options) -> Result<bool, String> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
    let Some(lines) = made(options, &stop)? else { return Ok(false) };
    lines.iter().for_each(|line| say!("{line}"));
    Ok(true)
}

/// How long the short calibration of a run may take.
const SHORT: Duration = Duration::from_secs(60);

/// A short calibration for a run: what came of it in one line. `None` when interrupted.
///
/// # Errors
/// When samples cannot be taken.
pub fn short(comparisons: u32, seed: u64, stop: &AtomicBool) -> Result<Option<String>, String> {
    let rule = Rule { confidence: 0.99, margin: 0.02 };
    let options = Options { comparisons, budget: SHORT, load: 0, rule, seed };
    Ok(made(&options, stop)?.and_then(|lines| lines.into_iter().last()))
}

/// The lines that say what came of it; the last is the sum. `None` when interrupted.
fn made(options: &Options, stop: &AtomicBool) -> Result<Option<Vec<String>>, String> {
    let begun = Instant::now();
    let done = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..options.load)
        .map(|_| {
            let done = done.clone();
            std::thread::spawn(move || busy(&done))
        })
        .collect();
    let result = comparisons(options, begun, stop);
    done.store(true, Ordering::Relaxed);
    for thread in load {
        let _ = thread.join();
    }
    result
}

fn comparisons(options: &Options, begun: Instant, stop: &AtomicBool) -> Result<Option<Vec<String>>, String> {
    let Some((planted, each)) = plant(stop)? else { return Ok(None) };
    let mut lines = Vec::new();
    lines.push(format!(
        "Planted: {:.0} % more time and memory, by {:.2} % more rounds and {:.2} % more objects kept.",
        PLANTED * 100.0,
        (planted.rounds / BASE.rounds - 1.0) * 100.0,
        (planted.kept / BASE.kept - 1.0) * 100.0
    ));
    // What is left, shared out; a tenth stays in hand.
    let share =
        options.budget.saturating_sub(begun.elapsed()).as_secs_f64() * 0.9 / f64::from(options.comparisons);
    let blocks =
        ((share / each.as_secs_f64()) as usize / (3 * SAMPLES)).clamp(*BLOCKS.start(), *BLOCKS.end());
    let bar = ProgressBar::new(u64::from(options.comparisons));
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {eta} left  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut random = Random::new(options.seed);
    let (mut tally, mut widths) = (Tally::default(), Vec::new());
    for _ in 0..options.comparisons {
        if begun.elapsed() > options.budget && tally.made > 0 {
            bar.println("The time is used up; the remaining comparisons are left out.");
            break;
        }
        let Some(sides) = measure(planted, blocks, &mut random, stop)? else {
            bar.abandon();
            return Ok(None);
        };
        widths.push(count(&sides, options.rule, &mut tally));
        bar.inc(1);
        bar.set_message(format!("{} false alarms, {} found", tally.alarms, tally.found));
    }
    bar.finish_and_clear();
    lines.push(format!(
        "{} comparisons of {blocks} blocks, {SAMPLES} samples of a side in each, {} busy threads beside them, {:.0} s.",
        tally.made,
        options.load,
        begun.elapsed().as_secs_f64()
    ));
    lines.push(format!(
        "Intervals of {} % confidence for the time are {:.1} % to either side (median).",
        options.rule.confidence * 100.0,
        median(&widths).unwrap_or(0.0) * 100.0
    ));
    lines.push(format!(
        "slowdowns found: {} of {}, growths found: {} of {}",
        tally.slow_found, tally.made, tally.growth_found, tally.made
    ));
    lines.push(format!(
        "false alarms: {} of {}, found: {} of {}",
        tally.alarms, tally.made, tally.found, tally.made
    ));
    Ok(Some(lines))
}

/// The figures that are judged.
const FIGURES: [Figure; 3] = [Figure::Time, Figure::Peak, Figure::Physical];

/// The samples of a comparison: by side, then by block.
type Sides = [Vec<Vec<Measured>>; 3];

/// Judges a comparison, adds it to the tally, and returns the half width of the time's interval.
fn count(sides: &Sides, rule: Rule, tally: &mut Tally) -> f64 {
    let judged = |side: usize| -> Vec<Judged> {
        let of = |figure: Figure| {
            let values = |samples: &[Measured]| samples.iter().filter_map(|m| figure.of(m)).collect();
            let pairs = sides[0].iter().zip(&sides[side]);
            Blocks::new(&pairs.map(|(a, b)| vec![Pair { a: values(a), b: values(b) }]).collect::<Vec<_>>())
        };
        judge(&FIGURES.map(of), rule)
    };
    let (same, more) = (judged(1), judged(2));
    let alarm = same.iter().any(|j| matches!(j.verdict, Verdict::Less | Verdict::More));
    let [slow, grown] = [0, 1].map(|index| more[index].verdict == Verdict::More);
    tally.made += 1;
    tally.alarms += u32::from(alarm);
    tally.slow_found += u32::from(slow);
    tally.growth_found += u32::from(grown);
    tally.found += u32::from(slow && grown);
    more[0].interval.map_or(f64::INFINITY, |i| (i.high / i.low).sqrt() - 1.0)
}

/// Takes the samples of one comparison. `None` when interrupted.
fn measure(
    planted: Amount,
    blocks: usize,
    random: &mut Random,
    stop: &AtomicBool,
) -> Result<Option<Sides>, String> {
    let mut sides: Sides = Default::default();
    for block in 0..blocks {
        sides.iter_mut().for_each(|s| s.push(Vec::new()));
        let mut order: Vec<usize> = (0..3 * SAMPLES).map(|n| n % 3).collect();
        random.shuffle(&mut order);
        for side in order {
            let amount = if side == 2 { planted } else { BASE };
            let number = random.below(u32::MAX as usize) as u32;
            let Some(measured) = take(amount, number, stop)? else { return Ok(None) };
            sides[side][block].push(measured);
        }
    }
    Ok(Some(sides))
}

/// Finds how much more work needs the planted share more time, and how many more objects that
/// share more memory; also how long one sample takes by the clock on the wall.
fn plant(stop: &AtomicBool) -> Result<Option<(Amount, Duration)>, String> {
    let amounts =
        [BASE, Amount { rounds: BASE.rounds * 2.0, ..BASE }, Amount { kept: BASE.kept * 2.0, ..BASE }];
    let mut found: [Vec<Measured>; 3] = Default::default();
    let begun = Instant::now();
    const TURNS: usize = 15;
    for turn in 0..TURNS {
        for (amount, found) in amounts.iter().zip(&mut found) {
            let Some(measured) = take(*amount, turn as u32, stop)? else { return Ok(None) };
            found.push(measured);
        }
    }
    // Two of the three did up to twice the work.
    let each = begun.elapsed() / (TURNS * 4) as u32;
    let middle = |index: usize, of: fn(&Measured) -> u64| {
        median(&found[index].iter().map(|m| of(m) as f64).collect::<Vec<_>>()).unwrap_or(0.0)
    };
    let time = [0, 1, 2].map(|i| middle(i, |m| m.cpu_ns));
    let memory = [0, 2].map(|i| middle(i, |m| m.peak_charged_bytes));
    let per_object = (memory[1] - memory[0]) / BASE.kept;
    let kept = PLANTED * memory[0] / per_object;
    let (per_round, per_kept) = ((time[1] - time[0]) / BASE.rounds, (time[2] - time[0]) / BASE.kept);
    let rounds = (PLANTED * time[0] - kept * per_kept) / per_round;
    let planted = Amount { rounds: BASE.rounds + rounds, kept: BASE.kept + kept };
    let believable = |planted: f64, base: f64| planted > base && planted < base * (1.0 + 4.0 * PLANTED);
    if !believable(planted.rounds, BASE.rounds) || !believable(planted.kept, BASE.kept) {
        return Err(format!(
            "the machine is too noisy to find what {} % more work is: {:.0} rounds and {:.0} objects came out; try again \
             when it is quieter",
            PLANTED * 100.0,
            planted.rounds,
            planted.kept
        ));
    }
    Ok(Some((planted, each)))
}

/// One sample in a process of its own, like any other of the lab; the number makes its place on
/// the stack its own. `None` when interrupted.
fn take(amount: Amount, number: u32, stop: &AtomicBool) -> Result<Option<Measured>, String> {
    let source = format!("const ROUNDS = {:.0}, KEPT = {:.0};{BODY}", amount.rounds, amount.kept);
    let program = Program::File("calibrate.js".into(), source);
    let sample = Sample {
        engine: "tare".into(),
        workload: program.name(),
        source_hash: program.hash(),
        allocator: "system".into(),
        front: "direct".into(),
        policy: Policy::quickjs(QUICKJS_THRESHOLD).to_string(),
        thp: "never".into(),
        block: number / 64,
        invocation: number % 64,
        ..Sample::default()
    };
    let take = Take {
        program: &program,
        sample: &sample,
        timeout: TIMEOUT,
        lab: None,
        command: &[],
        pinned_core: None,
        seed: u64::from(number),
        retaken: false,
    };
    let Some(record) = take.record(stop)? else { return Ok(None) };
    match record.measured {
        Some(measured) => Ok(Some(measured)),
        None => Err(format!("a sample failed: {} {}", record.outcome.name(), record.outcome.message())),
    }
}

/// Work that keeps a core and its caches busy until it is told to stop.
fn busy(done: &AtomicBool) {
    let mut field = vec![1u64; 1 << 19];
    let mut at = 1usize;
    while !done.load(Ordering::Relaxed) {
        for _ in 0..10_000 {
            at = (at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1)) % field.len();
            field[at] = std::hint::black_box(field[at].wrapping_mul(31));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(time: [u64; 3], peak: [u64; 3]) -> Sides {
        [0, 1, 2].map(|side| {
            let sample = |n: u64| Measured {
                cpu_ns: time[side] + n * 1000,
                peak_charged_bytes: peak[side],
                ..Measured::default()
            };
            (0..6).map(|block| (0..5).map(|n| sample(n + block % 2)).collect()).collect()
        })
    }

    #[test]
    fn what_is_planted_counts_only_when_all_of_it_is_found() {
        let rule = Rule { confidence: 0.99, margin: 0.02 };
        let mut tally = Tally::default();
        count(&sides([1_000_000, 1_000_000, 1_050_000], [100, 100, 105]), rule, &mut tally);
        assert_eq!((tally.made, tally.alarms, tally.found), (1, 0, 1));
        count(&sides([1_000_000, 1_000_000, 1_050_000], [100, 100, 100]), rule, &mut tally);
        assert_eq!((tally.slow_found, tally.growth_found, tally.found), (2, 1, 1));
        count(&sides([1_000_000, 1_060_000, 1_000_000], [100, 100, 105]), rule, &mut tally);
        assert_eq!((tally.made, tally.alarms), (3, 1));
    }
}
