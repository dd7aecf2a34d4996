//! Peak memory by workload and allocator, and the engines beside each other.

use super::canvas::{Ink, Mark};
use super::rows::{Entry, Point, Row, Rows};
use super::scale::{Kind, bytes_label, ratio_label};
use super::{Chart, chart, csv_line, memory_name, suffix};
use crate::data::{Cell, Data, Setup};
use crate::figure::{Figure, LEAST_GROWTH};
use crate::findings;
use crate::stats::{Blocks, Interval, Judged, Pair, judge};
use crate::units;
use std::collections::BTreeMap;

/// A figure of a cell with its interval over blocks.
pub fn interval(cell: &Cell, figure: Figure) -> Option<Interval> {
    let mut blocks: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for run in &cell.runs {
        blocks.entry(run.block).or_default().extend(run.figure(figure));
    }
    // Relative to one: the figure itself.
    let pairs: Vec<Vec<Pair>> = blocks.into_values().map(|b| vec![Pair { a: vec![1.0], b }]).collect();
    Blocks::new(&pairs).interval(findings::RULE.confidence)
}

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
            &known(cell.growth.committed),
            &format!("{:.0}", cell.rss_bytes),
        ]);
    }
    let series = |name: &str| allocators.iter().position(|a| *a == name).unwrap_or(0);
    let mut table: Vec<Row> = rows
        .iter()
        .map(|(name, cells)| {
            let least = cells.iter().map(|c| c.rss_bytes).fold(f64::INFINITY, f64::min);
            let point = |c: &&Cell| {
                let found = interval(c, Figure::Physical);
                let value = c.rss_bytes.max(LEAST_GROWTH);
                let between = found.map_or("fewer than five blocks".into(), |i| {
                    format!("{} to {}", units::bytes(i.low), units::bytes(i.high))
                });
                Point {
                    value,
                    reach: found.map(|i| (i.low, i.high)),
                    ink: Ink::of_allocator(&c.key.allocator),
                    mark: Mark::of(series(&c.key.allocator)),
                    hollow: c.key.front == "direct",
                    tip: format!(
                        "{}\n{}\n{} [{between}]",
                        c.key.workload,
                        memory_name(&c.key.allocator, &c.key.front),
                        units::bytes(value)
                    ),
                }
            };
            Row {
                label: name.clone(),
                aside: units::bytes(least),
                points: cells.iter().map(point).collect(),
                ticks: Vec::new(),
                workload: cells[0].key.workload.clone(),
            }
        })
        .collect();
    let top = |row: &Row| row.points.iter().map(|p| p.value).fold(0.0, f64::max);
    table.sort_by(|a, b| top(b).total_cmp(&top(a)).then_with(|| a.label.cmp(&b.label)));
    let mut legend: Vec<Entry> = allocators
        .iter()
        .enumerate()
        .map(|(index, name)| Entry {
            label: (*name).to_string(),
            ink: Ink::of_allocator(name),
            mark: Mark::of(index),
            hollow: false,
        })
        .collect();
    if rows.values().flatten().any(|c| c.key.front == "direct") {
        let label = "hollow: direct, no pool in front".into();
        legend.push(Entry { label, ink: Ink::Text, mark: Mark::Circle, hollow: true });
    }
    let rows = Rows { rows: table, legend, kind: Kind::Binary, label: bytes_label, reference: None };
    let policy = data.base_policy.get(engine).cloned().unwrap_or_default();
    Ok(Some(chart(
        format!("peak-memory{}", suffix(data, engine)),
        "Peak memory",
        format!("Physical memory by workload and allocator, {engine}"),
        format!(
            "Each point is the growth of the process's anonymous memory up to its peak, median of the samples, \
             with its interval, under the policy {policy}. Left is better; equal distances are equal ratios. At \
             the end of a row: its least."
        ),
        csv,
        |width| rows.draw(width),
    )?))
}

/// The engines beside each other: what ours needs of another's time and memory.
pub fn engines(data: &Data, other: &str) -> Result<Option<Chart>, String> {
    let Some(ours) = data.engines.first() else { return Ok(None) };
    let pairs = pairs(data, ours, other);
    if pairs.is_empty() {
        return Ok(None);
    }
    let mut csv = csv_line(&["workload", "time_ratio", "peak_memory_ratio", "longest_pause_ratio"]);
    let mut rows = Vec::new();
    let figure = data.memory_figure([ours, other]);
    let marks = [("time", Ink::Series(0), Mark::Circle), (figure.name(), Ink::Series(1), Mark::Square)];
    for pair in &pairs {
        let of = |j: &Option<Judged>| j.and_then(|j| j.ratio);
        let number = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.4}"));
        csv += &csv_line(&[
            pair.workload.clone(),
            number(of(&pair.figures[0])),
            number(of(&pair.figures[1])),
            number(of(&pair.figures[2])),
        ]);
        let points = pair.figures.iter().zip(marks).filter_map(|(judged, (what, ink, mark))| {
            let judged = judged.as_ref()?;
            Some(Point {
                value: judged.ratio?,
                reach: judged.interval.map(|i| (i.low, i.high)),
                ink,
                mark,
                hollow: false,
                tip: format!("{}\n{what}: {}", pair.workload, findings::figures(judged)),
            })
        });
        rows.push(Row {
            label: pair.workload.clone(),
            aside: of(&pair.figures[0]).map_or(String::new(), |t| format!("{} time", units::ratio(t))),
            points: points.collect(),
            ticks: Vec::new(),
            workload: pair.workload.clone(),
        });
    }
    let entry =
        |(label, ink, mark): (&str, Ink, Mark)| Entry { label: label.into(), ink, mark, hollow: false };
    let legend = marks.map(entry).into();
    let rows = Rows { rows, legend, kind: Kind::Decimal, label: ratio_label, reference: Some(1.0) };
    let memory = match figure {
        Figure::Physical => "physical memory of the process",
        _ => "peak memory taken from the allocator",
    };
    let id = if data.engines.len() > 2 { format!("engines-{other}") } else { "engines".into() };
    Ok(Some(chart(
        id,
        "Engines",
        format!("{ours} relative to {other}"),
        format!(
            "Time on a core and {memory}, {ours} divided by {other}, each under its baseline allocator and policy, \
             with intervals. Left of the line at 1× {ours} needs less. Compared were {}.",
            [ours, other].map(|e| data.builds_of(e).join(" and ")).join(" and ")
        ),
        csv,
        |width| rows.draw(width),
    )?))
}

/// One workload on two engines: the first relative to the second.
pub struct Versus {
    /// The workload.
    pub workload: String,
    /// Time on a core, memory and longest pause, where both have them.
    pub figures: [Option<Judged>; 3],
}

/// The set-up of an engine under its baselines.
pub fn base_setup(data: &Data, engine: &str) -> Option<Setup> {
    Some(data.base_cells(engine).next()?.key.setup())
}

/// The workloads that both engines ran, each under its baselines, by time.
pub fn pairs(data: &Data, ours: &str, other: &str) -> Vec<Versus> {
    let (Some(ours), Some(other)) = (base_setup(data, ours), base_setup(data, other)) else {
        return Vec::new();
    };
    let memory = data.memory_figure([&ours.engine, &other.engine]);
    let figures = [Figure::Time, memory, Figure::Pause];
    let found = figures.map(|f| {
        data.blocks_by_workload(std::slice::from_ref(&other), std::slice::from_ref(&ours), &|r| r.figure(f))
    });
    let family: Vec<Blocks> = found.iter().flatten().map(|(_, b)| b.clone()).collect();
    let mut judged = judge(&family, findings::RULE).into_iter();
    let mut table: BTreeMap<String, [Option<Judged>; 3]> = BTreeMap::new();
    for (index, column) in found.iter().enumerate() {
        for ((name, _), judged) in column.iter().zip(judged.by_ref()) {
            table.entry(name.clone()).or_default()[index] = Some(judged).filter(|j| j.ratio.is_some());
        }
    }
    let mut pairs: Vec<Versus> =
        table.into_iter().map(|(workload, figures)| Versus { workload, figures }).collect();
    let time = |v: &Versus| v.figures[0].and_then(|j| j.ratio).unwrap_or(f64::INFINITY);
    pairs.sort_by(|a, b| time(a).total_cmp(&time(b)).then_with(|| a.workload.cmp(&b.workload)));
    pairs
}
