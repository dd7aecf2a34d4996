//! The heat map: every workload under every allocator, relative to the best of its row.

use super::canvas::{Anchor, Drawing, HEATS, Ink, draw, text_width};
use super::{Chart, chart, csv_line, memory_name, suffix};
use crate::data::{Cell, Data};
use std::collections::BTreeMap;

/// The upper ends of the steps of the heat scale, as ratios to the best.
const STEPS: [f64; HEATS - 1] = [1.02, 1.05, 1.10, 1.20, 1.50, 2.00];

/// The figures of one workload, by allocator and front.
type Figures<'a> = BTreeMap<(&'a str, &'a str), f64>;

struct Map {
    columns: Vec<(String, String)>,
    rows: Vec<(String, Vec<Option<f64>>)>,
}

/// Time under each allocator.
pub fn time(data: &Data, engine: &str) -> Result<Option<Chart>, String> {
    build(data, engine, "time", "Time by workload and allocator", "time on a core", |c| c.cpu_ns)
}

/// Physical memory under each allocator.
pub fn peak(data: &Data, engine: &str) -> Result<Option<Chart>, String> {
    build(data, engine, "memory", "Physical memory by workload and allocator", "peak physical memory", |c| {
        c.rss_bytes.max(65536.0)
    })
}

fn build(
    data: &Data,
    engine: &str,
    id: &str,
    title: &str,
    what: &str,
    figure: fn(&Cell) -> f64,
) -> Result<Option<Chart>, String> {
    let mut columns: Vec<(String, String)> =
        data.allocator_cells(engine).map(|c| (c.key.allocator.clone(), c.key.front.clone())).collect();
    columns.sort();
    columns.dedup();
    let mut table: BTreeMap<(&str, u64), Figures<'_>> = BTreeMap::new();
    for cell in data.allocator_cells(engine) {
        let row = table.entry((&cell.key.workload, cell.key.size)).or_default();
        row.insert((&cell.key.allocator, &cell.key.front), figure(cell));
    }
    if columns.len() < 2 || table.is_empty() {
        return Ok(None);
    }
    let mut csv =
        csv_line(&["engine", "workload", "size", "allocator", "front", "figure", "relative_to_best"]);
    let mut map = Map { columns, rows: Vec::new() };
    for ((workload, size), figures) in &table {
        let best = figures.values().copied().fold(f64::INFINITY, f64::min).max(1.0);
        let row = map.columns.iter().map(|c| figures.get(&(c.0.as_str(), c.1.as_str())).map(|f| f / best));
        map.rows.push(((*workload).to_string(), row.collect()));
        for ((allocator, front), value) in figures {
            csv += &csv_line(&[
                engine,
                workload,
                &size.to_string(),
                allocator,
                front,
                &format!("{value:.0}"),
                &format!("{:.4}", value / best),
            ]);
        }
    }
    Ok(Some(chart(
        format!("heat-{id}{}", suffix(data, engine)),
        if id == "time" { "Heat map of time" } else { "Heat map of memory" },
        format!("{title}, {engine}"),
        format!(
            "Median {what} relative to the best of the row, which is 1.00. Paler is better; steps at 2, 5, 10, \
             20, 50 and 100 % above the best."
        ),
        csv,
        |width| draw_map(&map, width),
    )?))
}

fn draw_map(map: &Map, width: u32) -> Result<Drawing, String> {
    let narrow = width < 600;
    let w = f64::from(width);
    let longest = map.rows.iter().map(|r| text_width(&r.0, 13)).fold(0.0, f64::max);
    let left = if narrow { 2.0 } else { longest + 14.0 };
    let upright = map.columns.iter().map(|c| text_width(&memory_name(&c.0, &c.1), 12)).fold(0.0, f64::max);
    let (head, pitch) = if narrow { (upright + 12.0, 42.0) } else { (42.0, 26.0) };
    let cell = ((w - left - 2.0) / map.columns.len() as f64).min(150.0);
    let height = head + pitch * map.rows.len() as f64 + 4.0;
    draw(width, height as u32, |canvas| {
        for (index, (allocator, front)) in map.columns.iter().enumerate() {
            let x = left + cell * (index as f64 + 0.5);
            if narrow {
                canvas.text_up(&memory_name(allocator, front), x, head - 6.0, 12, Ink::Text);
            } else {
                canvas.text(allocator, x, 12.0, 13, Ink::Text, Anchor::Middle);
                canvas.text(front, x, 29.0, 12, Ink::Soft, Anchor::Middle);
            }
        }
        for (number, (name, row)) in map.rows.iter().enumerate() {
            let top = head + pitch * number as f64;
            let (box_top, box_height) = if narrow { (top + 18.0, pitch - 20.0) } else { (top, pitch - 2.0) };
            if narrow {
                canvas.text(name, left, top + 9.0, 13, Ink::Text, Anchor::Left);
            } else {
                canvas.text(name, left - 10.0, top + box_height / 2.0, 13, Ink::Text, Anchor::Right);
            }
            for (index, figure) in row.iter().enumerate() {
                let x = left + cell * index as f64;
                let middle = (x + cell / 2.0, box_top + box_height / 2.0);
                let Some(figure) = figure else {
                    canvas.text("–", middle.0, middle.1, 12, Ink::Soft, Anchor::Middle);
                    continue;
                };
                let heat = STEPS.iter().filter(|s| *figure > **s).count();
                canvas.rect(x, box_top, cell - 2.0, box_height, Ink::Heat(heat));
                let text = if *figure >= 99.5 { format!("{figure:.0}") } else { format!("{figure:.2}") };
                canvas.text(&text, middle.0 - 1.0, middle.1, 12, Ink::OnHeat(heat), Anchor::Middle);
            }
        }
    })
}
