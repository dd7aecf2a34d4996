//! `gc-lab tune --check-exhaustive`: the search against trying everything, on workloads of the catalogue.
//!
//! A workload is a service whose request is one iteration at a tenth of its default size. It is tuned; then every policy of [`search::grid`] is run
//! at 25 times the length, together with the search's answer, twice; what then lies within a sixth of the allowed
//! time and could be the answer is run on in blocks, and the same rule that ends a search says which is best.

use super::search::{self, Goal, Seen, Source, Stop};
use super::{Options, Processes};
use crate::matrix::{Program, Size};
use tare_reports::units;

/// How many times as long the runs are by which both are compared.
pub const LENGTH: u32 = 25;

/// Blocks of the whole grid, and of what remains of it.
const BLOCKS: (u32, u32) = (2, 6);

/// Farther above the limit than this after the first blocks, a policy is no rival.
const RIVAL: f64 = 0.16;

/// A difference up to this is kept to.
const PROMISED: f64 = 0.05;

/// The workloads where none are named.
const WORKLOADS: [&str; 10] = [
    "churn_cyclic",
    "closures",
    "events",
    "caches",
    "promises",
    "class_fields",
    "dictionary",
    "splay",
    "live_graph",
    "arrays",
];

/// The part of a workload's default size that one iteration has.
const PART: u64 = 10;

/// One workload's outcome.
struct Compared {
    workload: String,
    tuned: Seen,
    best: Seen,
    /// Time over the most that was allowed, or over that of the best where that is more.
    time: f64,
    /// Time over that of the best.
    time_to_best: f64,
    peak: f64,
}

/// Tunes the workloads and compares with exhaustive search; the last line is the sum. Returns false when the user
/// interrupted, or a workload is farther from it than promised.
///
/// # Errors
/// A sentence that names what does not exist or could not be measured.
pub fn check(names: &[String], coarse: bool, options: &Options) -> Result<bool, String> {
    let default = || WORKLOADS.iter().map(|w| (*w).to_string()).collect::<Vec<_>>();
    let names = if names.is_empty() { default() } else { names.to_vec() };
    let programs = crate::matrix::programs(&names, &[])?;
    let grid = search::grid(if coarse { 2 } else { 1 });
    eprintln!("{} policies by exhaustive search, at {LENGTH} times the length.", grid.len());
    let mut all = Vec::new();
    for program in &programs {
        let own = Options {
            size: Some((program.size(Size::Default) / PART).max(1)),
            requests: Some(1),
            ..options.clone()
        };
        let outcome = match one(program, &own, &grid) {
            Ok(compared) => compared,
            Err(Stop::Interrupted) => return Ok(false),
            Err(Stop::Failed(message)) => return Err(format!("{}: {message}", program.name())),
        };
        say!("{}", line(&outcome));
        all.push(outcome);
    }
    let near = all.iter().filter(|c| c.time <= 1.0 + PROMISED && c.peak <= 1.0 + PROMISED).count();
    let worst = |of: fn(&Compared) -> f64| all.iter().map(of).fold(0.0, f64::max);
    say!(
        "at {LENGTH} times the length: {near} of {} within {:.0} % of exhaustive search in both coordinates; at worst \
         {:.3} of the time allowed ({:.3} of the best's), {:.3} of the peak",
        all.len(),
        PROMISED * 100.0,
        worst(|c| c.time),
        worst(|c| c.time_to_best),
        worst(|c| c.peak)
    );
    Ok(near == all.len())
}

fn one(program: &Program, options: &Options, grid: &[String]) -> Result<Compared, Stop> {
    let goal = options.goal();
    let mut processes = Processes::new(program, options).map_err(Stop::Failed)?;
    let found = search::search(&mut processes, goal, options.plan())?;
    let tuned = found.chosen().policy.clone();
    let mut seen: Vec<Seen> = Vec::new();
    let policies = grid.iter().map(String::as_str).chain([tuned.as_str()]);
    for policy in policies {
        if !seen.iter().any(|s| s.policy == policy) {
            seen.push(Seen::of(policy));
        }
    }
    for block in 0..BLOCKS.0 + BLOCKS.1 {
        if block == BLOCKS.0 {
            let rivals = search::rivals(&seen, goal, RIVAL);
            let mut index = 0;
            seen.retain(|s| {
                index += 1;
                rivals.contains(&(index - 1)) || s.policy == tuned
            });
        }
        let names: Vec<String> = seen.iter().map(|s| s.policy.clone()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let readings = processes.block(&names, LENGTH)?;
        let mut readings = readings.into_iter();
        // One that does not end well is no rival; a choice of the search that does not is a failure.
        seen.retain_mut(|s| match readings.next().flatten() {
            Some(reading) => {
                s.readings.push(reading);
                true
            }
            None => false,
        });
    }
    processes.bar.finish_and_clear();
    compare(program.name(), &tuned, &seen, goal)
}

/// The answer of the search beside the best of all, by the same blocks.
fn compare(workload: String, tuned: &str, seen: &[Seen], goal: Goal) -> Result<Compared, Stop> {
    let failed = || Stop::Failed(format!("{tuned} did not end well at {LENGTH} times the length"));
    let at = seen.iter().position(|s| s.policy == tuned).ok_or_else(failed)?;
    let nothing = || Stop::Failed(format!("nothing stays under the cap at {LENGTH} times the length"));
    let decision = search::decide(seen, goal, None).ok_or_else(nothing)?;
    let ratio = |index: usize| decision.ratio[index].map_or(f64::INFINITY, |r| r.value);
    let best = decision.choice;
    Ok(Compared {
        workload,
        time: ratio(at) / ratio(best).max(1.0 + goal.slack),
        time_to_best: ratio(at) / ratio(best),
        peak: seen[at].peak() / seen[best].peak(),
        tuned: seen[at].clone(),
        best: seen[best].clone(),
    })
}

fn line(c: &Compared) -> String {
    let figures = |s: &Seen| {
        format!(
            "{:<22} {:>8} {:>9} {:>5}",
            s.policy,
            units::time(s.time()),
            units::bytes(s.peak()),
            s.collections()
        )
    };
    let peak = c.peak;
    format!(
        "{:<14} tuned {}   best {}   time {:.3} of allowed, {:.3} of best's, peak {peak:.3}",
        c.workload,
        figures(&c.tuned),
        figures(&c.best),
        c.time,
        c.time_to_best
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use search::Reading;

    fn seen(policy: &str, time: f64, peak: f64) -> Seen {
        let reading = Reading { time, peak, physical: None, collections: 1 };
        Seen { readings: vec![reading; 6], ..Seen::of(policy) }
    }

    #[test]
    fn an_answer_is_measured_by_what_was_allowed_and_by_the_best() {
        let all =
            [seen("never", 100.0, 9e6), seen("quickjs(1M)", 104.0, 2e6), seen("quickjs(2M)", 101.0, 3e6)];
        let goal = Goal { slack: 0.05, cap: None };
        let compared = |tuned: &str| compare("w".into(), tuned, &all, goal).unwrap();
        let own = compared("quickjs(1M)");
        assert_eq!((own.best.policy.as_str(), own.peak, own.time_to_best), ("quickjs(1M)", 1.0, 1.0));
        let other = compared("quickjs(2M)");
        assert!((other.peak - 1.5).abs() < 1e-9 && other.time < 1.0, "{} {}", other.peak, other.time);
        assert!(compare("w".into(), "live(2)", &all, goal).is_err(), "one that was not measured");
    }
}
