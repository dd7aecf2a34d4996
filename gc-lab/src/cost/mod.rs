//! `gc-lab cost`: how much of a script's time its allocator takes, in the live run.
//!
//! A block runs the script twice under every allocator and front, in random order: once as it is, for its time, and
//! once with a clock before the allocator ([`clock`]), which measures a random sample of the calls. Both without the
//! lab's other readings. Figures are means over blocks, with intervals over blocks.

pub mod clock;

pub use clock::{Estimate, Timed, Told};

use crate::backend;
use crate::matrix::{self, Program};
use crate::policy::Policy;
use crate::take::Take;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tare_reports::record::Sample;
use tare_reports::stats::{Interval, Random, mean_interval};
use tare_reports::units;

/// What to run.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The script.
    pub file: PathBuf,
    /// The engine.
    pub engine: String,
    /// Allocator stacks.
    pub allocators: Vec<String>,
    /// Fronts; all of the engine where none is named.
    pub fronts: Vec<String>,
    /// When collections run.
    pub policy: Policy,
    /// The value of the global `SIZE`.
    pub size: Option<u64>,
    /// What one sample may take.
    pub timeout: Duration,
    /// The seed of the order and of the choice of calls.
    pub seed: u64,
}

/// How sure the intervals are, each for itself.
pub const CONFIDENCE: f64 = 0.95;

/// One allocator behind one front, in one block.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Live {
    /// Time of the script on a core, without a clock before the allocator.
    pub cpu_ns: f64,
    /// What was measured of the calls.
    pub cost: Estimate,
}

/// An allocator behind a front and what was measured: a reading per block.
#[derive(Clone, Debug, Serialize)]
pub struct Cell {
    /// The allocator.
    pub allocator: String,
    /// The front.
    pub front: String,
    /// The blocks.
    pub blocks: Vec<Live>,
}

/// Live runs, block by block.
pub struct Runs {
    program: Program,
    wish: Wish,
    /// The cells in the order in which they were named.
    pub cells: Vec<Cell>,
}

impl Runs {
    /// # Errors
    /// A sentence that names what does not exist.
    pub fn new(wish: &Wish) -> Result<Self, String> {
        let program = Program::File(wish.file.clone(), matrix::read_script(&wish.file)?);
        let engine = backend::find(&wish.engine)?;
        engine.supports(&wish.policy)?;
        let fronts: Vec<String> = match wish.fronts.is_empty() {
            true => engine.fronts().iter().map(|f| (*f).to_string()).collect(),
            false => wish.fronts.clone(),
        };
        if let Some(front) = fronts.iter().find(|f| !engine.fronts().contains(&f.as_str())) {
            let known = engine.fronts().join(", ");
            return Err(format!("{} has no front `{front}`; it has {known}", wish.engine));
        }
        let cells = wish.allocators.iter().flat_map(|allocator| {
            fronts.iter().map(|front| Cell {
                allocator: allocator.clone(),
                front: front.clone(),
                blocks: Vec::new(),
            })
        });
        Ok(Runs { program, wish: wish.clone(), cells: cells.collect() })
    }

    /// Runs a block. False when the user interrupted.
    ///
    /// # Errors
    /// When the script does not end well.
    pub fn block(&mut self, block: u32, random: &mut Random, stop: &AtomicBool) -> Result<bool, String> {
        let mut order: Vec<(usize, bool)> =
            (0..self.cells.len()).flat_map(|cell| [(cell, false), (cell, true)]).collect();
        random.shuffle(&mut order);
        let (mut cpu, mut costs) = (vec![0.0; self.cells.len()], vec![None; self.cells.len()]);
        for (index, timed) in order {
            let cell = &self.cells[index];
            let sample = Sample {
                engine: self.wish.engine.clone(),
                workload: self.program.name(),
                source_hash: self.program.hash(),
                size: self.wish.size.unwrap_or(0),
                allocator: cell.allocator.clone(),
                front: cell.front.clone(),
                policy: self.wish.policy.to_string(),
                thp: if cfg!(target_os = "linux") { "never" } else { "inherit" }.into(),
                block,
                ..Sample::default()
            };
            let take = Take {
                program: &self.program,
                sample: &sample,
                timeout: self.wish.timeout,
                lab: None,
                command: &[],
                pinned_core: None,
                seed: self.wish.seed,
                retaken: false,
            };
            let seed = self.wish.seed.wrapping_mul(0x9e37_79b9).wrapping_add(u64::from(block));
            let run = take.run(stop, |setup| {
                setup.watch = false;
                setup.cost_seed = timed.then_some(seed);
            })?;
            let Some((_, run)) = run else { return Ok(false) };
            let Some(measured) = run.measured.filter(|_| run.outcome.is_ok()) else {
                let (name, message) = (run.outcome.name(), run.outcome.message());
                return Err(format!(
                    "{} with {} behind {}: {name} {message}",
                    self.wish.file.display(),
                    cell.allocator,
                    cell.front
                ));
            };
            match timed {
                true => costs[index] = run.cost,
                false => cpu[index] = measured.cpu_ns as f64,
            }
        }
        for ((cell, cpu_ns), cost) in self.cells.iter_mut().zip(cpu).zip(costs) {
            let cost = cost.ok_or("this build of the lab does not measure calls")?;
            cell.blocks.push(Live { cpu_ns, cost });
        }
        Ok(true)
    }
}

impl Cell {
    /// A figure of each block.
    pub fn figures(&self, of: impl Fn(&Live) -> f64) -> Vec<f64> {
        self.blocks.iter().map(of).collect()
    }
}

/// A flag that is set when the user interrupts.
pub fn interrupts() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    // A second handler in one process is refused; the first does as well.
    let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
    stop
}

/// The mean of a figure over blocks with its interval; without one where blocks are too few.
pub fn mean(values: &[f64]) -> Interval {
    mean_interval(values, CONFIDENCE).unwrap_or_else(|| {
        let value = values.iter().sum::<f64>() / values.len().max(1) as f64;
        Interval { value, low: f64::NEG_INFINITY, high: f64::INFINITY }
    })
}

/// `12.3 ms (11.9 to 12.7)`.
pub fn time_words(interval: Interval) -> String {
    match interval.low.is_finite() {
        true => {
            let (low, high) = (units::time(interval.low), units::time(interval.high));
            format!("{} ({low} to {high})", units::time(interval.value))
        }
        false => units::time(interval.value),
    }
}

/// Measures, and prints. False when the user interrupted.
///
/// # Errors
/// A sentence that names what does not exist or did not end well.
pub fn cost(wish: &Wish, blocks: u32, json: bool) -> Result<bool, String> {
    let mut runs = Runs::new(wish)?;
    let (stop, mut random) = (interrupts(), Random::new(wish.seed));
    for block in 0..blocks {
        if !runs.block(block, &mut random, &stop)? {
            return Ok(false);
        }
    }
    if json {
        let text = serde_json::to_string_pretty(&runs.cells);
        say!("{}", text.map_err(|e| format!("cannot write the answer: {e}"))?);
        return Ok(true);
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header([
        "allocator",
        "front",
        "calls",
        "in the allocator",
        "per call",
        "of the script's time",
        "script",
    ]);
    for cell in &runs.cells {
        let inside = mean(&cell.figures(|l| l.cost.ns));
        let calls = mean(&cell.figures(|l| l.cost.calls as f64)).value;
        let script = mean(&cell.figures(|l| l.cpu_ns));
        table.add_row([
            cell.allocator.clone(),
            cell.front.clone(),
            units::count(calls as u64),
            time_words(inside),
            format!("{:.1} ns", inside.value / calls.max(1.0)),
            units::percent(inside.value / script.value),
            time_words(script),
        ]);
    }
    say!("{table}\n\n{}", method(&runs.cells, blocks));
    Ok(true)
}

/// How the figures came about.
pub fn method(cells: &[Cell], blocks: u32) -> String {
    let all: Vec<&Live> = cells.iter().flat_map(|c| &c.blocks).collect();
    let sum = |of: fn(&Estimate) -> u64| all.iter().map(|l| of(&l.cost)).sum::<u64>();
    let clock = mean(&all.iter().map(|l| l.cost.clock_ns).collect::<Vec<_>>()).value;
    let error = all.iter().map(|l| l.cost.error_ns / l.cost.ns.max(1.0)).fold(0.0, f64::max);
    format!(
        "Of all calls from the runtime's start to its end, a random one in {} was measured, of large ones each: {} of \
         {}. A measurement of nothing takes {clock:.1} ns, which was subtracted from each; {} that were interrupted \
         were left out. The choice of calls makes an error of {} in one run at most (standard deviation); intervals \
         are of {:.0} %, over {blocks} blocks{}.",
        clock::ONE_IN,
        units::count(sum(|c| c.measured)),
        units::count(sum(|c| c.calls)),
        units::count(sum(|c| c.interrupted)),
        units::percent(error),
        CONFIDENCE * 100.0,
        if blocks < 5 { ", which are too few for any" } else { "" }
    )
}
