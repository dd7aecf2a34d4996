//! `gc-lab bench-peers`: our engine and its peers on the same small programs, in turn.
//!
//! The programs are data in `bench/`. Each sample is a process of its own; the engines alternate, and which of
//! them goes first alternates too. The time is that on cores, of the script alone; the figures are medians. The
//! engines of the lab get their memory straight from the system allocator, unwatched; a peer by its own shell has
//! its own.

use crate::backend::{self, Backend, Run, Script, Setup, shell};
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
    /// The commands of peers by their own shell.
    pub commands: Vec<String>,
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

/// The engines: ours first.
type Engines = Vec<&'static dyn Backend>;

/// Who goes first changes from one repeat to the next.
fn in_turn(engines: &[&'static dyn Backend], repeat: u32) -> Engines {
    let mut turn = engines.to_vec();
    let first = repeat as usize % engines.len().max(1);
    turn.rotate_left(first);
    turn
}

/// Runs the comparison and prints it; the last line is the verdict of the speed rows.
///
/// Returns whether every program ran on both engines with the same result.
///
/// # Errors
/// When this build lacks one of the engines, or no process can be started.
pub fn bench(options: &Options) -> Result<bool, String> {
    let mut engines: Engines = vec![backend::find(OURS)?];
    match backend::find(OTHER) {
        Ok(crate_build) => engines.push(crate_build),
        Err(message) if options.commands.is_empty() => return Err(message),
        Err(_) => {}
    }
    for command in &options.commands {
        engines.push(shell::define(command)?);
    }
    for engine in &engines {
        say!("{}: {}", engine.name(), engine.version());
    }
    say!("");
    let tables = [(true, SPEED), (options.gc_pause, LIVE)];
    let names: Vec<&str> =
        tables.iter().filter(|(on, _)| *on).flat_map(|(_, table)| table.iter().map(|row| row.0)).collect();
    if !names.iter().any(|name| options.wants(name)) {
        let wanted = options.filter.join(", ");
        return Err(format!("no program's name contains {wanted}; there are {}", names.join(", ")));
    }
    let mut complete = true;
    // Only an engine that is seen from inside can be asked for a collection or for its bytes.
    let inside: Engines = engines.iter().copied().filter(|e| e.command().is_none()).collect();
    if options.gc_pause {
        complete &= gc_pause(options, &inside)?;
    }
    if options.bytes {
        complete &= bytes(options, &inside)?;
    }
    complete &= speed(options, &engines)?;
    Ok(complete)
}

/// The head of a table: the engines, then how many times what ours needs each other one does.
fn head(what: &str, engines: &[&'static dyn Backend]) {
    let names = engines.iter().map(|e| format!(" {:>12}", e.name()));
    let ratios = engines[1..].iter().map(|e| match engines.len() {
        2 => format!(" {:>9}", "ratio"),
        _ => format!(" {:>14}", format!("/ {}", e.name())),
    });
    say!("{what:<16}{}", names.chain(ratios).collect::<String>());
}

/// A row of a table; every engine has its figure.
fn row(name: &str, figures: &[f64], show: impl Fn(f64) -> String) {
    let shown = figures.iter().map(|f| format!(" {:>12}", show(*f)));
    let width = if figures.len() > 2 { 12 } else { 7 };
    let ratios = figures[1..].iter().map(|other| format!(" {:>width$.2} x", other / figures[0]));
    say!("{name:<16}{}", shown.chain(ratios).collect::<String>());
}

fn job(
    engine: &'static dyn Backend,
    name: &str,
    source: &str,
    size: Option<u64>,
    watch: bool,
    full: u32,
) -> Job {
    let policy = Policy::quickjs(crate::policy::QUICKJS_THRESHOLD);
    let setup = Setup {
        watch,
        full_collections: full,
        engine_command: engine.command().map(str::to_string),
        ..Setup::new("system", engine.fronts()[0], &policy)
    };
    let script =
        Script { filename: format!("{name}.js"), source: source.into(), size, prints: false, module: false };
    Job { engine: engine.name().into(), script, setup, check: None }
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

/// The medians of all engines in their order, where every one has figures.
fn medians(engines: &[&'static dyn Backend], figures: &BTreeMap<&str, Vec<f64>>) -> Option<Vec<f64>> {
    engines.iter().map(|e| stats::median(figures.get(e.name())?)).collect()
}

fn speed(options: &Options, engines: &[&'static dyn Backend]) -> Result<bool, String> {
    let chosen: Vec<_> = SPEED.iter().filter(|(name, _)| options.wants(name)).collect();
    if chosen.is_empty() {
        return Ok(true);
    }
    head("program", engines);
    let mut ratios: Vec<(Vec<f64>, &str)> = Vec::new();
    let mut complete = true;
    for (name, source) in chosen {
        let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let mut results: BTreeMap<&str, String> = BTreeMap::new();
        let mut failure = None;
        'repeats: for repeat in 0..options.repeats {
            for engine in in_turn(engines, repeat) {
                match measure(&job(engine, name, source, None, false, 0), options.timeout)? {
                    Ok(run) => {
                        let measured = run.measured.unwrap_or_default();
                        times.entry(engine.name()).or_default().push(measured.cpu_ns as f64);
                        results.insert(engine.name(), measured.result);
                    }
                    Err(message) => {
                        failure = Some(message);
                        break 'repeats;
                    }
                }
            }
        }
        if failure.is_none()
            && let Some((other, result)) = results.iter().find(|(_, result)| **result != results[OURS])
        {
            failure = Some(format!("different results: {} and, of {other}, {result}", results[OURS]));
        }
        match (failure, medians(engines, &times)) {
            (None, Some(figures)) => {
                row(name, &figures, units::time);
                ratios.push((figures[1..].iter().map(|other| other / figures[0]).collect(), name));
            }
            (failure, _) => {
                complete = false;
                say!("{name:<16} {}", failure.unwrap_or_else(|| "no figures".into()));
            }
        }
    }
    if ratios.is_empty() {
        say!("geomean: none, no program ran on all engines");
        return Ok(false);
    }
    let verdict = |label: &str, of: &dyn Fn(&[f64]) -> f64| {
        let found: Vec<(f64, &str)> = ratios.iter().map(|(ratios, name)| (of(ratios), *name)).collect();
        let mean = stats::geomean(&found.iter().map(|r| r.0).collect::<Vec<_>>());
        let worst = found.iter().min_by(|a, b| a.0.total_cmp(&b.0));
        if let (Some(mean), Some(worst)) = (mean, worst) {
            say!("geomean{label}: {mean:.2} x, worst: {} {:.2} x", worst.1, worst.0);
        }
    };
    let peers = &engines[1..];
    if peers.len() > 1 {
        for (index, peer) in peers.iter().enumerate() {
            verdict(&format!(" against {}", peer.name()), &|ratios| ratios[index]);
        }
        verdict(" against the fastest of each row", &|r| r.iter().copied().fold(f64::INFINITY, f64::min));
    } else {
        verdict("", &|ratios| ratios[0]);
    }
    Ok(complete)
}

fn gc_pause(options: &Options, engines: &[&'static dyn Backend]) -> Result<bool, String> {
    say!(
        "one full collection with {} live objects (processor time, median of {} in each of {} processes, \
         without the first)",
        units::count(LIVE_OBJECTS),
        FULL_COLLECTIONS - 1,
        options.repeats
    );
    head("heap", engines);
    let mut complete = true;
    for (name, source) in LIVE.iter().filter(|(name, _)| options.wants(name)) {
        let mut pauses: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for engine in (0..options.repeats).flat_map(|repeat| in_turn(engines, repeat)) {
            let job = job(engine, name, source, Some(LIVE_OBJECTS), false, FULL_COLLECTIONS);
            match measure(&job, options.timeout)? {
                Ok(run) => {
                    // The first also takes what the script left behind.
                    let later = run.full_collection_ns.iter().skip(1).map(|ns| *ns as f64);
                    pauses.entry(engine.name()).or_default().extend(later);
                }
                Err(message) => {
                    complete = false;
                    say!("{name:<16} {message}");
                }
            }
        }
        if let Some(figures) = medians(engines, &pauses) {
            row(name, &figures, units::time);
        }
    }
    say!("");
    Ok(complete)
}

fn bytes(options: &Options, engines: &[&'static dyn Backend]) -> Result<bool, String> {
    say!("bytes taken from the allocator for each of {} kept", units::count(KEPT));
    head("thing", engines);
    let mut base: BTreeMap<&str, f64> = BTreeMap::new();
    let mut complete = true;
    for (name, source) in BYTES {
        let mut found = Vec::new();
        for engine in engines {
            match measure(&job(*engine, name, source, Some(KEPT), true, 1), options.timeout)? {
                Ok(run) => {
                    let total = run.measured.unwrap_or_default().end_charged_bytes as f64;
                    if *name == "nothing" {
                        base.insert(engine.name(), total);
                    } else if let Some(base) = base.get(engine.name()) {
                        found.push((total - base) / KEPT as f64);
                    }
                }
                Err(message) => {
                    complete = false;
                    say!("{name:<16} {message}");
                }
            }
        }
        if found.len() == engines.len() {
            row(name, &found, |bytes| format!("{bytes:.1}"));
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
