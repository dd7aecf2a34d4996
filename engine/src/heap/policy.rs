//! When to collect.
//!
//! A policy is a small struct behind the trait [`Rule`]: it sets a trigger, the number of charged bytes above
//! which the heap asks it before the next object is allocated, and it sees what each collection did. It
//! knows nothing of how collections work. To add one, write its struct and its `impl Rule` here and add
//! a row to the table at the end: parsing, printing and the catalogue come from that row.
//!
//! | policy | law it obeys |
//! |---|---|
//! | `quickjs` | next trigger = 1.5 × what is left |
//! | `live` | heap ≤ factor × what is left |
//! | `gogc` | growth ≤ percent of what is left, unless that would pass the soft limit |
//! | `orc` | growth adapts so that about half of the cells a collection sees are garbage |
//! | `php` | growth rises by steps while collections find nothing |
//! | `membalancer` | growth = √(live × allocation rate ÷ (collection speed × c)), which shares memory fairly |
//! | `v8` | growth such that the script keeps 97 % of the time |
//! | `budget` | time in collections ≤ percent of all time |

use core::fmt;

use super::event::{Outcome, Reason};

const KIB: usize = 1024;
const MIB: usize = 1024 * 1024;
/// QuickJS's first threshold.
const QUICKJS_START: usize = 256 * KIB;
/// No policy that goes by time asks before this much was allocated: shorter spans cannot be timed.
const LEAST_TIMED_GROWTH: usize = 256 * KIB;

/// What a policy may go by.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Bytes charged now.
    pub charged: usize,
    /// The heap's clock, in nanoseconds.
    pub now_ns: u64,
}

/// A policy. Triggers are charged bytes; `usize::MAX` is never reached.
pub trait Rule: Copy {
    /// The first trigger.
    fn begin(&mut self, now: &Figures) -> usize;

    /// The trigger was passed: `None` to collect, or a new trigger.
    fn ask(&mut self, _now: &Figures) -> Option<usize> {
        None
    }

    /// A collection ended: the next trigger, or `None` to leave it as it is.
    fn after(&mut self, outcome: &Outcome, now: &Figures) -> Option<usize>;

    /// Reads the arguments.
    fn parse(args: &mut Args<'_>) -> Result<Self, PolicyError>;

    /// Writes the arguments that [`Rule::parse`] would read, brackets and all.
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// Why a policy's name was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// No policy has this name.
    UnknownName,
    /// The arguments are not `(a, b, …)`, or there are too many.
    Syntax,
    /// An argument is missing that has no default.
    Missing,
    /// An argument is not a size like `4096`, `256K`, `1.5M`, or not a number.
    BadNumber,
    /// An argument is out of the range that makes sense.
    OutOfRange,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PolicyError::UnknownName => "no collection policy has this name",
            PolicyError::Syntax => "the arguments of a collection policy are written (a, b)",
            PolicyError::Missing => "an argument of the collection policy is missing",
            PolicyError::BadNumber => "an argument of the collection policy is not a number or size",
            PolicyError::OutOfRange => "an argument of the collection policy is out of range",
        })
    }
}

impl core::error::Error for PolicyError {}

/// The arguments of a policy, read from left to right.
pub struct Args<'a> {
    rest: Option<&'a str>,
}

impl<'a> Args<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        match rest.split_once(',') {
            Some((first, others)) => {
                self.rest = Some(others);
                Some(first.trim())
            }
            None => {
                self.rest = None;
                Some(rest.trim())
            }
        }
    }

    /// A size in bytes, with a suffix K, M or G, or the default.
    fn size(&mut self, default: Option<usize>) -> Result<usize, PolicyError> {
        let Some(text) = self.next() else {
            return default.ok_or(PolicyError::Missing);
        };
        let (digits, unit) = match text.as_bytes().last() {
            Some(b'K' | b'k') => (&text[..text.len() - 1], KIB),
            Some(b'M' | b'm') => (&text[..text.len() - 1], MIB),
            Some(b'G' | b'g') => (&text[..text.len() - 1], 1024 * MIB),
            _ => (text, 1),
        };
        if let Ok(whole) = digits.parse::<usize>() {
            return whole.checked_mul(unit).ok_or(PolicyError::OutOfRange);
        }
        let part: f64 = digits.parse().map_err(|_| PolicyError::BadNumber)?;
        let bytes = part * unit as f64;
        if !(0.0..9e18).contains(&bytes) {
            return Err(PolicyError::OutOfRange);
        }
        Ok(bytes as usize)
    }

    /// A number within a range, or the default.
    fn number(
        &mut self,
        default: Option<f64>,
        range: core::ops::RangeInclusive<f64>,
    ) -> Result<f64, PolicyError> {
        let value = match self.next() {
            Some(text) => text.parse().map_err(|_| PolicyError::BadNumber)?,
            None => default.ok_or(PolicyError::Missing)?,
        };
        if range.contains(&value) { Ok(value) } else { Err(PolicyError::OutOfRange) }
    }

    /// A whole number of at least `least`, or the default.
    fn whole(&mut self, default: Option<u64>, least: u64) -> Result<u64, PolicyError> {
        let value = match self.next() {
            Some(text) => text.parse().map_err(|_| PolicyError::BadNumber)?,
            None => default.ok_or(PolicyError::Missing)?,
        };
        if value >= least { Ok(value) } else { Err(PolicyError::OutOfRange) }
    }
}

/// A size as [`Args::size`] reads it.
struct Size(usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n != 0 && n.is_multiple_of(1024 * MIB) => write!(f, "{}G", n / (1024 * MIB)),
            n if n != 0 && n.is_multiple_of(MIB) => write!(f, "{}M", n / MIB),
            n if n != 0 && n.is_multiple_of(KIB) => write!(f, "{}K", n / KIB),
            n => write!(f, "{n}"),
        }
    }
}

fn scaled(bytes: usize, factor: f64) -> usize {
    // Saturates for a factor that leaves the range.
    (bytes as f64 * factor) as usize
}

/// `never`
#[derive(Clone, Copy, Debug)]
pub struct Never;

impl Rule for Never {
    fn begin(&mut self, _now: &Figures) -> usize {
        usize::MAX
    }
    fn after(&mut self, _outcome: &Outcome, _now: &Figures) -> Option<usize> {
        None
    }
    fn parse(_args: &mut Args<'_>) -> Result<Self, PolicyError> {
        Ok(Never)
    }
    fn write(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// `every(n[, seed])`
#[derive(Clone, Copy, Debug)]
pub struct Every {
    n: u64,
    // With a seed, each object is the one with probability 1/n.
    seed: u64,
    left: u64,
    state: u64,
}

impl Every {
    fn next(&mut self) -> u64 {
        if self.seed == 0 {
            return self.n;
        }
        // An xorshift generator; the spans are uniform between 1 and 2n - 1, n on average.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        1 + self.state % (2 * self.n - 1)
    }
}

impl Rule for Every {
    fn begin(&mut self, _now: &Figures) -> usize {
        self.state = self.seed;
        self.left = self.next();
        0
    }
    fn ask(&mut self, _now: &Figures) -> Option<usize> {
        self.left -= 1;
        if self.left != 0 {
            return Some(0);
        }
        self.left = self.next();
        None
    }
    fn after(&mut self, _outcome: &Outcome, _now: &Figures) -> Option<usize> {
        Some(0)
    }
    fn parse(args: &mut Args<'_>) -> Result<Self, PolicyError> {
        let n = args.whole(Some(1), 1)?;
        if n > u64::from(u32::MAX) {
            return Err(PolicyError::OutOfRange);
        }
        let seed = args.whole(Some(0), 0)?;
        Ok(Every { n, seed, left: n, state: seed })
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seed {
            0 => write!(f, "({})", self.n),
            seed => write!(f, "({}, {seed})", self.n),
        }
    }
}

/// `thinning([most])`
#[derive(Clone, Copy, Debug)]
pub struct Thinning {
    most: u64,
    // Collections to come at the present span, and objects to come before the next.
    again: u64,
    span: u64,
    left: u64,
}

impl Rule for Thinning {
    fn begin(&mut self, _now: &Figures) -> usize {
        (self.again, self.span, self.left) = (self.most, 1, 1);
        0
    }
    fn ask(&mut self, _now: &Figures) -> Option<usize> {
        self.left -= 1;
        if self.left != 0 {
            return Some(0);
        }
        self.again -= 1;
        if self.again == 0 {
            (self.again, self.span) = (self.most, self.span.saturating_mul(2));
        }
        self.left = self.span;
        None
    }
    fn after(&mut self, _outcome: &Outcome, _now: &Figures) -> Option<usize> {
        Some(0)
    }
    fn parse(args: &mut Args<'_>) -> Result<Self, PolicyError> {
        Ok(Thinning { most: args.whole(Some(100), 1)?, again: 1, span: 1, left: 1 })
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.most)
    }
}

/// `fixed(bytes)`
#[derive(Clone, Copy, Debug)]
pub struct Fixed {
    bytes: usize,
}

impl Rule for Fixed {
    fn begin(&mut self, now: &Figures) -> usize {
        now.charged.saturating_add(self.bytes)
    }
    fn after(&mut self, outcome: &Outcome, _now: &Figures) -> Option<usize> {
        Some(outcome.charged_after.saturating_add(self.bytes))
    }
    fn parse(args: &mut Args<'_>) -> Result<Self, PolicyError> {
        Ok(Fixed { bytes: args.size(None)? })
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", Size(self.bytes))
    }
}

/// `live(factor[, floor])`
#[derive(Clone, Copy, Debug)]
pub struct Live {
    factor: f64,
    floor: usize,
}

impl Live {
    fn next(&self, live: usize) -> usize {
        scaled(live, self.factor).max(live.saturating_add(self.floor))
    }
}

impl Rule for Live {
    fn begin(&mut self, now: &Figures) -> usize {
        self.next(now.charged)
    }
    fn after(&mut self, outcome: &Outcome, _now: &Figures) -> Option<usize> {
        Some(self.next(outcome.charged_after))
    }
    fn parse(args: &mut Args<'_>) -> Result<Self, PolicyError> {
        Ok(Live { factor: args.number(Some(2.0), 1.0..=1000.0)?, floor: args.size(Some(QUICKJS_START))? })
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", self.factor, Size(self.floor))
    }
}

/// `quickjs([start[, floor[, ceiling]]])`
#[derive(Clone, Copy, Debug)]
pub struct QuickJs {
    start: usize,
    floor: usize,
    ceiling: usize,
}

impl Rule for QuickJs {
    fn begin(&mut self, _now: &Figures) -> usize {
        self.start
    }
    fn after(&mut self, outcome: &Outcome, _now: &Figures) -> Option<usize> {
        // As there, a collection that somebody asked for does not move the threshold.
        if outcome.reason != Reason::Policy {
            return None;
        }
        let left = outcome.charged_after;
        Some(left.saturating_add((left / 2).clamp(self.floor, self.ceiling)))
    }
    fn parse(args: &mut Args<'_>) -> Result<Self, PolicyError> {
        let (start, floor) = (args.size(Some(QUICKJS_START))?, args.size(Some(0))?);
        let ceiling = args.size(Some(usize::MAX))?;
        if floor > ceiling {
            return Err(PolicyError::OutOfRange);
        }
        Ok(QuickJs { start, floor, ceiling })
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}", Size(self.start))?;
        match (self.floor, self.ceiling) {
            (0, usize::MAX) => f.write_str(")"),
            (floor, usize::MAX) => write!(f, ", {})", Size(floor)),
            (floor, ceiling) => write!(f, ", {}, {})", Size(floor), Size(ceiling)),
        }
    }
}

/// `gogc([percent[, soft limit]])`
#[derive(Clone, Copy, Debug)]
pub struct Gogc {
    percent: f64,
    soft_limit: usize,
}

impl Gogc {
    /// The least heap before the first collection, for 100 percent.
    const LEAST: usize = 4 * MIB;

    fn next(&self, live: usize) -> usize {
        let growth = scaled(live, self.percent / 100.0).max(scaled(Gogc::LEAST, self.percent / 100.0));
        let goal = live.saturating_add(growth);
        // Below the soft limit as long as that leaves room to work in.
        goal.min(self.soft_limit.max(live.saturating_add(live / 16 + 64 * KIB)))
    }
}

impl Rule for Gogc {
    fn begin(&mut self, now: &Figures) -> usize {
        self.next(now.charged)
    }
    fn after(&mut self, outcome: &Outcome, _now: &Figures) -> Option<usize> {
        Some(self.next(outcome.charged_after))
    }
    fn parse(args: &mut Args<'_>) -> Result<Self, PolicyError> {
        let percent = args.number(Some(100.0), 1.0..=100_000.0)?;
        Ok(Gogc { percent, soft_limit: args.size(Some(usize::MAX))? })
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.soft_limit {
            usize::MAX => write!(f, "({})", self.percent),
            limit => write!(f, "({}, {})", self.percent, Size(limit)),
        }
    }
}

/// `futility([start[, most]])`
#[derive(Clone, Copy, Debug)]
pub struct Futility {
    start: usize,
    most: f64,
    // What half of what is left is multiplied with.
    patience: f64,
}

impl Rule for Futility {
    fn begin(&mut self, _now: &Figures) -> usize {
        self.patience = 1.0;
        self.start
    }
    fn after(&mut self, outcome: &Outcome, _now: &Figures) -> Option<usize> {
        if outcome.reason != Reason::Policy {
            return None;
        }
        self.patience = if outcome.futile() {
            (self.patience * 2.0).min(self.most)
        } else {
            (self.patience / 2.0).max(1.0)
        };
        let growth = scaled(outcome.charged_after / 2, self.patience).max(self.start);
        Some(outcome.charged_after.saturating_add(growth))
    }
    fn parse(args: &mut Args<'_>) -> Result<Self, PolicyError> {
        let start = args.size(Some(QUICKJS_START))?;
        Ok(Futility { start, most: args.number(Some(8.0), 1.0..=1024.0)?, patience: 1.0 })
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", Size(self.start), self.most)
    }
}

/// `orc([start])`
#[derive(Clone, Copy, Debug)]
pub struct Orc {
    start: usize,
    growth: usize,
}

impl Rule for Orc {
    fn begin(&mut self, now: &Figures) -> usize {
        self.growth = self.start;
        now.charged.saturating_add(self.growth)
    }
    fn after(&mut self, outcome: &Outcome, _now: &Figures) -> Option<usize> {
        if outcome.reason != Reason::Policy {
            return None;
        }
        let worthwhile = outcome.freed_cells.saturating_mul(2) >= outcome.cells_scanned;
        self.growth = scaled(self.growth, if worthwhile { 2.0 / 3.0 } else { 1.5 }).max(self.start);
        Some(outcome.charged_after.saturating_add(self.growth))
    }
    fn parse(args: &mut Args<'_>) -> Result<Self, PolicyError> {
        let start = args.size(Some(QUICKJS_START))?;
        if start == 0 {
            return Err(PolicyError::OutOfRange);
        }
        Ok(Orc { start, growth: start })
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", Size(self.start))
    }
}

/// `php([step[, most]])`
#[derive(Clone, Copy, Debug)]
pub struct Php {
    step: usize,
    most: usize,
    growth: usize,
}

impl Php {
    /// A collection that frees fewer cells is not worth its time.
    const LEAST_FREED: u64 = 100;
}

impl Rule for Php {
    fn begin(&mut self, now: &Figures) -> usize {
        self.growth = self.step;
        now.charged.saturating_add(self.growth)
    }
    fn after(&mut self, outcome: &Outcome, _now: &Figures) -> Option<usize> {
        if outcome.reason != Reason::Policy {
            return None;
        }
        self.growth = if outcome.freed_cells < Php::LEAST_FREED {
            self.growth.saturating_add(self.step).min(self.most)
        } else {
            (self.growth - self.step).max(self.step)
        };
        Some(outcome.charged_after.saturating_add(self.growth))
    }
    fn parse(args: &mut Args<'_>) -> Result<Self, PolicyError> {
        let (step, most) = (args.size(Some(MIB))?, args.size(Some(1024 * MIB))?);
        if step == 0 || most < step {
            return Err(PolicyError::OutOfRange);
        }
        Ok(Php { step, most, growth: step })
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", Size(self.step), Size(self.most))
    }
}

/// The pace of script and collector, smoothed over collections.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    // Bytes per nanosecond; 0 when not known yet.
    allocation: f64,
    collection: f64,
    charged: usize,
    since_ns: u64,
}

impl Pace {
    fn begin(&mut self, now: &Figures) {
        *self = Pace { charged: now.charged, since_ns: now.now_ns, ..Pace::default() };
    }

    fn learn(&mut self, outcome: &Outcome, now: &Figures) {
        let grown = outcome.charged_before.saturating_sub(self.charged) as f64;
        let span = outcome.start_ns.saturating_sub(self.since_ns).max(1) as f64;
        let smooth = |old: f64, new: f64| if old == 0.0 { new } else { (old + new) / 2.0 };
        self.allocation = smooth(self.allocation, grown / span);
        self.collection =
            smooth(self.collection, outcome.charged_before as f64 / outcome.pause_ns.max(1) as f64);
        self.charged = outcome.charged_after;
        self.since_ns = now.now_ns;
    }
}

/// `membalancer([c])`
#[derive(Clone, Copy, Debug)]
pub struct MemBalancer {
    c: f64,
    pace: Pace,
}

impl Rule for MemBalancer {
    fn begin(&mut self, now: &Figures) -> usize {
        self.pace.begin(now);
        now.charged.saturating_add(MIB)
    }
    fn after(&mut self, outcome: &Outcome, now: &Figures) -> Option<usize> {
        self.pace.learn(outcome, now);
        let live = outcome.charged_after;
        let live_mib = live as f64 / MIB as f64;
        let growth = (live_mib * self.pace.allocation / (self.pace.collection.max(1e-9) * self.c)).sqrt();
        Some(live.saturating_add(scaled(MIB, growth).max(LEAST_TIMED_GROWTH)))
    }
    fn parse(args: &mut Args<'_>) -> Result<Self, PolicyError> {
        Ok(MemBalancer { c: args.number(Some(0.001), 1e-9..=1000.0)?, pace: Pace::default() })
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.c)
    }
}

/// `v8([most])`
#[derive(Clone, Copy, Debug)]
pub struct V8 {
    most: f64,
    pace: Pace,
}

impl V8 {
    /// The share of the time that is to be left to the script.
    const UTILIZATION: f64 = 0.97;
    const LEAST: f64 = 1.1;
}

impl Rule for V8 {
    fn begin(&mut self, now: &Figures) -> usize {
        self.pace.begin(now);
        now.charged.saturating_add(MIB)
    }
    fn after(&mut self, outcome: &Outcome, now: &Figures) -> Option<usize> {
        self.pace.learn(outcome, now);
        let ratio = self.pace.collection / self.pace.allocation.max(1e-9);
        let (a, b) = (ratio * (1.0 - V8::UTILIZATION), ratio * (1.0 - V8::UTILIZATION) - V8::UTILIZATION);
        let factor = if a < b * self.most { a / b } else { self.most };
        let live = outcome.charged_after;
        let next = scaled(live, factor.max(V8::LEAST.min(self.most)));
        Some(next.max(live.saturating_add(LEAST_TIMED_GROWTH)))
    }
    fn parse(args: &mut Args<'_>) -> Result<Self, PolicyError> {
        Ok(V8 { most: args.number(Some(4.0), 1.0..=1000.0)?, pace: Pace::default() })
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.most)
    }
}

/// `budget([percent])`
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    percent: f64,
    pace: Pace,
    // No collection is due before.
    due_ns: u64,
}

impl Rule for Budget {
    fn begin(&mut self, now: &Figures) -> usize {
        self.pace.begin(now);
        self.due_ns = 0;
        now.charged.saturating_add(MIB)
    }
    fn ask(&mut self, now: &Figures) -> Option<usize> {
        // Growth came faster than foretold: wait for the rest of the time, and ask again at times.
        (now.now_ns < self.due_ns).then(|| now.charged.saturating_add(LEAST_TIMED_GROWTH))
    }
    fn after(&mut self, outcome: &Outcome, now: &Figures) -> Option<usize> {
        self.pace.learn(outcome, now);
        let share = self.percent / 100.0;
        let wait_ns = outcome.pause_ns as f64 * (1.0 - share) / share;
        self.due_ns = now.now_ns.saturating_add(wait_ns as u64);
        let growth = (self.pace.allocation * wait_ns) as usize;
        Some(outcome.charged_after.saturating_add(growth.max(LEAST_TIMED_GROWTH)))
    }
    fn parse(args: &mut Args<'_>) -> Result<Self, PolicyError> {
        let percent = args.number(Some(5.0), 0.01..=99.0)?;
        Ok(Budget { percent, pace: Pace::default(), due_ns: 0 })
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.percent)
    }
}

/// A row of the catalogue of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyRow {
    /// The name.
    pub name: &'static str,
    /// How it is written, optional arguments in brackets.
    pub syntax: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// One that can be parsed.
    pub example: &'static str,
}

macro_rules! policies {
    ($($variant:ident, $name:literal, $syntax:literal, $example:literal, $summary:literal;)*) => {
        /// A policy, with what it has learnt.
        #[derive(Clone, Copy, Debug)]
        pub enum Policy { $(#[doc = $summary] $variant($variant),)* }

        impl Policy {
            /// See [`Rule::begin`].
            pub fn begin(&mut self, now: &Figures) -> usize {
                match self { $(Policy::$variant(rule) => rule.begin(now),)* }
            }
            /// See [`Rule::ask`].
            pub fn ask(&mut self, now: &Figures) -> Option<usize> {
                match self { $(Policy::$variant(rule) => rule.ask(now),)* }
            }
            /// See [`Rule::after`].
            pub fn after(&mut self, outcome: &Outcome, now: &Figures) -> Option<usize> {
                match self { $(Policy::$variant(rule) => rule.after(outcome, now),)* }
            }
            /// The name, without arguments.
            pub fn name(&self) -> &'static str {
                match self { $(Policy::$variant(_) => $name,)* }
            }
        }

        impl fmt::Display for Policy {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())?;
                match self { $(Policy::$variant(rule) => rule.write(f),)* }
            }
        }

        fn parse_named(name: &str, args: &mut Args<'_>) -> Result<Policy, PolicyError> {
            match name {
                $($name => $variant::parse(args).map(Policy::$variant),)*
                _ => Err(PolicyError::UnknownName),
            }
        }

        /// Every policy there is.
        pub const fn catalogue() -> &'static [PolicyRow] {
            &[$(PolicyRow { name: $name, syntax: $syntax, summary: $summary, example: $example },)*]
        }
    };
}

policies! {
    Never, "never", "never", "never",
        "No automatic collection: cycles stay until one is asked for.";
    Every, "every", "every([n[, seed]])", "every(1)",
        "Stress: a collection before every nth object; with a seed, at random spans of n on average.";
    Thinning, "thinning", "thinning([most])", "thinning(100)",
        "Stress: as every(1) for this many collections, then every(2) for as many, then every(4), and so on.";
    Fixed, "fixed", "fixed(bytes)", "fixed(1M)",
        "A collection each time this much was allocated since the last.";
    Live, "live", "live([factor[, floor]])", "live(2)",
        "A collection when the heap is this many times what the last one left, and at least floor more.";
    QuickJs, "quickjs", "quickjs([start[, floor[, ceiling]]])", "quickjs(256K)",
        "QuickJS's: first at start, then at 1.5 times what is left, growth held between floor and ceiling.";
    Gogc, "gogc", "gogc([percent[, soft limit]])", "gogc(100)",
        "Go's: after growing by this percentage, sooner when a soft limit is near.";
    Futility, "futility", "futility([start[, most]])", "futility(256K)",
        "As quickjs, but collections that free nothing double the growth allowed, up to most times.";
    Orc, "orc", "orc([start])", "orc(256K)",
        "After Nim's ORC: growth by a third less when half of the cells seen were garbage, else by half more.";
    Php, "php", "php([step[, most]])", "php(1M)",
        "After PHP's: a step more growth when fewer than 100 cells were freed, else a step less.";
    MemBalancer, "membalancer", "membalancer([c])", "membalancer(0.001)",
        "The square-root rule: growth by live size, allocation rate and collection speed; c weighs memory.";
    V8, "v8", "v8([most])", "v8(4)",
        "V8's: the growing factor that leaves the script 97 % of the time, at most this.";
    Budget, "budget", "budget([percent])", "budget(5)",
        "Collections take at most this percentage of the time.";
}

/// Reads a policy: a name of the [`catalogue`], with arguments in brackets where it takes some.
pub fn parse_policy(text: &str) -> Result<Policy, PolicyError> {
    let text = text.trim();
    let (name, mut args) = match text.split_once('(') {
        Some((name, rest)) => {
            let inner = rest.strip_suffix(')').ok_or(PolicyError::Syntax)?;
            (name, Args { rest: (!inner.trim().is_empty()).then_some(inner) })
        }
        None => (text, Args { rest: None }),
    };
    let policy = parse_named(name.trim_end(), &mut args)?;
    if args.rest.is_some() { Err(PolicyError::Syntax) } else { Ok(policy) }
}

impl core::str::FromStr for Policy {
    type Err = PolicyError;
    fn from_str(text: &str) -> Result<Policy, PolicyError> {
        parse_policy(text)
    }
}

impl Policy {
    /// QuickJS's, with the first collection at `start` charged bytes.
    pub fn quickjs(start: usize) -> Policy {
        Policy::QuickJs(QuickJs { start, floor: 0, ceiling: usize::MAX })
    }
}

impl Default for Policy {
    /// QuickJS's.
    fn default() -> Policy {
        Policy::quickjs(QUICKJS_START)
    }
}
