//! What was found, in sentences. Every comparison carries its interval and is one of: less, more,
//! alike, cannot be told apart. What the data cannot support is not written.
//!
//! The statements of one topic are a family: with the confidence of [`RULE`] none of them is wrong
//! (Holm). Ratios are against one fixed set-up, never against the best of a row, which is best
//! partly by luck.

use crate::charts::{memory, pauses, tradeoff};
use crate::data::{Cell, Data, Setup, futile, pause_share};
use crate::figure::Figure;
use crate::stats::{self, Blocks, Interval, Judged, Rule, Verdict, judge};
use crate::units;
use std::collections::BTreeMap;

/// How sure the report is, and up to where it calls figures alike.
pub const RULE: Rule = Rule { confidence: 0.95, margin: 0.02 };

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
        add(&name("Huge pages"), huge_pages(data, engine));
        add(&name("Thresholds"), thresholds(data, engine));
        add(&name("Pauses"), longest_pauses(data, engine));
        add(&name("Collections"), collections(data, engine));
    }
    add("Calibration", calibration(data));
    add("Disturbances", disturbances(data));
    add("Not measured", failures(data));
    found
}

/// A share as percent without needless digits.
pub fn share_words(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A ratio and its interval in figures, with the verdict.
pub fn figures(judged: &Judged) -> String {
    match (judged.interval, judged.ratio) {
        (Some(i), _) => {
            let word = match judged.verdict {
                Verdict::Less => "less",
                Verdict::More => "more",
                Verdict::Alike => "alike",
                Verdict::CannotTell => "cannot be told apart",
            };
            format!("{:.3}× [{:.3}, {:.3}], {word}, {} blocks", i.value, i.low, i.high, judged.blocks)
        }
        (None, Some(ratio)) => format!("{ratio:.3}×, {} blocks: too few to tell", judged.blocks),
        (None, None) => "not measured".into(),
    }
}

/// An interval of ratios as changes: `[-4.1, +7.0 %]`, or as factors where they are large.
fn span(i: Interval) -> String {
    if i.high >= 2.0 {
        return format!("[{:.1}, {:.1} times]", i.low, i.high);
    }
    let change = |ratio: f64| {
        let percent = (ratio - 1.0) * 100.0;
        let text = format!("{:+.1}", percent);
        if text == "-0.0" || text == "+0.0" { "0.0".to_string() } else { text.replace('-', "\u{2212}") }
    };
    format!("[{}, {} %]", change(i.low), change(i.high))
}

/// A judged ratio of a thing in words: `9 % more time [+7.1, +11.2 %]`.
fn words(judged: &Judged, thing: &str) -> String {
    let Some(i) = judged.interval else {
        return format!("{thing} cannot be told apart (fewer than five blocks)");
    };
    match judged.verdict {
        Verdict::CannotTell => format!("{thing} cannot be told apart {}", span(i)),
        Verdict::Alike => format!("{thing} alike {}", span(i)),
        _ if i.value >= 2.0 => format!("{:.1} times the {thing} {}", i.value, span(i)),
        Verdict::More => format!("{:.0} % more {thing} {}", (i.value - 1.0) * 100.0, span(i)),
        Verdict::Less => format!("{:.0} % less {thing} {}", (1.0 - i.value) * 100.0, span(i)),
    }
}

/// What is said where nothing can be.
const TOO_FEW: &str =
    "Cannot be told apart: fewer than five blocks were measured. `gc-lab run --more 5` adds five.";

fn too_few(blocks: &Blocks) -> bool {
    blocks.interval(RULE.confidence).is_none()
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

fn alone(setup: &Setup) -> &[Setup] {
    std::slice::from_ref(setup)
}

/// How the engines compare: ours with each other.
fn engines(data: &Data) -> Option<String> {
    let (ours, others) = data.engines.split_first()?;
    let texts: Vec<String> = others.iter().filter_map(|other| two_engines(data, ours, other)).collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

fn two_engines(data: &Data, ours: &str, other: &str) -> Option<String> {
    let (our_setup, other_setup) = (memory::base_setup(data, ours)?, memory::base_setup(data, other)?);
    let memory = data.memory_figure([ours, other]);
    let family: Vec<Blocks> = [Figure::Time, memory, Figure::Pause]
        .iter()
        .map(|f| data.blocks(&[(alone(&other_setup), alone(&our_setup))], &|r| r.figure(*f)))
        .collect();
    let judged = judge(&family, RULE);
    let pairs = memory::pairs(data, ours, other);
    if pairs.is_empty() {
        return None;
    }
    let mut text = format!(
        "Over {}, {ours} against {other}: {}; {}.",
        plural(pairs.len(), "workload"),
        words(&judged[0], "time"),
        words(&judged[1], memory.name())
    );
    if judged[2].interval.is_some() {
        text += &format!(" Where both collected: longest pause {}.", figures(&judged[2]));
    }
    // Which workload is named first is chance where their intervals overlap; the intervals say so.
    let certain: Vec<(&str, Judged)> = pairs
        .iter()
        .filter_map(|p| Some((p.workload.as_str(), p.figures[0]?)))
        .filter(|(_, j)| matches!(j.verdict, Verdict::Less | Verdict::More))
        .collect();
    if let (Some(best), Some(worst)) = (certain.first(), certain.last())
        && certain.len() > 1
    {
        text += &format!(
            " Of single workloads, {} is at one end ({}) and {} at the other ({}).",
            best.0,
            words(&best.1, "time"),
            worst.0,
            words(&worst.1, "time")
        );
    }
    Some(text)
}

/// Every allocator and front against the fixed one.
fn allocators(data: &Data, engine: &str) -> Option<String> {
    let setups = data.memory_setups(engine);
    let (base, others) = setups.split_first().filter(|(_, others)| !others.is_empty())?;
    let family: Vec<Blocks> = others
        .iter()
        .flat_map(|s| {
            [Figure::Time, Figure::Physical]
                .map(|f| data.blocks(&[(alone(base), alone(s))], &|r| r.figure(f)))
        })
        .collect();
    if family.iter().all(too_few) {
        return Some(TOO_FEW.into());
    }
    let judged = judge(&family, RULE);
    let workloads = data.cells_under(base).count();
    let mut text = format!(
        "Against {} · {} under {}, over {}:",
        base.allocator,
        base.front,
        base.policy,
        plural(workloads, "workload")
    );
    let items: Vec<String> = others
        .iter()
        .zip(judged.chunks(2))
        .map(|(s, j)| {
            format!(
                " {} · {}: {}, {}",
                s.allocator,
                s.front,
                words(&j[0], "time"),
                words(&j[1], "physical memory")
            )
        })
        .collect();
    text += &items.join(";");
    Some(text + ".")
}

/// What the pool in front of the allocator changes.
fn fronts(data: &Data, engine: &str) -> Option<String> {
    let setups = data.memory_setups(engine);
    let pairs: Vec<(&Setup, &Setup)> = setups
        .iter()
        .filter(|s| s.front == "direct")
        .filter_map(|direct| {
            let pool = setups.iter().find(|s| s.front == "pool" && s.allocator == direct.allocator)?;
            Some((direct, pool))
        })
        .collect();
    if pairs.is_empty() {
        return None;
    }
    let sides: Vec<(&[Setup], &[Setup])> = pairs.iter().map(|(a, b)| (alone(a), alone(b))).collect();
    let family: Vec<Blocks> =
        [Figure::Time, Figure::Physical].iter().map(|f| data.blocks(&sides, &|r| r.figure(*f))).collect();
    if family.iter().all(too_few) {
        return Some(TOO_FEW.into());
    }
    let judged = judge(&family, RULE);
    Some(format!(
        "With the pool in front, against the same allocators without it ({}): {}, {}.",
        plural(pairs.len(), "allocator"),
        words(&judged[0], "time"),
        words(&judged[1], "physical memory")
    ))
}

/// What transparent huge pages do, where both were measured.
fn huge_pages(data: &Data, engine: &str) -> Option<String> {
    let with = |thp: &str| -> BTreeMap<Setup, Setup> {
        let cells = data.cells.keys().filter(|k| k.engine == engine && k.thp == thp);
        // Found by what is the same without the mode.
        cells.map(|k| (Setup { thp: String::new(), ..k.setup() }, k.setup())).collect()
    };
    let (never, always) = (with("never"), with("always"));
    let pairs: Vec<(&Setup, &Setup)> = never.iter().filter_map(|(k, n)| Some((n, always.get(k)?))).collect();
    if pairs.is_empty() {
        return None;
    }
    let family: Vec<Blocks> = pairs
        .iter()
        .flat_map(|(n, a)| {
            [Figure::Physical, Figure::Time].map(|f| data.blocks(&[(alone(n), alone(a))], &|r| r.figure(f)))
        })
        .collect();
    let judged = judge(&family, RULE);
    let items: Vec<String> = pairs
        .iter()
        .zip(judged.chunks(2))
        .map(|((n, _), j)| {
            format!(
                "{} · {}: {}, {}",
                n.allocator,
                n.front,
                words(&j[0], "physical memory"),
                words(&j[1], "time")
            )
        })
        .collect();
    Some(format!("With transparent huge pages in the process, against without: {}.", items.join("; ")))
}

/// The trade-off over policies.
fn thresholds(data: &Data, engine: &str) -> Option<String> {
    let choices = tradeoff::choices(data, engine);
    if choices.len() < 2 {
        return None;
    }
    let base = data.base_policy.get(engine)?;
    let mut text = String::new();
    if let Some(idle) = choices.iter().find(|c| c.policies.len() > 1) {
        let names: Vec<&str> = idle.policies.iter().map(String::as_str).filter(|p| *p != "never").collect();
        text += &match idle.policies.iter().any(|p| p == "never") {
            true => format!("{} made no collection in any sample and equal never. ", names.join(" and ")),
            false => format!("{} made no collection in any sample; they are one. ", names.join(" and ")),
        };
    }
    let others: Vec<&tradeoff::Choice> = choices.iter().filter(|c| !c.base).collect();
    if others.iter().all(|c| c.time.interval.is_none() && c.memory.interval.is_none()) {
        return Some(text + TOO_FEW);
    }
    let items: Vec<String> = others
        .iter()
        .map(|c| format!("{}: {}, {}", c.name(), words(&c.time, "time"), words(&c.memory, "peak memory")))
        .collect();
    text += &format!("Against {base}: {}.", items.join("; "));
    let beaten: Vec<String> = choices.iter().filter(|c| !c.best).map(tradeoff::Choice::name).collect();
    if !beaten.is_empty() {
        text += &format!(
            " Another policy needs less of one and no more of the other than {}, both for certain.",
            beaten.join(" and than ")
        );
    }
    Some(text)
}

/// The pauses under the baseline, and what other policies do to them.
fn longest_pauses(data: &Data, engine: &str) -> Option<String> {
    let base = data.base_policy.get(engine)?;
    let all: Vec<pauses::Pauses> =
        pauses::by_policy(data).into_iter().filter(|p| p.engine == engine).collect();
    let here = all.iter().find(|p| &p.setup.policy == base)?;
    let part = |index: usize| {
        let between = here.intervals[index]
            .map_or(String::new(), |i| format!(" [{}, {}]", units::time(i.low), units::time(i.high)));
        format!("{}{between}", units::time(here.figures[index]))
    };
    let mut text = format!(
        "Under {base} a collection stopped the script for {} at the median, {} at the 99th percentile and {} at the \
         longest (geometric means of the figures of {} that collected); the longest of all was {}, on {}.",
        part(0),
        part(1),
        part(2),
        plural(here.workloads, "workload"),
        units::time(here.longest.0),
        here.longest.1,
    );
    let others: Vec<&pauses::Pauses> = all.iter().filter(|p| &p.setup.policy != base).collect();
    let family: Vec<Blocks> = others
        .iter()
        .map(|p| data.blocks(&[(alone(&here.setup), alone(&p.setup))], &|r| r.figure(Figure::Pause)))
        .collect();
    let judged = judge(&family, RULE);
    let mut shorter: Vec<(&pauses::Pauses, Judged)> =
        others.into_iter().zip(judged).filter(|(_, j)| j.verdict == Verdict::Less).collect();
    shorter.sort_by(|a, b| a.1.ratio.unwrap_or(1.0).total_cmp(&b.1.ratio.unwrap_or(1.0)));
    if !shorter.is_empty() {
        let items: Vec<String> = shorter
            .iter()
            .map(|(p, j)| format!("{} {}", p.setup.policy, j.interval.map_or(String::new(), span)))
            .collect();
        text += &format!(" The longest pause is shorter for certain under {}.", items.join(", "));
    } else if !family.is_empty() {
        text += " No policy made the longest pause shorter for certain.";
    }
    Some(text)
}

/// How much time collections take, and how many of them were for nothing.
fn collections(data: &Data, engine: &str) -> Option<String> {
    if data.is_shell(engine) {
        return None;
    }
    let cells: Vec<&Cell> = data.base_cells(engine).collect();
    let most = cells.iter().max_by(|a, b| pause_share(a).total_cmp(&pause_share(b)))?;
    if most.pause_total_ns == 0.0 {
        return Some("No collection ran under the baseline policy.".into());
    }
    let shares: Vec<f64> = most.runs.iter().map(|r| r.pause_share).collect();
    let (low, high) = shares.iter().fold((f64::INFINITY, 0.0f64), |s, v| (s.0.min(*v), s.1.max(*v)));
    let mut text = format!(
        "Collections took the largest share of the time on a core on {}: {} of {} (samples from {} to {}).",
        most.key.workload,
        units::percent(stats::median(&shares)?),
        units::time(most.cpu_ns),
        units::percent(low),
        units::percent(high),
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
            " Of {} collections in one run of each workload {} freed less than 1 % of what they found",
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

/// How often the verdicts of the lab erred on this machine before the run.
fn calibration(data: &Data) -> Option<String> {
    let found = &data.provenance.calibrations;
    (!found.is_empty()).then(|| {
        format!(
            "Before the run a script was compared with itself and with one that needs 5 % more time and memory, at 99 % \
             confidence: {}.",
            found.join("; ")
        )
    })
}

/// How many samples waited for a core.
fn disturbances(data: &Data) -> Option<String> {
    let (disturbed, retaken) = data.disturbed;
    if disturbed + retaken == 0 {
        return None;
    }
    Some(format!(
        "{} of {} samples that count waited for a core longer than the lab allows; {} were taken a second time for that. \
         Times are those on a core.",
        units::count(disturbed as u64),
        units::count(data.records as u64),
        units::count(retaken as u64)
    ))
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
