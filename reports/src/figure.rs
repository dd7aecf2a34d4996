//! The figures that are compared: what each is called and how it is read from a sample.

use crate::record::Measured;
use serde::Serialize;

/// Growths of physical memory below this are the rounding of pages and of the process's start.
pub const LEAST_GROWTH: f64 = 65536.0;

/// A figure of a sample, of which less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Figure {
    /// Time on a core.
    Time,
    /// The most bytes taken from the allocator.
    Peak,
    /// Growth of the anonymous memory of the process up to the peak.
    Physical,
    /// The longest collection, in processor time.
    Pause,
}

impl Figure {
    /// All of them.
    pub const ALL: [Figure; 4] = [Figure::Time, Figure::Peak, Figure::Physical, Figure::Pause];

    /// Its name on a command line.
    pub fn key(self) -> &'static str {
        match self {
            Figure::Time => "time",
            Figure::Peak => "peak",
            Figure::Physical => "physical",
            Figure::Pause => "pause",
        }
    }

    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Figure::Time => "time on a core",
            Figure::Peak => "peak memory",
            Figure::Physical => "physical memory",
            Figure::Pause => "longest pause",
        }
    }

    /// Its value in a sample; `None` where it was not measured or does not occur.
    pub fn of(self, m: &Measured) -> Option<f64> {
        let value = match self {
            Figure::Time => m.cpu_ns as f64,
            Figure::Peak => m.peak_charged_bytes as f64,
            Figure::Physical => (m.ledger.peak_growth(|l| l.rss_anon_bytes)? as f64).max(LEAST_GROWTH),
            // An engine that tells no processor time tells the wall clock's.
            Figure::Pause if m.pause_cpu_max_ns > 0 => m.pause_cpu_max_ns as f64,
            Figure::Pause => m.pause_max_ns as f64,
        };
        Some(value).filter(|v| *v > 0.0)
    }
}

impl std::str::FromStr for Figure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<&str> = Figure::ALL.iter().map(|f| f.key()).collect();
        let found = Figure::ALL.into_iter().find(|f| f.key() == text);
        found.ok_or_else(|| format!("there is no figure `{text}`; there are {}", names.join(", ")))
    }
}
