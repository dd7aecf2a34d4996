//! `gc-lab bench-peers`: our engine and QuickJS-ng on the same small programs, in turn.
//!
//! The programs are data in `bench/`. Each sample is a process of its own; the two engines
//! alternate, and which of them goes first alternates too. The time is that on a core, of the
//! script alone; the figures are medians. Both engines get their memory straight from the system
//! allocator, unwatched.

use crate::backend::{self, Run, Script, Setup};
use crate::policy::Policy;
use crate::sample::{self, Ended, Job};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tare_reports::{stats, units};

macro_rules! programs {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../bench/", $folder, $name, ".js")))),*]
    };
}

/// The programs whose time is compared, by name.
const SPEED: &[(&str, &str)] = programs!("":
    "fib", "property_read", "property_write", "method_call", "array_push", "array_read", "array_write", "closure",
    "string_concat", "map", "json", "binary_trees", "cyclic_garbage", "throw_catch", "generator", "mandelbrot",
);

/// The programs that leave a large live heap.
const LIVE: &[(&str, &str)] = programs!("live/": "tree", "chain", "random");

/// The programs that keep many of one kind of thing; the first keeps none.
const BYTES: &[(&str, &str)] =
    programs!("bytes/": "nothing", "object_xy", "instance4", "array", "closure", "string10");

/// Live objects of the collection benchmark.
const LIVE_OBJECTS: u64 = 1_000_000;

/// Full collections that a process of that benchmark makes.
const FULL_COLLECTIONS: u32 = 20;

/// Things kept by the size benchmark.
const KEPT: u64 = 200_000;

/// How to compare.
pub struct Options {
    /// Only the programs whose name contains one of these; all when empty.
    pub filter: Vec<String>,
    /// Samples of every program and engine.
    pub repeats: u32,
    /// What one sample may take.
    pub timeout: Duration,
    /// Also time one full collection of a large live heap.
    pub gc_pause: bool,
    /// Also count the bytes of single things.
    pub bytes: bool,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|part| name.contains(part.as_str()))
    }
}

const OURS: &str = "tare";
const OTHER: &str = "quickjs-ng";

/// Who goes first changes from one repeat to the next.
fn in_turn(repeat: u32) -> [&'static str; 2] {
    if repeat.is_multiple_of(2) { [OURS, OTHER] } else { [OTHER, OURS] }
}

/// Runs the comparison and prints it; the last line is the verdict of the speed rows.
///
/// Returns whether every program ran on both engines with the same result.
///
/// # Errors
/// When this build lacks one of the engines, or no process can be started.
pub fn bench(options: &Options) -> Result<bool, String> {
    backend::find(OURS)?;
    backend::find(OTHER)?;
    let tables = [(true, SPEED), (options.gc_pause, LIVE)];
    let names: Vec<&str> =
        tables.iter().filter(|(on, _)| *on).flat_map(|(_, table)| table.iter().map(|row| row.0)).collect();
    if !names.iter().any(|name| options.wants(name)) {
        let wanted = options.filter.join(", ");
        return Err(format!("no program's name contains {wanted}; there are {}", names.join(", ")));
    }
    let mut complete = true;
    if options.gc_pause {
        complete &= gc_pause(options)?;
    }
    if options.bytes {
        complete &= bytes(options)?;
    }
    complete &= speed(options)?;
    Ok(complete)
}

fn job(
    engine: &str,
    name: &str,
    source: &str,
    size: Option<u64>,
    watch: bool,
    full: u32,
) -> Result<Job, String> {
    let backend = backend::find(engine)?;
    let mut setup =
        Setup::new("system", backend.fronts()[0], &Policy::quickjs(crate::policy::QUICKJS_THRESHOLD));
    setup.watch = watch;
    setup.full_collections = full;
    let script =
        Script { filename: format!("{name}.js"), source: source.into(), size, prints: false, module: false };
    Ok(Job { engine: engine.into(), script, setup, check: None })
}

/// Runs a job in a child; what went wrong comes back as text.
fn measure(job: &Job, timeout: Duration) -> Result<Result<Run, String>, String> {
    match sample::in_child(job, timeout, &AtomicBool::new(false))? {
        Ended::Interrupted => Ok(Err("interrupted".into())),
        Ended::Run(run) if run.outcome.is_ok() => Ok(Ok(*run)),
        Ended::Run(run) => {
            let message = run.outcome.message();
            let first = message.lines().next().unwrap_or_default();
            Ok(Err(format!("{} {} {first}", job.engine, run.outcome.name())))
        }
    }
}

fn speed(options: &Options) -> Result<bool, String> {
    let chosen: Vec<_> = SPEED.iter().filter(|(name, _)| options.wants(name)).collect();
    if chosen.is_empty() {
        return Ok(true);
    }
    say!("{:<16} {:>12} {:>12} {:>9}", "program", OURS, OTHER, "ratio");
    let mut ratios: Vec<(f64, &str)> = Vec::new();
    let mut complete = true;
    for (name, source) in chosen {
        let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let mut results: BTreeMap<&str, String> = BTreeMap::new();
        let mut failure = None;
        'repeats: for repeat in 0..options.repeats {
            for engine in in_turn(repeat) {
                match measure(&job(engine, name, source, None, false, 0)?, options.timeout)? {
                    Ok(run) => {
                        let measured = run.measured.unwrap_or_default();
                        times.entry(engine).or_default().push(measured.cpu_ns as f64);
                        results.insert(engine, measured.result);
                    }
                    Err(message) => {
                        failure = Some(message);
                        break 'repeats;
                    }
                }
            }
        }
        if failure.is_none() && results.get(OURS) != results.get(OTHER) {
            failure = Some(format!("different results: {} and {}", results[OURS], results[OTHER]));
        }
        let median = |engine: &str| times.get(engine).and_then(|t| stats::median(t));
        match (failure, median(OURS), median(OTHER)) {
            (None, Some(ours), Some(other)) => {
                let ratio = other / ours;
                ratios.push((ratio, name));
                say!("{name:<16} {:>12} {:>12} {ratio:>7.2} x", units::time(ours), units::time(other));
            }
            (failure, ..) => {
                complete = false;
                say!("{name:<16} {}", failure.unwrap_or_else(|| "no figures".into()));
            }
        }
    }
    let mean = stats::geomean(&ratios.iter().map(|r| r.0).collect::<Vec<_>>());
    let worst = ratios.iter().min_by(|a, b| a.0.total_cmp(&b.0));
    let (Some(mean), Some(worst)) = (mean, worst) else {
        say!("geomean: none, no program ran on both engines");
        return Ok(false);
    };
    say!("geomean: {mean:.2} x, worst: {} {:.2} x", worst.1, worst.0);
    Ok(complete)
}

fn gc_pause(options: &Options) -> Result<bool, String> {
    say!(
        "one full collection with {} live objects (processor time, median of {} in each of {} processes, \
         without the first)",
        units::count(LIVE_OBJECTS),
        FULL_COLLECTIONS - 1,
        options.repeats
    );
    say!("{:<16} {:>12} {:>12} {:>9}", "heap", OURS, OTHER, "ratio");
    let mut complete = true;
    for (name, source) in LIVE.iter().filter(|(name, _)| options.wants(name)) {
        let mut pauses: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for engine in (0..options.repeats).flat_map(in_turn) {
            let job = job(engine, name, source, Some(LIVE_OBJECTS), false, FULL_COLLECTIONS)?;
            match measure(&job, options.timeout)? {
                Ok(run) => {
                    // The first also takes what the script left behind.
                    let later = run.full_collection_ns.iter().skip(1).map(|ns| *ns as f64);
                    pauses.entry(engine).or_default().extend(later);
                }
                Err(message) => {
                    complete = false;
                    say!("{name:<16} {message}");
                }
            }
        }
        let median = |engine: &str| pauses.get(engine).and_then(|times| stats::median(times));
        if let (Some(ours), Some(other)) = (median(OURS), median(OTHER)) {
            say!("{name:<16} {:>12} {:>12} {:>7.2} x", units::time(ours), units::time(other), other / ours);
        }
    }
    say!("");
    Ok(complete)
}

fn bytes(options: &Options) -> Result<bool, String> {
    say!("bytes taken from the allocator for each of {} kept", units::count(KEPT));
    say!("{:<16} {:>12} {:>12} {:>9}", "thing", OURS, OTHER, "ratio");
    let mut base: BTreeMap<&str, f64> = BTreeMap::new();
    let mut complete = true;
    for (name, source) in BYTES {
        let mut row = Vec::new();
        for engine in [OURS, OTHER] {
            match measure(&job(engine, name, source, Some(KEPT), true, 1)?, options.timeout)? {
                Ok(run) => {
                    let total = run.measured.unwrap_or_default().end_charged_bytes as f64;
                    if *name == "nothing" {
                        base.insert(engine, total);
                    } else if let Some(base) = base.get(engine) {
                        row.push((total - base) / KEPT as f64);
                    }
                }
                Err(message) => {
                    complete = false;
                    say!("{name:<16} {message}");
                }
            }
        }
        if let [ours, other] = row.as_slice() {
            say!("{name:<16} {ours:>12.1} {other:>12.1} {:>7.2} x", other / ours);
        }
    }
    say!("");
    Ok(complete)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_says_what_it_is_and_leaves_a_result() {
        for (name, source) in SPEED.iter().chain(LIVE).chain(BYTES) {
            assert!(source.starts_with("// "), "{name} does not say what it is");
            assert!(source.contains("globalThis.result = "), "{name} leaves no result");
        }
    }
}
