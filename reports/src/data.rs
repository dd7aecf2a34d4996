//! The records put in order: repeats folded into cells, axes sorted, a baseline chosen.

use crate::figure::Figure;
use crate::record::{Collection, Ledger, Measured, Outcome, Point, Record, SHELL};
use crate::stats::{self, Blocks, Pair, complete};
use std::collections::{BTreeMap, BTreeSet};

/// A point of the matrix without the number of its repeat.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellKey {
    /// Name of the back end.
    pub engine: String,
    /// Name of the workload.
    pub workload: String,
    /// The allocator stack.
    pub allocator: String,
    /// What stands between engine and allocator.
    pub front: String,
    /// When collections run.
    pub policy: String,
    /// The workload's size parameter.
    pub size: u64,
    /// The limit on memory, 0 for none.
    pub memory_limit_bytes: u64,
    /// Huge pages in the process.
    pub thp: String,
    /// Iterations before the measured one.
    pub warmup: u32,
    /// The hash of the program's text.
    pub source_hash: String,
}

/// What a program runs under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setup {
    /// Name of the back end.
    pub engine: String,
    /// The allocator stack.
    pub allocator: String,
    /// What stands between engine and allocator.
    pub front: String,
    /// When collections run.
    pub policy: String,
    /// Huge pages in the process.
    pub thp: String,
}

/// What of a cell is the program's, and not the set-up's.
type Program<'a> = (&'a str, &'a str, u64, u64, u32);

impl CellKey {
    /// The set-up.
    pub fn setup(&self) -> Setup {
        Setup {
            engine: self.engine.clone(),
            allocator: self.allocator.clone(),
            front: self.front.clone(),
            policy: self.policy.clone(),
            thp: self.thp.clone(),
        }
    }

    fn program(&self) -> Program<'_> {
        (&self.workload, &self.source_hash, self.size, self.memory_limit_bytes, self.warmup)
    }

    fn is_under(&self, s: &Setup) -> bool {
        self.engine == s.engine
            && self.allocator == s.allocator
            && self.front == s.front
            && self.policy == s.policy
            && self.thp == s.thp
    }
}

/// One sample of a cell, as comparisons need it.
#[derive(Clone, Debug)]
pub struct Run {
    /// The number of its block.
    pub block: u32,
    /// How many collections it made.
    pub collections: u64,
    figures: [Option<f64>; 4],
    /// Median, 99th percentile and longest of its pauses, in processor time.
    pub pauses: Option<[f64; 3]>,
    /// The share of its time on a core that went into collections.
    pub pause_share: f64,
    /// Its time by the wall clock.
    pub wall_ns: f64,
    /// When each of its collections began, and how long it took.
    pub stops: Vec<(f64, f64)>,
    /// Its memory over time.
    pub series: Vec<Point>,
}

impl Run {
    fn new(block: u32, m: &Measured) -> Self {
        let pauses: Vec<f64> = m.collections.iter().map(pause_ns).collect();
        let at = |share| stats::percentile(&pauses, share);
        Self {
            block,
            collections: m.collection_count,
            figures: Figure::ALL.map(|f| f.of(m)),
            pauses: at(0.5).and_then(|p| Some([p, at(0.99)?, Figure::Pause.of(m)?])),
            pause_share: pause_total_ns(m) / (m.cpu_ns as f64).max(1.0),
            wall_ns: m.wall_ns as f64,
            stops: m.collections.iter().map(|c| (c.at_ns as f64, pause_ns(c))).collect(),
            series: m.series.clone(),
        }
    }

    /// The bytes it held after a share of its time, from 0 to 1; nothing is known between two points of the series.
    pub fn bytes_at(&self, share: f64) -> Option<f64> {
        let after = self.series.partition_point(|p| p.0 as f64 <= share * self.wall_ns);
        Some(self.series.get(after.saturating_sub(1))?.1 as f64)
    }

    /// A figure of the sample.
    pub fn figure(&self, figure: Figure) -> Option<f64> {
        self.figures[figure as usize]
    }
}

/// A pause in processor time; by the wall clock where the engine tells no other.
pub fn pause_ns(collection: &Collection) -> f64 {
    collection.pause_cpu_ns.unwrap_or(collection.pause_ns) as f64
}

fn pause_total_ns(m: &Measured) -> f64 {
    if m.pause_cpu_total_ns > 0 { m.pause_cpu_total_ns as f64 } else { m.pause_total_ns as f64 }
}

/// Growths of a process from before its engine started up to its peak, medians of the samples.
#[derive(Clone, Copy, Debug, Default)]
pub struct Growth {
    /// Asked for by the engine's code.
    pub asked: Option<f64>,
    /// What the blocks can hold.
    pub usable: Option<f64>,
    /// Given by the allocator.
    pub taken: Option<f64>,
    /// Held by the allocator from the kernel.
    pub committed: Option<f64>,
    /// Anonymous memory backed by pages.
    pub rss_anon: Option<f64>,
    /// Pages of files.
    pub rss_file: Option<f64>,
    /// Huge pages.
    pub anon_huge: Option<f64>,
    /// The process's share in all its pages.
    pub pss: Option<f64>,
}

/// The repeats of one point of the matrix, folded: medians, except where said.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The point.
    pub key: CellKey,
    /// How many samples succeeded.
    pub samples: usize,
    /// Wall-clock time.
    pub wall_ns: f64,
    /// Time on a core.
    pub cpu_ns: f64,
    /// Peak of the bytes taken from the allocator.
    pub peak_bytes: f64,
    /// Peak of the bytes the engine's code asked for.
    pub requested_bytes: Option<f64>,
    /// What the ledgers say.
    pub growth: Growth,
    /// Every sample, by block.
    pub runs: Vec<Run>,
    /// Growth of the anonymous memory of the process, from before the engine started to the peak.
    pub rss_bytes: f64,
    /// Number of collections.
    pub collections: f64,
    /// Sum of the pauses, in processor time like all pauses here.
    pub pause_total_ns: f64,
    /// The longest pause of all samples.
    pub pause_max_ns: f64,
    /// The run whose time is nearest to the median.
    pub typical: Measured,
}

/// A sample that gave no figures.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The point.
    pub key: CellKey,
    /// How it ended.
    pub outcome: Outcome,
    /// How many samples of the point ended so.
    pub times: usize,
}

/// Everything a report is made from.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// The cells that have figures.
    pub cells: BTreeMap<CellKey, Cell>,
    /// The samples that have none.
    pub failures: Vec<Failure>,
    /// Number of records.
    pub records: usize,
    /// Samples that waited for a core longer than the lab allows, and how many of all were taken again.
    pub disturbed: (usize, usize),
    /// Huge pages under which all comparisons but that of huge pages are made.
    pub base_thp: String,
    /// The engines that occur.
    pub engines: Vec<String>,
    /// The workloads that occur.
    pub workloads: Vec<String>,
    /// The (allocator, front) pairs that occur, by allocator.
    pub memories: Vec<(String, String)>,
    /// The policies that occur, by name and threshold.
    pub policies: Vec<String>,
    /// Per engine: the policy of most samples, against which others are compared.
    pub base_policy: BTreeMap<String, String>,
    /// Per engine: the (allocator, front) under which most policies were tried.
    pub base_memory: BTreeMap<String, (String, String)>,
    /// The distinct machines, engine versions and command lines, as text.
    pub provenance: Provenance,
}

/// Where the figures come from.
#[derive(Clone, Debug, Default)]
pub struct Provenance {
    /// Machines, one line each.
    pub machines: Vec<String>,
    /// Engines with their versions.
    pub engines: Vec<String>,
    /// Lab version, compiler and profile.
    pub builds: Vec<String>,
    /// Command lines.
    pub commands: Vec<String>,
    /// What calibrations before the run came to.
    pub calibrations: Vec<String>,
    /// The first day on which a sample ran, as `2026-01-31`.
    pub day: String,
}

impl Data {
    /// Folds the records. A record that repeats an earlier one's key replaces it.
    pub fn new(records: &[Record]) -> Self {
        let mut latest: BTreeMap<String, &Record> = BTreeMap::new();
        for record in records {
            latest.insert(record.sample.key(), record);
        }
        let mut groups: BTreeMap<CellKey, Vec<(u32, &Measured)>> = BTreeMap::new();
        let mut failures: BTreeMap<(CellKey, &'static str), Failure> = BTreeMap::new();
        for record in latest.values() {
            let key = key_of(record);
            match (&record.outcome, &record.measured) {
                (Outcome::Ok, Some(measured)) => {
                    groups.entry(key).or_default().push((record.sample.block, measured))
                }
                (outcome, _) => {
                    failures
                        .entry((key.clone(), outcome.name()))
                        .or_insert_with(|| Failure { key, outcome: outcome.clone(), times: 0 })
                        .times += 1;
                }
            }
        }
        let cells: BTreeMap<CellKey, Cell> =
            groups.into_iter().filter_map(|(key, runs)| Some((key.clone(), fold(key, &runs)?))).collect();
        let mut data = Data {
            failures: failures.into_values().collect(),
            records: latest.len(),
            disturbed: (
                latest.values().filter(|r| r.noise.disturbed).count(),
                latest.values().filter(|r| r.noise.retaken).count(),
            ),
            engines: distinct(cells.keys().map(|k| k.engine.clone())),
            workloads: distinct(cells.keys().map(|k| k.workload.clone())),
            memories: distinct(cells.keys().map(|k| (k.allocator.clone(), k.front.clone()))),
            policies: distinct(cells.keys().map(|k| k.policy.clone())),
            cells,
            ..Data::default()
        };
        data.policies.sort_by_key(|p| policy_order(p));
        // Our own engine comes first wherever engines stand side by side.
        data.engines.sort_by_key(|e| (e != "tare", e.clone()));
        let by_thp = |thp: &String| data.cells.keys().filter(|k| &k.thp == thp).count();
        let modes = distinct(data.cells.keys().map(|k| k.thp.clone()));
        let base =
            modes.iter().max_by_key(|thp| (thp.as_str() == "never", by_thp(thp), std::cmp::Reverse(*thp)));
        data.base_thp = base.cloned().unwrap_or_default();
        data.choose_baselines();
        data.provenance = Provenance::new(&latest.into_values().collect::<Vec<_>>());
        data
    }

    fn choose_baselines(&mut self) {
        for engine in &self.engines {
            // The policy that was tried under most allocators, and the allocator under which
            // most policies were tried; the first in order where two are equal.
            let mut by_policy: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
            let mut by_memory: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
            for key in self.cells.keys().filter(|k| &k.engine == engine && k.thp == self.base_thp) {
                by_policy.entry(&key.policy).or_default().insert((&key.allocator, &key.front));
                by_memory.entry((&key.allocator, &key.front)).or_default().insert(&key.policy);
            }
            let policy = self
                .policies
                .iter()
                .filter(|p| by_policy.contains_key(p.as_str()))
                .max_by_key(|p| {
                    (
                        by_policy[p.as_str()].len(),
                        p.starts_with("quickjs"),
                        std::cmp::Reverse(policy_order(p)),
                    )
                })
                .cloned()
                .unwrap_or_default();
            let memory = by_memory
                .iter()
                .max_by_key(|(memory, policies)| {
                    (policies.len(), memory.1 == "pool", std::cmp::Reverse(**memory))
                })
                .map(|(memory, _)| (memory.0.to_string(), memory.1.to_string()))
                .unwrap_or_default();
            self.base_policy.insert(engine.clone(), policy);
            self.base_memory.insert(engine.clone(), memory);
        }
    }

    /// Whether an engine is run by its own shell, so that only the kernel tells anything of it.
    pub fn is_shell(&self, engine: &str) -> bool {
        self.base_memory.get(engine).is_some_and(|memory| memory.1 == SHELL)
    }

    /// The figure by which the memory of engines is compared: what they took from their allocators, and what the
    /// kernel backed where one of them does not tell.
    pub fn memory_figure(&self, engines: [&str; 2]) -> Figure {
        if engines.iter().any(|e| self.is_shell(e)) { Figure::Physical } else { Figure::Peak }
    }

    /// Which builds of an engine were measured.
    pub fn builds_of(&self, engine: &str) -> Vec<&str> {
        let named = |line: &&String| line.split(' ').next() == Some(engine);
        self.provenance.engines.iter().filter(named).map(String::as_str).collect()
    }

    /// The cells under the engine's baseline policy: the allocator comparison.
    pub fn allocator_cells<'a>(&'a self, engine: &'a str) -> impl Iterator<Item = &'a Cell> {
        let policy = self.base_policy.get(engine);
        self.cells.values().filter(move |c| {
            c.key.engine == engine && Some(&c.key.policy) == policy && c.key.thp == self.base_thp
        })
    }

    /// The cells under the engine's baseline allocator: the policy comparison.
    pub fn policy_cells<'a>(&'a self, engine: &'a str) -> impl Iterator<Item = &'a Cell> {
        let memory = self.base_memory.get(engine);
        self.cells.values().filter(move |c| {
            c.key.engine == engine
                && c.key.thp == self.base_thp
                && memory.is_some_and(|m| m.0 == c.key.allocator && m.1 == c.key.front)
        })
    }

    /// The cells under both baselines: one per workload and size.
    pub fn base_cells<'a>(&'a self, engine: &'a str) -> impl Iterator<Item = &'a Cell> {
        let policy = self.base_policy.get(engine);
        self.policy_cells(engine).filter(move |c| Some(&c.key.policy) == policy)
    }

    /// The set-ups of the allocator comparison, the fixed one that all are compared with first:
    /// the system's allocator behind no pool, where it ran.
    pub fn memory_setups(&self, engine: &str) -> Vec<Setup> {
        let mut setups = distinct(self.allocator_cells(engine).map(|c| c.key.setup()));
        setups.sort_by_key(|s| (s.allocator != "system", s.front == "pool"));
        let first = setups.first().cloned();
        setups.sort_by_key(|s| (Some(s) != first.as_ref(), s.clone()));
        setups
    }

    /// The policies of the policy comparison in order, those that made no collection in any sample
    /// as one group: they did the same thing.
    pub fn policy_groups(&self, engine: &str) -> Vec<Vec<Setup>> {
        let setups = distinct(self.policy_cells(engine).map(|c| c.key.setup()));
        let idle = |s: &Setup| self.cells_under(s).all(|c| c.runs.iter().all(|r| r.collections == 0));
        let (idle, busy): (Vec<Setup>, Vec<Setup>) = setups.into_iter().partition(idle);
        let mut groups: Vec<Vec<Setup>> = busy.into_iter().map(|s| vec![s]).collect();
        groups.extend(Some(idle).filter(|g| !g.is_empty()));
        groups.sort_by_key(|g| policy_order(&g[0].policy));
        groups
    }

    /// The cells under a set-up.
    pub fn cells_under<'a>(&'a self, setup: &'a Setup) -> impl Iterator<Item = &'a Cell> {
        self.cells.values().filter(move |c| c.key.is_under(setup))
    }

    /// The blocks in which set-ups were compared: each entry pairs set-ups to compare with and
    /// set-ups compared, over all programs that both ran. Several set-ups of one side count as one.
    pub fn blocks(&self, pairs: &[(&[Setup], &[Setup])], value: &dyn Fn(&Run) -> Option<f64>) -> Blocks {
        let mut rows = Vec::new();
        for (a, b) in pairs {
            let (a, b) = (self.by_program(a, value), self.by_program(b, value));
            for (program, a) in &a {
                if let Some(b) = b.get(program) {
                    rows.push(row(a, b));
                }
            }
        }
        Blocks::new(&complete(rows))
    }

    /// The same for each program alone.
    pub fn blocks_by_workload(
        &self,
        a: &[Setup],
        b: &[Setup],
        value: &dyn Fn(&Run) -> Option<f64>,
    ) -> Vec<(String, Blocks)> {
        let (a, b) = (self.by_program(a, value), self.by_program(b, value));
        a.iter()
            .filter_map(|(program, a)| {
                Some((program.0.to_string(), Blocks::new(&complete(vec![row(a, b.get(program)?)]))))
            })
            .collect()
    }

    fn by_program(
        &self,
        setups: &[Setup],
        value: &dyn Fn(&Run) -> Option<f64>,
    ) -> BTreeMap<Program<'_>, Values> {
        let mut found: BTreeMap<Program<'_>, Values> = BTreeMap::new();
        for cell in self.cells.values().filter(|c| setups.iter().any(|s| c.key.is_under(s))) {
            let values = found.entry(cell.key.program()).or_default();
            for run in &cell.runs {
                values.entry(run.block).or_default().extend(value(run));
            }
        }
        found
    }
}

/// How far the time of a cell is known against the fixed set-up of its cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Width {
    /// The workload.
    pub workload: String,
    /// The set-up.
    pub setup: Setup,
    /// Half the width of its interval as a share; infinite for fewer than five blocks.
    pub half_width: f64,
}

/// The half widths of all time ratios that a report of these records makes statements from: what
/// `--precision` compares with what was asked for.
pub fn half_widths(records: &[Record], confidence: f64) -> Vec<Width> {
    let data = Data::new(records);
    let mut widths = Vec::new();
    let mut add = |base: &[Setup], setup: &Setup| {
        let alone = std::slice::from_ref(setup);
        for (workload, blocks) in data.blocks_by_workload(base, alone, &|r| r.figure(Figure::Time)) {
            widths.push(Width { workload, setup: setup.clone(), half_width: blocks.half_width(confidence) });
        }
    };
    for engine in &data.engines {
        let memories = data.memory_setups(engine);
        if let Some((base, others)) = memories.split_first() {
            others.iter().for_each(|s| add(std::slice::from_ref(base), s));
        }
        let policies: Vec<Setup> = data.policy_groups(engine).into_iter().flatten().collect();
        let base_policy = data.base_policy.get(engine);
        if let Some(base) = policies.iter().find(|s| Some(&s.policy) == base_policy) {
            policies.iter().filter(|s| *s != base).for_each(|s| add(std::slice::from_ref(base), s));
        }
    }
    widths
}

/// Figures by block.
type Values = BTreeMap<u32, Vec<f64>>;

/// A pair per block, as far as both sides are known.
fn row(a: &Values, b: &Values) -> Vec<Option<Pair>> {
    let last = a.keys().chain(b.keys()).max().copied().unwrap_or(0);
    let of = |values: &Values, block: u32| values.get(&block).cloned().unwrap_or_default();
    (0..=last)
        .map(|block| Pair { a: of(a, block), b: of(b, block) })
        .map(|pair| Some(pair).filter(|p| !p.a.is_empty() && !p.b.is_empty()))
        .collect()
}

impl Provenance {
    fn new(records: &[&Record]) -> Self {
        let first = records.iter().map(|r| r.started_unix_ms).min().unwrap_or(0);
        Provenance {
            machines: distinct(records.iter().map(|r| {
                let m = &r.machine;
                format!(
                    "{}, {} cores, {} of memory, {}",
                    m.cpu,
                    m.cores,
                    crate::units::bytes(m.memory_bytes as f64),
                    m.system
                )
            })),
            engines: distinct(records.iter().map(|r| format!("{} {}", r.sample.engine, r.versions.engine))),
            builds: distinct(records.iter().map(|r| {
                format!("gc-lab {}, {}, {} build", r.versions.lab, r.versions.rustc, r.versions.profile)
            })),
            calibrations: distinct(records.iter().filter_map(|r| r.calibration.clone())),
            commands: distinct(records.iter().map(|r| r.command.join(" "))),
            day: day(first / 86_400_000),
        }
    }
}

fn key_of(record: &Record) -> CellKey {
    let s = &record.sample;
    CellKey {
        engine: s.engine.clone(),
        workload: s.workload.clone(),
        allocator: s.allocator.clone(),
        front: s.front.clone(),
        policy: s.policy.clone(),
        size: s.size,
        memory_limit_bytes: s.memory_limit_bytes,
        thp: s.thp.clone(),
        warmup: s.warmup,
        source_hash: s.source_hash.clone(),
    }
}

fn fold(key: CellKey, samples: &[(u32, &Measured)]) -> Option<Cell> {
    let runs: Vec<&Measured> = samples.iter().map(|(_, m)| *m).collect();
    let of = |f: &dyn Fn(&Measured) -> f64| stats::median(&runs.iter().map(|r| f(r)).collect::<Vec<_>>());
    let known = |f: &dyn Fn(&Measured) -> Option<u64>| {
        let values: Vec<f64> = runs.iter().filter_map(|r| f(r)).map(|v| v as f64).collect();
        stats::median(&values)
    };
    let grown = |f: fn(&Ledger) -> Option<u64>| known(&|r| r.ledger.peak_growth(f));
    let cpu_ns = of(&|r| r.cpu_ns as f64)?;
    let typical = runs.iter().min_by(|a, b| {
        let distance = |r: &Measured| (r.cpu_ns as f64 - cpu_ns).abs();
        distance(a).total_cmp(&distance(b))
    })?;
    Some(Cell {
        samples: runs.len(),
        wall_ns: of(&|r| r.wall_ns as f64)?,
        cpu_ns,
        peak_bytes: of(&|r| r.peak_charged_bytes as f64)?,
        requested_bytes: known(&|r| r.peak_requested_bytes),
        growth: Growth {
            asked: known(&|r| r.ledger.peak_of_engine(|l| l.asked_bytes)),
            usable: known(&|r| r.ledger.peak_of_engine(|l| l.usable_bytes)),
            taken: grown(|l| Some(l.taken_bytes)).filter(|bytes| *bytes > 0.0),
            committed: grown(|l| l.committed_bytes),
            rss_anon: grown(|l| l.rss_anon_bytes),
            rss_file: grown(|l| l.rss_file_bytes),
            anon_huge: grown(|l| l.anon_huge_bytes),
            pss: grown(|l| l.pss_bytes),
        },
        runs: samples.iter().map(|(block, m)| Run::new(*block, m)).collect(),
        rss_bytes: of(&|r| r.ledger.peak_growth(|l| l.rss_anon_bytes).unwrap_or(0) as f64)?,
        collections: of(&|r| r.collection_count as f64)?,
        pause_total_ns: of(&pause_total_ns)?,
        pause_max_ns: runs.iter().filter_map(|r| Figure::Pause.of(r)).fold(0.0, f64::max),
        typical: (*typical).clone(),
        key,
    })
}

/// The share of a run's time on a core that went into collections.
pub fn pause_share(cell: &Cell) -> f64 {
    if cell.cpu_ns > 0.0 { cell.pause_total_ns / cell.cpu_ns } else { 0.0 }
}

/// Whether a collection freed less than a hundredth of what it found; `None` when not known.
pub fn futile(collection: &Collection) -> Option<bool> {
    let (before, after) = (collection.bytes_before?, collection.bytes_after?);
    Some(after as f64 > before as f64 * 0.99)
}

fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Policies sort by name, then by the size of their first argument.
fn policy_order(policy: &str) -> (String, u64, String) {
    let (name, rest) = policy.split_once('(').unwrap_or((policy, ""));
    let argument = rest.split([',', ')']).next().unwrap_or("").trim();
    let digits = argument.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match argument[digits.len()..].chars().next() {
        Some('K' | 'k') => 1024.0,
        Some('M' | 'm') => 1024.0 * 1024.0,
        Some('G' | 'g') => 1024.0 * 1024.0 * 1024.0,
        _ => 1.0,
    };
    // A thousandth of the unit keeps 1.5 apart from 2.
    let size = (digits.parse::<f64>().unwrap_or(0.0) * unit * 1000.0) as u64;
    (name.to_string(), size, policy.to_string())
}

/// Days since 1970 as a date (the civil calendar, by the era of 400 years).
fn day(days: u64) -> String {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_sort_by_threshold_not_by_letters() {
        let mut policies = vec!["quickjs(64M)", "never", "quickjs(256K)", "multiple(1.5)", "quickjs(1M)"];
        policies.sort_by_key(|p| policy_order(p));
        assert_eq!(policies, ["multiple(1.5)", "never", "quickjs(256K)", "quickjs(1M)", "quickjs(64M)"]);
    }

    #[test]
    fn days_are_dates() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(11_016), "2000-02-29");
        assert_eq!(day(20_778), "2026-11-21");
    }
}
