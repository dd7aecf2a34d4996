//! The ledger: each line holds the one above it, and what is taken is what the kernel sees.
#![cfg(target_os = "linux")]

mod support;

use std::process::Command;
use support::{directory, lab, records, stderr};
use tare_reports::record::{Ledger, Record};

/// The program keeps SIZE objects, each with 2,400 bytes of its own, and touches all of them. The table that holds
/// them is as large at every size.
const KEEPS: &str = "
    globalThis.keep = new Array(1 << 16).fill(null);
    for (let i = 0; i < SIZE; i++) keep[i] = { a: i, b: [i], c: new Float64Array(300).fill(i + 0.5) };
    globalThis.result = SIZE;";

const ALLOCATORS: [&str; 4] = ["system", "mimalloc", "jemalloc", "pool"];

/// Records of the program at a size, under all allocators and both fronts.
fn kept(name: &str, size: &str) -> Vec<Record> {
    let here = directory(name);
    std::fs::write(here.join("keeps.js"), KEEPS).unwrap();
    let allocators = ALLOCATORS.join(",");
    let mut arguments = vec!["run", "--script", "keeps.js", "--size", size, "--allocators", &allocators];
    arguments.extend(["--policies", "never", "--blocks", "1", "--no-retake", "--out", "out"]);
    let output = lab(&arguments, &here);
    assert!(output.status.success(), "{}", stderr(&output));
    let records = records(&here.join("out"));
    assert_eq!(records.len(), ALLOCATORS.len() * 2);
    records
}

#[test]
fn every_line_of_the_ledger_holds_the_one_above() {
    for record in kept("ledger-lines", "10000") {
        let name = format!("{} {}", record.sample.allocator, record.sample.front);
        let measured = record.measured.unwrap();
        let base = &measured.ledger.base;
        for (moment, ledger) in [("peak", &measured.ledger.peak), ("end", &measured.ledger.end)] {
            let asked = ledger.asked_bytes.unwrap();
            let usable = ledger.usable_bytes.unwrap();
            let committed = ledger.committed_bytes.unwrap() - base.committed_bytes.unwrap();
            let lines = [asked, usable, ledger.taken_bytes, committed];
            assert!(lines.is_sorted(), "{name}, {moment}: {lines:?}");
            // What is asked for is what 10,000 objects, arrays and buffers come to, not a part of it.
            assert!(asked > 10_000 * 2400, "{name}, {moment}: {asked} bytes asked for");
            // What the kernel backs, the allocator must have got from it, but for what the process had.
            let anonymous = ledger.rss_anon_bytes.unwrap() - base.rss_anon_bytes.unwrap();
            assert!(anonymous <= committed + (2 << 20), "{name}, {moment}: {anonymous} of {committed}");
            assert_eq!(ledger.anon_huge_bytes, Some(0), "{name}, {moment}");
            assert!(ledger.pss_bytes.unwrap() >= anonymous, "{name}, {moment}");
        }
        let peak = measured.ledger.peak.taken_bytes as f64;
        assert!(
            peak >= measured.ledger.end.taken_bytes as f64 * 0.96,
            "{name}: the peak is not below the end"
        );
        assert!(
            measured.ledger.peak.usable_bytes.unwrap() as f64 >= measured.peak_charged_bytes as f64 * 0.8,
            "{name}"
        );
    }
}

/// Two sizes are compared, so that what does not grow (a stack that is not used to its end, tables of the
/// allocator) has no part in it. Stated beside the hundredth: an allocator's pages of one kind of block, of up
/// to 64 KiB, are full but for the last of each kind; with some 20 kinds in use that is 1.25 MiB at most. The
/// allocators' own tables of their pages and the pages that they keep for the next request: 1 MiB. And the pool's
/// chunks are aligned: the allocator behind it may touch a page before each and one behind it.
#[test]
fn what_is_taken_is_what_the_kernel_backs() {
    let (small, large) = (kept("ledger-small", "10000"), kept("ledger-large", "40000"));
    for small in small {
        let same = |r: &&Record| {
            (&r.sample.allocator, &r.sample.front) == (&small.sample.allocator, &small.sample.front)
        };
        let large = large.iter().find(same).unwrap();
        let grown = |of: fn(&Ledger) -> u64| {
            let end = |r: &Record| of(&r.measured.as_ref().unwrap().ledger.end);
            end(large) - end(&small)
        };
        let chunks = large.measured.as_ref().unwrap().allocations;
        let rounding =
            20 * 64 * 1024 + (1 << 20) + if small.sample.front == "pool" { chunks * 2 * 4096 } else { 0 };
        let (taken, anonymous) = (grown(|l| l.taken_bytes), grown(|l| l.rss_anon_bytes.unwrap()));
        let name = format!("{} {}", small.sample.allocator, small.sample.front);
        println!("{name:<16} taken {taken:>10} anonymous {anonymous:>10} {:+.2} %", {
            (anonymous as f64 / taken as f64 - 1.0) * 100.0
        });
        assert!(taken > 70 << 20, "{name}: {taken} bytes are too few to tell");
        assert!(
            taken.abs_diff(anonymous) <= taken / 100 + rounding,
            "{name}: {taken} bytes taken, {anonymous} backed"
        );
    }
}

/// The meter against a counter that the lab knows nothing of: `malloc` and its kin, replaced by `LD_PRELOAD`.
#[test]
fn a_counter_from_outside_agrees() {
    let here = directory("outside");
    std::fs::write(here.join("keeps.js"), KEEPS).unwrap();
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/malloc_count.c");
    let library = here.join("malloc_count.so");
    let built = Command::new("cc")
        .args(["-O2", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .status();
    if !built.is_ok_and(|status| status.success()) {
        println!("skipped: no C compiler");
        return;
    }
    // Peaks by the counter and by the lab.
    let peaks = |size: &str, front: &str| -> (i64, i64) {
        let count = here.join("count.txt");
        let output = Command::new(support::LAB)
            .args(["exec", "keeps.js", "--policy", "never", "--json", "--size", size, "--front", front])
            .current_dir(&here)
            .env("LD_PRELOAD", &library)
            .env("MALLOC_COUNT", &count)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let text = std::fs::read_to_string(count).unwrap();
        let outside = text.split_whitespace().nth(1).unwrap().parse().unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (outside, answer["measured"]["ledger"]["peak"]["taken_bytes"].as_i64().unwrap())
    };
    for front in ["direct", "pool"] {
        let (small, large) = (peaks("10000", front), peaks("30000", front));
        let (outside, lab) = (large.0 - small.0, large.1 - small.1);
        println!("{front:<8} outside {outside:>10} lab {lab:>10}");
        assert!(lab > 40 << 20, "{front}: {lab}");
        // A reading may lie one part in 32 below the peak, in either run.
        let allowed = outside / 100 + large.1 / 32;
        if front == "direct" {
            assert!((outside - lab).abs() <= allowed, "{outside} by the counter, {lab} by the lab");
        } else {
            // Chunks of the pool are aligned, and the library counts what is left behind them as theirs.
            assert!(
                lab <= outside + allowed && lab > outside / 2,
                "{outside} by the counter, {lab} by the lab"
            );
        }
    }
}
