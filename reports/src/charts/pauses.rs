//! How long the script stands still: pauses per policy, each workload counting once.

use super::canvas::{Ink, Mark};
use super::rows::{Entry, Point, Row, Rows};
use super::scale::{Kind, time_label};
use super::{Chart, chart, csv_line};
use crate::data::{Data, Run, Setup};
use crate::findings;
use crate::stats::{self, Blocks, Interval, Pair};
use crate::units;
use std::collections::BTreeMap;

/// The pauses of one engine under one policy: over the workloads that collected, the geometric
/// mean of the workload's own median, 99th percentile and longest pause. A workload with a
/// thousand short collections counts as much as one with ten long ones.
pub struct Pauses {
    /// The engine.
    pub engine: String,
    /// The set-up.
    pub setup: Setup,
    /// Workloads that collected.
    pub workloads: usize,
    /// All collections of all samples.
    pub count: u64,
    /// Median, 99th percentile and longest.
    pub figures: [f64; 3],
    /// Their intervals.
    pub intervals: [Option<Interval>; 3],
    /// The longest pause of all, and the workload it was seen on.
    pub longest: (f64, String),
}

/// The figure of a run that [`Pauses::figures`] is made of.
pub fn figure(index: usize) -> impl Fn(&Run) -> Option<f64> {
    move |run| run.pauses.map(|p| p[index])
}

/// The pauses per engine and policy, for those that had any.
pub fn by_policy(data: &Data) -> Vec<Pauses> {
    let mut all = Vec::new();
    for engine in &data.engines {
        for setup in data.policy_groups(engine).into_iter().filter(|g| g.len() == 1).flatten() {
            let busy = || data.cells_under(&setup).filter(|c| c.pause_max_ns > 0.0);
            let Some(worst) = busy().max_by(|a, b| a.pause_max_ns.total_cmp(&b.pause_max_ns)) else {
                continue;
            };
            let blocks = [0, 1, 2].map(|index| over_blocks(data, &setup, index));
            let figures = [0, 1, 2].map(|i| blocks[i].ratio().unwrap_or(0.0));
            all.push(Pauses {
                engine: engine.clone(),
                workloads: busy().count(),
                count: busy().flat_map(|c| &c.runs).map(|r| r.collections).sum(),
                figures,
                intervals: [0, 1, 2].map(|i| blocks[i].interval(findings::RULE.confidence)),
                longest: (worst.pause_max_ns, worst.key.workload.clone()),
                setup: setup.clone(),
            });
        }
    }
    all
}

/// A pause figure over workloads, block by block, relative to a nanosecond.
fn over_blocks(data: &Data, setup: &Setup, index: usize) -> Blocks {
    let value = figure(index);
    let mut rows = Vec::new();
    for cell in data.cells_under(setup) {
        let mut blocks: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for run in &cell.runs {
            blocks.entry(run.block).or_default().extend(value(run));
        }
        let last = blocks.keys().max().copied().unwrap_or(0);
        let row: Vec<Option<Pair>> = (0..=last)
            .map(|b| blocks.get(&b).filter(|v| !v.is_empty()).map(|v| Pair { a: vec![1.0], b: v.clone() }))
            .collect();
        // A workload that never collects has no pause to speak of.
        if row.iter().any(Option::is_some) {
            rows.push(row);
        }
    }
    Blocks::new(&stats::complete(rows))
}

/// A row per policy with its median, 99th percentile and longest pause.
pub fn distribution(data: &Data) -> Result<Option<Chart>, String> {
    let all = by_policy(data);
    if all.is_empty() {
        return Ok(None);
    }
    let mut csv =
        csv_line(&["engine", "policy", "workloads", "collections", "figure", "ns", "low_ns", "high_ns"]);
    let kinds = [
        ("median", Ink::Series(0), Mark::Circle),
        ("99th percentile", Ink::Series(1), Mark::Square),
        ("longest", Ink::Series(2), Mark::Diamond),
    ];
    let mut rows = Vec::new();
    for pauses in &all {
        let name = if data.engines.len() > 1 {
            format!("{} {}", pauses.engine, pauses.setup.policy)
        } else {
            pauses.setup.policy.clone()
        };
        let mut points = Vec::new();
        for (index, (what, ink, mark)) in kinds.into_iter().enumerate() {
            let (value, interval) = (pauses.figures[index], pauses.intervals[index]);
            let number = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.0}"));
            csv += &csv_line(&[
                pauses.engine.clone(),
                pauses.setup.policy.clone(),
                pauses.workloads.to_string(),
                pauses.count.to_string(),
                what.to_string(),
                format!("{value:.0}"),
                number(interval.map(|i| i.low)),
                number(interval.map(|i| i.high)),
            ]);
            let between = interval.map_or("fewer than five blocks".into(), |i| {
                format!("{} to {}", units::time(i.low), units::time(i.high))
            });
            points.push(Point {
                value: value.max(100.0),
                reach: interval.map(|i| (i.low.max(100.0), i.high.max(100.0))),
                ink,
                mark,
                hollow: false,
                tip: format!("{name}\n{what}: {} [{between}]", units::time(value)),
            });
        }
        let ticks: Vec<f64> = data
            .cells_under(&pauses.setup)
            .filter(|c| c.pause_max_ns > 0.0)
            .map(|c| c.pause_max_ns.max(100.0))
            .collect();
        rows.push(Row {
            label: name,
            aside: format!("{} × · {}", units::count(pauses.count), units::time(pauses.longest.0)),
            points,
            ticks,
            workload: String::new(),
        });
    }
    let entry =
        |(label, ink, mark): (&str, Ink, Mark)| Entry { label: label.into(), ink, mark, hollow: false };
    let rows = Rows {
        rows,
        legend: kinds.map(entry).into(),
        kind: Kind::Decimal,
        label: time_label,
        reference: None,
    };
    Ok(Some(chart(
        "pauses".into(),
        "Pauses",
        "How long collections stop the script".into(),
        "Processor time of collections under the baseline allocator, a row per policy. Each workload counts once: a \
         point is the geometric mean of the workloads' own figures, with its interval; thin strokes are the longest \
         pause of each workload. At the end of a row: how many collections, and the longest of all."
            .into(),
        csv,
        |width| rows.draw(width),
    )?))
}
