//! The search for a policy: which to try next, which to keep, and when an answer stands.
//!
//! Nothing here takes a sample: measurements come from a [`Source`], so that the search can be tried on made-up
//! ones whose truth is known.
//!
//! # The method
//! Successive halving: many candidates are looked at briefly, what looks promising is looked at more closely, for a
//! service also on longer runs, and the neighbours of the best join in at each step. What is left goes to the final,
//! on fresh runs that are longer by [`Plan::check`] and more; there each block holds a sample of every finalist, and
//! intervals over the blocks decide ([`decide`]). The blocks differ in length: at a single one, a candidate that just
//! avoids its last collection would look fast.
//!
//! # Invariants
//! - Times are compared within blocks only.
//! - A figure by which a candidate was chosen is never the figure by which the choice is confirmed.
//! - Of candidates that the intervals cannot tell apart the leaner one is taken, never the one that happened to be
//!   fast; of those that are equally lean, the plainest.

use crate::policy::SPACE;
use std::collections::{BTreeMap, BTreeSet};
use tare_reports::stats::blocks::{LEAST_BLOCKS, MARGIN};
use tare_reports::stats::{Blocks, Interval, Pair, Rule, judge, median};

/// What one sample said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Time on a core, in nanoseconds.
    pub time: f64,
    /// The most bytes taken from the allocator at once.
    pub peak: f64,
    /// Growth of the anonymous memory of the process, where it is known.
    pub physical: Option<f64>,
    /// How many collections there were.
    pub collections: u64,
}

/// Why a search ended without an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The user interrupted.
    Interrupted,
    /// A sentence that says what is wrong.
    Failed(String),
}

/// Where measurements come from.
pub trait Source {
    /// One sample of each policy at this length, taken in random order; `None` for one that did not end well.
    ///
    /// # Errors
    /// When nothing more can be measured.
    fn block(&mut self, policies: &[&str], length: u32) -> Result<Vec<Option<Reading>>, Stop>;

    /// Whether the time for more than the least that is needed has run out.
    fn spent(&self) -> bool;
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// How much more time than the fastest is allowed, as a share.
    pub slack: f64,
    /// How many bytes may be taken from the allocator at most.
    pub cap: Option<f64>,
}

/// How much to measure.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The lengths of the runs in the steps of the search, in units of what the user named.
    pub lengths: [u32; 3],
    /// The least length of the runs by which the answer is checked; see [`Plan::check_lengths`].
    pub check: u32,
    /// Blocks of the final at least, and at most where they leave something open.
    pub blocks: (usize, usize),
}

impl Plan {
    /// For a program that is run as it is, or a service, which shows on longer runs what it comes to.
    pub fn new(service: bool, check: u32, least: usize) -> Self {
        let lengths = if service { [1, 2, 4] } else { [1; 3] };
        Plan { lengths, check, blocks: (least.max(LEAST_BLOCKS), least.max(30)) }
    }

    /// The lengths of the blocks of a check, in turns.
    pub fn check_lengths(check: u32) -> [u32; 5] {
        [0, 4, 2, 3, 1].map(|fifths| check + check * fifths / 5)
    }
}

/// Candidates kept, neighbours of how many join in, and blocks, at each step of the search.
const STEPS: [(usize, usize, usize); 3] = [(usize::MAX, 0, 2), (14, 4, 2), (10, 3, 5)];

/// How far above the limit an estimate may lie at each step and still count as within, where its error, as far as the
/// blocks tell it, is not larger.
const TOLERANCE: [f64; 3] = [0.06, 0.04, 0.02];

/// Finalists beside the ones that are always among them.
const FINALISTS: usize = 5;

/// Of the fastest, so many are finalists.
const FASTEST: usize = 2;

/// What everybody runs who chooses nothing.
pub const USUAL: &str = "quickjs(256K)";

/// Peaks that differ by less are equal.
const EQUAL: f64 = 0.01;

/// Sure enough for the statements of a final together.
const CONFIDENCE: f64 = 0.95;

/// An interval this narrow, to either side, need not become narrower.
const NARROW: f64 = 0.01;

/// A place in the space: which family, and which values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    family: usize,
    at: Vec<usize>,
}

impl Place {
    fn policy(&self) -> Option<String> {
        Some(SPACE[self.family].at(&self.at)?.to_string())
    }

    /// The places beside it: a value more or less, an optional value left out, or the next one named.
    fn neighbours(&self) -> Vec<Place> {
        let parameters = SPACE[self.family].parameters;
        let mut all = Vec::new();
        for (index, value) in self.at.iter().enumerate() {
            for step in [-1isize, 1] {
                if let Some(next) = value.checked_add_signed(step).filter(|v| *v < parameters[index].values())
                {
                    let mut at = self.at.clone();
                    at[index] = next;
                    all.push(Place { at, ..*self });
                }
            }
        }
        if self.at.len() > 1 {
            all.push(Place { at: self.at[..self.at.len() - 1].to_vec(), ..*self });
        }
        if let Some(parameter) = parameters.get(self.at.len()) {
            let count = parameter.values();
            for value in [count / 4, count / 2, count - 1 - count / 4] {
                let mut at = self.at.clone();
                at.push(value);
                all.push(Place { at, ..*self });
            }
        }
        all
    }
}

/// Places that are spread over the space: every family, its first parameter at each `stride`th value.
fn spread(stride: usize) -> Vec<Place> {
    let of = |(family, f): (usize, &crate::policy::Family)| -> Vec<Place> {
        match f.parameters.first() {
            None => vec![Place { family, at: Vec::new() }],
            Some(first) => {
                (0..first.values()).step_by(stride).map(|v| Place { family, at: vec![v] }).collect()
            }
        }
    };
    SPACE.iter().enumerate().flat_map(of).collect()
}

/// Every policy of the space with its first parameter at each `stride`th value, and at each third of those with each
/// further parameter at some: what an exhaustive search tries.
pub fn grid(stride: usize) -> Vec<String> {
    let mut places = spread(stride);
    for place in spread(3 * stride) {
        let longer =
            |place: &Place| place.neighbours().into_iter().filter(|n| n.at.len() > place.at.len()).collect();
        let second: Vec<Place> = longer(&place);
        places.extend(second);
    }
    let mut seen = BTreeSet::new();
    places.iter().filter_map(Place::policy).filter(|p| seen.insert(p.clone())).collect()
}

/// A candidate and what was measured of it at one length: a reading per block.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The policy.
    pub policy: String,
    /// Its readings, a block each, the same blocks for all that are compared.
    pub readings: Vec<Reading>,
    pub(super) place: Place,
}

impl Seen {
    /// The most bytes taken in any of its runs.
    pub fn peak(&self) -> f64 {
        self.readings.iter().map(|r| r.peak).fold(0.0, f64::max)
    }

    /// Its time, the middle of its runs.
    pub fn time(&self) -> f64 {
        median(&self.readings.iter().map(|r| r.time).collect::<Vec<_>>()).unwrap_or(f64::INFINITY)
    }

    /// The most of the process's anonymous memory, where it is known.
    pub fn physical(&self) -> Option<f64> {
        self.readings.iter().filter_map(|r| r.physical).reduce(f64::max)
    }

    /// How many collections a run had.
    pub fn collections(&self) -> u64 {
        self.readings.iter().map(|r| r.collections).max().unwrap_or(0)
    }

    /// A candidate of that name of which nothing is known yet.
    pub fn of(policy: &str) -> Self {
        let name = policy.split('(').next().unwrap_or(policy);
        let family = SPACE.iter().position(|f| f.name == name).unwrap_or(0);
        let known = spread(1).into_iter().find(|p| p.policy().as_deref() == Some(policy));
        let place = known.unwrap_or(Place { family, at: Vec::new() });
        Seen { policy: policy.into(), readings: Vec::new(), place }
    }
}

/// Where a candidate stands in a final.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Standing {
    /// It may be chosen.
    Within,
    /// It takes more time than allowed.
    Slow,
    /// It takes more memory than the cap.
    OverCap,
}

/// What a final says.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The candidate to take.
    pub choice: usize,
    /// The fastest of those under the cap, by which times are measured.
    pub fastest: usize,
    /// Time of each candidate over that of the fastest; `None` for those over the cap.
    pub ratio: Vec<Option<Interval>>,
    /// Where each stands.
    pub standing: Vec<Standing>,
    /// Whether more blocks would not matter.
    pub settled: bool,
}

/// Decides between candidates that were measured in the same blocks; `None` where all are over the cap. Of the
/// equally good, `prefer` is taken where it is one of them.
pub fn decide(seen: &[Seen], goal: Goal, prefer: Option<&str>) -> Option<Decision> {
    let over = |s: &Seen| goal.cap.is_some_and(|cap| s.peak() > cap);
    let pool: Vec<usize> =
        (0..seen.len()).filter(|i| !seen[*i].readings.is_empty() && !over(&seen[*i])).collect();
    let logs = relative(seen);
    let fastest = pool.iter().copied().min_by(|a, b| logs[*a].total_cmp(&logs[*b]))?;
    let against = |index: &usize| {
        let pair = |(a, b): (&Reading, &Reading)| vec![Pair { a: vec![a.time], b: vec![b.time] }];
        let rows = seen[fastest].readings.iter().zip(&seen[*index].readings);
        Blocks::new(&rows.map(pair).collect::<Vec<_>>())
    };
    let judged =
        judge(&pool.iter().map(against).collect::<Vec<_>>(), Rule { confidence: CONFIDENCE, margin: MARGIN });
    let mut ratio = vec![None; seen.len()];
    let mut standing = vec![Standing::OverCap; seen.len()];
    let limit = 1.0 + goal.slack;
    let margin = MARGIN.max(error(seen));
    for (index, judged) in pool.iter().zip(&judged) {
        // Too few blocks tell nothing of the error.
        let value = judged.ratio.unwrap_or(f64::INFINITY);
        let interval = judged.interval.unwrap_or(Interval { value, low: 0.0, high: f64::INFINITY });
        ratio[*index] = Some(interval);
        // What cannot be told from the limit is within it, unless it looks as if it were beyond by more than what
        // is of no consequence, or than such figures err.
        let within = interval.low <= limit && value <= limit * (1.0 + margin);
        standing[*index] = if within { Standing::Within } else { Standing::Slow };
    }
    let within: Vec<usize> = pool.iter().copied().filter(|i| standing[*i] == Standing::Within).collect();
    let leanest = within.iter().map(|i| seen[*i].peak()).min_by(f64::total_cmp)?;
    let lean: Vec<usize> =
        within.into_iter().filter(|i| seen[*i].peak() <= leanest * (1.0 + EQUAL)).collect();
    let high = |i: usize| ratio[i].map_or(f64::INFINITY, |r| r.high);
    let low = |i: usize| ratio[i].map_or(f64::INFINITY, |r| r.low);
    // Of equally lean ones those go that are slower for certain, and by more than is of no consequence.
    let quick = lean.iter().map(|i| high(*i)).min_by(f64::total_cmp)? * (1.0 + MARGIN);
    let equal: Vec<usize> = lean.into_iter().filter(|i| low(*i) <= quick).collect();
    let choice =
        equal.iter().copied().find(|i| Some(seen[*i].policy.as_str()) == prefer).or_else(|| {
            equal.iter().copied().min_by_key(|i| (seen[*i].place.at.len() > 1, &seen[*i].place))
        })?;
    let open = |i: &usize| {
        let straddles = low(*i) <= limit && high(*i) > limit;
        let narrow = high(*i) - low(*i) <= 2.0 * NARROW;
        let matters = *i == choice || seen[*i].peak() < seen[choice].peak() / (1.0 + EQUAL);
        matters && straddles && !narrow
    };
    let settled = !pool.iter().any(open);
    Some(Decision { choice, fastest, ratio, standing, settled })
}

/// The logarithm of each candidate's time over the middle of its blocks. With few blocks the least is taken, since
/// what disturbs a sample makes it longer.
fn relative(seen: &[Seen]) -> Vec<f64> {
    let middle = middles(seen);
    let one = |s: &Seen| -> f64 {
        let logs: Vec<f64> = s.readings.iter().zip(&middle).map(|(r, m)| r.time.ln() - m).collect();
        let least = || logs.iter().copied().min_by(f64::total_cmp);
        (if logs.len() < 3 { least() } else { median(&logs) }).unwrap_or(f64::INFINITY)
    };
    seen.iter().map(one).collect()
}

/// The standard error of the candidates' times, as a share: from how far their blocks lie apart, the same for all, since
/// a few blocks of one candidate say little.
fn error(seen: &[Seen]) -> f64 {
    let middle = middles(seen);
    let own = |s: &Seen| -> Vec<f64> {
        let logs: Vec<f64> = s.readings.iter().zip(&middle).map(|(r, m)| r.time.ln() - m).collect();
        let centre = median(&logs).unwrap_or(0.0);
        logs.iter().map(|log| (log - centre).abs()).collect()
    };
    let blocks = middle.len().max(1) as f64;
    // The distances from the own median are too small by what the median follows them.
    let lost = (blocks / (blocks - 1.0).max(1.0)).sqrt();
    let distances: Vec<f64> = seen.iter().flat_map(own).collect();
    lost * MAD * median(&distances).unwrap_or(0.0) / blocks.sqrt()
}

/// The standard deviation over the median distance from the middle, for normal noise.
const MAD: f64 = 1.4826;

/// The middle of the logarithms of a block's times, by block.
fn middles(seen: &[Seen]) -> Vec<f64> {
    let blocks = seen.iter().map(|s| s.readings.len()).max().unwrap_or(0);
    let block = |b: usize| {
        let logs: Vec<f64> = seen.iter().filter_map(|s| Some(s.readings.get(b)?.time.ln())).collect();
        median(&logs).unwrap_or(0.0)
    };
    (0..blocks).map(block).collect()
}

/// The candidates from the most promising on.
fn rank(seen: &[Seen], goal: Goal, tolerance: f64) -> Vec<usize> {
    let logs = relative(seen);
    let under = |i: &usize| goal.cap.is_none_or(|cap| seen[*i].peak() <= cap);
    let mut times: Vec<f64> = (0..seen.len()).filter(under).map(|i| logs[i]).collect();
    times.sort_by(f64::total_cmp);
    let tolerance = tolerance.max(2.0 * error(seen));
    // The least of many that err is an error; a tenth from the front is not.
    let limit =
        times.get(times.len() / 10).map_or(f64::INFINITY, |t| t + (1.0 + goal.slack).ln() + tolerance);
    let mut order: Vec<usize> = (0..seen.len()).filter(|i| !seen[*i].readings.is_empty()).collect();
    let key = |i: &usize| match () {
        _ if !under(i) => (2, seen[*i].peak()),
        _ if logs[*i] <= limit => (0, seen[*i].peak()),
        _ => (1, logs[*i]),
    };
    order.sort_by(|a, b| {
        let (x, y) = (key(a), key(b));
        x.0.cmp(&y.0).then(x.1.total_cmp(&y.1)).then_with(|| seen[*a].place.cmp(&seen[*b].place))
    });
    order
}

/// Those whose time, by what is known, is at most so much farther above the limit: a policy that may yet win.
pub fn rivals(seen: &[Seen], goal: Goal, tolerance: f64) -> BTreeSet<usize> {
    let order = rank(seen, goal, tolerance);
    let logs = relative(seen);
    let fastest = order.iter().map(|i| logs[*i]).fold(f64::INFINITY, f64::min);
    let limit = fastest + (1.0 + goal.slack).ln() + tolerance;
    order.into_iter().filter(|i| logs[*i] <= limit).collect()
}

/// The best `count` of a ranking: three of four by rank, the rest the fastest; at most two of those that came to the
/// same, and the plainest two.
fn keep(seen: &[Seen], order: &[usize], count: usize) -> Vec<usize> {
    let mut same: BTreeMap<(u64, u64), usize> = BTreeMap::new();
    let mut plain: Vec<usize> = order.to_vec();
    plain.sort_by_key(|i| &seen[*i].place);
    let mut distinct = BTreeSet::new();
    for index in plain {
        let times = same.entry((seen[index].peak() as u64, seen[index].collections())).or_default();
        *times += 1;
        if *times <= 2 {
            distinct.insert(index);
        }
    }
    let order: Vec<usize> = order.iter().copied().filter(|i| distinct.contains(i)).collect();
    if order.len() <= count {
        return order;
    }
    let logs = relative(seen);
    let mut kept: Vec<usize> = order[..count - count / 4].to_vec();
    let mut rest = order[count - count / 4..].to_vec();
    rest.sort_by(|a, b| logs[*a].total_cmp(&logs[*b]));
    kept.extend(rest.into_iter().take(count / 4));
    kept
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What the search knew of the finalists before the final, at the last length of the search.
    pub before: Vec<Seen>,
    /// The choice of the search: a policy.
    pub first: String,
    /// The finalists as the final measured them, the fastest first.
    pub finalists: Vec<Seen>,
    /// What the final says of them.
    pub decision: Decision,
    /// Policies that were tried.
    pub tried: usize,
    /// Policies that did not end well in some run, and were dropped.
    pub dropped: Vec<String>,
}

impl Found {
    /// The policy to take.
    pub fn chosen(&self) -> &Seen {
        &self.finalists[self.decision.choice]
    }

    /// Whether the longer runs confirmed the search.
    pub fn confirmed(&self) -> bool {
        self.chosen().policy == self.first
    }

    /// The fewest-worded answer for those who can set a threshold and nothing else: the leanest of QuickJS's own
    /// policies, or `never`, that is within the goal.
    pub fn threshold(&self) -> Option<&Seen> {
        let mut all: Vec<(usize, &Seen)> = self.finalists.iter().enumerate().collect();
        all.retain(|(i, s)| {
            let policy = s.policy.parse::<crate::policy::Policy>();
            let said = policy.is_ok_and(|p| p.as_quickjs_threshold().is_some());
            said && self.decision.standing[*i] == Standing::Within
        });
        all.into_iter().map(|(_, s)| s).min_by(|a, b| a.peak().total_cmp(&b.peak()))
    }
}

/// A search on its way.
struct Search<'a> {
    source: &'a mut dyn Source,
    goal: Goal,
    tried: BTreeSet<String>,
    dropped: Vec<String>,
}

/// Searches, and checks what it finds on fresh runs.
///
/// # Errors
/// When nothing could be measured, or nothing stays under the cap.
pub fn search(source: &mut dyn Source, goal: Goal, plan: Plan) -> Result<Found, Stop> {
    let mut search = Search { source, goal, tried: BTreeSet::new(), dropped: Vec::new() };
    let mut seen: Vec<Seen> = Vec::new();
    let mut order: Vec<usize> = Vec::new();
    for (step, (count, parents, blocks)) in STEPS.into_iter().enumerate() {
        let mut places: Vec<Place> = if step == 0 {
            spread(2)
        } else {
            let near: Vec<Place> =
                order.iter().take(parents).flat_map(|i| seen[*i].place.neighbours()).collect();
            let kept = keep(&seen, &order, count).into_iter().map(|i| seen[i].place.clone());
            kept.chain(near.into_iter().filter(|p| search.is_new(p))).collect()
        };
        places.sort();
        places.dedup();
        seen = search.measure(places, &[plan.lengths[step]], (blocks, blocks), None)?;
        order = rank(&seen, goal, TOLERANCE[step]);
    }
    let first = match decide(&seen, goal, None) {
        Some(decision) => decision.choice,
        None => return Err(search.nothing(&seen)),
    };
    let first = seen[first].policy.clone();
    let finalists = finalists(&seen, &order, &first);
    let before: Vec<Seen> = finalists.iter().map(|i| seen[*i].clone()).collect();
    let mut places: Vec<Place> = before.iter().map(|s| s.place.clone()).collect();
    if !before.iter().any(|s| s.policy == USUAL) {
        places.extend(spread(1).into_iter().filter(|p| p.policy().as_deref() == Some(USUAL)));
    }
    let mut last = search.measure(places, &Plan::check_lengths(plan.check), plan.blocks, Some(&first))?;
    last.sort_by(|a, b| a.time().total_cmp(&b.time()));
    let Some(decision) = decide(&last, goal, Some(&first)) else { return Err(search.nothing(&last)) };
    Ok(Found { before, first, finalists: last, decision, tried: search.tried.len(), dropped: search.dropped })
}

/// Who goes to the final: the choice, the most promising after it, the fastest, and the best of those that
/// a threshold alone can say.
fn finalists(seen: &[Seen], order: &[usize], first: &str) -> Vec<usize> {
    let said = |i: &usize| {
        let policy = seen[*i].policy.parse::<crate::policy::Policy>();
        policy.is_ok_and(|p| p.as_quickjs_threshold().is_some())
    };
    let logs = relative(seen);
    let mut all: Vec<usize> = order.iter().copied().filter(|i| seen[*i].policy == first).collect();
    all.extend(keep(seen, order, order.len()).into_iter().take(FINALISTS));
    // By the fastest the others are measured: more than one, since one may be fast by chance.
    let mut fast = keep(seen, order, order.len());
    fast.sort_by(|a, b| logs[*a].total_cmp(&logs[*b]));
    all.extend(fast.into_iter().take(FASTEST));
    all.extend(order.iter().copied().find(said));
    let mut once = BTreeSet::new();
    all.retain(|i| once.insert(*i));
    all
}

impl Search<'_> {
    fn is_new(&self, place: &Place) -> bool {
        place.policy().is_some_and(|policy| !self.tried.contains(&policy))
    }

    /// Blocks of the places, at these lengths in turns; with a choice to prefer, further ones while they leave something open and
    /// there is time.
    fn measure(
        &mut self,
        places: Vec<Place>,
        lengths: &[u32],
        blocks: (usize, usize),
        decided_for: Option<&str>,
    ) -> Result<Vec<Seen>, Stop> {
        let named = |place: Place| Some(Seen { policy: place.policy()?, readings: Vec::new(), place });
        let mut seen: Vec<Seen> = places.into_iter().filter_map(named).collect();
        let mut once = BTreeSet::new();
        seen.retain(|s| once.insert(s.policy.clone()));
        for block in 0..blocks.1 {
            if block >= blocks.0 {
                let settled = decide(&seen, self.goal, decided_for).is_none_or(|d| d.settled);
                if settled || self.source.spent() {
                    break;
                }
            }
            let policies: Vec<&str> = seen.iter().map(|s| s.policy.as_str()).collect();
            let readings = self.source.block(&policies, lengths[block % lengths.len()])?;
            let mut kept = Vec::new();
            for (mut candidate, reading) in seen.into_iter().zip(readings) {
                self.tried.insert(candidate.policy.clone());
                match reading {
                    Some(reading) => {
                        candidate.readings.push(reading);
                        kept.push(candidate);
                    }
                    None => self.dropped.push(candidate.policy),
                }
            }
            seen = kept;
        }
        if seen.is_empty() {
            return Err(Stop::Failed("under no policy did the script end well".into()));
        }
        Ok(seen)
    }

    /// Why there is no answer.
    fn nothing(&self, seen: &[Seen]) -> Stop {
        let leanest = seen.iter().min_by(|a, b| a.peak().total_cmp(&b.peak()));
        let least = leanest.map_or(String::new(), |s| {
            format!("; the leanest was {} with {}", s.policy, tare_reports::units::bytes(s.peak()))
        });
        Stop::Failed(format!("no policy stays under the memory cap{least}"))
    }
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
