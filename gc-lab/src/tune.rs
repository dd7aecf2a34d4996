//! `gc-lab tune`: which threshold suits a script, from its own trade-off.

use crate::backend::{self, Script, Setup};
use crate::matrix::read_script;
use crate::policy::Policy;
use crate::sample::{self, Ended, Job};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tare_reports::record::Measured;
use tare_reports::{stats, units};

/// The thresholds tried, in bytes.
const THRESHOLDS: [u64; 7] = [64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20, 256 << 20];

/// How to tune.
pub struct Options {
    /// The engine.
    pub engine: String,
    /// The allocator stack.
    pub allocator: String,
    /// Samples of every threshold.
    pub repeats: u32,
    /// How much slower than the fastest the recommended threshold may be, as a share.
    pub slack: f64,
    /// What one sample may take.
    pub timeout: Duration,
}

struct Point {
    threshold: u64,
    cpu_ns: f64,
    peak_bytes: f64,
    pause_ns: f64,
    collections: f64,
}

/// Measures the script under every threshold and recommends one.
///
/// # Errors
/// A sentence that says what kept the script from being measured.
pub fn tune(path: &Path, options: &Options) -> Result<(), String> {
    let backend = backend::find(&options.engine)?;
    backend::allocator(&options.allocator)?;
    let source = read_script(path)?;
    let mut runs: Vec<Vec<Measured>> = vec![Vec::new(); THRESHOLDS.len()];
    let interrupted = AtomicBool::new(false);
    for repeat in 0..options.repeats {
        for index in 0..THRESHOLDS.len() {
            // Every second round runs backwards, so that a drift of the machine hits all alike.
            let index = if repeat % 2 == 0 { index } else { THRESHOLDS.len() - 1 - index };
            let script = Script {
                filename: path.display().to_string(),
                source: source.clone(),
                size: None,
                prints: false,
                module: Script::is_module(&path.to_string_lossy(), &source),
            };
            let policy = Policy::quickjs(THRESHOLDS[index]);
            let setup = Setup::new(&options.allocator, backend.fronts()[0], &policy);
            let job = Job { engine: options.engine.clone(), script, setup, check: None };
            let Ended::Run(run) = sample::in_child(&job, options.timeout, &interrupted)? else {
                return Ok(());
            };
            match run.measured.filter(|_| run.outcome.is_ok()) {
                Some(measured) => runs[index].push(measured),
                None => {
                    return Err(format!(
                        "{} under {policy}: {} {}",
                        path.display(),
                        run.outcome.name(),
                        run.outcome.message()
                    ));
                }
            }
        }
    }
    let points: Vec<Point> = THRESHOLDS.iter().zip(&runs).filter_map(|(t, runs)| point(*t, runs)).collect();
    let Some(best) = recommend(&points, options.slack) else { return Err("nothing was measured".into()) };
    say!("{}", table(&points, best));
    let best = &points[best];
    say!(
        "\nRecommended: a threshold of {} (--gc-threshold {}). It is the leanest that takes at most {:.0} % more \
         time than the fastest: {} and {} at the peak, longest pause {}.",
        units::bytes(best.threshold as f64),
        crate::units::show_bytes(best.threshold),
        options.slack * 100.0,
        units::time(best.cpu_ns),
        units::bytes(best.peak_bytes),
        units::time(best.pause_ns),
    );
    Ok(())
}

fn point(threshold: u64, runs: &[Measured]) -> Option<Point> {
    let of = |f: fn(&Measured) -> u64| stats::median(&runs.iter().map(|r| f(r) as f64).collect::<Vec<_>>());
    Some(Point {
        threshold,
        cpu_ns: of(|r| r.cpu_ns)?,
        peak_bytes: of(|r| r.peak_charged_bytes)?,
        pause_ns: of(|r| r.pause_max_ns)?,
        collections: of(|r| r.collection_count)?,
    })
}

/// The index of the leanest point that is at most `slack` slower than the fastest; of equally
/// lean ones (to a hundredth) the fastest.
fn recommend(points: &[Point], slack: f64) -> Option<usize> {
    let fastest = points.iter().map(|p| p.cpu_ns).min_by(f64::total_cmp)?;
    let allowed = |p: &&Point| p.cpu_ns <= fastest * (1.0 + slack);
    let leanest = points.iter().filter(allowed).map(|p| p.peak_bytes).min_by(f64::total_cmp)?;
    let lean = points.iter().enumerate().filter(|(_, p)| allowed(p) && p.peak_bytes <= leanest * 1.01);
    lean.min_by(|a, b| a.1.cpu_ns.total_cmp(&b.1.cpu_ns)).map(|(index, _)| index)
}

fn table(points: &[Point], best: usize) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(["threshold", "time", "peak", "collections", "longest pause", ""]);
    for (index, p) in points.iter().enumerate() {
        table.add_row([
            units::bytes(p.threshold as f64),
            units::time(p.cpu_ns),
            units::bytes(p.peak_bytes),
            format!("{:.0}", p.collections),
            units::time(p.pause_ns),
            if index == best { "recommended".into() } else { String::new() },
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leanest_within_the_slack_is_recommended() {
        let point = |threshold, cpu_ns, peak_bytes| Point {
            threshold,
            cpu_ns,
            peak_bytes,
            pause_ns: 0.0,
            collections: 0.0,
        };
        let points =
            [point(1, 200.0, 10.0), point(2, 104.0, 20.0), point(3, 103.0, 20.1), point(4, 100.0, 80.0)];
        assert_eq!(recommend(&points, 0.05), Some(2));
        assert_eq!(recommend(&points, 0.0), Some(3));
        assert_eq!(recommend(&points, 2.0), Some(0));
        assert_eq!(recommend(&[], 0.05), None);
    }
}
