//! What a search found, in words and as data.

use super::search::{Decision, Found, Plan, Seen, Standing};
use super::{Options, Processes};
use crate::policy::Policy;
use serde::Serialize;
use std::path::Path;
use tare_reports::stats::{Interval, pareto};
use tare_reports::units;

/// A finalist.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    policy: String,
    /// The middle time on a core of the longer runs.
    cpu_ns: f64,
    /// Time over that of the fastest, with its interval; `None` for one over the cap.
    ratio: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    /// The most bytes taken from the allocator in any of the longer runs.
    peak_bytes: f64,
    /// The most that the anonymous memory of the process grew in any of them.
    physical_bytes: Option<f64>,
    collections: u64,
    /// The same before, on the shorter runs.
    short_cpu_ns: Option<f64>,
    short_peak_bytes: Option<f64>,
    /// Whether nothing is better in both coordinates.
    front: bool,
    /// Why it may not be chosen, where it may not.
    refused: Option<&'static str>,
}

/// The check on longer runs.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// How many times as long as what the user named, at least.
    length: u32,
    blocks: usize,
    confirmed: bool,
    /// The choice before the check.
    first: String,
    /// Whether more blocks would not have changed anything.
    settled: bool,
    sentence: String,
}

/// The whole answer.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// In the words of `--policy`.
    pub policy: String,
    command: String,
    rust: String,
    c: String,
    slack: f64,
    memory_cap_bytes: Option<f64>,
    check: Check,
    finalists: Vec<Row>,
    policies_tried: usize,
    samples: u64,
    dropped: Vec<String>,
}

impl Answer {
    /// Puts the answer together.
    pub fn new(path: &Path, options: &Options, taken: &Processes<'_>, found: &Found) -> Self {
        let goal = options.goal();
        let policy = found.chosen().policy.clone();
        let points: Vec<(f64, f64)> = found.finalists.iter().map(|s| (s.time(), s.peak())).collect();
        let front = pareto(&points);
        let row = |(index, seen): (usize, &Seen)| {
            let short = found.before.iter().find(|s| s.policy == seen.policy);
            let ratio: Option<Interval> = found.decision.ratio[index];
            Row {
                policy: seen.policy.clone(),
                cpu_ns: seen.time(),
                ratio: ratio.map(|r| r.value),
                low: ratio.map(|r| r.low),
                high: ratio.map(|r| r.high),
                peak_bytes: seen.peak(),
                physical_bytes: seen.physical(),
                collections: seen.collections(),
                short_cpu_ns: short.map(Seen::time),
                short_peak_bytes: short.map(Seen::peak),
                front: front.contains(&index),
                refused: match found.decision.standing[index] {
                    Standing::Within => None,
                    Standing::Slow => Some("too slow"),
                    Standing::OverCap => Some("over the cap"),
                },
            }
        };
        let size = options.size.map_or(String::new(), |n| format!(" --size {n}"));
        Answer {
            command: format!("gc-lab exec {}{size} --policy '{policy}'", path.display()),
            rust: rust(&policy),
            c: c(&policy, found),
            slack: goal.slack,
            memory_cap_bytes: goal.cap,
            check: Check {
                length: options.check_length,
                blocks: found.chosen().readings.len(),
                confirmed: found.confirmed(),
                first: found.first.clone(),
                settled: found.decision.settled,
                sentence: check_sentence(found, goal.slack, &length_words(options, taken)),
            },
            finalists: found.finalists.iter().enumerate().map(row).collect(),
            policies_tried: found.tried,
            samples: taken.samples,
            dropped: found.dropped.clone(),
            policy,
        }
    }

    /// As a person reads it.
    pub fn text(&self) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_header([
            "policy",
            "time",
            "of the fastest",
            "peak",
            "anonymous",
            "collections",
            "shorter: time, peak",
            "",
        ]);
        for row in &self.finalists {
            let or = |value: Option<f64>, show: fn(f64) -> String| value.map_or("–".into(), show);
            let note = match row.refused {
                _ if row.policy == self.policy => "recommended",
                Some(why) => why,
                None if row.front => "on the front",
                None => "",
            };
            table.add_row([
                row.policy.clone(),
                units::time(row.cpu_ns),
                interval_words(row.ratio, row.low, row.high),
                units::bytes(row.peak_bytes),
                or(row.physical_bytes, units::bytes),
                units::count(row.collections),
                format!("{}, {}", or(row.short_cpu_ns, units::time), or(row.short_peak_bytes, units::bytes)),
                note.into(),
            ]);
        }
        let limit = match (self.memory_cap_bytes, self.slack) {
            (Some(cap), slack) if slack > 0.0 => format!(
                "the leanest that takes at most {} and at most {} more time than the fastest that does",
                units::bytes(cap),
                units::percent(slack)
            ),
            (Some(cap), _) => format!(
                "the fastest that takes at most {}, of equally fast ones the leanest",
                units::bytes(cap)
            ),
            (None, slack) => {
                format!("the leanest that takes at most {} more time than the fastest", units::percent(slack))
            }
        };
        let open = if self.check.settled {
            ""
        } else {
            "\nThe time was used up before the intervals decided everything: more --time-budget may find a leaner one."
        };
        let dropped = match self.dropped.first() {
            Some(first) => format!(
                "\n{} policies did not end well in some run and were dropped, such as {first}.",
                self.dropped.len()
            ),
            None => String::new(),
        };
        format!(
            "{table}\n\nTime is time on a core; times are compared within {} blocks, intervals of 95 % together. Peak \
             is the most bytes taken from the allocator, what a memory limit is on; anonymous is how much the \
             process's anonymous memory grew. {} policies were tried in {} samples.{dropped}\n\nRecommended: {}, \
             {limit}.\n{}{open}\n\n  {}\n  Rust: {}\n  C:    {}",
            self.check.blocks,
            self.policies_tried,
            self.samples,
            self.policy,
            self.check.sentence,
            self.command,
            self.rust,
            self.c
        )
    }
}

/// `1.02 (1.00 to 1.04)`.
fn interval_words(value: Option<f64>, low: Option<f64>, high: Option<f64>) -> String {
    match (value, low, high) {
        (Some(value), Some(low), Some(high)) if high.is_finite() => {
            format!("{value:.2} ({low:.2} to {high:.2})")
        }
        (Some(value), ..) => format!("{value:.2}"),
        _ => "–".into(),
    }
}

/// What the longer runs are.
fn length_words(options: &Options, taken: &Processes<'_>) -> String {
    let lengths = Plan::check_lengths(options.check_length);
    let ends = [lengths.iter().min(), lengths.iter().max()].map(|end| *end.unwrap_or(&options.check_length));
    let [(least, few), (most, many)] = ends.map(|length| taken.extent(length));
    let what = match many {
        0 => format!("{least} to {most} requests"),
        _ => format!("{} to {} iterations in one runtime", few + 1, many + 1),
    };
    format!("{} to {} times as long: {what}", ends[0], ends[1])
}

/// How the check went.
fn check_sentence(found: &Found, slack: f64, length: &str) -> String {
    let chosen = found.chosen();
    let begin = format!("Checked on fresh runs ({length}): ");
    let held = |s: &Seen| units::bytes(s.peak());
    let of = |seen: &[Seen], policy: &str| seen.iter().find(|s| s.policy == policy).cloned();
    let growth = |policy: &str| -> String {
        let short = of(&found.before, policy);
        match (short, of(&found.finalists, policy)) {
            (Some(short), Some(long)) => {
                format!("{} on the shorter runs, {} on these", held(&short), held(&long))
            }
            (_, Some(long)) => format!("{} on these", held(&long)),
            _ => "did not end well on these".into(),
        }
    };
    if found.confirmed() {
        let grown =
            of(&found.before, &chosen.policy).map_or(1.0, |short| chosen.peak() / short.peak().max(1.0));
        let grows = if grown > GROWS {
            "; its memory grows with the length of the run, and so does that of all that are as fast"
        } else {
            ""
        };
        return format!("{begin}it holds, with {}{grows}.", growth(&chosen.policy));
    }
    let Decision { standing, ratio, .. } = &found.decision;
    let place = found.finalists.iter().position(|s| s.policy == found.first);
    let why = match place.map(|i| (standing[i], ratio[i])) {
        None => "it did not end well there".into(),
        Some((Standing::OverCap, _)) => "it is over the cap there".into(),
        Some((Standing::Slow, ratio)) => format!(
            "it takes {} times the time of the fastest there, where {:.2} is allowed",
            interval_words(ratio.map(|r| r.value), ratio.map(|r| r.low), ratio.map(|r| r.high)),
            1.0 + slack
        ),
        Some((Standing::Within, _)) => format!("it holds more there than {} needs", chosen.policy),
    };
    format!(
        "{begin}the first candidate, {}, is contradicted ({}; {why}). The next that the runs confirm is {} ({}).",
        found.first,
        growth(&found.first),
        chosen.policy,
        growth(&chosen.policy)
    )
}

/// Memory that grows by more than this from the shorter to the longer runs grows with their length.
const GROWS: f64 = 1.5;

/// The policy as a call of the Rust interface.
fn rust(policy: &str) -> String {
    match threshold(policy) {
        Some(bytes) if bytes != u64::MAX => format!("runtime.set_gc_threshold({bytes});"),
        _ => format!("Runtime::builder().gc_policy(\"{policy}\".parse()?)"),
    }
}

/// As calls of QuickJS's C interface, which can only set a threshold.
fn c(policy: &str, found: &Found) -> String {
    let call = |bytes: u64| match bytes {
        u64::MAX => "JS_SetGCThreshold(rt, (size_t)-1);".to_string(),
        bytes => format!("JS_SetGCThreshold(rt, {bytes});"),
    };
    if let Some(bytes) = threshold(policy) {
        return call(bytes);
    }
    match found.threshold().and_then(|s| Some((threshold(&s.policy)?, s))) {
        Some((bytes, seen)) => format!(
            "{} /* a threshold cannot say {policy}; the leanest it can say here: {} at the peak */",
            call(bytes),
            units::bytes(seen.peak())
        ),
        None => format!("/* JS_SetGCThreshold cannot say {policy}, and no threshold was within the goal */"),
    }
}

fn threshold(policy: &str) -> Option<u64> {
    policy.parse::<Policy>().ok()?.as_quickjs_threshold()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tune::search::{Goal, Reading, decide};

    fn seen(policy: &str, time: f64, peak: f64) -> Seen {
        let reading = |n: u32| Reading {
            time: time * (1.0 + 0.001 * f64::from(n % 3)),
            peak,
            physical: None,
            collections: 1,
        };
        Seen { readings: (0..6).map(reading).collect(), ..Seen::of(policy) }
    }

    fn found(first: &str, short: Vec<Seen>, long: Vec<Seen>) -> Found {
        let goal = Goal { slack: 0.05, cap: None };
        let decision = decide(&long, goal, Some(first)).unwrap();
        Found { before: short, first: first.into(), finalists: long, decision, tried: 2, dropped: Vec::new() }
    }

    /// A service of 15 MiB that under a large threshold never collects and holds 147 MiB on longer runs.
    #[test]
    fn a_candidate_whose_memory_grows_with_the_length_gives_way() {
        const M: f64 = 1_048_576.0;
        let short = vec![seen("quickjs(256M)", 98.0, 15.0 * M), seen("quickjs(256K)", 100.0, 14.3 * M)];
        let long = vec![seen("quickjs(256M)", 2450.0, 147.0 * M), seen("quickjs(256K)", 2490.0, 14.3 * M)];
        let found = found("quickjs(256M)", short, long);
        assert_eq!(found.chosen().policy, "quickjs(256K)");
        let sentence = check_sentence(&found, 0.05, "25 times as long");
        assert!(sentence.contains("contradicted") && sentence.contains("147 MiB"), "{sentence}");
        assert!(sentence.contains("next") && sentence.contains("quickjs(256K)"), "{sentence}");
    }

    #[test]
    fn a_confirmed_answer_says_so_and_what_grows() {
        let found = found(
            "live(2, 256K)",
            vec![seen("live(2, 256K)", 10.0, 1e6)],
            vec![seen("live(2, 256K)", 100.0, 8e6)],
        );
        let sentence = check_sentence(&found, 0.05, "10 times as long");
        assert!(sentence.contains("it holds") && sentence.contains("grows with the length"), "{sentence}");
    }

    #[test]
    fn calls_say_the_policy() {
        assert_eq!(rust("quickjs(1M)"), "runtime.set_gc_threshold(1048576);");
        assert_eq!(rust("live(2, 256K)"), "Runtime::builder().gc_policy(\"live(2, 256K)\".parse()?)");
        let plain = vec![
            seen("live(2, 256K)", 100.0, 1e6),
            seen("quickjs(1M)", 100.0, 2e6),
            seen("never", 100.0, 3e6),
        ];
        let found = found("live(2, 256K)", Vec::new(), plain);
        assert_eq!(c("quickjs(1M)", &found), "JS_SetGCThreshold(rt, 1048576);");
        assert_eq!(c("never", &found), "JS_SetGCThreshold(rt, (size_t)-1);");
        assert!(
            c("live(2, 256K)", &found)
                .starts_with("JS_SetGCThreshold(rt, 1048576); /* a threshold cannot say")
        );
    }
}
