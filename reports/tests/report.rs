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

#[test]
fn what_huge_pages_do_is_a_finding() {
    let mut records = common::records();
    let pool = |r: &&Record| r.sample.allocator == "mimalloc" && r.sample.policy == "quickjs(256K)";
    let mut huge: Vec<Record> = records.iter().filter(pool).cloned().collect();
    for record in &mut huge {
        record.sample.thp = "always".into();
        let ledger = &mut record.measured.as_mut().unwrap().ledger;
        ledger.peak.rss_anon_bytes = ledger.peak.rss_anon_bytes.map(|bytes| bytes * 3);
        ledger.peak.anon_huge_bytes = ledger.peak.rss_anon_bytes;
    }
    records.extend(huge);
    let report = build(&records).unwrap();
    let found = report.findings.iter().find(|f| f.topic == "Huge pages, tare").unwrap();
    assert!(found.text.contains("mimalloc · pool: 3."), "{}", found.text);
    assert!(found.text.contains("times the physical memory [") && found.text.contains("time alike"));
    // All other comparisons stay those without.
    let allocators = |report: &tare_reports::Report| {
        report.findings.iter().find(|f| f.topic == "Allocators, tare").unwrap().text.clone()
    };
    assert_eq!(allocators(&report), allocators(&build(&common::records()).unwrap()));
}

#[test]
fn policies_that_never_collected_are_one() {
    let mut records = common::records();
    let idle: Vec<Record> = records.iter().filter(|r| r.sample.policy == "never").cloned().collect();
    for (index, mut record) in idle.into_iter().enumerate() {
        record.sample.policy = "quickjs(64M)".into();
        // Slower by chance: what did the same thing must not come out as two verdicts.
        record.measured.as_mut().unwrap().cpu_ns += (index as u64 % 3) * 4_000_000;
        records.push(record);
    }
    let report = build(&records).unwrap();
    let found = report.findings.iter().find(|f| f.topic == "Thresholds, tare").unwrap();
    assert!(
        found.text.starts_with("quickjs(64M) made no collection in any sample and equal never"),
        "{}",
        found.text
    );
    assert_eq!(found.text.matches("quickjs(64M)").count(), 2, "{}", found.text);
    assert!(found.text.contains("never = quickjs(64M): "), "{}", found.text);
}

#[test]
fn a_chatty_workload_does_not_set_the_pauses_of_all() {
    let figures = |records: &[Record]| {
        let report = build(records).unwrap();
        let csv = report.files.iter().find(|f| f.0 == "pauses.csv").unwrap().1.clone();
        let line = csv.lines().find(|l| l.starts_with("tare,quickjs(256K)")).unwrap();
        line.split(',').map(str::to_string).collect::<Vec<_>>()
    };
    let mut records = common::records();
    let before = figures(&records);
    for record in records.iter_mut().filter(|r| r.sample.workload == "closures") {
        let Some(measured) = &mut record.measured else { continue };
        // Fifty times as many collections of the same lengths.
        measured.collections = vec![measured.collections.clone(); 50].concat();
        measured.collection_count *= 50;
    }
    let after = figures(&records);
    let same = before.iter().zip(&after).filter(|(a, b)| a == b).count();
    assert!(after != before && same + 2 >= before.len(), "only the count may change: {before:?} {after:?}");
}

#[test]
fn disturbed_samples_are_counted_on_the_page() {
    let mut records = common::records();
    let total = records.len();
    for record in records.iter_mut().take(4) {
        record.noise.disturbed = true;
    }
    records[9].noise.retaken = true;
    records[3].calibration = Some("false alarms: 0 of 10, found: 9 of 10".into());
    let html = build(&records).unwrap().html;
    assert!(html.contains(&format!("4 of {total} samples that count waited for a core")), "{total}");
    assert!(html.contains("1 were taken a second time") || html.contains("1 was taken a second time"));
    assert!(html.contains("confidence: false alarms: 0 of 10, found: 9 of 10."));
}

#[test]
fn a_peer_by_its_own_shell_has_only_what_the_kernel_tells() {
    let mut records = common::records();
    records.retain(|r| r.sample.engine == "tare" || r.sample.allocator == "system");
    for record in records.iter_mut().filter(|r| r.sample.engine != "tare") {
        let own = || "own".to_string();
        (record.sample.allocator, record.sample.policy) = (own(), own());
        (record.sample.engine, record.sample.front) = ("other".into(), "shell".into());
        record.versions.engine = "2.0, by its own shell: other {script}".into();
        let measured = record.measured.as_mut().unwrap();
        let (cpu_ns, mut ledger) = (measured.cpu_ns, measured.ledger.clone());
        for line in [&mut ledger.base, &mut ledger.peak, &mut ledger.end] {
            (line.taken_bytes, line.asked_bytes, line.usable_bytes, line.committed_bytes) =
                (0, None, None, None);
        }
        *measured = tare_reports::record::Measured { cpu_ns, wall_ns: cpu_ns, ledger, ..Default::default() };
    }
    let report = build(&records).unwrap();
    let engines = report.findings.iter().find(|f| f.topic == "Engines").unwrap();
    assert!(
        engines.text.contains("physical memory") && !engines.text.contains("peak memory"),
        "{}",
        engines.text
    );
    let of_peer = |topic: &str| report.findings.iter().any(|f| f.topic == format!("{topic}, other"));
    for topic in ["Collections", "Pauses", "Thresholds", "Allocators"] {
        assert!(!of_peer(topic), "{topic} of a shell is not known");
    }
    assert!(
        report.html.matches("by its own shell: other {script}").count() >= 4,
        "every table says which build"
    );
    assert!(!report.html.contains("NaN") && !report.html.contains("inf"));
}

#[test]
fn bands_hold_the_curves_they_are_of() {
    let report = build(&common::records()).unwrap();
    let csv = &report.files.iter().find(|f| f.0 == "mmu.csv").unwrap().1;
    let mut spread = 0;
    for line in csv.lines().skip(1) {
        let fields: Vec<&str> = line.rsplit(',').take(3).collect();
        let [high, low, middle] = [0, 1, 2].map(|i| fields[i].parse::<f64>().unwrap());
        assert!(low <= middle && middle <= high, "{line}");
        spread += usize::from(low < high);
    }
    assert!(spread > 20, "samples differ, so some bands are open");
    for name in ["mmu.svg", "memory-over-time.svg"] {
        let svg = &report.files.iter().find(|f| f.0 == name).unwrap().1;
        assert!(svg.contains("opacity=\"0.22\""), "{name} has no band");
    }
}

#[test]
fn four_blocks_decide_nothing_and_say_so_once() {
    let mut records = common::records();
    records.retain(|r| r.sample.block < 4);
    let report = build(&records).unwrap();
    for finding in &report.findings {
        assert!(!finding.text.contains("Another policy needs less"), "{}", finding.text);
        assert!(finding.text.matches("fewer than five blocks").count() <= 2, "{}", finding.text);
    }
    let best = report.files.iter().find(|f| f.0 == "trade-off-tare.csv").unwrap();
    assert!(best.1.lines().skip(1).all(|l| l.ends_with(",yes")), "no policy is beaten: {}", best.1);
}

#[test]
fn the_ledger_has_the_lines_of_the_engine() {
    let html = build(&common::records()).unwrap().html;
    let row = &html[html.find("<td class=\"l\">tare · system · pool</td>").unwrap()..];
    let row = &row[..row.find("</tr>").unwrap()];
    let unknown = row.matches("<td>–</td>").count();
    assert_eq!(unknown, 1, "only what the C library committed is not in these records: {row}");
}
