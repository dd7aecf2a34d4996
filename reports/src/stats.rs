//! The statistics of the lab: medians, percentiles, intervals, Pareto fronts, utilisation.

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

/// A small generator of random numbers (SplitMix64): the same seed gives the same sequence.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is greater than zero.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Puts the items in random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            let other = self.below(index + 1);
            items.swap(index, other);
        }
    }
}

/// An interval that holds the true value with the stated confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The value computed from all measurements.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The ratio of the medians `b / a` with its bootstrap interval (percentile method).
///
/// Both samples are drawn again with replacement `rounds` times. `confidence` is a share such
/// as 0.99. `None` when a sample is empty or a median is zero.
pub fn median_ratio(a: &[f64], b: &[f64], confidence: f64, rounds: usize, seed: u64) -> Option<Interval> {
    let value = median(b)? / median(a).filter(|m| *m != 0.0)?;
    let mut random = Random::new(seed);
    let mut draw = |from: &[f64]| -> f64 {
        let again: Vec<f64> = (0..from.len()).map(|_| from[random.below(from.len())]).collect();
        median(&again).unwrap_or(f64::NAN)
    };
    let ratios: Vec<f64> = (0..rounds.max(1)).map(|_| draw(b) / draw(a)).filter(|r| r.is_finite()).collect();
    let tail = (1.0 - confidence.clamp(0.0, 1.0)) / 2.0;
    Some(Interval { value, low: percentile(&ratios, tail)?, high: percentile(&ratios, 1.0 - tail)? })
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
    fn bootstrap_is_repeatable_and_covers_the_ratio() {
        let a: Vec<f64> = (0..40).map(|i| 100.0 + f64::from(i % 7)).collect();
        let b: Vec<f64> = a.iter().map(|v| v * 1.05).collect();
        let first = median_ratio(&a, &b, 0.99, 500, 7).unwrap();
        assert_eq!(Some(first), median_ratio(&a, &b, 0.99, 500, 7));
        assert!(first.low <= 1.05 && 1.05 <= first.high && first.low > 1.0);
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
