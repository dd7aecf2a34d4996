//! Peak memory by workload and allocator, and the engines beside each other.

use super::rows::{Entry, Point, Row, Rows};
use super::scale::{Kind, bytes_label, ratio_label};
use super::{Chart, chart, csv_line, suffix};
use crate::data::{Cell, Data};
use crate::{stats, units};
use std::collections::BTreeMap;

/// A workload with its size, as rows call it when sizes differ.
fn row_name(data: &Data, cell: &Cell) -> String {
    let sizes = data.cells.keys().filter(|k| k.workload == cell.key.workload).map(|k| k.size);
    let first = sizes.clone().next();
    if sizes.into_iter().any(|s| Some(s) != first) {
        format!("{} {}", cell.key.workload, cell.key.size)
    } else {
        cell.key.workload.clone()
    }
}

/// Peak memory: a row per workload, a point per allocator, hollow where it stands behind no pool.
pub fn peak(data: &Data, engine: &str) -> Result<Option<Chart>, String> {
    let mut allocators: Vec<&str> = data.allocator_cells(engine).map(|c| c.key.allocator.as_str()).collect();
    allocators.sort_unstable();
    allocators.dedup();
    let mut rows: BTreeMap<String, Vec<&Cell>> = BTreeMap::new();
    for cell in data.allocator_cells(engine) {
        rows.entry(row_name(data, cell)).or_default().push(cell);
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let mut csv = csv_line(&[
        "engine",
        "workload",
        "size",
        "allocator",
        "front",
        "policy",
        "peak_charged_bytes",
        "peak_requested_bytes",
        "committed_bytes",
        "rss_bytes",
    ]);
    let known = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.0}"));
    for cell in rows.values().flatten() {
        let k = &cell.key;
        csv += &csv_line(&[
            &k.engine,
            &k.workload,
            &k.size.to_string(),
            &k.allocator,
            &k.front,
            &k.policy,
            &format!("{:.0}", cell.peak_bytes),
            &known(cell.requested_bytes),
            &known(cell.committed_bytes),
            &format!("{:.0}", cell.rss_bytes),
        ]);
    }
    // What the allocator holds from the system is what differs between allocators; where one of
    // them cannot tell, physical memory stands in for all.
    let all_know = rows.values().flatten().all(|c| c.committed_bytes.is_some());
    let figure = |cell: &Cell| {
        let value = if all_know { cell.committed_bytes.unwrap_or(cell.peak_bytes) } else { cell.rss_bytes };
        value.max(1024.0)
    };
    let series = |name: &str| allocators.iter().position(|a| *a == name).unwrap_or(0);
    let mut table: Vec<Row> = rows
        .iter()
        .map(|(name, cells)| {
            let least = cells.iter().map(|c| figure(c)).fold(f64::INFINITY, f64::min);
            Row {
                label: name.clone(),
                aside: units::bytes(least),
                points: cells
                    .iter()
                    .map(|c| Point {
                        value: figure(c),
                        series: series(&c.key.allocator),
                        hollow: c.key.front == "direct",
                    })
                    .collect(),
                ticks: Vec::new(),
            }
        })
        .collect();
    let top = |row: &Row| row.points.iter().map(|p| p.value).fold(0.0, f64::max);
    table.sort_by(|a, b| top(b).total_cmp(&top(a)).then_with(|| a.label.cmp(&b.label)));
    let mut legend: Vec<Entry> = allocators
        .iter()
        .enumerate()
        .map(|(index, name)| Entry { label: (*name).to_string(), series: index, hollow: false })
        .collect();
    if rows.values().flatten().any(|c| c.key.front == "direct") {
        legend.push(Entry { label: "hollow: direct, no pool in front".into(), series: 0, hollow: true });
    }
    let rows = Rows { rows: table, legend, kind: Kind::Binary, label: bytes_label, reference: None };
    let what = if all_know {
        "the most memory the allocator held from the operating system"
    } else {
        "the most physical memory the process had, above what it had before the engine started (not every \
         allocator of this run tells how much it holds)"
    };
    let policy = data.base_policy.get(engine).cloned().unwrap_or_default();
    Ok(Some(chart(
        format!("peak-memory{}", suffix(data, engine)),
        "Peak memory",
        format!("Peak memory by workload and allocator, {engine}"),
        format!(
            "Each point is {what}, median of the repeats, under the policy {policy}. Left is better; \
             equal distances are equal ratios. At the end of a row: its least."
        ),
        csv,
        |width| rows.draw(width),
    )?))
}

/// The engines beside each other: what ours needs of the other's time and memory.
pub fn engines(data: &Data) -> Result<Option<Chart>, String> {
    let [ours, other, ..] = data.engines.as_slice() else { return Ok(None) };
    let pairs = pairs(data, ours, other);
    if pairs.is_empty() {
        return Ok(None);
    }
    let mut csv = csv_line(&["workload", "size", "time_ratio", "peak_memory_ratio", "longest_pause_ratio"]);
    let mut rows = Vec::new();
    for pair in &pairs {
        csv += &csv_line(&[
            pair.workload.clone(),
            pair.size.to_string(),
            format!("{:.4}", pair.time),
            format!("{:.4}", pair.peak),
            pair.pause.map_or(String::new(), |p| format!("{p:.4}")),
        ]);
        rows.push(Row {
            label: pair.workload.clone(),
            aside: format!("{} time", units::ratio(pair.time)),
            points: vec![
                Point { value: pair.time, series: 0, hollow: false },
                Point { value: pair.peak, series: 1, hollow: false },
            ],
            ticks: Vec::new(),
        });
    }
    let legend = vec![
        Entry { label: "time".into(), series: 0, hollow: false },
        Entry { label: "peak memory".into(), series: 1, hollow: false },
    ];
    let rows = Rows { rows, legend, kind: Kind::Decimal, label: ratio_label, reference: Some(1.0) };
    Ok(Some(chart(
        "engines".into(),
        "Engines",
        format!("{ours} relative to {other}"),
        format!(
            "Time on a core and peak memory taken from the allocator, {ours} divided by {other}, each under its \
             baseline allocator and policy. Left of the line at 1× {ours} needs less."
        ),
        csv,
        |width| rows.draw(width),
    )?))
}

/// One workload on two engines, as ratios of the first to the second.
pub struct Pair {
    /// The workload.
    pub workload: String,
    /// Its size.
    pub size: u64,
    /// Time on a core.
    pub time: f64,
    /// Peak memory.
    pub peak: f64,
    /// Longest pause, where both had one.
    pub pause: Option<f64>,
}

/// The workloads that both engines ran, each under its baselines, by time.
pub fn pairs(data: &Data, ours: &str, other: &str) -> Vec<Pair> {
    let others: BTreeMap<(&str, u64), &Cell> =
        data.base_cells(other).map(|c| ((c.key.workload.as_str(), c.key.size), c)).collect();
    let mut pairs: Vec<Pair> = data
        .base_cells(ours)
        .filter_map(|cell| {
            let beside = others.get(&(cell.key.workload.as_str(), cell.key.size))?;
            let paused = cell.pause_max_ns > 0.0 && beside.pause_max_ns > 0.0;
            Some(Pair {
                workload: cell.key.workload.clone(),
                size: cell.key.size,
                time: cell.cpu_ns / beside.cpu_ns,
                peak: cell.peak_bytes / beside.peak_bytes,
                pause: paused.then(|| cell.pause_max_ns / beside.pause_max_ns),
            })
        })
        .filter(|p| stats::geomean(&[p.time, p.peak]).is_some())
        .collect();
    pairs.sort_by(|a, b| a.time.total_cmp(&b.time).then_with(|| a.workload.cmp(&b.workload)));
    pairs
}
