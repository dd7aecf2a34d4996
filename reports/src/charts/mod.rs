//! The charts of the report. Each is drawn for a wide and a narrow page and has its figures as CSV.

pub mod canvas;
mod heat;
mod lines;
pub mod memory;
pub mod pauses;
mod rows;
mod scale;
pub mod tradeoff;

use crate::data::Data;
use canvas::Drawing;

/// The width of the drawings for wide pages, in pixels.
pub const WIDE: u32 = 1040;
/// The width of the drawings for narrow pages, in pixels.
pub const NARROW: u32 = 352;

/// A chart with its words and figures.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Name of its files, without ending.
    pub id: String,
    /// What it is, in a word or two, for the contents.
    pub short: String,
    /// What it shows, as a title.
    pub title: String,
    /// How to read it.
    pub caption: String,
    /// The drawing for wide pages.
    pub wide: Drawing,
    /// The drawing for narrow pages.
    pub narrow: Drawing,
    /// The figures.
    pub csv: String,
}

/// All charts that the data can fill.
///
/// # Errors
/// When the drawing backend reports one.
pub fn all(data: &Data) -> Result<Vec<Chart>, String> {
    let mut charts = Vec::new();
    for other in data.engines.iter().skip(1) {
        charts.extend(memory::engines(data, other)?);
    }
    for engine in &data.engines {
        charts.extend(memory::peak(data, engine)?);
    }
    charts.extend(lines::over_time(data)?);
    charts.extend(pauses::distribution(data)?);
    for engine in &data.engines {
        charts.extend(tradeoff::curve(data, engine)?);
    }
    for engine in &data.engines {
        charts.extend(heat::time(data, engine)?);
        charts.extend(heat::peak(data, engine)?);
    }
    charts.extend(lines::utilisation(data)?);
    Ok(charts)
}

/// Makes a chart by drawing it at both widths.
fn chart(
    id: String,
    short: &str,
    title: String,
    caption: String,
    csv: String,
    mut draw: impl FnMut(u32) -> Result<Drawing, String>,
) -> Result<Chart, String> {
    Ok(Chart { id, short: short.to_string(), title, caption, wide: draw(WIDE)?, narrow: draw(NARROW)?, csv })
}

/// The ending of a chart's file name where several engines have one each.
fn suffix(data: &Data, engine: &str) -> String {
    if data.engines.len() > 1 { format!("-{engine}") } else { String::new() }
}

/// An allocator with its front, as charts call it.
fn memory_name(allocator: &str, front: &str) -> String {
    format!("{allocator} · {front}")
}

/// One line of CSV (RFC 4180 quoting).
pub fn csv_line<S: AsRef<str>>(fields: &[S]) -> String {
    let quoted: Vec<String> = fields
        .iter()
        .map(|field| {
            let field = field.as_ref();
            if field.contains([',', '"', '\n']) {
                format!("\"{}\"", field.replace('"', "\"\""))
            } else {
                field.to_string()
            }
        })
        .collect();
    quoted.join(",") + "\n"
}
