//! The records of the lab, and the report made from them.
//!
//! [`record`] is the format in which `gc-lab run` keeps its samples; [`build`] turns records
//! into one self-contained HTML page, an SVG and a CSV per chart, and the findings as sentences.
//! This crate runs nothing and measures nothing: the same records give the same bytes.
#![forbid(unsafe_code)]

mod charts;
mod data;
mod figure;
mod findings;
mod page;
pub mod record;
mod samples;
pub mod stats;
mod trace_events;
pub mod units;
pub mod versus;

pub use data::{Setup, Width, half_widths};
pub use figure::Figure;
pub use findings::Finding;
pub use page::{PAGE, Report, build};
pub use record::{RECORDS_FILE, Record};
