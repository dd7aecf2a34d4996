//! Memory over time, a panel per workload, and the minimum mutator utilisation.

use super::canvas::{Anchor, Canvas, Drawing, Ink, Mark, draw};
use super::rows::{Entry, draw_legend, legend_lines};
use super::scale::{Kind, Scale, bytes_label, percent_label, span, time_label};
use super::{Chart, chart, csv_line};
use crate::data::{Cell, Data};
use crate::figure::Figure;
use crate::{stats, units};
use std::collections::BTreeMap;

/// Panels of one drawing show at most this many marks of collections; the CSV has all.
const MARKS: usize = 60;

struct Panel<'a> {
    workload: &'a str,
    runs: Vec<(usize, &'a Cell)>,
}

/// Memory over time for every workload, one run per engine, with its collections marked.
pub fn over_time(data: &Data) -> Result<Option<Chart>, String> {
    let mut csv = csv_line(&["engine", "workload", "size", "what", "at_ns", "bytes", "pause_ns"]);
    let mut panels: Vec<Panel<'_>> = Vec::new();
    for workload in &data.workloads {
        let mut runs: Vec<(usize, &Cell)> = Vec::new();
        for (series, engine) in data.engines.iter().enumerate() {
            // Of several sizes the largest shows most.
            let cell =
                data.base_cells(engine).filter(|c| &c.key.workload == workload).max_by_key(|c| c.key.size);
            runs.extend(cell.filter(|c| !c.typical.series.is_empty()).map(|c| (series, c)));
        }
        for (_, cell) in &runs {
            let start =
                [&cell.key.engine, &cell.key.workload, &cell.key.size.to_string()].map(|s| s.to_string());
            let mut add = |what: &str, at: u64, bytes: String, pause: String| {
                let [engine, workload, size] = start.clone();
                csv += &csv_line(&[engine, workload, size, what.into(), at.to_string(), bytes, pause]);
            };
            for point in &cell.typical.series {
                add("memory", point.0, point.1.to_string(), String::new());
            }
            for c in &cell.typical.collections {
                let bytes = c.bytes_after.map_or(String::new(), |b| b.to_string());
                add("collection", c.at_ns, bytes, c.pause_ns.to_string());
            }
        }
        if !runs.is_empty() {
            panels.push(Panel { workload, runs });
        }
    }
    if panels.is_empty() {
        return Ok(None);
    }
    // An engine that tells nothing of its memory has no line.
    let drawn = |(series, _): &(usize, &String)| panels.iter().any(|p| p.runs.iter().any(|r| r.0 == *series));
    let engines: Vec<(usize, &String)> = data.engines.iter().enumerate().filter(drawn).collect();
    let legend: Vec<Entry> = if engines.len() > 1 {
        let entry = |&(series, name): &(usize, &String)| Entry {
            label: name.clone(),
            ink: Ink::Series(series),
            mark: Mark::of(series),
            hollow: false,
        };
        engines.iter().map(entry).collect()
    } else {
        Vec::new()
    };
    let mut policies: Vec<String> =
        engines.iter().map(|(_, e)| data.base_policy.get(*e).cloned().unwrap_or_default()).collect();
    policies.dedup();
    Ok(Some(chart(
        "memory-over-time".into(),
        "Memory over time",
        "Memory over time, collections marked".into(),
        format!(
            "Bytes taken from the allocator during one run of each workload (the one nearest the median), under \
             {}; the pale band holds all samples at the same share of their time. A mark under the curve is a collection; where there were more than {MARKS}, every so many are \
             marked. Each panel has its own axes.",
            policies.join(" and ")
        ),
        csv,
        |width| draw_panels(&panels, &legend, width),
    )?))
}

fn draw_panels(panels: &[Panel<'_>], legend: &[Entry], width: u32) -> Result<Drawing, String> {
    let columns = if width < 600 { 1 } else { 3 };
    let w = f64::from(width) / f64::from(columns);
    let pitch = 184.0;
    let lines = legend_lines(legend, f64::from(width));
    let head = if lines.is_empty() { 4.0 } else { 8.0 + 22.0 * lines.len() as f64 };
    let rows = panels.len().div_ceil(columns as usize);
    draw(width, (head + pitch * rows as f64) as u32, |canvas| {
        draw_legend(canvas, &lines);
        for (index, panel) in panels.iter().enumerate() {
            let column = index % columns as usize;
            let row = index / columns as usize;
            draw_panel(canvas, panel, w * column as f64, head + pitch * row as f64, w);
        }
    })
}

fn draw_panel(canvas: &mut Canvas<'_>, panel: &Panel<'_>, x0: f64, y0: f64, width: f64) {
    let (left, right) = (x0 + 62.0, x0 + width - 18.0);
    let (top, bottom) = (y0 + 26.0, y0 + 148.0);
    let run = |cell: &Cell| cell.typical.wall_ns as f64;
    let longest = panel.runs.iter().map(|(_, c)| run(c)).fold(1.0, f64::max);
    let bands: Vec<Vec<(f64, f64, f64)>> = panel.runs.iter().map(|(_, c)| band(c)).collect();
    let most = panel
        .runs
        .iter()
        .flat_map(|(_, c)| c.typical.series.iter().map(|p| p.1 as f64))
        .chain(bands.iter().flatten().map(|b| b.2))
        .fold(4096.0, f64::max);
    let x = Scale::new(Kind::Linear, 0.0, longest, left, right);
    let y = Scale::new(Kind::LinearBytes, 0.0, most, bottom, top);
    canvas.text(panel.workload, left, y0 + 12.0, 13, Ink::Text, Anchor::Left);
    canvas.veil(x0, y0, width, 184.0, panel.workload);
    let tip = |(_, c): &(usize, &Cell)| {
        let (low, high) = c
            .runs
            .iter()
            .filter_map(|r| r.figure(Figure::Peak))
            .fold((f64::INFINITY, 0.0), |s, v| (v.min(s.0), v.max(s.1)));
        format!(
            "{}: peaks of {} samples from {} to {}",
            c.key.engine,
            c.samples,
            units::bytes(low),
            units::bytes(high)
        )
    };
    let tips: Vec<String> = panel.runs.iter().map(tip).collect();
    canvas.spot(
        x0,
        y0,
        width - 8.0,
        166.0,
        format!("{}\n{}", panel.workload, tips.join("\n")),
        panel.workload,
    );
    let collected: f64 = panel.runs.iter().map(|(_, c)| c.typical.collection_count as f64).sum();
    let note = match collected as u64 {
        0 => "no collection".to_string(),
        1 => "1 collection".to_string(),
        n => format!("{} collections", units::count(n)),
    };
    canvas.text(&note, right, y0 + 12.0, 12, Ink::Soft, Anchor::Right);
    y.draw_y(canvas, left, right, 3, bytes_label);
    x.draw_x(canvas, bottom, bottom, 3, time_label);
    for ((series, cell), band) in panel.runs.iter().zip(&bands) {
        let edges: Vec<(f64, f64, f64)> =
            band.iter().map(|b| (x.at(b.0 * run(cell)), y.at(b.1), y.at(b.2))).collect();
        canvas.band(&edges, Ink::Series(*series));
    }
    for (lane, (series, cell)) in panel.runs.iter().enumerate() {
        let mut line: Vec<(f64, f64)> = Vec::new();
        for point in &cell.typical.series {
            let (px, py) = (x.at(point.0 as f64), y.at(point.1 as f64));
            // Nothing is known between two points: the line holds its height until the next.
            if let Some(&(_, held)) = line.last().filter(|(from, _)| px - from > 1.0) {
                line.push((px, held));
            }
            line.push((px, py));
        }
        canvas.line(&line, Ink::Series(*series), 2);
        let step = cell.typical.collections.len().div_ceil(MARKS).max(1);
        for c in cell.typical.collections.iter().step_by(step) {
            let lane = bottom - 5.0 - 9.0 * lane as f64;
            canvas.mark(Mark::Triangle, x.at(c.at_ns as f64), lane, 7.0, Ink::Series(*series), false);
        }
    }
}

/// Least and most bytes of a cell's samples at even shares of their time; nothing for a single sample.
fn band(cell: &Cell) -> Vec<(f64, f64, f64)> {
    const STEPS: u32 = 100;
    if cell.runs.len() < 2 {
        return Vec::new();
    }
    let at = |step: u32| {
        let share = f64::from(step) / f64::from(STEPS);
        let bytes = cell.runs.iter().filter_map(|r| r.bytes_at(share));
        let (low, high) = bytes.fold((f64::INFINITY, 0.0f64), |s, v| (s.0.min(v), s.1.max(v)));
        (share, low.min(high), high)
    };
    (0..=STEPS).map(at).collect()
}

/// Minimum mutator utilisation: of any stretch of time of a given length, how much at least was
/// left to the script. The worst workload counts.
pub fn utilisation(data: &Data) -> Result<Option<Chart>, String> {
    let Some(engine) = data.engines.first() else { return Ok(None) };
    let mut csv = csv_line(&["engine", "policy", "window_ns", "mmu", "low", "high"]);
    let windows: Vec<f64> = (0..=50).map(|n| 1e4 * 10f64.powf(f64::from(n) / 10.0)).collect();
    let mut curves: Vec<Curve> = Vec::new();
    for policy in &data.policies {
        let cells: Vec<&Cell> = data
            .policy_cells(engine)
            .filter(|c| &c.key.policy == policy && !c.typical.collections.is_empty())
            .collect();
        if cells.is_empty() {
            continue;
        }
        let curve: Vec<(f64, [f64; 3])> = windows.iter().map(|w| (*w, worst(&cells, *w))).collect();
        for (window, mmu) in &curve {
            let [low, middle, high] = mmu.map(|m| format!("{m:.4}"));
            csv += &csv_line(&[engine.clone(), policy.clone(), format!("{window:.0}"), middle, low, high]);
        }
        curves.push((policy.clone(), curve));
    }
    if curves.is_empty() {
        return Ok(None);
    }
    // A colour per curve, no colour twice: of many policies the ends and the middle are drawn.
    let kept = 6.min(curves.len());
    let drawn: Vec<&Curve> =
        (0..kept).map(|n| &curves[if kept == 1 { 0 } else { n * (curves.len() - 1) / (kept - 1) }]).collect();
    let legend: Vec<Entry> = drawn
        .iter()
        .enumerate()
        .map(|(series, (name, _))| Entry {
            label: name.clone(),
            ink: Ink::Series(series),
            mark: Mark::of(series),
            hollow: false,
        })
        .collect();
    Ok(Some(chart(
        "mmu".into(),
        "Utilisation",
        format!("Minimum mutator utilisation, {engine}"),
        "Of any stretch of time as long as the horizontal axis says, the share that was left to the script at \
         the worst moment of the worst workload: the median over blocks, and a band from the least to the most. \
         Higher is better; where a curve leaves zero is the longest standstill."
            .into(),
        csv,
        |width| draw_utilisation(&drawn, &legend, width),
    )?))
}

/// A policy with its curve: a window, and the least, the median and the most over blocks.
type Curve = (String, Vec<(f64, [f64; 3])>);

/// The utilisation of the worst of the cells in a window, in each block: the least, the median and the most of them.
fn worst(cells: &[&Cell], window: f64) -> [f64; 3] {
    let mut blocks: BTreeMap<u32, f64> = BTreeMap::new();
    for run in cells.iter().flat_map(|c| &c.runs) {
        let here = stats::mmu(&run.stops, run.wall_ns, window);
        blocks.entry(run.block).and_modify(|least| *least = least.min(here)).or_insert(here);
    }
    let all: Vec<f64> = blocks.into_values().collect();
    let of = |f: fn(f64, f64) -> f64| all.iter().copied().reduce(f).unwrap_or(1.0);
    [of(f64::min), stats::median(&all).unwrap_or(1.0), of(f64::max)]
}

fn draw_utilisation(curves: &[&Curve], legend: &[Entry], width: u32) -> Result<Drawing, String> {
    let narrow = width < 600;
    let w = f64::from(width);
    let lines = legend_lines(legend, w);
    let top = 12.0 + 22.0 * lines.len() as f64;
    let (left, right, bottom) = (58.0, w - 18.0, top + if narrow { 220.0 } else { 300.0 });
    let (low, high) = span(curves.iter().flat_map(|c| c.1.iter().map(|p| p.0))).unwrap_or((1e4, 1e9));
    let x = Scale::new(Kind::Decimal, low, high, left, right);
    let y = Scale::new(Kind::Linear, 0.0, 1.0, bottom, top);
    draw(width, (bottom + 26.0) as u32, |canvas| {
        draw_legend(canvas, &lines);
        x.draw_x(canvas, top, bottom, if narrow { 4 } else { 8 }, time_label);
        y.draw_y(canvas, left, right, 4, percent_label);
        for (series, (_, curve)) in curves.iter().enumerate() {
            let edge = |p: &(f64, [f64; 3])| (x.at(p.0), y.at(p.1[0]), y.at(p.1[2]));
            canvas.band(&curve.iter().map(edge).collect::<Vec<_>>(), Ink::Series(series));
        }
        for (series, (_, curve)) in curves.iter().enumerate() {
            let points: Vec<(f64, f64)> = curve.iter().map(|p| (x.at(p.0), y.at(p.1[1]))).collect();
            canvas.line(&points, Ink::Series(series), 2);
            for point in points.iter().step_by(10) {
                canvas.mark(Mark::of(series), point.0, point.1, 9.0, Ink::Series(series), false);
            }
        }
    })
}
