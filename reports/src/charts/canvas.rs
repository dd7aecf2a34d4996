//! The drawing surface: plotters' SVG backend with pixel coordinates and named inks.
//!
//! Charts draw with [`Ink`]s, not colours. Each ink has a stand-in colour in the drawing, which
//! [`Drawing::themed`] replaces by a CSS variable (the page has a light and a dark set) and
//! [`Drawing::plain`] by its colour on white paper (a file that any viewer can show).

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// How many colours allocators have, see [`Ink::of_allocator`].
pub const ALLOCATORS: usize = 6;

/// How many colours all other series have; more series start over with the first.
pub const SERIES: usize = 6;

/// How many steps the heat scale has.
pub const HEATS: usize = 7;

/// A colour by its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Words and figures.
    Text,
    /// Words of less weight: axis labels.
    Soft,
    /// Grid lines and tracks.
    Grid,
    /// The ground.
    Paper,
    /// An allocator: the same colour in every chart of every report.
    Allocator(usize),
    /// A series of a chart that is no allocator.
    Series(usize),
    /// A step of the heat scale, from good (0) to bad.
    Heat(usize),
    /// Words on a step of the heat scale.
    OnHeat(usize),
}

/// The light set of colours, in the order of [`Ink::index`].
const LIGHT: [&str; 4 + ALLOCATORS + SERIES + 2 * HEATS] = [
    "#1b1f24", "#57606a", "#d8dde3", "#ffffff", "#0067a5", "#c44e00", "#00805c", "#a23b80", "#8a6a00",
    "#4d5b6b", "#1f6f78", "#b0303a", "#5b4bb5", "#5f7a1f", "#8c5a33", "#33414f", "#eef5fa", "#d3e5f1",
    "#a9cde4", "#74aed3", "#418cbd", "#1a699f", "#0b4672", "#1b1f24", "#1b1f24", "#1b1f24", "#1b1f24",
    "#ffffff", "#ffffff", "#ffffff",
];

/// The dark set of colours, in the same order.
const DARK: [&str; 4 + ALLOCATORS + SERIES + 2 * HEATS] = [
    "#e8ebef", "#a3adb8", "#363d46", "#14171b", "#58b3ea", "#ff9a57", "#3ecb9f", "#e592c6", "#e3bd4a",
    "#a9b7c6", "#5fc3cc", "#ff8a8f", "#a99bff", "#b3cf63", "#d9a878", "#c3ced9", "#1c242c", "#1f3445",
    "#224761", "#2a6289", "#3d84b4", "#6cb0da", "#b5dcf3", "#e8ebef", "#e8ebef", "#e8ebef", "#e8ebef",
    "#0d1013", "#0d1013", "#0d1013",
];

impl Ink {
    fn index(self) -> usize {
        match self {
            Ink::Text => 0,
            Ink::Soft => 1,
            Ink::Grid => 2,
            Ink::Paper => 3,
            Ink::Allocator(n) => 4 + n % ALLOCATORS,
            Ink::Series(n) => 4 + ALLOCATORS + n % SERIES,
            Ink::Heat(n) => 4 + ALLOCATORS + SERIES + n.min(HEATS - 1),
            Ink::OnHeat(n) => 4 + ALLOCATORS + SERIES + HEATS + n.min(HEATS - 1),
        }
    }

    /// The colour of an allocator stack: that of the allocator at its bottom. It depends on the
    /// name alone, so that it is the same in every chart of every report.
    pub fn of_allocator(stack: &str) -> Self {
        let words: Vec<&str> =
            stack.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|w| !w.is_empty()).collect();
        let known = |word: &str| ["system", "mimalloc", "jemalloc", "pool"].iter().position(|k| *k == word);
        let other = || 4 + stack.bytes().map(usize::from).sum::<usize>() % (ALLOCATORS - 4);
        Ink::Allocator(words.iter().rev().find_map(|w| known(w)).unwrap_or_else(other))
    }

    /// The colour that stands for the ink inside a drawing.
    fn stand_in(self) -> RGBColor {
        RGBColor(250, 1, self.index() as u8)
    }
}

/// The declarations of the CSS variables of one theme, for the page's style sheet.
pub fn css_variables(dark: bool) -> String {
    let colours = if dark { &DARK } else { &LIGHT };
    colours.iter().enumerate().map(|(index, colour)| format!("--k{index}:{colour};")).collect()
}

/// A finished drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    svg: String,
    width: u32,
    height: u32,
    spots: Vec<Spot>,
}

/// A part of a drawing that says more when it is pointed at.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spot {
    at: [i64; 4],
    tip: String,
    workload: String,
    veil: bool,
}

impl Drawing {
    /// The drawing for a page that declares [`css_variables`]; `label` is what a screen reader says.
    pub fn themed(&self, label: &str) -> String {
        let mut svg = self.svg.clone();
        for index in 0..LIGHT.len() {
            svg = svg.replace(&stand_in_text(index), &format!("var(--k{index})"));
        }
        let head = format!(
            "<svg viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" role=\"img\" aria-label=\"{}\" ",
            self.width,
            self.height,
            self.width,
            self.height,
            escape(label)
        );
        let body = svg.find('>').map_or("", |end| &svg[end..]).trim_end().trim_end_matches("</svg>");
        let spots: String = self.spots.iter().map(Spot::svg).collect();
        format!("{head}xmlns=\"http://www.w3.org/2000/svg\"{body}{spots}</svg>")
    }

    /// The drawing as a file of its own, on white paper.
    pub fn plain(&self) -> String {
        let mut svg = self.svg.clone();
        for (index, colour) in LIGHT.iter().enumerate() {
            svg = svg.replace(&stand_in_text(index), colour);
        }
        svg
    }
}

impl Spot {
    /// A rectangle that the page's script looks for; without a script its title still shows.
    fn svg(&self) -> String {
        let [x, y, width, height] = self.at;
        let place = format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"");
        let workload = match self.workload.as_str() {
            "" => String::new(),
            name => format!(" data-w=\"{}\"", escape(name)),
        };
        if self.veil {
            return format!("<rect class=\"veil\" {place}{workload}/>\n");
        }
        let tip = escape(&self.tip);
        format!("<rect class=\"spot\" {place}{workload} data-tip=\"{tip}\"><title>{tip}</title></rect>\n")
    }
}

fn stand_in_text(index: usize) -> String {
    format!("#FA01{index:02X}")
}

/// Text safe inside an attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// Where a text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The point is the middle of its left side.
    Left,
    /// The point is its centre.
    Middle,
    /// The point is the middle of its right side.
    Right,
}

/// The shape of a data point; shapes tell series apart where colours cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A disc.
    Circle,
    /// A square.
    Square,
    /// A triangle that points up.
    Triangle,
    /// A square on its tip.
    Diamond,
}

impl Mark {
    /// The shape of a series.
    pub fn of(series: usize) -> Self {
        [Mark::Circle, Mark::Square, Mark::Triangle, Mark::Diamond][series % 4]
    }
}

/// A surface of given size in pixels. Errors of the backend are kept until [`Canvas::finish`].
pub struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    error: Option<String>,
    spots: Vec<Spot>,
}

/// Draws a chart: makes the surface, hands it to `paint`, and returns what was drawn.
///
/// # Errors
/// When the backend reports one.
pub fn draw(width: u32, height: u32, paint: impl FnOnce(&mut Canvas<'_>)) -> Result<Drawing, String> {
    let mut svg = String::new();
    let spots = {
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        let mut canvas = Canvas { area, error: None, spots: Vec::new() };
        canvas.rect(0.0, 0.0, f64::from(width), f64::from(height), Ink::Paper);
        paint(&mut canvas);
        canvas.finish()?
    };
    Ok(Drawing { svg, width, height, spots })
}

impl Canvas<'_> {
    fn keep<E: std::fmt::Display>(&mut self, result: Result<(), E>) {
        if let Err(error) = result {
            self.error.get_or_insert(error.to_string());
        }
    }

    fn finish(mut self) -> Result<Vec<Spot>, String> {
        self.area.present().map_err(|e| e.to_string())?;
        // Veils first: what is veiled can still be pointed at.
        self.spots.sort_by_key(|s| !s.veil);
        self.error.map_or(Ok(self.spots), Err)
    }

    /// Says `tip` when the rectangle is pointed at; a click chooses the workload, if it has one.
    pub fn spot(&mut self, x: f64, y: f64, width: f64, height: f64, tip: String, workload: &str) {
        let at = [x, y, width, height].map(|v| v.round() as i64);
        self.spots.push(Spot { at, tip, workload: workload.into(), veil: false });
    }

    /// The rectangle pales while another workload is chosen.
    pub fn veil(&mut self, x: f64, y: f64, width: f64, height: f64, workload: &str) {
        let at = [x, y, width, height].map(|v| v.round() as i64);
        self.spots.push(Spot { at, tip: String::new(), workload: workload.into(), veil: true });
    }

    /// A filled rectangle with its left upper corner at (x, y).
    pub fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, ink: Ink) {
        let corners = [at(x, y), at(x + width, y + height)];
        let drawn = self.area.draw(&Rectangle::new(corners, ink.stand_in().filled()));
        self.keep(drawn);
    }

    /// A line through points, `weight` pixels wide.
    pub fn line(&mut self, points: &[(f64, f64)], ink: Ink, weight: u32) {
        let points: Vec<(i32, i32)> = points.iter().map(|p| at(p.0, p.1)).collect();
        let drawn = self.area.draw(&PathElement::new(points, ink.stand_in().stroke_width(weight)));
        self.keep(drawn);
    }

    /// A pale band between two lines through the same places: (x, lower edge, upper edge).
    pub fn band(&mut self, points: &[(f64, f64, f64)], ink: Ink) {
        if points.len() < 2 {
            return;
        }
        let edge = points.iter().map(|p| at(p.0, p.1));
        let corners: Vec<(i32, i32)> = edge.chain(points.iter().rev().map(|p| at(p.0, p.2))).collect();
        let drawn = self.area.draw(&Polygon::new(corners, ink.stand_in().mix(0.22)));
        self.keep(drawn);
    }

    /// A data point of about `size` pixels across; hollow ones show the ground inside.
    pub fn mark(&mut self, mark: Mark, x: f64, y: f64, size: f64, ink: Ink, hollow: bool) {
        self.shape(mark, x, y, size / 2.0, ink);
        if hollow {
            self.shape(mark, x, y, size / 2.0 - 2.0, Ink::Paper);
        }
    }

    fn shape(&mut self, mark: Mark, x: f64, y: f64, r: f64, ink: Ink) {
        let style = ink.stand_in().filled();
        let drawn = match mark {
            Mark::Circle => self.area.draw(&Circle::new(at(x, y), r.round() as i32, style)),
            Mark::Square => {
                let r = r * 0.9;
                self.area.draw(&Rectangle::new([at(x - r, y - r), at(x + r, y + r)], style))
            }
            Mark::Triangle => {
                let points = vec![at(x - r * 1.1, y + r), at(x + r * 1.1, y + r), at(x, y - r * 1.1)];
                self.area.draw(&Polygon::new(points, style))
            }
            Mark::Diamond => {
                let r = r * 1.2;
                let points = vec![at(x - r, y), at(x, y - r), at(x + r, y), at(x, y + r)];
                self.area.draw(&Polygon::new(points, style))
            }
        };
        self.keep(drawn);
    }

    /// A line of text, `size` pixels high.
    pub fn text(&mut self, text: &str, x: f64, y: f64, size: u32, ink: Ink, anchor: Anchor) {
        self.styled(text, x, y, size, ink, anchor, false);
    }

    /// A line of text that reads upwards and begins at (x, y).
    pub fn text_up(&mut self, text: &str, x: f64, y: f64, size: u32, ink: Ink) {
        self.styled(text, x, y, size, ink, Anchor::Left, true);
    }

    #[allow(clippy::too_many_arguments)]
    fn styled(&mut self, text: &str, x: f64, y: f64, size: u32, ink: Ink, anchor: Anchor, up: bool) {
        if text.is_empty() {
            return;
        }
        let horizontal = match anchor {
            Anchor::Left => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        // The backend writes a font size of its argument divided by 1.24.
        let mut font = FontDesc::new(FontFamily::SansSerif, f64::from(size) * 1.24, FontStyle::Normal);
        if up {
            font = font.transform(FontTransform::Rotate270);
        }
        let style = font.color(&ink.stand_in()).pos(Pos::new(horizontal, VPos::Center));
        let drawn = self.area.draw(&Text::new(text.to_string(), at(x, y), style));
        self.keep(drawn);
    }
}

/// Pixel coordinates are whole in plotters.
fn at(x: f64, y: f64) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}

/// A text cut to a width in pixels, in its middle, where both ends tell stacks apart.
pub fn shortened(text: &str, size: u32, width: f64) -> String {
    let mut parts: Vec<char> = text.chars().collect();
    if text_width(text, size) <= width {
        return text.to_string();
    }
    while parts.len() > 3 {
        parts.remove(parts.len() / 2);
        let (head, tail) = parts.split_at(parts.len() / 2);
        let short: String = head.iter().chain(['…'].iter()).chain(tail).collect();
        if text_width(&short, size) <= width {
            return short;
        }
    }
    "…".into()
}

/// About how wide a text is, in pixels: wide enough for the usual sans-serif faces.
pub fn text_width(text: &str, size: u32) -> f64 {
    let wide = |c: char| match c {
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 0.97,
        'i' | 'l' | 'j' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' | '(' | ')' | '[' | ']' | ' ' => 0.36,
        'A'..='Z' => 0.68,
        _ => 0.6,
    };
    text.chars().map(wide).sum::<f64>() * f64::from(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allocator_has_one_colour_whatever_wraps_it() {
        assert_eq!(Ink::of_allocator("mimalloc"), Ink::of_allocator("limit(64M, counting(mimalloc))"));
        assert_eq!(Ink::of_allocator("pool"), Ink::Allocator(3));
        assert_ne!(Ink::of_allocator("system"), Ink::of_allocator("jemalloc"));
    }

    #[test]
    fn wide_letters_have_room() {
        // Widths in DejaVu Sans, the widest of the usual faces, at 13 pixels.
        for (text, pixels) in [("membalancer(0.001)", 137.0), ("quickjs(256K)", 88.0), ("Wwmm%", 61.0)] {
            assert!(
                (pixels..pixels * 1.25).contains(&text_width(text, 13)),
                "{text}: {}",
                text_width(text, 13)
            );
        }
    }

    #[test]
    fn long_names_keep_both_ends() {
        let short = shortened("limit(64M, counting(mimalloc))", 12, 90.0);
        assert!(short.starts_with("limit") && short.ends_with("c))") && short.contains('…'), "{short}");
        assert_eq!(shortened("pool", 12, 90.0), "pool");
    }
}
