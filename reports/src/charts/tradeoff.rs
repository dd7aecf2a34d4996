//! Time against peak memory over the policies: what a policy buys and what it costs.

use super::canvas::{Anchor, Canvas, Drawing, Ink, Mark, draw, shortened, text_width};
use super::scale::{Kind, Scale, ratio_label, span};
use super::{Chart, chart, csv_line, suffix};
use crate::data::{Data, Setup};
use crate::figure::Figure;
use crate::findings;
use crate::stats::{self, Judged, judge};
use std::fmt::Write;

/// A policy in the plane of memory and time, relative to the baseline policy. Policies that made
/// no collection anywhere are one point.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The policies.
    pub policies: Vec<String>,
    /// Peak memory relative to the baseline.
    pub memory: Judged,
    /// Time relative to the baseline.
    pub time: Judged,
    /// Whether it is the baseline itself.
    pub base: bool,
    /// Whether no other policy needs less of one and no more of the other, both for certain.
    pub best: bool,
}

impl Choice {
    /// What the point is called.
    pub fn name(&self) -> String {
        self.policies.join(" = ")
    }

    fn at(&self) -> (f64, f64) {
        (self.memory.ratio.unwrap_or(1.0), self.time.ratio.unwrap_or(1.0))
    }
}

/// All policies of an engine, and how they compare with the baseline.
pub fn choices(data: &Data, engine: &str) -> Vec<Choice> {
    let groups = data.policy_groups(engine);
    let Some(base_policy) = data.base_policy.get(engine) else { return Vec::new() };
    let holds_base = |g: &[Setup]| g.iter().any(|s| &s.policy == base_policy);
    let Some(base) = groups.iter().find(|g| holds_base(g)) else { return Vec::new() };
    let of = |figure: Figure| {
        let of_group = |g: &Vec<Setup>| data.blocks(&[(base, g)], &|r| r.figure(figure));
        groups.iter().map(of_group).collect::<Vec<_>>()
    };
    // The baseline against itself says nothing and is no part of the family.
    let family: Vec<stats::Blocks> = of(Figure::Peak).into_iter().chain(of(Figure::Time)).collect();
    let counted: Vec<usize> = (0..family.len()).filter(|i| !holds_base(&groups[i % groups.len()])).collect();
    let judged = judge(&counted.iter().map(|i| family[*i].clone()).collect::<Vec<_>>(), findings::RULE);
    let own = judge(&[family[0].clone()], findings::RULE)[0];
    let at = |index: usize| {
        let found = counted.iter().position(|i| *i == index).map(|i| judged[i]);
        found.unwrap_or(Judged { ratio: Some(1.0), interval: None, verdict: stats::Verdict::Alike, ..own })
    };
    let mut choices: Vec<Choice> = groups
        .iter()
        .enumerate()
        .map(|(index, group)| Choice {
            policies: group.iter().map(|s| s.policy.clone()).collect(),
            memory: at(index),
            time: at(groups.len() + index),
            base: holds_base(group),
            best: true,
        })
        .filter(|c| c.base || (c.memory.ratio.is_some() && c.time.ratio.is_some()))
        .collect();
    let beaten = |c: &Choice| choices.iter().any(|other| other != c && beats(other, c));
    let best: Vec<bool> = choices.iter().map(|c| !beaten(c)).collect();
    choices.iter_mut().zip(best).for_each(|(c, best)| c.best = best);
    choices
}

/// Whether `a` needs less of one, by more than is of no consequence, and no more of the other; both for certain.
fn beats(a: &Choice, b: &Choice) -> bool {
    let ends = |j: &Judged| j.interval.map_or(j.ratio.map(|r| (r, r)), |i| Some((i.low, i.high)));
    // Only the baseline is known without an interval: it is one.
    let known = |choice: &Choice, j: &Judged| j.interval.is_some() || choice.base;
    let below = |one: &Judged, other: &Judged, factor: f64| {
        let ends = ends(one).zip(ends(other));
        known(a, one) && known(b, other) && ends.is_some_and(|(a, b)| a.1 < b.0 * factor)
    };
    let margin = 1.0 + findings::RULE.margin;
    let less = |a: &Judged, b: &Judged| below(a, b, 1.0 / margin);
    let no_more = |a: &Judged, b: &Judged| below(a, b, margin);
    (less(&a.time, &b.time) && no_more(&a.memory, &b.memory))
        || (less(&a.memory, &b.memory) && no_more(&a.time, &b.time))
}

/// The trade-off curve of an engine.
pub fn curve(data: &Data, engine: &str) -> Result<Option<Chart>, String> {
    let choices = choices(data, engine);
    if choices.len() < 2 {
        return Ok(None);
    }
    let mut csv = csv_line(&[
        "engine",
        "policy",
        "peak_ratio",
        "peak_low",
        "peak_high",
        "time_ratio",
        "time_low",
        "time_high",
        "level",
        "blocks",
        "best",
    ]);
    for choice in &choices {
        let mut fields = vec![engine.to_string(), choice.name()];
        for j in [&choice.memory, &choice.time] {
            let figures = j.interval.map_or([None; 2], |i| [Some(i.low), Some(i.high)]);
            let all = [j.ratio, figures[0], figures[1]];
            fields.extend(all.map(|v| v.map_or(String::new(), |v| format!("{v:.4}"))));
        }
        fields.push(format!("{:.4}", choice.time.level));
        fields.push(choice.time.blocks.to_string());
        fields.push(if choice.best { "yes" } else { "no" }.into());
        csv += &csv_line(&fields);
    }
    let base = data.base_policy.get(engine).cloned().unwrap_or_default();
    Ok(Some(chart(
        format!("trade-off{}", suffix(data, engine)),
        "Trade-off",
        format!("Time against memory over policies and thresholds, {engine}"),
        format!(
            "Geometric means over the workloads, relative to {base}, with their intervals. Further left needs less \
             memory, further down less time. A hollow point is beaten: another policy needs less of \
             one and no more of the other, both for certain. Policies that made no collection in any sample are one point."
        ),
        csv,
        |width| draw_curve(&choices, width),
    )?))
}

fn draw_curve(choices: &[Choice], width: u32) -> Result<Drawing, String> {
    let narrow = width < 600;
    let (w, h) = (f64::from(width), if narrow { 380.0 } else { 460.0 });
    let (left, right, top, bottom) = (if narrow { 50.0 } else { 64.0 }, w - 18.0, 34.0, h - 48.0);
    let axis = |of: &dyn Fn(&Choice) -> Judged, value: &dyn Fn(&Choice) -> f64| -> (f64, f64) {
        let (low, high) = span(choices.iter().map(value)).unwrap_or((1.0, 1.0));
        // Bars belong to the picture as far as they do not make points one: up to the points' own span.
        let room = (high / low).max(1.02);
        let ends = choices.iter().filter_map(|c| of(c).interval).flat_map(|i| [i.low, i.high]);
        span(ends.map(|v| v.clamp(low / room, high * room)).chain([low, high])).unwrap_or((low, high))
    };
    let (x0, x1) = axis(&|c| c.memory, &|c| c.at().0);
    let (y0, y1) = axis(&|c| c.time, &|c| c.at().1);
    let x = Scale::new(Kind::Fitted, x0, x1, left + 8.0, right - 8.0);
    let y = Scale::new(Kind::Fitted, y0, y1, bottom - 8.0, top + 8.0);
    draw(width, h as u32, |canvas| {
        x.draw_x(canvas, top, bottom, if narrow { 4 } else { 8 }, ratio_label);
        y.draw_y(canvas, left, right, 6, ratio_label);
        canvas.text("time, relative", 4.0, 12.0, 12, Ink::Soft, Anchor::Left);
        canvas.text("peak memory, relative", right, h - 12.0, 12, Ink::Soft, Anchor::Right);
        for choice in choices {
            let (px, py) = (x.at(choice.at().0), y.at(choice.at().1));
            let ink = if choice.best { Ink::Series(0) } else { Ink::Soft };
            if let Some(i) = choice.memory.interval {
                canvas.line(&[(x.at(i.low), py), (x.at(i.high), py)], ink, 1);
            }
            if let Some(i) = choice.time.interval {
                canvas.line(&[(px, y.at(i.low)), (px, y.at(i.high))], ink, 1);
            }
        }
        for choice in choices {
            let (px, py) = (x.at(choice.at().0), y.at(choice.at().1));
            let ink = if choice.best { Ink::Series(0) } else { Ink::Soft };
            canvas.mark(Mark::Circle, px, py, 11.0, ink, !choice.best);
            canvas.spot(px - 9.0, py - 9.0, 18.0, 18.0, tip(choice), "");
        }
        label_points(canvas, choices, &x, &y, [left, top - 16.0, right, bottom]);
    })
}

fn tip(choice: &Choice) -> String {
    let mut tip = choice.name();
    if choice.base {
        return tip + ": the baseline";
    }
    for (what, judged) in [("time", &choice.time), ("peak memory", &choice.memory)] {
        let _ = write!(tip, "\n{what}: {}", findings::figures(judged));
    }
    tip
}

/// Writes each policy's name beside its point where it meets no other name or point, further off
/// with a line to its point where it is crowded.
fn label_points(canvas: &mut Canvas<'_>, choices: &[Choice], x: &Scale, y: &Scale, frame: [f64; 4]) {
    let at = |c: &Choice| (x.at(c.at().0), y.at(c.at().1));
    let mut taken: Vec<[f64; 4]> =
        choices.iter().map(at).map(|(px, py)| [px - 6.0, py - 6.0, px + 6.0, py + 6.0]).collect();
    let mut order: Vec<&Choice> = choices.iter().collect();
    order.sort_by_key(|c| (!c.best, c.name()));
    for choice in order {
        let (px, py) = at(choice);
        let name = shortened(&choice.name(), 12, (frame[2] - frame[0]) * 0.55);
        let wide = text_width(&name, 12);
        let ink = if choice.best { Ink::Text } else { Ink::Soft };
        let beside = [
            (0.0, -1.0, Anchor::Middle),
            (0.0, 1.0, Anchor::Middle),
            (0.7, 0.0, Anchor::Left),
            (-0.7, 0.0, Anchor::Right),
            (0.55, -0.85, Anchor::Left),
            (0.55, 0.85, Anchor::Left),
            (-0.55, -0.85, Anchor::Right),
            (-0.55, 0.85, Anchor::Right),
        ];
        let places = (1..=12).flat_map(|ring| beside.map(|(dx, dy, anchor)| (ring, dx, dy, anchor)));
        for (ring, dx, dy, anchor) in places {
            let far = 15.0 * f64::from(ring);
            let (lx, ly) = (px + dx * far, py + dy * far);
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
                if ring > 1 {
                    let near = (lx.clamp(place[0], place[2]), if ly > py { place[1] } else { place[3] });
                    let end = if dy == 0.0 { (lx, ly) } else { near };
                    canvas.line(&[(px + dx * 6.0, py + dy * 6.0), end], Ink::Soft, 1);
                }
                canvas.text(&name, lx, ly, 12, ink, anchor);
                taken.push(place);
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Interval, Verdict};

    fn choice(memory: (f64, f64), time: (f64, f64)) -> Choice {
        let judged = |(low, high): (f64, f64)| {
            let interval = Some(Interval { value: (low * high).sqrt(), low, high });
            let ratio = Some((low * high).sqrt());
            Judged { verdict: Verdict::CannotTell, interval, level: 0.95, blocks: 5, ratio }
        };
        Choice { policies: Vec::new(), memory: judged(memory), time: judged(time), base: false, best: true }
    }

    #[test]
    fn only_what_is_certain_and_of_consequence_beats() {
        let usual = choice((0.99, 1.01), (0.99, 1.01));
        assert!(beats(&choice((0.90, 0.92), (0.98, 1.0)), &usual));
        assert!(beats(&choice((0.98, 1.0), (0.5, 0.6)), &usual));
        // Less for certain, but by next to nothing.
        assert!(!beats(&choice((0.985, 0.989), (0.98, 1.0)), &usual));
        // Time that cannot be told is not "no more".
        assert!(!beats(&choice((0.5, 0.5), (0.6, 1.4)), &usual));
        assert!(!beats(&choice((0.5, 0.5), (1.1, 1.2)), &usual));
    }
}
