//! Axes: from a figure to a pixel, and the places where the axis is labelled.

use super::canvas::{Anchor, Canvas, Ink};

/// How an axis spreads its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Equal distances for equal differences, labelled at round decimal figures.
    Linear,
    /// Equal distances for equal differences of bytes, labelled at round binary figures.
    LinearBytes,
    /// Equal distances for equal ratios, labelled at powers of two (bytes).
    Binary,
    /// Equal distances for equal ratios, labelled at 1, 2 and 5 of each power of ten.
    Decimal,
    /// The same without stretching what spans little: the axis is as long as the figures need.
    Fitted,
}

/// An axis.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    kind: Kind,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// An axis for figures between `low` and `high`, laid over the pixels `from` to `to`
    /// (which may run downwards). Logarithmic kinds need figures above zero and leave a margin
    /// of a twentieth at either side.
    pub fn new(kind: Kind, low: f64, high: f64, from: f64, to: f64) -> Self {
        let (mut low, mut high) = (low, high);
        match kind {
            Kind::Linear | Kind::LinearBytes => {
                if high <= low {
                    high = low + 1.0;
                }
            }
            Kind::Fitted => {
                low = low.max(f64::MIN_POSITIVE);
                if high < low * 1.02 {
                    let middle = (low * high.max(low)).sqrt();
                    (low, high) = (middle / 1.01, middle * 1.01);
                }
                let margin = (high / low).powf(0.06);
                (low, high) = (low / margin, high * margin);
            }
            Kind::Binary | Kind::Decimal => {
                low = low.max(f64::MIN_POSITIVE);
                // A span of less than a factor of two would have no labels.
                if high < low * 2.2 {
                    let middle = (low * high.max(low)).sqrt();
                    (low, high) = (middle / 1.5, middle * 1.5);
                }
                let margin = (high / low).powf(0.05);
                (low, high) = (low / margin, high * margin);
            }
        }
        Self { kind, low, high, from, to }
    }

    /// The pixel of a figure; figures outside the axis stop at its ends.
    pub fn at(&self, value: f64) -> f64 {
        let share = match self.kind {
            Kind::Linear | Kind::LinearBytes => (value - self.low) / (self.high - self.low),
            Kind::Binary | Kind::Decimal | Kind::Fitted => {
                (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
            }
        };
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// Figures to label, at most about `most` of them.
    pub fn ticks(&self, most: usize) -> Vec<f64> {
        let most = most.max(2);
        match self.kind {
            Kind::Linear => self.linear_ticks(most, round_step),
            Kind::LinearBytes => self.linear_ticks(most, |rough| Some(2f64.powf(rough.log2().ceil()))),
            Kind::Binary => {
                let (first, last) = (self.low.log2().ceil() as i32, self.high.log2().floor() as i32);
                // Even steps between the labels: every power, every second, fourth, ...
                let mut step = 1;
                while (last - first) / step >= most as i32 {
                    step *= 2;
                }
                (first..=last).filter(|p| p.rem_euclid(step) == 0).map(|p| 2f64.powi(p)).collect()
            }
            // Over less than a factor of five, equal steps have rounder figures.
            Kind::Decimal | Kind::Fitted if self.high < self.low * 5.0 => self.linear_ticks(most, round_step),
            Kind::Decimal | Kind::Fitted => {
                let (first, last) = (self.low.log10().floor() as i32, self.high.log10().floor() as i32);
                for steps in [&[1.0, 2.0, 5.0][..], &[1.0]] {
                    let ticks: Vec<f64> = (first..=last)
                        .flat_map(|p| steps.iter().map(move |s| s * 10f64.powi(p)))
                        .filter(|t| *t >= self.low && *t <= self.high)
                        .collect();
                    if ticks.len() <= most {
                        return ticks;
                    }
                }
                let step = ((last - first) as usize).div_ceil(most).max(1) as i32;
                (first..=last)
                    .filter(|p| p.rem_euclid(step) == 0)
                    .map(|p| 10f64.powi(p))
                    .filter(|t| *t >= self.low && *t <= self.high)
                    .collect()
            }
        }
    }

    fn linear_ticks(&self, most: usize, step_for: impl Fn(f64) -> Option<f64>) -> Vec<f64> {
        let rough = (self.high - self.low) / most as f64;
        let Some(step) = step_for(rough).filter(|s| *s > 0.0 && s.is_finite()) else {
            return Vec::new();
        };
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|n| n as f64 * step).collect()
    }

    /// Draws the axis along the bottom: grid lines from `top` to `bottom`, labels below.
    pub fn draw_x(
        &self,
        canvas: &mut Canvas<'_>,
        top: f64,
        bottom: f64,
        most: usize,
        label: fn(f64) -> String,
    ) {
        for tick in self.ticks(most) {
            let x = self.at(tick);
            canvas.line(&[(x, top), (x, bottom)], Ink::Grid, 1);
            canvas.text(&label(tick), x, bottom + 13.0, 12, Ink::Soft, Anchor::Middle);
        }
    }

    /// Draws the axis along the left side: grid lines from `left` to `right`, labels before.
    pub fn draw_y(
        &self,
        canvas: &mut Canvas<'_>,
        left: f64,
        right: f64,
        most: usize,
        label: fn(f64) -> String,
    ) {
        for tick in self.ticks(most) {
            let y = self.at(tick);
            canvas.line(&[(left, y), (right, y)], Ink::Grid, 1);
            canvas.text(&label(tick), left - 7.0, y, 12, Ink::Soft, Anchor::Right);
        }
    }
}

/// The least of 1, 2, 2.5 and 5 times a power of ten that is not below `rough`.
fn round_step(rough: f64) -> Option<f64> {
    let power = 10f64.powf(rough.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|s| s * power).find(|s| *s >= rough * 0.999)
}

/// The least and greatest of the figures; `None` for no figures.
pub fn span(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .filter(|v| v.is_finite())
        .fold(None, |span, v| Some(span.map_or((v, v), |(low, high): (f64, f64)| (low.min(v), high.max(v)))))
}

/// Bytes as an axis says them: no digits after the point that say nothing.
pub fn bytes_label(value: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (value, 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", short(value), UNITS[unit])
}

/// A time as an axis says it.
pub fn time_label(ns: f64) -> String {
    let (value, unit) = match ns {
        0.0 => return "0".into(),
        n if n >= 0.9999e9 => (n / 1e9, "s"),
        n if n >= 0.9999e6 => (n / 1e6, "ms"),
        n if n >= 0.9999e3 => (n / 1e3, "µs"),
        n => (n, "ns"),
    };
    format!("{} {unit}", short(value))
}

/// A ratio as an axis says it.
pub fn ratio_label(value: f64) -> String {
    let text = format!("{value:.3}");
    format!("{}×", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A share as an axis says it.
pub fn percent_label(share: f64) -> String {
    format!("{} %", short(share * 100.0))
}

/// Up to two digits after the point, without trailing zeroes.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        let bytes = Scale::new(Kind::Binary, 3e5, 4e7, 0.0, 100.0);
        let labels: Vec<String> = bytes.ticks(5).into_iter().map(bytes_label).collect();
        assert_eq!(labels, ["256 KiB", "1 MiB", "4 MiB", "16 MiB"]);
        let time = Scale::new(Kind::Decimal, 2e3, 3e7, 0.0, 100.0);
        let labels: Vec<String> = time.ticks(5).into_iter().map(time_label).collect();
        assert_eq!(labels, ["10 µs", "100 µs", "1 ms", "10 ms"]);
        let linear = Scale::new(Kind::Linear, 0.0, 1.0, 0.0, 100.0);
        assert_eq!(linear.ticks(4), [0.0, 0.25, 0.5, 0.75, 1.0]);
        let narrow = Scale::new(Kind::Decimal, 1.0, 1.01, 0.0, 100.0);
        let labels: Vec<String> = narrow.ticks(6).into_iter().map(ratio_label).collect();
        assert_eq!(labels, ["0.8×", "1×", "1.2×", "1.4×"]);
        let fitted = Scale::new(Kind::Fitted, 0.97, 1.1, 0.0, 100.0);
        assert!(fitted.at(0.97) < 8.0 && fitted.at(1.1) > 92.0, "the axis fits the figures");
        let labels: Vec<String> = fitted.ticks(4).into_iter().map(ratio_label).collect();
        assert_eq!(labels, ["1×", "1.05×", "1.1×"]);
    }

    #[test]
    fn positions_stay_on_the_axis() {
        let scale = Scale::new(Kind::Binary, 1024.0, 1048576.0, 10.0, 110.0);
        assert!(scale.at(0.0) == 10.0 && scale.at(1e12) == 110.0);
        let middle = scale.at(32768.0);
        assert!((middle - 60.0).abs() < 1e-9);
    }
}
