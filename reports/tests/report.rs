//! The report as a whole: deterministic bytes, complete files, true sentences.

mod common;

use std::io::Write;
use tare_reports::record::{Outcome, read_records};
use tare_reports::stats::Random;
use tare_reports::{Record, build};

#[test]
fn records_survive_a_round_trip_through_their_lines() {
    for record in common::records() {
        let line = record.to_line().unwrap();
        assert_eq!(line.matches('\n').count(), 1, "one line per record");
        let again: Record = serde_json::from_str(&line).unwrap();
        assert_eq!(again, record);
    }
}

#[test]
fn every_outcome_survives_a_round_trip() {
    let message = || "line one\nline \"two\"".to_string();
    let outcomes = [
        Outcome::Ok,
        Outcome::WrongResult { message: message() },
        Outcome::Threw { message: message() },
        Outcome::Crashed { signal: Some(11), status: None, message: message() },
        Outcome::Crashed { signal: None, status: Some(101), message: message() },
        Outcome::TimedOut { after_ms: 5 },
        Outcome::Unsupported { message: message() },
        Outcome::Failed { message: message() },
    ];
    for outcome in outcomes {
        let text = serde_json::to_string(&outcome).unwrap();
        assert_eq!(serde_json::from_str::<Outcome>(&text).unwrap(), outcome);
    }
}

#[test]
fn an_interrupted_file_gives_its_whole_lines_and_names_the_broken_one() {
    let directory = tempdir("interrupted");
    let path = directory.join("records.jsonl");
    let records = common::records();
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(records[0].to_line().unwrap().as_bytes()).unwrap();
    file.write_all(b"\n").unwrap();
    file.write_all(&records[1].to_line().unwrap().as_bytes()[..100]).unwrap();
    drop(file);
    let (read, bad) = read_records(&path).unwrap();
    assert_eq!(read, records[..1]);
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0].line, 3);
}

#[test]
fn the_same_records_in_any_order_give_the_same_bytes() {
    let mut records = common::records();
    let first = build(&records).unwrap();
    for seed in 0..3 {
        Random::new(seed).shuffle(&mut records);
        let again = build(&records).unwrap();
        assert!(first.html == again.html, "the page differs after shuffling with seed {seed}");
        assert_eq!(first.files, again.files);
    }
}

#[test]
fn the_page_needs_nothing_beside_it_and_every_chart_has_its_files() {
    let report = build(&common::records()).unwrap();
    for outside in ["http://", "https://", "<script src", "<link", "@import", "url("] {
        let found = report.html.replace("http://www.w3.org/2000/svg", "");
        assert!(!found.contains(outside), "the page refers to {outside}");
    }
    // No stand-in colour of the drawing surface is left anywhere.
    assert!(!report.html.contains("#FA01"));
    let names: Vec<&str> = report.files.iter().map(|f| f.0.as_str()).collect();
    for chart in [
        "engines",
        "peak-memory-tare",
        "peak-memory-quickjs-ng",
        "memory-over-time",
        "pauses",
        "trade-off-tare",
        "heat-time-tare",
        "heat-memory-tare",
        "mmu",
    ] {
        for ending in ["svg", "csv"] {
            assert!(names.contains(&format!("{chart}.{ending}").as_str()), "{chart}.{ending} is missing");
        }
        assert!(report.html.contains(&format!("id=\"{chart}\"")), "{chart} is not on the page");
    }
    for (name, content) in &report.files {
        if name.ends_with(".csv") {
            let fields = content.lines().next().unwrap().split(',').count();
            assert!(content.lines().count() > 1, "{name} has no rows");
            assert!(content.lines().all(|l| l.split(',').count() == fields), "{name} has ragged rows");
        } else if name.ends_with(".json") {
            let document: serde_json::Value = serde_json::from_str(content).unwrap();
            let events = document["traceEvents"].as_array().unwrap();
            for kind in ["M", "C", "X"] {
                assert!(events.iter().any(|e| e["ph"] == kind), "{name} has no event of kind {kind}");
            }
        } else {
            assert!(!content.contains("#FA01") && content.contains("</svg>"), "{name} is not finished");
        }
    }
}

#[test]
fn findings_say_what_the_data_was_made_to_show() {
    let report = build(&common::records()).unwrap();
    let text = |topic: &str| {
        let found = report.findings.iter().find(|f| f.topic == topic);
        found.unwrap_or_else(|| panic!("no finding on {topic}: {:#?}", report.findings)).text.clone()
    };
    assert!(text("Engines").contains("Over 7 workloads, tare against quickjs-ng: 5"), "{}", text("Engines"));
    let allocators = text("Allocators, tare");
    assert!(allocators.starts_with("Against system · direct"), "{allocators}");
    assert!(allocators.contains("pool · direct: 1") && allocators.contains("% less time"), "{allocators}");
    assert!(text("Thresholds, tare").contains("never"), "{}", text("Thresholds, tare"));
    assert!(text("Pauses, tare").contains("shorter for certain under every(64)"), "{}", text("Pauses, tare"));
    assert!(text("Not measured").contains("6 timed out"), "{}", text("Not measured"));
    assert!(report.html.contains("ended after 20000 ms"));
}

/// The findings on the made-up records, word by word. `RECORD=1 cargo test` writes them anew.
#[test]
fn findings_read_as_they_did() {
    let report = build(&common::records()).unwrap();
    let text: String = report.findings.iter().map(|f| format!("{}: {}\n", f.topic, f.text)).collect();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/findings.txt");
    if std::env::var_os("RECORD").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(expected == text, "the findings changed (RECORD=1 accepts them):\n{text}");
}

#[test]
fn half_widths_name_what_is_not_known_well_enough() {
    let widths = tare_reports::half_widths(&common::records(), 0.95);
    let of = |workload: &str| widths.iter().filter(|w| w.workload == workload).count();
    // Seven other memory set-ups and six other policies of the one engine, three of the other.
    assert_eq!((of("splay-tree"), of("closures")), (16, 15));
    assert!(widths.iter().all(|w| w.half_width < 0.1), "{widths:#?}");
    let mut few = common::records();
    few.retain(|r| r.sample.block < 4);
    assert!(tare_reports::half_widths(&few, 0.95).iter().all(|w| w.half_width == f64::INFINITY));
}

#[test]
fn no_records_and_only_failures_still_give_a_page() {
    let empty = build(&[]).unwrap();
    assert!(empty.html.contains("No sample succeeded"));
    let mut records = common::records();
    records.truncate(4);
    for record in &mut records {
        record.measured = None;
        record.outcome =
            Outcome::Crashed { signal: Some(6), status: None, message: "<aborted> & \"gone\"".into() };
    }
    let failed = build(&records).unwrap();
    assert!(failed.html.contains("signal 6"));
    assert!(!failed.html.contains("<aborted>"), "text from a sample is escaped");
}

fn tempdir(name: &str) -> std::path::PathBuf {
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}
