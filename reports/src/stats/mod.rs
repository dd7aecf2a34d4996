//! The statistics of the lab: medians, percentiles, Pareto fronts, utilisation; intervals and
//! verdicts are in [`blocks`], and [`simulate`] says how often those err.

pub mod blocks;
pub mod simulate;

pub use blocks::{Blocks, Interval, Judged, Pair, Rule, Verdict, complete, judge, mean_interval};

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// The middle value; the mean of the two middle values when their number is even.
/// `None` for no values.
pub fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let n = sorted.len();
    match n {
        0 => None,
        _ if n % 2 == 1 => Some(sorted[n / 2]),
        _ => Some((sorted[n / 2 - 1] + sorted[n / 2]) / 2.0),
    }
}

/// The smallest value that at least `share` of the values do not pass (nearest rank).
/// `share` is clamped to 0..=1. `None` for no values.
pub fn percentile(values: &[f64], share: f64) -> Option<f64> {
    let sorted = sorted(values);
    if sorted.is_empty() {
        return None;
    }
    // The small subtraction keeps a product such as 0.99 * 100 from rounding up a rank.
    let rank = (share.clamp(0.0, 1.0) * sorted.len() as f64 - 1e-9).ceil().max(1.0) as usize;
    Some(sorted[rank.min(sorted.len()) - 1])
}

/// The geometric mean of positive values. `None` for no values or any that is not positive.
pub fn geomean(values: &[f64]) -> Option<f64> {
    if values.is_empty() || values.iter().any(|v| !(*v > 0.0 && v.is_finite())) {
        return None;
    }
    Some((values.iter().map(|v| v.ln()).sum::<f64>() / values.len() as f64).exp())
}

/// The values in order; those that are not numbers are left out.
fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// A generator of random numbers that gives the same sequence for the same seed on every machine.
#[derive(Clone, Debug)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// A generator that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// A number below `bound`, which is greater than zero.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.random_range(0..bound)
    }

    /// A number between `low` and `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0.random_range(low..high)
    }

    /// Puts the items in random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        items.shuffle(&mut self.0);
    }
}

/// The indices of the points that no other point beats in both coordinates (smaller is better),
/// ordered by the first coordinate.
pub fn pareto(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| {
        points[a].0.total_cmp(&points[b].0).then(points[a].1.total_cmp(&points[b].1)).then(a.cmp(&b))
    });
    let mut best = f64::INFINITY;
    order.retain(|&index| {
        let keep = points[index].1 < best;
        if keep {
            best = points[index].1;
        }
        keep
    });
    order
}

/// The least share of any window of `window_ns` inside a run of `total_ns` that was left to the
/// script (minimum mutator utilisation). `pauses` are (start, length), in order, not overlapping.
/// A window longer than the run is the run.
pub fn mmu(pauses: &[(f64, f64)], total_ns: f64, window_ns: f64) -> f64 {
    let window = window_ns.min(total_ns);
    if window <= 0.0 {
        return 1.0;
    }
    // The paused time before a moment is piecewise linear, so the worst window starts at the
    // start of a pause or ends at the end of one.
    let mut before = Vec::with_capacity(pauses.len() + 1);
    before.push(0.0);
    for pause in pauses {
        before.push(before.last().copied().unwrap_or(0.0) + pause.1);
    }
    let paused_until = |moment: f64| -> f64 {
        let index = pauses.partition_point(|p| p.0 < moment);
        if index == 0 {
            return 0.0;
        }
        let (start, length) = pauses[index - 1];
        before[index - 1] + (moment - start).min(length)
    };
    let mut worst: f64 = 0.0;
    for &(start, length) in pauses {
        for from in [start, start + length - window] {
            let from = from.clamp(0.0, total_ns - window);
            worst = worst.max(paused_until(from + window) - paused_until(from));
        }
    }
    (1.0 - worst / window).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_percentiles_of_known_lists() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&hundred, 0.5), Some(50.0));
        assert_eq!(percentile(&hundred, 0.99), Some(99.0));
        assert_eq!(percentile(&hundred, 1.0), Some(100.0));
        assert_eq!(percentile(&hundred, 0.0), Some(1.0));
    }

    #[test]
    fn geomean_refuses_what_has_no_logarithm() {
        assert!((geomean(&[1.0, 4.0]).unwrap() - 2.0).abs() < 1e-12);
        assert_eq!(geomean(&[1.0, 0.0]), None);
        assert_eq!(geomean(&[]), None);
    }

    #[test]
    fn pareto_keeps_the_unbeaten_in_order() {
        let points = [(3.0, 1.0), (1.0, 3.0), (2.0, 2.0), (2.5, 2.5), (1.0, 4.0), (3.0, 1.0)];
        assert_eq!(pareto(&points), vec![1, 2, 0]);
    }

    #[test]
    fn mmu_of_hand_made_runs() {
        // One pause of 10 in a run of 100: a window of 10 can be all pause, one of 20 half.
        assert_eq!(mmu(&[(40.0, 10.0)], 100.0, 10.0), 0.0);
        assert!((mmu(&[(40.0, 10.0)], 100.0, 20.0) - 0.5).abs() < 1e-12);
        assert!((mmu(&[(40.0, 10.0)], 100.0, 1000.0) - 0.9).abs() < 1e-12);
        // Two pauses of 10 with 10 between them: a window of 30 holds both.
        assert!((mmu(&[(20.0, 10.0), (40.0, 10.0)], 100.0, 30.0) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(mmu(&[], 100.0, 10.0), 1.0);
    }

    #[test]
    fn shuffling_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        Random::new(1).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
