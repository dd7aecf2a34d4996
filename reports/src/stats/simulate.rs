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
    /// How far workloads differ in what the change does to them.
    pub spread: Spread,
    /// Every second workload is as many times noisier than the others.
    pub uneven: f64,
}

/// How workloads differ in what a change does to them; their geometric mean is the planted ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    /// Not at all.
    None,
    /// With this standard deviation.
    All(f64),
    /// One differs from the others by this.
    One(f64),
}

/// Makes up the measurements of one comparison in which B takes `ratio` times as long.
pub fn blocks(plan: Plan, noise: Noise, ratio: f64, random: &mut Random) -> Vec<Vec<Pair>> {
    let mut spread: Vec<f64> = match plan.spread {
        Spread::None => vec![0.0; plan.workloads],
        Spread::All(deviation) => (0..plan.workloads).map(|_| normal(random, deviation)).collect(),
        Spread::One(by) => (0..plan.workloads).map(|w| if w == 0 { by } else { 0.0 }).collect(),
    };
    let mean = spread.iter().sum::<f64>() / plan.workloads as f64;
    spread.iter_mut().for_each(|s| *s -= mean);
    (0..plan.blocks)
        .map(|_| {
            let drift = normal(random, noise.drift);
            let [first, second] = [0.0, ratio.ln()].map(|log| log + drift + normal(random, noise.apart));
            let mut sample = |at: f64, noisier: f64| {
                let disturbed = random.between(0.0, 1.0) < noise.disturbed;
                let longer = if disturbed { random.between(noise.longer.0, noise.longer.1) } else { 0.0 };
                (at + noisier * (normal(random, noise.usual) + longer)).exp()
            };
            spread
                .iter()
                .enumerate()
                .map(|(index, apart)| {
                    let noisier = if index % 2 == 1 { plan.uneven } else { 1.0 };
                    let a = (0..plan.samples).map(|_| sample(first, noisier)).collect();
                    let b = (0..plan.samples).map(|_| sample(second + apart, noisier)).collect();
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

/// A way to an interval: from blocks and a confidence.
pub type Method = dyn Fn(&[Vec<Pair>], f64) -> Option<Interval>;

/// Tries a method, which makes an interval of a given confidence, on many made-up comparisons.
/// The same seed gives the same rates.
pub fn rates(method: &Method, plan: Plan, noise: Noise, rounds: usize, seed: u64) -> Rates {
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
