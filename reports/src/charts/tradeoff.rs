//! Time against peak memory over the thresholds: what a policy buys and what it costs.

use super::canvas::{Anchor, Canvas, Drawing, Ink, Mark, draw, text_width};
use super::scale::{Kind, Scale, ratio_label, span};
use super::{Chart, chart, csv_line, suffix};
use crate::data::Data;
use crate::stats;

/// A policy in the plane of memory and time, relative to the baseline policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The policy.
    pub policy: String,
    /// Peak memory relative to the baseline, geometric mean over workloads.
    pub memory: f64,
    /// Time relative to the baseline, geometric mean over workloads.
    pub time: f64,
    /// Whether no other policy is better in both.
    pub best: bool,
}

/// All policies of an engine that ran the same workloads as the baseline did.
pub fn choices(data: &Data, engine: &str) -> Vec<Choice> {
    let whole = data.base_cells(engine).count();
    let mut choices: Vec<Choice> = data
        .policies
        .iter()
        .filter_map(|policy| {
            let (memory, time, workloads) = data.against_baseline(engine, policy)?;
            (workloads == whole).then(|| Choice { policy: policy.clone(), memory, time, best: false })
        })
        .collect();
    let points: Vec<(f64, f64)> = choices.iter().map(|c| (c.memory, c.time)).collect();
    for index in stats::pareto(&points) {
        choices[index].best = true;
    }
    choices
}

/// The trade-off curve of an engine.
pub fn curve(data: &Data, engine: &str) -> Result<Option<Chart>, String> {
    let choices = choices(data, engine);
    if choices.len() < 2 {
        return Ok(None);
    }
    let mut csv =
        csv_line(&["engine", "policy", "workload", "size", "peak_bytes", "cpu_ns", "collections", "best"]);
    for cell in data.policy_cells(engine) {
        let best = choices.iter().any(|c| c.best && c.policy == cell.key.policy);
        csv += &csv_line(&[
            engine,
            &cell.key.policy,
            &cell.key.workload,
            &cell.key.size.to_string(),
            &format!("{:.0}", cell.peak_bytes),
            &format!("{:.0}", cell.cpu_ns),
            &format!("{:.0}", cell.collections),
            if best { "yes" } else { "no" },
        ]);
    }
    let base = data.base_policy.get(engine).cloned().unwrap_or_default();
    Ok(Some(chart(
        format!("trade-off{}", suffix(data, engine)),
        "Trade-off",
        format!("Time against memory over policies and thresholds, {engine}"),
        format!(
            "Geometric means over the workloads, relative to {base}. Further left needs less memory, further \
             down less time. The line joins the policies that no other beats in both; hollow points are beaten."
        ),
        csv,
        |width| draw_curve(&choices, width),
    )?))
}

fn draw_curve(choices: &[Choice], width: u32) -> Result<Drawing, String> {
    let narrow = width < 600;
    let (w, h) = (f64::from(width), if narrow { 340.0 } else { 440.0 });
    let (left, right, top, bottom) = (if narrow { 50.0 } else { 64.0 }, w - 18.0, 30.0, h - 48.0);
    let (x0, x1) = span(choices.iter().map(|c| c.memory)).unwrap_or((1.0, 1.0));
    let (y0, y1) = span(choices.iter().map(|c| c.time)).unwrap_or((1.0, 1.0));
    let x = Scale::new(Kind::Decimal, x0, x1, left + 10.0, right - 10.0);
    let y = Scale::new(Kind::Decimal, y0 / 1.02, y1 * 1.02, bottom - 10.0, top + 10.0);
    draw(width, h as u32, |canvas| {
        x.draw_x(canvas, top, bottom, if narrow { 4 } else { 8 }, ratio_label);
        y.draw_y(canvas, left, right, 6, ratio_label);
        canvas.text("time", 4.0, 12.0, 12, Ink::Soft, Anchor::Left);
        canvas.text("peak memory", right, h - 12.0, 12, Ink::Soft, Anchor::Right);
        let mut line: Vec<(f64, f64)> =
            choices.iter().filter(|c| c.best).map(|c| (x.at(c.memory), y.at(c.time))).collect();
        line.sort_by(|a, b| a.0.total_cmp(&b.0));
        canvas.line(&line, Ink::Series(0), 2);
        for choice in choices {
            let ink = if choice.best { Ink::Series(0) } else { Ink::Soft };
            canvas.mark(Mark::Circle, x.at(choice.memory), y.at(choice.time), 11.0, ink, !choice.best);
        }
        label_points(canvas, choices, &x, &y, [left, top, right, bottom]);
    })
}

/// Writes each policy's name beside its point, where it meets no other name or point; the best
/// choose their places first, and a beaten policy that finds no free place stays without a name.
fn label_points(canvas: &mut Canvas<'_>, choices: &[Choice], x: &Scale, y: &Scale, frame: [f64; 4]) {
    let mut taken: Vec<[f64; 4]> = choices
        .iter()
        .map(|c| (x.at(c.memory), y.at(c.time)))
        .map(|(px, py)| [px - 6.0, py - 6.0, px + 6.0, py + 6.0])
        .collect();
    let mut order: Vec<&Choice> = choices.iter().collect();
    order.sort_by_key(|c| (!c.best, c.policy.clone()));
    for choice in order {
        let (px, py) = (x.at(choice.memory), y.at(choice.time));
        let wide = text_width(&choice.policy, 12);
        let places = [
            (px, py - 15.0, Anchor::Middle),
            (px, py + 16.0, Anchor::Middle),
            (px + 10.0, py, Anchor::Left),
            (px - 10.0, py, Anchor::Right),
            (px + 8.0, py - 13.0, Anchor::Left),
            (px + 8.0, py + 13.0, Anchor::Left),
            (px - 8.0, py - 13.0, Anchor::Right),
            (px - 8.0, py + 13.0, Anchor::Right),
        ];
        let ink = if choice.best { Ink::Text } else { Ink::Soft };
        for (lx, ly, anchor) in places {
            let from = match anchor {
                Anchor::Left => lx,
                Anchor::Middle => lx - wide / 2.0,
                Anchor::Right => lx - wide,
            };
            let place = [from, ly - 7.0, from + wide, ly + 7.0];
            let inside =
                place[0] >= frame[0] && place[1] >= frame[1] && place[2] <= frame[2] && place[3] <= frame[3];
            let free = taken
                .iter()
                .all(|t| place[2] <= t[0] || place[0] >= t[2] || place[3] <= t[1] || place[1] >= t[3]);
            if inside && free {
                canvas.text(&choice.policy, lx, ly, 12, ink, anchor);
                taken.push(place);
                break;
            }
        }
    }
}
