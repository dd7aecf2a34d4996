//! How long the script stands still: the distribution of pauses per policy and threshold.

use super::rows::{Entry, Point, Row, Rows};
use super::scale::{Kind, time_label};
use super::{Chart, chart, csv_line};
use crate::data::Data;
use crate::{stats, units};

/// The ticks of a row are thinned to about this many.
const TICKS: usize = 160;

/// Pauses of one engine under one policy, over all workloads.
pub struct Pauses {
    /// The engine.
    pub engine: String,
    /// The policy.
    pub policy: String,
    /// All recorded pauses, in order of length.
    pub sorted: Vec<f64>,
    /// The longest, also where the record kept not every one.
    pub longest: f64,
}

impl Pauses {
    /// The pause that a share of all pauses does not pass.
    pub fn percentile(&self, share: f64) -> f64 {
        stats::percentile(&self.sorted, share).unwrap_or(0.0)
    }
}

/// The pauses per engine and policy, for those that had any.
pub fn by_policy(data: &Data) -> Vec<Pauses> {
    let mut all = Vec::new();
    for engine in &data.engines {
        for policy in &data.policies {
            let cells = || data.policy_cells(engine).filter(|c| &c.key.policy == policy);
            let mut sorted: Vec<f64> = cells().flat_map(|c| c.pauses.iter().copied()).collect();
            sorted.sort_by(f64::total_cmp);
            let longest = cells().map(|c| c.pause_max_ns).fold(0.0, f64::max);
            if !sorted.is_empty() {
                all.push(Pauses { engine: engine.clone(), policy: policy.clone(), sorted, longest });
            }
        }
    }
    all
}

/// A row per policy with its median, 99th percentile and longest pause.
pub fn distribution(data: &Data) -> Result<Option<Chart>, String> {
    let all = by_policy(data);
    if all.is_empty() {
        return Ok(None);
    }
    let mut csv = csv_line(&[
        "engine", "policy", "pauses", "p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns", "total_ns",
    ]);
    let mut rows = Vec::new();
    for pauses in &all {
        let at = |share| pauses.percentile(share);
        csv += &csv_line(&[
            pauses.engine.clone(),
            pauses.policy.clone(),
            pauses.sorted.len().to_string(),
            format!("{:.0}", at(0.5)),
            format!("{:.0}", at(0.9)),
            format!("{:.0}", at(0.99)),
            format!("{:.0}", at(0.999)),
            format!("{:.0}", pauses.longest),
            format!("{:.0}", pauses.sorted.iter().sum::<f64>()),
        ]);
        let name = if data.engines.len() > 1 {
            format!("{} {}", pauses.engine, pauses.policy)
        } else {
            pauses.policy.clone()
        };
        // Evenly spread ranks keep the shape of the distribution.
        let step = pauses.sorted.len().div_ceil(TICKS);
        rows.push(Row {
            label: name,
            aside: format!(
                "{} × · {}",
                units::count(pauses.sorted.len() as u64),
                units::time(pauses.longest)
            ),
            points: vec![
                Point { value: at(0.5).max(100.0), series: 0, hollow: false },
                Point { value: at(0.99).max(100.0), series: 1, hollow: false },
                Point { value: pauses.longest.max(100.0), series: 3, hollow: false },
            ],
            ticks: pauses.sorted.iter().step_by(step).map(|p| p.max(100.0)).collect(),
        });
    }
    let legend = [("median", 0), ("99th percentile", 1), ("longest", 3)].map(|(label, series)| Entry {
        label: label.into(),
        series,
        hollow: false,
    });
    let rows = Rows { rows, legend: legend.into(), kind: Kind::Decimal, label: time_label, reference: None };
    Ok(Some(chart(
        "pauses".into(),
        "Pauses",
        "How long collections stop the script".into(),
        "Pauses of all workloads and repeats under the baseline allocator, a row per policy; thin strokes are \
         single pauses. At the end of a row: how many, and the longest."
            .into(),
        csv,
        |width| rows.draw(width),
    )?))
}
