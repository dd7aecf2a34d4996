//! `gc-lab run`: the matrix, block by block, into a directory, and the report at its end.
//!
//! # Invariants
//! - One process at a time writes into a directory: it holds a lock on the file `.lock` there.
//! - A record is written, whole, as soon as its sample has ended; an interrupted run loses at
//!   most the sample that was running.
//! - A directory holds the records of one choice, of the same texts of programs, and one build of the
//!   lab. Another choice, text or build starts a new file and keeps the old one under another name.
//! - A cell whose sample ran into its time limit is not run again in later blocks.

mod disk;
mod progress;

use crate::matrix::{Choice, Matrix};
use crate::take::Take;
use disk::{Directory, State};
use progress::Progress;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tare_reports::Record;
use tare_reports::record::{Outcome, Sample};
use tare_reports::stats::{Blocks, Pair};

/// How to run a matrix.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory of the records and the report.
    pub out: PathBuf,
    /// What one sample may take.
    pub timeout: Duration,
    /// No round of samples is begun that would end after this time; the first block is always completed.
    pub time_budget: Option<Duration>,
    /// Blocks to run.
    pub blocks: u32,
    /// Blocks to add to what the directory holds, in place of `blocks`.
    pub more: Option<u32>,
    /// Add blocks for workloads whose intervals of time are wider than this share, up to `most_blocks`.
    pub precision: Option<f64>,
    /// Blocks at most where blocks are added for precision.
    pub most_blocks: u32,
    /// Whether samples that were disturbed are taken again.
    pub retake: bool,
    /// The core to bind samples to.
    pub pinned_core: Option<u32>,
    /// Comparisons of the calibration before the run; 0 for none.
    pub calibrate: u32,
    /// Whether to start anew where an interrupted run could go on.
    pub fresh: bool,
    /// The command line, for the records.
    pub command: Vec<String>,
}

/// Runs the matrix and makes the report. Returns false when the user interrupted.
///
/// # Errors
/// A sentence that names what could not be read, written or started, or says that no sample succeeded.
pub fn run(choice: &Choice, options: &Options) -> Result<bool, String> {
    let matrix = Matrix::new(choice)?;
    let state = State::new(choice, &matrix);
    let (directory, old) = Directory::open(&options.out, state, options.fresh)?;
    let mut run = Run::new(&matrix, options, directory, old);
    if !run.done.is_empty() {
        let (out, done) = (options.out.display(), run.done.len());
        eprintln!("Going on with the run in {out}: {done} samples are done.");
    }
    let flag = run.interrupted.clone();
    // A second handler in one process is refused; then ^C ends the lab, and the run can still go on.
    let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
    let interrupted = run.interrupted.clone();
    let calibrated = match options.calibrate {
        0 => true,
        comparisons => {
            eprintln!(
                "Calibrating: {comparisons} comparisons of a script with itself and with one that needs more."
            );
            run.calibration = crate::calibrate::short(comparisons, matrix.seed, &interrupted)?;
            run.calibration.is_some()
        }
    };
    if !calibrated || !run.blocks()? {
        let command = shell_words(&options.command);
        eprintln!("Interrupted. The records are kept; go on with: {command}");
        return Ok(false);
    }
    run.directory.complete()?;
    let (succeeded, failed) = (run.succeeded, run.failed.clone());
    drop(run);
    crate::report::report(&options.out)?;
    if succeeded == 0 {
        let why = failed.map_or(String::new(), |why| format!("; the first: {why}"));
        return Err(format!("no sample succeeded{why}"));
    }
    Ok(true)
}

/// A run on its way.
struct Run<'a> {
    matrix: &'a Matrix,
    options: &'a Options,
    directory: Directory,
    interrupted: Arc<AtomicBool>,
    begun: Instant,
    /// The keys of the samples that need not run again.
    done: BTreeSet<String>,
    /// The cells that are given up: they ran into their time limit, or cannot be run at all.
    given_up: BTreeSet<String>,
    /// Times of each cell, by block, for the precision: only undisturbed ones where there are such.
    times: BTreeMap<String, BTreeMap<u32, Vec<f64>>>,
    /// The time that the rounds of a workload took so far, and how many samples they had.
    spent: BTreeMap<String, (Duration, u32)>,
    succeeded: usize,
    failed: Option<String>,
    most_block: Option<u32>,
    /// What the calibration before the run came to.
    calibration: Option<String>,
}

/// How a round ended.
enum Round {
    Done,
    Interrupted,
}

impl<'a> Run<'a> {
    fn new(matrix: &'a Matrix, options: &'a Options, directory: Directory, old: Vec<Record>) -> Self {
        let mut run = Run {
            matrix,
            options,
            directory,
            interrupted: Arc::new(AtomicBool::new(false)),
            begun: Instant::now(),
            done: BTreeSet::new(),
            given_up: BTreeSet::new(),
            times: BTreeMap::new(),
            spent: BTreeMap::new(),
            succeeded: 0,
            failed: None,
            most_block: None,
            calibration: None,
        };
        for record in &old {
            run.note(record);
        }
        run
    }

    /// Takes a record into the account.
    fn note(&mut self, record: &Record) {
        let sample = &record.sample;
        self.done.insert(sample.key());
        self.most_block = self.most_block.max(Some(sample.block));
        match (&record.outcome, &record.measured) {
            (Outcome::Ok, Some(measured)) => {
                self.succeeded += 1;
                let blocks = self.times.entry(sample.cell()).or_default();
                blocks.entry(sample.block).or_default().push(measured.cpu_ns as f64);
            }
            (outcome, _) => {
                if matches!(outcome, Outcome::TimedOut { .. } | Outcome::Unsupported { .. }) {
                    self.given_up.insert(sample.cell());
                }
                let what = || format!("{} {} {}", sample.workload, outcome.name(), outcome.message());
                self.failed.get_or_insert_with(what);
            }
        }
    }

    /// Runs the blocks. Returns false when the user interrupted.
    fn blocks(&mut self) -> Result<bool, String> {
        let first_new = self.most_block.map_or(0, |block| block + 1);
        let blocks = match self.options.more {
            Some(more) => first_new + more,
            None => self.options.blocks,
        };
        let mut progress = Progress::new(self.options.time_budget);
        let mut begun_block = None;
        let mut block = 0;
        loop {
            let rounds = self.matrix.block(block);
            let rounds: Vec<Vec<Sample>> = if block < blocks {
                rounds
            } else {
                // Blocks beyond what was asked for are for the workloads that are not yet precise enough.
                rounds.into_iter().filter(|round| self.wants_more(&round[0].workload, block)).collect()
            };
            if block >= blocks && rounds.is_empty() {
                break;
            }
            let rounds: Vec<Vec<Sample>> = rounds.into_iter().map(|round| self.left(round)).collect();
            let in_block: usize = rounds.iter().map(Vec::len).sum();
            progress.block(block, blocks.max(block + 1), in_block);
            for round in rounds.into_iter().filter(|round| !round.is_empty()) {
                let must = *begun_block.get_or_insert(block) == block;
                if !must && self.over_budget(&round) {
                    progress.note("The time budget is used up; what remains of the blocks is left out.");
                    progress.finish();
                    return Ok(true);
                }
                if let Round::Interrupted = self.round(&round, &mut progress)? {
                    progress.finish();
                    return Ok(false);
                }
            }
            block += 1;
        }
        progress.finish();
        Ok(true)
    }

    /// The samples of a round that are still to be run.
    fn left(&self, round: Vec<Sample>) -> Vec<Sample> {
        let wanted = |s: &Sample| !self.done.contains(&s.key()) && !self.given_up.contains(&s.cell());
        round.into_iter().filter(wanted).collect()
    }

    /// Whether a round would end after the budget, by what its workload's rounds took so far.
    fn over_budget(&self, round: &[Sample]) -> bool {
        let Some(budget) = self.options.time_budget else { return false };
        let expected = match self.spent.get(&round[0].workload) {
            Some((time, samples)) if *samples > 0 => *time * round.len() as u32 / *samples,
            _ => Duration::ZERO,
        };
        self.begun.elapsed() + expected > budget
    }

    /// Whether a workload has a cell whose time, against the first of its cells, has too wide an interval.
    fn wants_more(&self, workload: &str, block: u32) -> bool {
        let Some(precision) = self.options.precision else { return false };
        if block >= self.options.most_blocks {
            return false;
        }
        let cells: Vec<String> =
            self.matrix.cells.iter().filter(|c| c.workload == workload).map(Sample::cell).collect();
        let known: Vec<&BTreeMap<u32, Vec<f64>>> = cells.iter().filter_map(|c| self.times.get(c)).collect();
        let Some((base, others)) = known.split_first() else { return false };
        others.iter().any(|other| half_width(base, other) > precision)
    }

    /// Runs the samples of a round, then again those that were disturbed, once, while the budget lasts.
    fn round(&mut self, round: &[Sample], progress: &mut Progress) -> Result<Round, String> {
        let begun = Instant::now();
        let mut disturbed = Vec::new();
        for sample in round {
            progress.sample(sample);
            let Some(record) = self.sample(sample, false)? else { return Ok(Round::Interrupted) };
            if record.noise.disturbed {
                disturbed.push(sample);
            }
            progress.done();
        }
        let entry = self.spent.entry(round[0].workload.clone()).or_default();
        entry.0 += begun.elapsed();
        entry.1 += round.len() as u32;
        for sample in disturbed {
            if !self.may_retake() {
                break;
            }
            progress.sample(sample);
            if self.sample(sample, true)?.is_none() {
                return Ok(Round::Interrupted);
            }
        }
        Ok(Round::Done)
    }

    /// Whether the budget has room for more than the blocks that were asked for: a sample that is taken again
    /// must not cost a block.
    fn may_retake(&self) -> bool {
        let Some(budget) = self.options.time_budget else { return self.options.retake };
        if !self.options.retake {
            return false;
        }
        let (time, samples) =
            self.spent.values().fold((Duration::ZERO, 0), |sum, (t, n)| (sum.0 + *t, sum.1 + n));
        if samples == 0 {
            return true;
        }
        let cells = self.matrix.cells.len() as u32;
        let blocks = self.options.more.unwrap_or(self.options.blocks);
        let left = (cells * blocks).saturating_sub(self.done.len() as u32);
        self.begun.elapsed() + time / samples * (left + 1) < budget
    }

    /// Runs one sample and writes its record. `None` when the user interrupted.
    fn sample(&mut self, sample: &Sample, retaken: bool) -> Result<Option<Record>, String> {
        let program =
            self.matrix.program(sample).ok_or_else(|| format!("no program is called {}", sample.workload))?;
        let take = Take {
            program,
            sample,
            timeout: self.options.timeout,
            lab: None,
            command: &self.options.command,
            pinned_core: self.options.pinned_core,
            seed: self.matrix.seed,
            retaken,
        };
        let Some(mut record) = take.record(&self.interrupted)? else { return Ok(None) };
        record.calibration.clone_from(&self.calibration);
        self.directory.write(&record)?;
        self.note(&record);
        Ok(Some(record))
    }
}

/// How sure an interval is whose width `--precision` looks at.
const PRECISE: f64 = 0.95;

/// Half the width of the interval of the ratio of two cells' times, as a share; without end while too few blocks
/// have both.
fn half_width(base: &BTreeMap<u32, Vec<f64>>, other: &BTreeMap<u32, Vec<f64>>) -> f64 {
    let pair =
        |(block, a): (&u32, &Vec<f64>)| Some(vec![Pair { a: a.clone(), b: other.get(block)?.clone() }]);
    Blocks::new(&base.iter().filter_map(pair).collect::<Vec<_>>()).half_width(PRECISE)
}

/// The command line as a shell reads it.
fn shell_words(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    let quote = |word: &String| match word {
        word if !word.is_empty() && word.chars().all(plain) => word.clone(),
        word => format!("'{}'", word.replace('\'', "'\\''")),
    };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_comes_with_blocks_and_goes_with_noise() {
        let times = |of: &dyn Fn(u32) -> f64, blocks: u32| -> BTreeMap<u32, Vec<f64>> {
            (0..blocks).map(|block| (block, vec![of(block)])).collect()
        };
        let base = |block: u32| 100.0 + f64::from(block);
        let steady = |block: u32| 110.0 + 1.1 * f64::from(block) + 0.01 * f64::from(block % 3);
        let noisy = |block: u32| 110.0 + 9.0 * f64::from(block % 3);
        let width = |of: &dyn Fn(u32) -> f64, blocks| half_width(&times(&base, 20), &times(of, blocks));
        assert_eq!(width(&steady, 4), f64::INFINITY, "fewer than five blocks say nothing");
        assert!(width(&steady, 5) < 0.01);
        assert!(width(&noisy, 5) > 0.02);
        assert!(width(&noisy, 20) < width(&noisy, 5));
    }

    #[test]
    fn a_command_line_can_be_given_to_a_shell_again() {
        let words: Vec<String> =
            ["gc-lab", "run", "--allocators", "limit(64M, counting(system))", "--out", "it's here", ""]
                .map(String::from)
                .into();
        assert_eq!(
            shell_words(&words),
            r"gc-lab run --allocators 'limit(64M, counting(system))' --out 'it'\''s here' ''"
        );
        let output = std::process::Command::new("sh")
            .arg("-c")
            .arg(format!("for word in {}; do printf '%s\\n' \"$word\"; done", shell_words(&words)))
            .output();
        if let Ok(output) = output {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(said.split('\n').take(words.len()).collect::<Vec<_>>(), words);
        }
    }
}
