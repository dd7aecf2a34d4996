//! `gc-lab tune`: which collection policy suits a script.
//!
//! [`search`] chooses what to try and decides; here its samples are taken, each in a process of its own as every
//! sample of the lab is. [`answer`] says what came of it, [`exhaustive`] compares the search with trying everything.

mod answer;
pub mod exhaustive;
mod search;

use crate::backend;
use crate::matrix::{self, Program};
use crate::policy::Policy;
use crate::take::Take;
use indicatif::ProgressBar;
use search::{Goal, Plan, Reading, Source, Stop};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tare_reports::Figure;
use tare_reports::record::Sample;
use tare_reports::stats::Random;

/// How to tune.
#[derive(Clone, Debug)]
pub struct Options {
    /// The engine.
    pub engine: String,
    /// The allocator stack.
    pub allocator: String,
    /// The front; the engine's first where none is named.
    pub front: Option<String>,
    /// The value of the global `SIZE`.
    pub size: Option<u64>,
    /// Requests that a run of the service serves; `None` for a program that is run as it is.
    pub requests: Option<u32>,
    /// How much more time than the fastest is allowed, as a share.
    pub slack: Option<f64>,
    /// How many bytes may be taken from the allocator at most.
    pub memory_cap: Option<u64>,
    /// Blocks of the check at least.
    pub blocks: usize,
    /// How many times as long the runs are by which the answer is checked.
    pub check_length: u32,
    /// After this time no more is measured than the least.
    pub budget: Duration,
    /// What one sample may take.
    pub timeout: Duration,
    /// The seed of the order.
    pub seed: u64,
    /// Whether to print JSON.
    pub json: bool,
}

/// The slack where neither it nor a cap is named.
const SLACK: f64 = 0.05;

impl Options {
    fn goal(&self) -> Goal {
        // Under a cap alone, the fastest that stays under it is wanted.
        let slack = self.slack.unwrap_or(if self.memory_cap.is_some() { 0.0 } else { SLACK });
        Goal { slack, cap: self.memory_cap.map(|bytes| bytes as f64) }
    }

    fn plan(&self) -> Plan {
        Plan::new(self.requests.is_some(), self.check_length, self.blocks)
    }
}

/// Finds the policy that suits the script, and prints it. Returns false when the user interrupted.
///
/// # Errors
/// A sentence that says what kept the script from being measured, or that nothing fits.
pub fn tune(path: &Path, options: &Options) -> Result<bool, String> {
    let program = Program::File(path.to_path_buf(), matrix::read_script(path)?);
    let mut processes = Processes::new(&program, options)?;
    match search::search(&mut processes, options.goal(), options.plan()) {
        Ok(found) => {
            processes.bar.finish_and_clear();
            let answer = answer::Answer::new(path, options, &processes, &found);
            if options.json {
                let text = serde_json::to_string_pretty(&answer);
                say!("{}", text.map_err(|e| format!("cannot write the answer: {e}"))?);
            } else {
                say!("{}", answer.text());
            }
            Ok(true)
        }
        Err(Stop::Interrupted) => Ok(false),
        Err(Stop::Failed(message)) => Err(format!("{}: {message}", path.display())),
    }
}

/// Samples of one program, each in a process of its own.
pub struct Processes<'a> {
    program: &'a Program,
    options: &'a Options,
    front: String,
    random: Random,
    begun: Instant,
    block: u32,
    samples: u64,
    /// What became of the first sample that did not end well.
    failed: Option<String>,
    stop: Arc<AtomicBool>,
    bar: ProgressBar,
}

impl<'a> Processes<'a> {
    /// # Errors
    /// When there is no such engine, allocator or front.
    fn new(program: &'a Program, options: &'a Options) -> Result<Self, String> {
        let engine = backend::find(&options.engine)?;
        options
            .allocator
            .parse::<tare_allocators::Spec>()
            .map_err(|e| format!("allocator `{}`: {e}", options.allocator))?;
        let front = options.front.clone().unwrap_or_else(|| engine.fronts()[0].to_string());
        if !engine.fronts().contains(&front.as_str()) {
            return Err(format!(
                "{} has no front `{front}`; it has {}",
                options.engine,
                engine.fronts().join(", ")
            ));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let flag = stop.clone();
        // A second handler in one process is refused; the first does as well.
        let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
        let bar = ProgressBar::new_spinner();
        Ok(Processes {
            program,
            options,
            front,
            random: Random::new(options.seed),
            begun: Instant::now(),
            block: 0,
            samples: 0,
            failed: None,
            stop,
            bar,
        })
    }

    /// Whether more requests make the program's number larger, or are more iterations of the whole program: those
    /// where it does not read the number, or that is fixed.
    fn by_size(&self) -> bool {
        let Options { requests, size, .. } = self.options;
        requests.is_some() && size.is_none() && self.program.source().contains("SIZE")
    }

    /// Size and further iterations of a run of that length.
    fn extent(&self, length: u32) -> (u64, u32) {
        let own = self.options.size.unwrap_or_else(|| self.program.size(matrix::Size::Default));
        match self.options.requests {
            Some(requests) if self.by_size() => (u64::from(requests) * u64::from(length), 0),
            requests => (own, (requests.unwrap_or(1).saturating_mul(length)).saturating_sub(1)),
        }
    }

    fn sample(&mut self, policy: &str, length: u32, invocation: u32) -> Result<Option<Reading>, Stop> {
        let (size, further_iterations) = self.extent(length);
        let sample = Sample {
            engine: self.options.engine.clone(),
            workload: self.program.name(),
            source_hash: self.program.hash(),
            size,
            allocator: self.options.allocator.clone(),
            front: self.front.clone(),
            policy: policy.into(),
            thp: if cfg!(target_os = "linux") { "never" } else { "inherit" }.into(),
            further_iterations,
            block: self.block,
            invocation,
            ..Sample::default()
        };
        let take = Take {
            program: self.program,
            sample: &sample,
            timeout: self.options.timeout,
            lab: None,
            command: &[],
            pinned_core: None,
            seed: self.options.seed,
            retaken: false,
        };
        let Some(record) = take.record(&self.stop).map_err(Stop::Failed)? else {
            return Err(Stop::Interrupted);
        };
        self.samples += 1;
        self.bar.set_message(format!(
            "{} samples; runs of length {length}; {:.0} s",
            self.samples,
            self.begun.elapsed().as_secs_f64()
        ));
        self.bar.tick();
        let Some(m) = record.measured else {
            let what = format!("{policy}: {} {}", record.outcome.name(), record.outcome.message());
            tracing::info!("{what}");
            self.failed.get_or_insert(what);
            return Ok(None);
        };
        let of = |figure: Figure| figure.of(&m);
        Ok(Some(Reading {
            time: of(Figure::Time).unwrap_or(1.0),
            peak: of(Figure::Peak).unwrap_or(0.0),
            physical: of(Figure::Physical),
            collections: m.collection_count,
        }))
    }
}

impl Source for Processes<'_> {
    fn block(&mut self, policies: &[&str], length: u32) -> Result<Vec<Option<Reading>>, Stop> {
        let engine = backend::find(&self.options.engine).map_err(Stop::Failed)?;
        let mut order: Vec<usize> = (0..policies.len()).collect();
        self.random.shuffle(&mut order);
        let mut readings = vec![None; policies.len()];
        for index in order {
            let policy = policies[index];
            // Of engines that are not ours only those policies are tried that they have.
            if policy.parse::<Policy>().is_ok_and(|p| engine.supports(&p).is_ok()) {
                readings[index] = self.sample(policy, length, index as u32)?;
            }
        }
        self.block += 1;
        if readings.iter().all(Option::is_none) {
            let why = self.failed.clone().unwrap_or_else(|| "no policy can be run".into());
            return Err(Stop::Failed(why));
        }
        Ok(readings)
    }

    fn spent(&self) -> bool {
        self.begun.elapsed() > self.options.budget
    }
}
