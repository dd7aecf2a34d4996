//! Two runs against each other, on made-up records with a planted difference.

mod common;

use tare_reports::stats::{Random, Rule};
use tare_reports::versus::{Options, Versus, versus};
use tare_reports::{Figure, Record};

/// The records of one engine with their times and memory multiplied, and noise of their own.
fn run(time: f64, memory: f64, seed: u64) -> Vec<Record> {
    let mut random = Random::new(seed);
    let mut records = common::records();
    records.retain(|r| r.sample.engine == "tare" && r.sample.policy == "quickjs(256K)" && r.outcome.is_ok());
    for record in &mut records {
        let measured = record.measured.as_mut().unwrap();
        measured.cpu_ns = (measured.cpu_ns as f64 * time * random.between(0.99, 1.01)) as u64;
        measured.peak_charged_bytes = (measured.peak_charged_bytes as f64 * memory) as u64;
    }
    records
}

fn options() -> Options {
    let limits = vec![(Figure::Time, 0.03), (Figure::Peak, 0.02)];
    Options { a: "before".into(), b: "after".into(), rule: Rule::default(), limits }
}

fn verdict(found: &Versus, figure: Figure) -> &'static str {
    found.overall.iter().find(|s| s.figure == figure).unwrap().verdict
}

#[test]
fn equal_runs_are_alike_and_pass() {
    let found = versus(&run(1.0, 1.0, 1), &run(1.0, 1.0, 2), &options()).unwrap();
    assert_eq!((verdict(&found, Figure::Time), verdict(&found, Figure::Peak)), ("alike", "alike"));
    assert!(!found.failed() && found.limits.iter().all(|l| l.kept_for_certain), "{:#?}", found.limits);
    assert!(found.single.is_empty(), "{:#?}", found.single);
    assert!(found.interleaved && found.text().contains("kept for certain"));
}

#[test]
fn a_slowdown_is_found_with_its_interval_and_fails_the_gate() {
    let found = versus(&run(1.0, 1.0, 1), &run(1.06, 1.0, 2), &options()).unwrap();
    let time = &found.overall[0];
    assert_eq!((time.figure, time.verdict), (Figure::Time, "more"));
    assert!(time.low.unwrap() > 1.03 && time.high.unwrap() < 1.09, "{time:?}");
    assert!(found.failed());
    assert!(found.limits[0].passed_by.contains(&"all".to_string()) && found.limits[1].passed_by.is_empty());
    let html = found.html().unwrap();
    assert!(html.contains("B needs more") && html.contains("passed for certain") && !html.contains("http"));
    let json: serde_json::Value = serde_json::from_str(&found.json().unwrap()).unwrap();
    assert_eq!(json["overall"][0]["verdict"], "more");
    assert_eq!(json["limits"][0]["figure"], "time");
}

/// The geometric mean over all points hides it; the point alone does not.
#[test]
fn one_workload_that_grew_fails_the_gate() {
    let mut grown = run(1.0, 1.0, 2);
    for record in grown.iter_mut().filter(|r| r.sample.workload == "closures") {
        record.measured.as_mut().unwrap().peak_charged_bytes *= 2;
    }
    let found = versus(&run(1.0, 1.0, 1), &grown, &options()).unwrap();
    assert!(found.failed(), "{}", found.text());
    assert!(found.single.iter().all(|s| s.point.as_ref().unwrap().contains("closures")), "{}", found.text());
}

#[test]
fn runs_that_mean_different_things_are_refused() {
    let a = run(1.0, 1.0, 1);
    let mut edited = a.clone();
    edited[0].sample.source_hash = "edited".into();
    let error = versus(&a, &edited, &options()).unwrap_err();
    assert!(
        error.contains("acyclic-churn") && error.contains("not the same") && error.contains("edited"),
        "{error}"
    );
    let mut larger = a.clone();
    larger.iter_mut().for_each(|r| r.sample.size = 2000);
    let error = versus(&a, &larger, &options()).unwrap_err();
    assert!(error.contains("size 1000") && error.contains("size 2000"), "{error}");
    let mut other = a.clone();
    other.iter_mut().for_each(|r| r.sample.workload += "-other");
    assert!(versus(&a, &other, &options()).unwrap_err().contains("in common"));
}

#[test]
fn few_blocks_say_nothing_and_separate_runs_are_told_of() {
    let cut = |mut records: Vec<Record>, later: u64| {
        records.retain(|r| r.sample.block < 4);
        for (index, record) in records.iter_mut().enumerate() {
            record.started_unix_ms += later + index as u64;
        }
        records
    };
    let found = versus(&cut(run(1.0, 1.0, 1), 0), &cut(run(2.0, 1.0, 2), 1_000_000), &options()).unwrap();
    assert_eq!(verdict(&found, Figure::Time), "cannot tell");
    assert!(!found.failed());
    let text = found.text();
    assert!(text.contains("fewer than 5 blocks") && text.contains("different times"), "{text}");
}

/// Two set-ups on the same programs, each in a run of its own.
#[test]
fn runs_of_one_set_up_each_are_compared_by_program() {
    let only = |allocator: &str| -> Vec<Record> {
        let mut records = run(1.0, 1.0, 3);
        records.retain(|r| r.sample.allocator == allocator && r.sample.front == "direct");
        records
    };
    let found = versus(&only("mimalloc"), &only("system"), &options()).unwrap();
    assert_eq!((found.points, verdict(&found, Figure::Time)), (7, "more"));
}
