//! How often the intervals err, tried on made-up measurements whose truth is known.
//!
//! The noise is that of a shared machine: a little on every sample, a few samples disturbed so
//! that they take much longer, a drift from block to block that both set-ups share, and a part
//! of it that they do not share.

use super::{Interval, Pair, Random};
use statrs::distribution::{ContinuousCDF, Normal};

/// What disturbs measurements; all in parts of the time measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Standard deviation on every sample.
    pub usual: f64,
    /// Share of the samples that are disturbed.
    pub disturbed: f64,
    /// By how much a disturbed sample is longer, between these.
    pub longer: (f64, f64),
    /// Standard deviation from block to block, shared by the set-ups.
    pub drift: f64,
    /// Standard deviation from block to block of each set-up alone.
    pub apart: f64,
}

/// One sample in ten takes 5 to 40 % longer.
pub const SHARED_MACHINE: Noise =
    Noise { usual: 0.02, disturbed: 0.1, longer: (0.05, 0.4), drift: 0.05, apart: 0.01 };

/// The shape of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Workloads in a block.
    pub workloads: usize,
    /// Samples of each set-up on each workload in a block.
    pub samples: usize,
    /// Blocks.
    pub blocks: usize,
    /// How far workloads differ in what the change does to them: standard deviation.
    pub spread: f64,
}

/// Makes up the measurements of one comparison in which B takes `ratio` times as long.
pub fn blocks(plan: Plan, noise: Noise, ratio: f64, random: &mut Random) -> Vec<Vec<Pair>> {
    // Symmetric around the truth, so that the median workload has exactly the ratio asked for.
    let half: Vec<f64> = (0..plan.workloads / 2).map(|_| normal(random, plan.spread)).collect();
    let mut spread: Vec<f64> = half.iter().map(|s| -s).chain(half.iter().copied()).collect();
    spread.resize(plan.workloads, 0.0);
    (0..plan.blocks)
        .map(|_| {
            let drift = normal(random, noise.drift);
            let mut side = [0.0, ratio.ln()].map(|log| log + drift + normal(random, noise.apart));
            let mut sample = |at: f64| {
                let disturbed = random.between(0.0, 1.0) < noise.disturbed;
                let longer = if disturbed { random.between(noise.longer.0, noise.longer.1) } else { 0.0 };
                (at + normal(random, noise.usual) + longer).exp()
            };
            spread
                .iter()
                .map(|apart| {
                    let [a, b] = &mut side;
                    let a = (0..plan.samples).map(|_| sample(*a)).collect();
                    let b = (0..plan.samples).map(|_| sample(*b + apart)).collect();
                    Pair { a, b }
                })
                .collect()
        })
        .collect()
}

fn normal(random: &mut Random, deviation: f64) -> f64 {
    let share = random.between(f64::EPSILON, 1.0);
    deviation * Normal::standard().inverse_cdf(share)
}

/// How often a method was right, as shares of the comparisons tried.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Intervals of 95 % that held the true ratio.
    pub coverage: f64,
    /// Intervals of 99 % without one where there was no difference.
    pub alarms: f64,
    /// A planted 3 % found at 99 %.
    pub found_3: f64,
    /// A planted 5 % found at 99 %.
    pub found_5: f64,
    /// The mean half width of the intervals of 99 %.
    pub half_width: f64,
}

/// Tries a method, which makes an interval of a given confidence, on many made-up comparisons.
/// The same seed gives the same rates.
pub fn rates(
    method: &dyn Fn(&[Vec<Pair>], f64) -> Option<Interval>,
    plan: Plan,
    noise: Noise,
    rounds: usize,
    seed: u64,
) -> Rates {
    let mut random = Random::new(seed);
    let mut rates = Rates::default();
    for _ in 0..rounds {
        let blocks = blocks(plan, noise, 1.0, &mut random);
        let (Some(wide), Some(narrow)) = (method(&blocks, 0.99), method(&blocks, 0.95)) else { continue };
        // Every step commutes with a common factor, so a planted ratio moves the interval by it.
        rates.coverage += f64::from(u8::from(narrow.low <= 1.0 && 1.0 <= narrow.high));
        rates.alarms += f64::from(u8::from(wide.low > 1.0 || wide.high < 1.0));
        rates.found_3 += f64::from(u8::from(wide.low * 1.03 > 1.0));
        rates.found_5 += f64::from(u8::from(wide.low * 1.05 > 1.0));
        rates.half_width += (wide.high / wide.low).sqrt() - 1.0;
    }
    for rate in [
        &mut rates.coverage,
        &mut rates.alarms,
        &mut rates.found_3,
        &mut rates.found_5,
        &mut rates.half_width,
    ] {
        *rate /= rounds as f64;
    }
    rates
}
