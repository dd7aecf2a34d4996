//! `gc-lab compare`: two runs against each other, with intervals instead of single numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tare_reports::record::{Measured, read_records};
use tare_reports::stats::{self, Interval, Random};
use tare_reports::{RECORDS_FILE, Record, units};

/// A point that both runs have needs this many samples in each for an interval of its own.
const ENOUGH: usize = 5;

/// Rounds of the bootstrap.
const ROUNDS: usize = 2000;

/// How much a point must differ to be listed, as a share; below it noise between two builds
/// (layout of code, addresses) is the likelier reason.
const WORTH: f64 = 0.02;

struct Figure {
    name: &'static str,
    of: fn(&Measured) -> u64,
}

const FIGURES: [Figure; 3] = [
    Figure { name: "time on a core", of: |m| m.cpu_ns },
    Figure { name: "peak memory", of: |m| m.peak_charged_bytes },
    Figure { name: "longest pause", of: |m| m.pause_max_ns },
];

type Points = BTreeMap<String, Vec<Measured>>;

/// Compares run `b` with run `a` and prints what is certain.
///
/// # Errors
/// A sentence that names what cannot be read, or that the runs have nothing in common.
pub fn compare(a: &Path, b: &Path, confidence: f64) -> Result<(), String> {
    let (a_points, b_points) = (load(a)?, load(b)?);
    let common: BTreeSet<&String> = a_points.keys().filter(|k| b_points.contains_key(*k)).collect();
    if common.is_empty() {
        return Err(format!(
            "{} and {} have no successful sample of the same workload, size, allocator, front and policy in common",
            a.display(),
            b.display()
        ));
    }
    say!("{} points are in both runs; ratios are B / A, below 1 is better.\n", common.len());
    for figure in &FIGURES {
        let pairs: Vec<(Vec<f64>, Vec<f64>, &String)> = common
            .iter()
            .map(|key| {
                let values = |points: &Points| points[*key].iter().map(|m| (figure.of)(m) as f64).collect();
                (values(&a_points), values(&b_points), *key)
            })
            .collect();
        overall(figure.name, &pairs, confidence);
        single(&pairs, confidence);
    }
    Ok(())
}

/// The geometric mean over all points, with the points drawn again for its interval.
fn overall(name: &str, pairs: &[(Vec<f64>, Vec<f64>, &String)], confidence: f64) {
    let logs: Vec<f64> = pairs
        .iter()
        .filter_map(|(a, b, _)| Some((stats::median(b)? / stats::median(a)?).ln()))
        .filter(|l| l.is_finite())
        .collect();
    match mean_interval(&logs, confidence) {
        None => say!("{name:<16} not measured in both runs"),
        Some(i) => {
            let verdict = match i {
                i if i.low > 1.0 => "B needs more",
                i if i.high < 1.0 => "B needs less",
                _ => "no certain difference",
            };
            say!("{name:<16} {:.3} [{:.3}, {:.3}]  {verdict}", i.value, i.low, i.high);
        }
    }
}

/// The geometric mean of the ratios whose logarithms these are, with its bootstrap interval.
fn mean_interval(logs: &[f64], confidence: f64) -> Option<Interval> {
    if logs.is_empty() {
        return None;
    }
    let mean = |values: &[f64]| (values.iter().sum::<f64>() / values.len() as f64).exp();
    let mut random = Random::new(0x7a12);
    let means: Vec<f64> = (0..ROUNDS)
        .map(|_| mean(&(0..logs.len()).map(|_| logs[random.below(logs.len())]).collect::<Vec<_>>()))
        .collect();
    let tail = (1.0 - confidence) / 2.0;
    Some(Interval {
        value: mean(logs),
        low: stats::percentile(&means, tail)?,
        high: stats::percentile(&means, 1.0 - tail)?,
    })
}

/// The points that differ for certain, the largest difference first.
fn single(pairs: &[(Vec<f64>, Vec<f64>, &String)], confidence: f64) {
    // Every point is a chance for a false alarm: the confidence is shared out among them.
    let each = 1.0 - (1.0 - confidence) / pairs.len().max(1) as f64;
    let mut certain: Vec<(Interval, &String)> = pairs
        .iter()
        .filter(|(a, b, _)| a.len() >= ENOUGH && b.len() >= ENOUGH)
        .filter_map(|(a, b, key)| Some((stats::median_ratio(a, b, each, ROUNDS, 0x7a12)?, *key)))
        .filter(|(i, _)| (i.low > 1.0 || i.high < 1.0) && (i.value - 1.0).abs() >= WORTH)
        .collect();
    certain.sort_by(|x, y| y.0.value.ln().abs().total_cmp(&x.0.value.ln().abs()));
    for (i, key) in certain.iter().take(12) {
        say!("    {:<7} [{:.3}, {:.3}]  {key}", units::ratio(i.value), i.low, i.high);
    }
    if certain.len() > 12 {
        say!("    and {} more", certain.len() - 12);
    }
    if pairs.iter().any(|(a, b, _)| a.len() < ENOUGH || b.len() < ENOUGH) {
        say!("    (single points need {ENOUGH} repeats in both runs: `gc-lab run --repeats {ENOUGH}`)");
    }
}

fn load(path: &Path) -> Result<Points, String> {
    let file = if path.is_dir() { path.join(RECORDS_FILE) } else { path.to_path_buf() };
    let (records, _) = read_records(&file).map_err(|e| {
        format!("cannot read the records {}: {e}; name a directory of `gc-lab run`", file.display())
    })?;
    let mut points = Points::new();
    for Record { sample, outcome, measured, .. } in records {
        if let (true, Some(measured)) = (outcome.is_ok(), measured) {
            points.entry(sample.cell()).or_default().push(measured);
        }
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_ratio_has_a_narrow_interval_and_none_no_interval() {
        let logs = vec![1.05f64.ln(); 20];
        let i = mean_interval(&logs, 0.99).unwrap();
        assert!((i.low - 1.05).abs() < 1e-9 && (i.high - 1.05).abs() < 1e-9);
        assert_eq!(mean_interval(&[], 0.99), None);
    }

    #[test]
    fn equal_runs_give_few_alarms_and_a_planted_slowdown_is_found() {
        let mut random = Random::new(5);
        let mut noise = |by: f64| 1.0 + by * (random.below(10_000) as f64 / 10_000.0 - 0.5);
        let (mut alarms, mut found) = (0, 0);
        for _ in 0..200 {
            let run = |factor: f64, noise: &mut dyn FnMut(f64) -> f64| -> Vec<f64> {
                (0..20).map(|_| (factor * noise(0.04) / noise(0.04)).ln()).collect()
            };
            let same = mean_interval(&run(1.0, &mut noise), 0.995).unwrap();
            alarms += usize::from(same.low > 1.0 || same.high < 1.0);
            let slower = mean_interval(&run(1.05, &mut noise), 0.995).unwrap();
            found += usize::from(slower.low > 1.0);
        }
        assert!(alarms <= 4, "{alarms} false alarms in 200 comparisons");
        assert!(found >= 190, "{found} of 200 slowdowns found");
    }
}
