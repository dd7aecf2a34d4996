//! What is said while samples run: a bar on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};
use tare_reports::record::Sample;

/// Without a terminal a line is written at most this often.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The progress of a run.
pub struct Progress {
    bar: Option<ProgressBar>,
    begun: Instant,
    said: Option<Instant>,
    budget: Option<Duration>,
    /// The block that runs, how many there are to be, and the samples of a whole one.
    block: u32,
    blocks: u32,
    in_block: usize,
    /// Samples done in this block, and in all.
    done_in_block: usize,
    done: usize,
}

impl Progress {
    /// Of a run that begins now.
    pub fn new(budget: Option<Duration>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr_with_hz(5));
            let style = ProgressStyle::with_template("{bar:24} {prefix}  {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        let begun = Instant::now();
        let (block, blocks, in_block) = (0, 1, 0);
        Progress { bar, begun, said: None, budget, block, blocks, in_block, done_in_block: 0, done: 0 }
    }

    /// A block begins, of this many samples.
    pub fn block(&mut self, block: u32, blocks: u32, samples: usize) {
        (self.block, self.blocks, self.done_in_block) = (block, blocks, 0);
        self.in_block = self.in_block.max(samples);
        if let Some(bar) = &self.bar {
            bar.set_length(samples as u64);
            bar.set_position(0);
        }
    }

    /// A sample begins.
    pub fn sample(&mut self, sample: &Sample) {
        let Some(bar) = &self.bar else { return };
        bar.set_prefix(self.line());
        bar.set_message(format!(
            "{} {} · {} {} · {}",
            sample.engine, sample.workload, sample.allocator, sample.front, sample.policy
        ));
    }

    /// A sample has ended.
    pub fn done(&mut self) {
        self.done += 1;
        self.done_in_block += 1;
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if self.said.is_none_or(|said| said.elapsed() >= LINE_EVERY) => {
                self.said = Some(Instant::now());
                eprintln!("{}", self.line());
            }
            None => {}
        }
    }

    /// Says something that stays.
    pub fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }

    /// The end, however it came.
    pub fn finish(&self) {
        match &self.bar {
            Some(bar) => bar.finish_and_clear(),
            None => eprintln!("{} samples in {} s", self.done, self.begun.elapsed().as_secs()),
        }
    }

    fn line(&self) -> String {
        let left = match self.left() {
            Some(left) => format!("about {} s left", left.as_secs()),
            None => "time left not known yet".into(),
        };
        let (done, of) = (self.done_in_block, self.in_block);
        format!("block {} of {}, {done} of {of} samples, {left}", self.block + 1, self.blocks)
    }

    /// The time left: by what samples took so far, and no more than the budget leaves.
    fn left(&self) -> Option<Duration> {
        let elapsed = self.begun.elapsed();
        let budget = self.budget.map(|budget| budget.saturating_sub(elapsed));
        if self.done == 0 {
            return budget;
        }
        let blocks = (self.blocks - self.block) as usize;
        let left = (self.in_block * blocks).saturating_sub(self.done_in_block);
        let expected = elapsed.mul_f64(left as f64 / self.done as f64);
        Some(budget.map_or(expected, |budget| budget.min(expected)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_knows_the_budget() {
        let mut progress = Progress::new(Some(Duration::from_secs(90)));
        progress.begun = Instant::now() - Duration::from_secs(10);
        progress.block(0, 5, 100);
        assert!(progress.left().unwrap() <= Duration::from_secs(80));
        (progress.done, progress.done_in_block) = (10, 10);
        // A second a sample: 490 s by the samples, 80 s by the budget.
        assert!((79..=80).contains(&progress.left().unwrap().as_secs()));
        progress.budget = None;
        assert!((489..=491).contains(&progress.left().unwrap().as_secs()));
        assert!(progress.line().starts_with("block 1 of 5, 10 of 100 samples, about "));
    }
}
