//! What was found, in sentences. Every sentence is computed from the data; one that the data
//! cannot support is not written.

use crate::charts::{memory, pauses, tradeoff};
use crate::data::{Cell, Data, futile, pause_share};
use crate::{stats, units};
use std::collections::BTreeMap;

/// A topic with its sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What the sentences are about, in a word or two.
    pub topic: String,
    /// The sentences.
    pub text: String,
}

/// All findings, the most telling first.
pub fn all(data: &Data) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |topic: &str, text: Option<String>| {
        if let Some(text) = text.filter(|t| !t.is_empty()) {
            found.push(Finding { topic: topic.into(), text });
        }
    };
    add("Engines", engines(data));
    for engine in &data.engines {
        let name = |topic: &str| {
            if data.engines.len() > 1 { format!("{topic}, {engine}") } else { topic.to_string() }
        };
        add(&name("Allocators"), allocators(data, engine));
        add(&name("Pool"), fronts(data, engine));
        add(&name("Thresholds"), thresholds(data, engine));
        add(&name("Pauses"), longest_pauses(data, engine));
        add(&name("Collections"), collections(data, engine));
    }
    add("Not measured", failures(data));
    found
}

/// How the engines compare.
fn engines(data: &Data) -> Option<String> {
    let [ours, other, ..] = data.engines.as_slice() else { return None };
    let pairs = memory::pairs(data, ours, other);
    let time = stats::geomean(&pairs.iter().map(|p| p.time).collect::<Vec<_>>())?;
    let peak = stats::geomean(&pairs.iter().map(|p| p.peak).collect::<Vec<_>>())?;
    let (best, worst) = (pairs.first()?, pairs.last()?);
    let mut text = format!(
        "Over {} workloads {ours} needed {} of {other}'s time and {} of its peak memory (geometric means). It did \
         best on {} ({} of the time) and worst on {} ({}).",
        pairs.len(),
        units::percent(time),
        units::percent(peak),
        best.workload,
        units::percent(best.time),
        worst.workload,
        units::percent(worst.time),
    );
    let pauses: Vec<f64> = pairs.iter().filter_map(|p| p.pause).collect();
    if let Some(pause) = stats::geomean(&pauses) {
        text += &format!(
            " Where both collected ({} workloads), its longest pause was {} of the other's.",
            pauses.len(),
            units::percent(pause)
        );
    }
    Some(text)
}

/// Per workload and size: a figure of every allocator relative to the best one's.
fn relative<'a>(
    cells: impl Iterator<Item = &'a Cell>,
    name: impl Fn(&Cell) -> String,
    figure: impl Fn(&Cell) -> f64,
) -> BTreeMap<String, (f64, usize)> {
    let mut rows: BTreeMap<(&str, u64), BTreeMap<String, f64>> = BTreeMap::new();
    for cell in cells {
        rows.entry((&cell.key.workload, cell.key.size)).or_default().insert(name(cell), figure(cell));
    }
    let widest = rows.values().map(BTreeMap::len).max().unwrap_or(0);
    let mut ratios: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    // Only rows that have every column compare like with like.
    for row in rows.values().filter(|r| r.len() == widest) {
        let best = row.values().copied().fold(f64::INFINITY, f64::min);
        for (name, value) in row {
            ratios.entry(name.clone()).or_default().push(value / best);
        }
    }
    ratios
        .into_iter()
        .filter_map(|(name, values)| Some((name, (stats::geomean(&values)?, values.len()))))
        .collect()
}

/// The extremes of a ranking: (best, worst, worst relative to best).
fn extremes(ranking: &BTreeMap<String, (f64, usize)>) -> Option<(String, String, f64)> {
    let best = ranking.iter().min_by(|a, b| a.1.0.total_cmp(&b.1.0))?;
    let worst = ranking.iter().max_by(|a, b| a.1.0.total_cmp(&b.1.0))?;
    (ranking.len() > 1).then(|| (best.0.clone(), worst.0.clone(), worst.1.0 / best.1.0))
}

/// Which allocator was fastest, which leanest, and by how much it matters.
fn allocators(data: &Data, engine: &str) -> Option<String> {
    let mut sentences = Vec::new();
    let fronts: std::collections::BTreeSet<&str> =
        data.allocator_cells(engine).map(|c| c.key.front.as_str()).collect();
    for front in fronts {
        let cells = || data.allocator_cells(engine).filter(|c| c.key.front == front);
        let allocator = |c: &Cell| c.key.allocator.clone();
        let time = relative(cells(), allocator, |c| c.cpu_ns);
        let memory = relative(cells(), allocator, |c| c.rss_bytes.max(65536.0));
        let (Some(fast), Some(lean)) = (extremes(&time), extremes(&memory)) else { continue };
        let workloads = time.values().map(|v| v.1).max().unwrap_or(0);
        let place = match front {
            "direct" => "With every block from the allocator itself (direct)".to_string(),
            "pool" => "Behind the pool".to_string(),
            other => format!("Behind the engine's own {other}"),
        };
        let fast = match near(fast.2) {
            true => format!("all took about the same time over {workloads} workloads"),
            false => format!(
                "{} was the fastest over {workloads} workloads and {} took {}",
                fast.0,
                fast.1,
                units::change(fast.2, "more time", "less time")
            ),
        };
        let lean = match near(lean.2) {
            true => "all held about the same physical memory".to_string(),
            false => format!(
                "{} held the least physical memory and {} held {}",
                lean.0,
                lean.1,
                units::change(lean.2, "more", "less")
            ),
        };
        sentences.push(format!("{place}, {fast}; {lean}."));
    }
    Some(sentences.join(" "))
}

/// What the pool in front of the allocator changes.
fn fronts(data: &Data, engine: &str) -> Option<String> {
    let mut pairs: BTreeMap<(&str, u64, &str), [Option<&Cell>; 2]> = BTreeMap::new();
    for cell in data.allocator_cells(engine) {
        let slot = match cell.key.front.as_str() {
            "pool" => 0,
            "direct" => 1,
            _ => continue,
        };
        pairs.entry((&cell.key.workload, cell.key.size, &cell.key.allocator)).or_default()[slot] = Some(cell);
    }
    let both: Vec<(&Cell, &Cell)> = pairs.values().filter_map(|p| Some((p[0]?, p[1]?))).collect();
    let mean = |f: &dyn Fn(&Cell) -> f64| {
        stats::geomean(&both.iter().map(|(pool, direct)| f(pool) / f(direct)).collect::<Vec<_>>())
    };
    let (time, rss) = (mean(&|c| c.cpu_ns)?, mean(&|c| c.rss_bytes.max(65536.0))?);
    let took = match near(time) {
        true => "as long as direct ones".to_string(),
        false => format!("{} than direct ones", units::change(time, "more time", "less time")),
    };
    let held = match near(rss) {
        true => "as much".to_string(),
        false => units::change(rss, "more", "less"),
    };
    Some(format!(
        "With the pool in front of the same allocators, runs took {took} and held {held} physical memory at the \
         peak (geometric means over {} pairs).",
        both.len()
    ))
}

/// Whether a ratio is too near one to speak of.
fn near(ratio: f64) -> bool {
    (ratio - 1.0).abs() < 0.01
}

/// The trade-off over policies: the unbeaten ones and the price of the ends.
fn thresholds(data: &Data, engine: &str) -> Option<String> {
    let choices = tradeoff::choices(data, engine);
    if choices.len() < 2 {
        return None;
    }
    let base = data.base_policy.get(engine)?;
    let mut best: Vec<&tradeoff::Choice> = choices.iter().filter(|c| c.best).collect();
    best.sort_by(|a, b| a.memory.total_cmp(&b.memory));
    let names: Vec<&str> = best.iter().map(|c| c.policy.as_str()).collect();
    let mut text = match names.as_slice() {
        [one] => format!("Of {} policies {one} was best in both time and peak memory.", choices.len()),
        _ => format!(
            "Of {} policies, {} are not beaten by another in both time and peak memory, from the leanest to the \
             fastest: {}.",
            choices.len(),
            names.len(),
            names.join(", ")
        ),
    };
    let fastest = choices.iter().min_by(|a, b| a.time.total_cmp(&b.time))?;
    if &fastest.policy != base {
        text += &format!(
            " Against {base}, the fastest ({}) took {} with {}.",
            fastest.policy,
            time_words(fastest.time),
            peak_words(fastest.memory),
        );
    }
    let leanest = choices.iter().min_by(|a, b| a.memory.total_cmp(&b.memory))?;
    if &leanest.policy != base && leanest.policy != fastest.policy {
        text += &format!(
            " The leanest ({}) had {} and took {}.",
            leanest.policy,
            peak_words(leanest.memory),
            time_words(leanest.time),
        );
    }
    Some(text)
}

fn time_words(ratio: f64) -> String {
    if near(ratio) { "about the same time".into() } else { units::change(ratio, "more time", "less time") }
}

fn peak_words(ratio: f64) -> String {
    if near(ratio) {
        "the same peak memory".into()
    } else {
        units::change(ratio, "more peak memory", "less peak memory")
    }
}

/// The longest pause and the usual ones, under the baseline and under the gentlest policy.
fn longest_pauses(data: &Data, engine: &str) -> Option<String> {
    let base = data.base_policy.get(engine)?;
    let all: Vec<pauses::Pauses> =
        pauses::by_policy(data).into_iter().filter(|p| p.engine == engine).collect();
    let here = all.iter().find(|p| &p.policy == base)?;
    let worst = data.base_cells(engine).max_by(|a, b| a.pause_max_ns.total_cmp(&b.pause_max_ns))?;
    let mut text = format!(
        "Under {base} a collection stopped the script for {} at the median, {} at the 99th percentile and {} at the \
         longest, on {}.",
        units::time(here.percentile(0.5)),
        units::time(here.percentile(0.99)),
        units::time(here.longest),
        worst.key.workload,
    );
    let gentle = all.iter().min_by(|a, b| a.longest.total_cmp(&b.longest))?;
    if &gentle.policy != base {
        text += &format!(
            " The shortest longest pause of all policies that collect was {}, under {}.",
            units::time(gentle.longest),
            gentle.policy
        );
    }
    Some(text)
}

/// How much time collections take, and how many of them were for nothing.
fn collections(data: &Data, engine: &str) -> Option<String> {
    let cells: Vec<&Cell> = data.base_cells(engine).collect();
    let most = cells.iter().max_by(|a, b| pause_share(a).total_cmp(&pause_share(b)))?;
    if most.pause_total_ns == 0.0 {
        return Some("No collection ran under the baseline policy.".into());
    }
    let mut text = format!(
        "Collections took the largest share of the time on {}: {} of {}.",
        most.key.workload,
        units::percent(pause_share(most)),
        units::time(most.wall_ns),
    );
    let known: Vec<bool> =
        cells.iter().flat_map(|c| c.typical.collections.iter().filter_map(futile)).collect();
    if !known.is_empty() {
        let nothing = known.iter().filter(|f| **f).count();
        let worst = cells
            .iter()
            .map(|c| (c.typical.collections.iter().filter(|c| futile(c) == Some(true)).count(), c))
            .max_by_key(|(n, _)| *n);
        text += &format!(
            " Of {} collections {} freed less than 1 % of what they found",
            units::count(known.len() as u64),
            units::count(nothing as u64)
        );
        text += &match worst {
            Some((n, cell)) if nothing > 0 => {
                format!(", most of them on {} ({}).", cell.key.workload, units::count(n as u64))
            }
            _ => ".".to_string(),
        };
    }
    Some(text)
}

/// What has no figures, by kind.
fn failures(data: &Data) -> Option<String> {
    let total: usize = data.failures.iter().map(|f| f.times).sum();
    if total == 0 {
        return None;
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for failure in &data.failures {
        *kinds.entry(failure.outcome.name()).or_default() += failure.times;
    }
    let list: Vec<String> = kinds.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    Some(format!(
        "{total} of {} samples gave no figures ({}); they are listed at the end of the report.",
        data.records,
        list.join(", ")
    ))
}
