//! Intervals for the ratio of two set-ups, and verdicts with an error rate that is kept.
//!
//! # The method
//! A *block* is one round in which every cell of a workload ran once or a few times, in random
//! order. What drifts (load, temperature, memory of the machine) is shared by the samples of a
//! block, so set-ups are compared within blocks only, and the block is the replicate:
//!
//! 1. Within a block, per workload: the middle of the differences of logarithms between every
//!    sample of B and every sample of A (Hodges and Lehmann's shift).
//! 2. Within a block, over workloads: their median, where all workloads agree but for noise. Where
//!    one lies apart, a workload's own ratio (its median over blocks) is taken off first, so that
//!    the median says what this block added to all of them, and the mean of the workloads' own
//!    ratios is put back: the figure is about the geometric mean over workloads in both cases.
//! 3. Over blocks: a t interval. Where few differences stand behind a block's figure, one
//!    disturbed sample spoils it; then the interval is that of the trimmed mean (Yuen), see
//!    [`trimmed`]. Where some workloads are noisier than others, the interval is no narrower than
//!    the errors of the workloads' own ratios make it.
//!
//! The choices are those that [`super::simulate`] found best among those that keep their level.
//! The plain median over workloads is what suggests itself; as an interval for the geometric mean
//! it held the truth in 35 to 90 of 100 cases where one workload of several differed.
//!
//! # What is promised
//! [`judge`] makes statements about a family at once. With the stated confidence *no* statement
//! of the family is wrong: the levels are shared out by Holm's ladder, and each interval is given
//! at the level at which its statement was decided.

use super::median;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Fewer blocks than this say nothing.
pub const LEAST_BLOCKS: usize = 5;

/// Differences smaller than this, as a share, are of no consequence, unless another margin is asked for.
pub const MARGIN: f64 = 0.02;

/// How sure the statements of a family are together, unless asked otherwise.
pub const CONFIDENCE: f64 = 0.99;

/// The samples of two set-ups on one workload in one block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pair {
    /// The figures under the set-up that is compared with.
    pub a: Vec<f64>,
    /// The figures under the other one.
    pub b: Vec<f64>,
}

impl Pair {
    /// The middle of the logarithms of `b / a` over all combinations; `None` where there is none.
    pub fn shift(&self) -> Option<f64> {
        let logs = |values: &[f64]| -> Vec<f64> {
            values.iter().filter(|v| **v > 0.0 && v.is_finite()).map(|v| v.ln()).collect()
        };
        let (a, b) = (logs(&self.a), logs(&self.b));
        median(&b.iter().flat_map(|b| a.iter().map(move |a| b - a)).collect::<Vec<_>>())
    }
}

/// A ratio with the interval that holds the true one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What the blocks of one comparison say: a logarithm of a ratio from each.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocks {
    logs: Vec<f64>,
    /// The standard error that the workloads' own noise makes, and its degrees of freedom.
    floor: (f64, f64),
    /// Differences behind each figure: workloads times samples of a side.
    behind: usize,
}

/// A workload lies apart when its own ratio is this many standard errors from the middle one.
const APART: f64 = 4.0;

/// Workloads are unequally noisy when their own errors make this many times the error that the
/// noise of the middle one would make.
const UNEVEN: f64 = 1.3;

/// The standard error of a median over that of a mean, for normal noise.
const MEDIAN_ERROR: f64 = 1.2533;

/// The standard deviation over the median of the distances from the middle, for normal noise.
const MAD: f64 = 1.4826;

impl Blocks {
    /// The figures of blocks that each hold a pair per workload, the workloads in the same order
    /// in every block. A workload counts if it has a ratio in each block.
    pub fn new(blocks: &[Vec<Pair>]) -> Self {
        let workloads = blocks.iter().map(Vec::len).min().unwrap_or(0);
        let behind = |pairs: &Vec<Pair>| pairs.iter().map(|p| p.a.len().min(p.b.len())).sum::<usize>();
        let behind = blocks.iter().map(behind).min().unwrap_or(0);
        // A row per workload, in it a logarithm per block.
        let rows: Vec<Vec<f64>> = (0..workloads)
            .filter_map(|w| blocks.iter().map(|pairs| pairs[w].shift()).collect::<Option<Vec<f64>>>())
            .collect();
        let count = blocks.len();
        let middle = |values: &[f64]| median(values).unwrap_or(0.0);
        let column = |b: usize| -> Vec<f64> { rows.iter().map(|r| r[b]).collect() };
        if rows.is_empty() || count == 0 {
            return Self { logs: Vec::new(), floor: (0.0, 1.0), behind: 0 };
        }
        if rows.len() < 3 || count < 3 {
            return Self {
                logs: (0..count).map(|b| middle(&column(b))).collect(),
                floor: (0.0, 1.0),
                behind,
            };
        }
        let own: Vec<f64> = rows.iter().map(|r| middle(r)).collect();
        let distances = |r: &[f64], own: f64| -> Vec<f64> { r.iter().map(|v| (v - own).abs()).collect() };
        let all: Vec<f64> = rows.iter().zip(&own).flat_map(|(r, own)| distances(r, *own)).collect();
        let error = MEDIAN_ERROR * MAD * middle(&all) / (count as f64).sqrt();
        let centre = middle(&own);
        if own.iter().all(|o| (o - centre).abs() <= APART * error) {
            return Self {
                logs: (0..count).map(|b| middle(&column(b))).collect(),
                floor: (0.0, 1.0),
                behind,
            };
        }
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        // The block itself is left out of what is taken off, or it would seem quieter than it is.
        let others = |r: &[f64], b: usize| -> f64 {
            let rest: Vec<f64> = r.iter().enumerate().filter(|(i, _)| *i != b).map(|(_, v)| *v).collect();
            middle(&rest)
        };
        let logs = (0..count)
            .map(|b| mean + middle(&rows.iter().map(|r| r[b] - others(r, b)).collect::<Vec<_>>()))
            .collect();
        let squares: f64 = rows
            .iter()
            .zip(&own)
            .map(|(r, own)| (MEDIAN_ERROR * MAD * middle(&distances(r, *own))).powi(2) / count as f64)
            .sum();
        let freedom = (own.len() * (count - 1)) as f64;
        // Where all are about as noisy, the blocks tell the error better than so few values each.
        let (floor, even) = (squares.sqrt() / own.len() as f64, error / (own.len() as f64).sqrt());
        let floor = if floor > UNEVEN * even { floor } else { 0.0 };
        Self { logs, floor: (floor, freedom), behind }
    }

    /// How many blocks say something.
    pub fn len(&self) -> usize {
        self.logs.len()
    }

    /// Whether no block says anything.
    pub fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }

    /// The ratio as far as it is known, however few the blocks; `None` for no blocks.
    pub fn ratio(&self) -> Option<f64> {
        Some(self.centre()?.mean.exp())
    }

    /// The ratio with its interval; `None` for fewer than [`LEAST_BLOCKS`] blocks.
    pub fn interval(&self, confidence: f64) -> Option<Interval> {
        if self.len() < LEAST_BLOCKS {
            return None;
        }
        let Trimmed { mean, error, freedom } = self.centre()?;
        let reach = |error: f64, freedom: f64| {
            if error == 0.0 { 0.0 } else { quantile(confidence, freedom) * error }
        };
        let reach = reach(error, freedom).max(reach(self.floor.0, self.floor.1));
        Some(Interval { value: mean.exp(), low: (mean - reach).exp(), high: (mean + reach).exp() })
    }

    /// Half the width of the interval as a share of the ratio: what `--precision` asks for.
    /// Infinite for fewer than [`LEAST_BLOCKS`] blocks.
    pub fn half_width(&self, confidence: f64) -> f64 {
        self.interval(confidence).map_or(f64::INFINITY, |i| (i.high / i.low).sqrt() - 1.0)
    }

    /// How probable figures as far from one as these would be if the ratio were one.
    fn chance(&self) -> f64 {
        let Some(t) = self.centre().filter(|_| self.len() >= LEAST_BLOCKS) else { return 1.0 };
        let chance = |error: f64, freedom: f64| match error {
            0.0 => f64::from(u8::from(t.mean == 0.0)),
            _ => student(freedom).map_or(1.0, |d| 2.0 * d.sf((t.mean / error).abs())),
        };
        chance(t.error, t.freedom).max(chance(self.floor.0, self.floor.1))
    }

    fn centre(&self) -> Option<Trimmed> {
        let cut = match self.behind {
            0..=2 => self.len() / 5,
            3..=8 => self.len() / 10,
            _ => 0,
        };
        trimmed(&self.logs, cut)
    }
}

/// The mean of values that blocks gave, one each, with its interval: of differences, which may be negative. A
/// disturbed block is trimmed off as in [`Blocks`]. `None` for fewer than [`LEAST_BLOCKS`].
pub fn mean_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    if values.len() < LEAST_BLOCKS {
        return None;
    }
    let Trimmed { mean, error, freedom } = trimmed(values, values.len() / 5)?;
    let reach = if error == 0.0 { 0.0 } else { quantile(confidence, freedom) * error };
    Some(Interval { value: mean, low: mean - reach, high: mean + reach })
}

/// A trimmed mean.
struct Trimmed {
    mean: f64,
    error: f64,
    freedom: f64,
}

/// The mean without the `cut` least and the `cut` greatest values, with its error from the
/// winsorised variance (Yuen). Where what is left has no spread but the whole has, nothing is cut:
/// values that are mostly equal do not make the others impossible.
fn trimmed(values: &[f64], cut: usize) -> Option<Trimmed> {
    if values.is_empty() {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = if 2 * cut + 2 <= sorted.len() { cut } else { 0 };
    let inner = &sorted[cut..sorted.len() - cut];
    let (first, last) = (inner[0], inner[inner.len() - 1]);
    if cut > 0 && first == last && sorted[0] != sorted[sorted.len() - 1] {
        return trimmed(values, 0);
    }
    let (n, kept) = (sorted.len() as f64, inner.len() as f64);
    // Equal values have their mean exactly; a sum would round it.
    let mean = if first == last { first } else { inner.iter().sum::<f64>() / kept };
    if first == last || n < 2.0 {
        return Some(Trimmed { mean, error: 0.0, freedom: kept - 1.0 });
    }
    let winsorised: Vec<f64> = sorted.iter().map(|v| v.clamp(first, last)).collect();
    let middle = winsorised.iter().sum::<f64>() / n;
    let squares: f64 = winsorised.iter().map(|v| (v - middle).powi(2)).sum();
    Some(Trimmed { mean, error: (squares / (kept * (kept - 1.0))).sqrt(), freedom: kept - 1.0 })
}

fn student(freedom: f64) -> Option<StudentsT> {
    StudentsT::new(0.0, 1.0, freedom).ok()
}

/// The t quantile of a two-sided interval.
fn quantile(confidence: f64, freedom: f64) -> f64 {
    student(freedom).map_or(f64::INFINITY, |d| d.inverse_cdf(0.5 + confidence / 2.0))
}

/// What is said of a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// B needs less, for certain.
    Less,
    /// B needs more, for certain.
    More,
    /// The two differ by less than the margin, for certain.
    Alike,
    /// The data do not decide it.
    CannotTell,
}

/// How sure to be, and of what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// How sure all statements of the family are together, such as 0.99.
    pub confidence: f64,
    /// Up to which difference two figures are called alike, as a share.
    pub margin: f64,
}

impl Default for Rule {
    fn default() -> Self {
        Self { confidence: CONFIDENCE, margin: MARGIN }
    }
}

/// A statement of a family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The ratio with its interval at [`Judged::level`]; `None` for too few blocks.
    pub interval: Option<Interval>,
    /// The level of the interval: the share of the family's confidence that fell to it.
    pub level: f64,
    /// How many blocks stand behind it.
    pub blocks: usize,
    /// The ratio as far as it is known, also where blocks are too few for more.
    pub ratio: Option<f64>,
}

/// The verdicts on a family of comparisons, each at the level that Holm's ladder gives it: the
/// clearest difference against the whole family, the next against the rest, and so on down to the
/// first that is not certain; that one and all below it have one level. Comparisons of too few
/// blocks are not part of the family, since nothing is said of them.
pub fn judge(family: &[Blocks], rule: Rule) -> Vec<Judged> {
    let chances: Vec<f64> = family.iter().map(Blocks::chance).collect();
    let mut order: Vec<usize> = (0..family.len()).filter(|i| family[*i].len() >= LEAST_BLOCKS).collect();
    order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]).then(a.cmp(b)));
    let doubt = 1.0 - rule.confidence;
    let mut levels = vec![rule.confidence; family.len()];
    let (mut left, mut descending) = (order.len(), true);
    for index in order {
        let share = doubt / left as f64;
        levels[index] = 1.0 - share;
        descending &= chances[index] <= share;
        // Below the first that is not certain the ladder ends.
        left -= usize::from(descending && left > 1);
    }
    let one = |(blocks, level): (&Blocks, f64)| {
        let interval = blocks.interval(level);
        let verdict = interval.map_or(Verdict::CannotTell, |i| verdict(i, rule.margin));
        Judged { verdict, interval, level, blocks: blocks.len(), ratio: blocks.ratio() }
    };
    family.iter().zip(levels).map(one).collect()
}

/// What an interval says. One that lies within the margin says "alike", even beside one.
pub fn verdict(interval: Interval, margin: f64) -> Verdict {
    match interval {
        i if i.low >= 1.0 / (1.0 + margin) && i.high <= 1.0 + margin => Verdict::Alike,
        i if i.low > 1.0 => Verdict::More,
        i if i.high < 1.0 => Verdict::Less,
        _ => Verdict::CannotTell,
    }
}

/// Blocks without holes from pairs that are known for some workloads in some blocks: the workload
/// or the block with the largest share of holes is left out until none is left. `None` marks a hole.
pub fn complete(rows: Vec<Vec<Option<Pair>>>) -> Vec<Vec<Pair>> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let hole = |row: &Vec<Option<Pair>>, b: usize| row.get(b).is_none_or(Option::is_none);
    let (mut kept, mut blocks): (Vec<usize>, Vec<usize>) = ((0..rows.len()).collect(), (0..count).collect());
    while !kept.is_empty() && !blocks.is_empty() {
        let of_row =
            |w: usize| blocks.iter().filter(|b| hole(&rows[w], **b)).count() as f64 / blocks.len() as f64;
        let of_block =
            |b: usize| kept.iter().filter(|w| hole(&rows[**w], b)).count() as f64 / kept.len() as f64;
        // Of equals the last goes: a run that was cut short has its holes at the end.
        let row =
            kept.iter().map(|w| (of_row(*w), *w)).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0));
        let block =
            blocks.iter().map(|b| (of_block(*b), *b)).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0));
        match (row, block) {
            ((share, _), (other, _)) if share == 0.0 && other == 0.0 => break,
            ((share, w), (other, _)) if share > other => kept.retain(|k| *k != w),
            (_, (_, b)) => blocks.retain(|k| *k != b),
        }
    }
    let pair = |w: usize, b: usize| rows[w].get(b).cloned().flatten().unwrap_or_default();
    blocks.iter().map(|b| kept.iter().map(|w| pair(*w, *b)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn single(ratios: &[f64]) -> Blocks {
        Blocks::new(&ratios.iter().map(|r| vec![Pair { a: vec![1.0], b: vec![*r] }]).collect::<Vec<_>>())
    }

    /// Printed in every table of the t distribution.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (confidence, freedom, expected) in [
            (0.95, 4.0, 2.776),
            (0.99, 4.0, 4.604),
            (0.999, 4.0, 8.610),
            (0.95, 9.0, 2.262),
            (0.99, 30.0, 2.750),
        ] {
            let found = quantile(confidence, freedom);
            assert!((found - expected).abs() < 6e-4, "{confidence} {freedom}: {found}");
        }
    }

    #[test]
    fn shifts_and_medians_ignore_a_disturbed_sample() {
        let pair = Pair { a: vec![100.0, 101.0, 99.0], b: vec![110.0, 111.0, 900.0] };
        assert!((pair.shift().unwrap().exp() - 1.11).abs() < 0.01);
        assert_eq!(Pair { a: vec![0.0], b: vec![1.0] }.shift(), None);
        let workload = |b: f64| Pair { a: vec![1.0], b: vec![b] };
        let mut blocks = vec![vec![workload(1.1), workload(1.1), workload(1.1)]; 5];
        blocks[2][1] = workload(5.0);
        assert!((Blocks::new(&blocks).ratio().unwrap() - 1.1).abs() < 1e-12);
        // One that always differs counts: the ratio is about the geometric mean.
        let apart = vec![vec![workload(1.1), workload(1.1), workload(5.0)]; 5];
        assert!((Blocks::new(&apart).ratio().unwrap() - (1.1f64 * 1.1 * 5.0).cbrt()).abs() < 1e-9);
    }

    /// By hand: logarithms 0.01 to 0.05, mean 0.03, error 0.0070711, t(4) 2.7764.
    #[test]
    fn an_interval_worked_out_by_hand() {
        let many: Vec<Vec<Pair>> =
            (1..=5).map(|n| vec![Pair { a: vec![1.0], b: vec![(0.01 * f64::from(n)).exp()] }; 9]).collect();
        let i = Blocks::new(&many).interval(0.95).unwrap();
        assert!((i.value.ln() - 0.03).abs() < 1e-12);
        assert!(
            (i.low.ln() - (0.03 - 0.019632)).abs() < 1e-5 && (i.high.ln() - (0.03 + 0.019632)).abs() < 1e-5
        );
        // The same with the ends trimmed: mean of 2..4; winsorised 2 2 3 4 4, squares 4e-4.
        let one: Vec<Vec<Pair>> = many.iter().map(|b| b[..1].to_vec()).collect();
        let i = Blocks::new(&one).interval(0.95).unwrap();
        let error = (4e-4f64 / 6.0).sqrt();
        assert!((i.high.ln() - 0.03 - 4.302653 * error).abs() < 1e-5, "{}", i.high.ln());
    }

    /// By hand, as above: the ends are trimmed.
    #[test]
    fn means_of_differences_have_the_same_interval() {
        let values = [0.01, 0.02, 0.03, 0.04, 0.05];
        let i = mean_interval(&values, 0.95).unwrap();
        let error = (4e-4f64 / 6.0).sqrt();
        assert!((i.value - 0.03).abs() < 1e-12 && (i.high - 0.03 - 4.302653 * error).abs() < 1e-5);
        let negative = mean_interval(&values.map(|v| -v), 0.95).unwrap();
        assert!((negative.low + i.high).abs() < 1e-12 && (negative.high + i.low).abs() < 1e-12);
        assert_eq!(mean_interval(&values[..4], 0.95), None);
    }

    #[test]
    fn few_blocks_say_nothing_and_equal_ones_are_exact() {
        let few = judge(&[single(&[2.0; 4])], Rule::default())[0];
        assert_eq!((few.verdict, few.interval, few.ratio), (Verdict::CannotTell, None, Some(2.0)));
        assert_eq!(single(&[2.0; 4]).half_width(0.99), f64::INFINITY);
        assert_eq!(judge(&[single(&[1.0; 5])], Rule::default())[0].verdict, Verdict::Alike);
        let doubled = judge(&[single(&[2.0; 5])], Rule::default())[0];
        assert_eq!(doubled.verdict, Verdict::More);
        assert_eq!(doubled.interval, Some(Interval { value: 2.0, low: 2.0, high: 2.0 }));
        // Three equal blocks do not make the other two impossible.
        assert_eq!(
            judge(&[single(&[1.0, 1.0, 1.0, 0.5, 3.0])], Rule::default())[0].verdict,
            Verdict::CannotTell
        );
    }

    #[test]
    fn verdicts_follow_the_interval_and_the_margin() {
        let of = |low, high| verdict(Interval { value: 1.0, low, high }, 0.02);
        assert_eq!(of(0.99, 1.01), Verdict::Alike);
        assert_eq!(of(1.005, 1.015), Verdict::Alike);
        assert_eq!(of(1.005, 1.05), Verdict::More);
        assert_eq!(of(0.9, 0.99), Verdict::Less);
        assert_eq!(of(0.99, 1.03), Verdict::CannotTell);
    }

    #[test]
    fn holes_cost_the_smaller_part() {
        let full = || Some(Pair { a: vec![1.0], b: vec![1.0] });
        // A workload that failed always, and a last block that was cut short.
        let rows = vec![
            vec![full(), full(), full(), full()],
            vec![None, None, None, None],
            vec![full(), full(), full(), None],
            vec![full(), full(), full()],
        ];
        let blocks = complete(rows);
        assert_eq!((blocks.len(), blocks[0].len()), (3, 3));
        assert!(complete(vec![vec![None], vec![]]).iter().all(Vec::is_empty));
    }

    #[test]
    fn the_ladder_gives_the_clearest_the_hardest_test_and_lets_the_next_have_an_easier_one() {
        let clear = single(&[1.30, 1.31, 1.29, 1.30, 1.31, 1.29, 1.30, 1.31]);
        let vague = single(&[1.0, 1.1, 0.9, 1.05, 0.95, 1.02, 0.97, 1.01]);
        let few = single(&[1.5; 3]);
        let judged = judge(&[vague.clone(), clear, few, vague], Rule { confidence: 0.94, margin: 0.02 });
        let levels: Vec<f64> = judged.iter().map(|j| (j.level * 1e6).round() / 1e6).collect();
        assert_eq!(levels, [0.97, 0.98, 0.94, 0.97]);
        assert_eq!(judged[1].verdict, Verdict::More);
        assert_eq!(judged[0].verdict, Verdict::CannotTell);
    }
}
