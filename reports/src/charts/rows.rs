//! A chart of labelled rows with data points along one axis: the form for comparing a few
//! things over many cases. Wide drawings have the labels beside the rows, narrow ones above.

use super::canvas::{Anchor, Canvas, Drawing, Ink, Mark, draw, shortened, text_width};
use super::scale::{Kind, Scale, span};

/// A data point of a row.
pub struct Point {
    /// The figure.
    pub value: f64,
    /// The ends of its interval, where it has one.
    pub reach: Option<(f64, f64)>,
    /// Its colour.
    pub ink: Ink,
    /// Its shape.
    pub mark: Mark,
    /// Drawn hollow.
    pub hollow: bool,
    /// What it says when pointed at.
    pub tip: String,
}

/// A row.
pub struct Row {
    /// What the row is.
    pub label: String,
    /// A figure in words at the end of the row, where there is room.
    pub aside: String,
    /// The data points.
    pub points: Vec<Point>,
    /// Small ticks that show a distribution.
    pub ticks: Vec<f64>,
    /// The workload it is about, if it is about one.
    pub workload: String,
}

/// An entry of the legend.
pub struct Entry {
    /// The words.
    pub label: String,
    /// The colour it explains.
    pub ink: Ink,
    /// The shape it explains.
    pub mark: Mark,
    /// Drawn hollow.
    pub hollow: bool,
}

/// The chart.
pub struct Rows {
    /// The rows, from above.
    pub rows: Vec<Row>,
    /// The legend.
    pub legend: Vec<Entry>,
    /// How the axis spreads.
    pub kind: Kind,
    /// How it is labelled.
    pub label: fn(f64) -> String,
    /// A figure that gets a line of its own.
    pub reference: Option<f64>,
}

impl Rows {
    /// Draws the chart at a width in pixels.
    ///
    /// # Errors
    /// When the backend reports one.
    pub fn draw(&self, width: u32) -> Result<Drawing, String> {
        let narrow = width < 600;
        let w = f64::from(width);
        let lines = legend_lines(&self.legend, w);
        let head = 10.0 + 22.0 * lines.len() as f64;
        let pitch = if narrow { 40.0 } else { 26.0 };
        let longest =
            |f: &dyn Fn(&Row) -> &str| self.rows.iter().map(|r| text_width(f(r), 13)).fold(0.0, f64::max);
        let aside = if narrow { 0.0 } else { longest(&|r| &r.aside) + 14.0 };
        let name_width = longest(&|r| &r.label).min(w / 3.0);
        let left = if narrow { 12.0 } else { name_width + 16.0 };
        let right = w - 16.0 - aside;
        let bottom = head + pitch * self.rows.len() as f64 + 4.0;
        let values = self.rows.iter().flat_map(|r| {
            let ends = r.points.iter().filter_map(|p| p.reach).flat_map(|(low, high)| [low, high]);
            r.points.iter().map(|p| p.value).chain(ends).chain(r.ticks.iter().copied()).chain(self.reference)
        });
        let (low, high) = span(values).unwrap_or((1.0, 10.0));
        let scale = Scale::new(self.kind, low, high, left, right);
        draw(width, (bottom + 26.0) as u32, |canvas| {
            draw_legend(canvas, &lines);
            scale.draw_x(canvas, head, bottom, if narrow { 4 } else { 9 }, self.label);
            if let Some(reference) = self.reference {
                let x = scale.at(reference);
                canvas.line(&[(x, head), (x, bottom)], Ink::Soft, 1);
            }
            for (index, row) in self.rows.iter().enumerate() {
                let top = head + pitch * index as f64;
                let y = if narrow { top + 28.0 } else { top + pitch / 2.0 };
                if narrow {
                    let room = w - text_width(&row.aside, 12) - 40.0;
                    canvas.text(
                        &shortened(&row.label, 13, room),
                        left,
                        top + 11.0,
                        13,
                        Ink::Text,
                        Anchor::Left,
                    );
                    canvas.text(&row.aside, right, top + 11.0, 12, Ink::Soft, Anchor::Right);
                } else {
                    let label = shortened(&row.label, 13, name_width);
                    canvas.text(&label, left - 12.0, y, 13, Ink::Text, Anchor::Right);
                    canvas.text(&row.aside, w - 4.0, y, 13, Ink::Soft, Anchor::Right);
                }
                let all = row.points.iter().map(|p| p.value).chain(row.ticks.iter().copied());
                if let Some((from, to)) = span(all) {
                    canvas.line(&[(scale.at(from), y), (scale.at(to), y)], Ink::Grid, 3);
                }
                for tick in &row.ticks {
                    let x = scale.at(*tick);
                    canvas.line(&[(x, y - 4.0), (x, y + 4.0)], Ink::Soft, 1);
                }
                if !row.workload.is_empty() {
                    canvas.veil(0.0, top, w, pitch, &row.workload);
                    canvas.spot(0.0, top, left - 8.0, pitch, row.label.clone(), &row.workload);
                }
                for point in &row.points {
                    if let Some((low, high)) = point.reach {
                        let (from, to) = (scale.at(low), scale.at(high));
                        canvas.line(&[(from, y), (to, y)], point.ink, 2);
                        for end in [from, to] {
                            canvas.line(&[(end, y - 3.0), (end, y + 3.0)], point.ink, 1);
                        }
                    }
                }
                for point in &row.points {
                    let x = scale.at(point.value);
                    canvas.mark(point.mark, x, y, 11.0, point.ink, point.hollow);
                    canvas.spot(x - 8.0, y - 9.0, 16.0, 18.0, point.tip.clone(), &row.workload);
                }
            }
        })
    }
}

/// Distributes legend entries over lines: (x, entry) per line.
pub fn legend_lines(legend: &[Entry], width: f64) -> Vec<Vec<(f64, &Entry)>> {
    let mut lines: Vec<Vec<(f64, &Entry)>> = Vec::new();
    let mut x = f64::INFINITY;
    for entry in legend {
        let need = 20.0 + text_width(&entry.label, 13) + 18.0;
        if x + need > width {
            lines.push(Vec::new());
            x = 4.0;
        }
        if let Some(line) = lines.last_mut() {
            line.push((x, entry));
        }
        x += need;
    }
    lines
}

/// Draws a legend at the top of a drawing.
pub fn draw_legend(canvas: &mut Canvas<'_>, lines: &[Vec<(f64, &Entry)>]) {
    for (number, line) in lines.iter().enumerate() {
        let y = 11.0 + 22.0 * number as f64;
        for (x, entry) in line {
            canvas.mark(entry.mark, x + 7.0, y, 11.0, entry.ink, entry.hollow);
            canvas.text(&entry.label, x + 19.0, y, 13, Ink::Text, Anchor::Left);
        }
    }
}
