//! The heat map: every workload under every allocator, relative to one fixed set-up.

use super::canvas::{Anchor, Drawing, HEATS, Ink, draw, shortened, text_width};
use super::{Chart, chart, csv_line, memory_name, suffix};
use crate::data::{Data, Setup};
use crate::figure::Figure;
use crate::findings;
use crate::stats::{Judged, Verdict, judge};

/// The upper ends of the steps of the heat scale, as ratios to the fixed set-up.
const STEPS: [f64; HEATS - 1] = [1.02, 1.05, 1.10, 1.20, 1.50, 2.00];

/// Names of set-ups are cut to this when they read upwards.
const HEAD: f64 = 170.0;

struct Map {
    columns: Vec<(String, String)>,
    rows: Vec<(String, Vec<Option<Judged>>)>,
}

/// Time under each allocator.
pub fn time(data: &Data, engine: &str) -> Result<Option<Chart>, String> {
    build(data, engine, "time", "Time by workload and allocator", Figure::Time)
}

/// Physical memory under each allocator.
pub fn peak(data: &Data, engine: &str) -> Result<Option<Chart>, String> {
    build(data, engine, "memory", "Physical memory by workload and allocator", Figure::Physical)
}

fn build(data: &Data, engine: &str, id: &str, title: &str, figure: Figure) -> Result<Option<Chart>, String> {
    let setups = data.memory_setups(engine);
    let Some((base, others)) = setups.split_first().filter(|(_, others)| !others.is_empty()) else {
        return Ok(None);
    };
    let alone = |s: &Setup| vec![s.clone()];
    let of = |s: &Setup| data.blocks_by_workload(&alone(base), &alone(s), &|r| r.figure(figure));
    let columns: Vec<Vec<(String, _)>> = others.iter().map(of).collect();
    let family: Vec<_> = columns.iter().flatten().map(|(_, blocks)| blocks.clone()).collect();
    let mut judged = judge(&family, findings::RULE).into_iter();
    let columns: Vec<Vec<(String, Judged)>> = columns
        .into_iter()
        .map(|column| column.into_iter().zip(judged.by_ref()).map(|((name, _), j)| (name, j)).collect())
        .collect();
    let names = |s: &Setup| (s.allocator.clone(), s.front.clone());
    let mut map = Map { columns: others.iter().map(names).collect(), rows: Vec::new() };
    let mut csv = csv_line(&[
        "engine",
        "workload",
        "allocator",
        "front",
        "relative_to",
        "ratio",
        "low",
        "high",
        "level",
        "blocks",
        "verdict",
    ]);
    for workload in &data.workloads {
        let find = |column: &Vec<(String, Judged)>| column.iter().find(|c| &c.0 == workload).map(|c| c.1);
        let row: Vec<Option<Judged>> = columns.iter().map(find).collect();
        for (judged, (allocator, front)) in row.iter().zip(&map.columns) {
            let Some(j) = judged else { continue };
            let number = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.4}"));
            csv += &csv_line(&[
                engine.to_string(),
                workload.clone(),
                allocator.clone(),
                front.clone(),
                memory_name(&base.allocator, &base.front),
                number(j.ratio),
                number(j.interval.map(|i| i.low)),
                number(j.interval.map(|i| i.high)),
                format!("{:.5}", j.level),
                j.blocks.to_string(),
                format!("{:?}", j.verdict),
            ]);
        }
        if row.iter().any(Option::is_some) {
            map.rows.push((workload.clone(), row));
        }
    }
    if map.rows.is_empty() {
        return Ok(None);
    }
    Ok(Some(chart(
        format!("heat-{id}{}", suffix(data, engine)),
        if id == "time" { "Heat map of time" } else { "Heat map of memory" },
        format!("{title}, {engine}"),
        format!(
            "Each cell is {} divided by that under {}, with half the width of its interval (all cells together \
             {}); paler is better. Figures in brackets cannot be told apart from 1, and have no colour.",
            figure.name(),
            memory_name(&base.allocator, &base.front),
            findings::share_words(findings::RULE.confidence)
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
    let cell = ((w - left - 2.0) / map.columns.len() as f64).min(150.0);
    // Names that are wider than their column read upwards.
    let widest =
        map.columns.iter().flat_map(|c| [text_width(&c.0, 13), text_width(&c.1, 12)]).fold(0.0, f64::max);
    let upwards = narrow || widest > cell - 6.0;
    let head = if upwards { upright.min(HEAD) + 12.0 } else { 42.0 };
    let pitch = if narrow { 42.0 } else { 26.0 };
    let height = head + pitch * map.rows.len() as f64 + 4.0;
    draw(width, height as u32, |canvas| {
        for (index, (allocator, front)) in map.columns.iter().enumerate() {
            let x = left + cell * (index as f64 + 0.5);
            if upwards {
                canvas.text_up(
                    &shortened(&memory_name(allocator, front), 12, HEAD),
                    x,
                    head - 6.0,
                    12,
                    Ink::Text,
                );
                canvas.spot(x - cell / 2.0, 0.0, cell, head, memory_name(allocator, front), "");
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
            canvas.veil(0.0, top, w, pitch, name);
            canvas.spot(
                0.0,
                top,
                if narrow { w } else { left },
                if narrow { 18.0 } else { pitch },
                name.clone(),
                name,
            );
            for (index, judged) in row.iter().enumerate() {
                let x = left + cell * index as f64;
                let middle = (x + cell / 2.0, box_top + box_height / 2.0);
                let Some((judged, ratio)) = judged.as_ref().and_then(|j| Some((j, j.ratio?))) else {
                    canvas.text("–", middle.0, middle.1, 12, Ink::Soft, Anchor::Middle);
                    continue;
                };
                let (allocator, front) = &map.columns[index];
                let tip = format!("{name}\n{}\n{}", memory_name(allocator, front), findings::figures(judged));
                canvas.spot(x, box_top, cell - 2.0, box_height, tip, name);
                let text = if ratio >= 99.5 { format!("{ratio:.0}") } else { format!("{ratio:.2}") };
                if judged.verdict == Verdict::CannotTell {
                    canvas.text(
                        &format!("({text})"),
                        middle.0 - 1.0,
                        middle.1,
                        12,
                        Ink::Soft,
                        Anchor::Middle,
                    );
                    continue;
                }
                let heat = STEPS.iter().filter(|s| ratio > **s).count();
                canvas.rect(x, box_top, cell - 2.0, box_height, Ink::Heat(heat));
                let half = judged.interval.map_or(0.0, |i| (i.high - i.low) / 2.0);
                let text = if cell > 84.0 { format!("{text} ± {half:.2}") } else { text };
                canvas.text(&text, middle.0 - 1.0, middle.1, 12, Ink::OnHeat(heat), Anchor::Middle);
            }
        }
    })
}
