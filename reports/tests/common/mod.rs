//! Records made up by rule: the same in every run, shaped like those of a real matrix.

use tare_reports::record::{
    Collection, Ledger, Ledgers, Machine, Measured, Noise, Outcome, Point, Record, SCHEMA, Sample, Versions,
};
use tare_reports::stats::Random;

const WORKLOADS: [(&str, f64, f64); 7] = [
    ("acyclic-churn", 90e6, 2e6),
    ("binary-trees", 210e6, 24e6),
    ("closures", 70e6, 1.4e6),
    ("cyclic-churn", 160e6, 6e6),
    ("json-round-trip", 120e6, 9e6),
    ("splay-tree", 260e6, 40e6),
    ("string-append", 40e6, 3e6),
];

/// A matrix of two engines: allocators and fronts under one policy, policies under one allocator.
pub fn records() -> Vec<Record> {
    let mut records = Vec::new();
    let mut random = Random::new(42);
    let mut add = |engine: &str, allocator: &str, front: &str, policy: &str, speed: f64, pause: f64| {
        for (index, (workload, time, peak)) in WORKLOADS.into_iter().enumerate() {
            for block in 0..6 {
                let mut wobble = |by: f64| 1.0 + by * (random.below(1000) as f64 / 1000.0 - 0.5);
                let cpu = time * speed * wobble(0.04);
                let peak = peak * if policy.contains("4M") { 1.6 } else { 1.0 } * wobble(0.01);
                let count = if policy == "never" { 0 } else { 4 + index * 3 };
                let collections: Vec<Collection> = (0..count)
                    .map(|n| Collection {
                        at_ns: (cpu * (n as f64 + 0.5) / count as f64) as u64,
                        pause_ns: (pause * (1.0 + n as f64) * wobble(0.4)) as u64,
                        pause_cpu_ns: None,
                        reason: "threshold".into(),
                        bytes_before: Some(peak as u64),
                        bytes_after: Some((peak * if n % 3 == 0 { 1.0 } else { 0.7 }) as u64),
                        cells_scanned: Some(10_000 * n as u64),
                        cells_freed: Some(100 * n as u64),
                    })
                    .collect();
                let measured = Measured {
                    wall_ns: (cpu * 1.02) as u64,
                    cpu_ns: cpu as u64,
                    setup_ns: 400_000,
                    teardown_ns: 100_000,
                    peak_requested_bytes: Some((peak * 0.9) as u64),
                    peak_charged_bytes: peak as u64,
                    ledger: ledgers(peak, allocator != "system"),
                    end_charged_bytes: (peak * 0.4) as u64,
                    allocations: 100_000,
                    refused: 0,
                    series: (0..60)
                        .map(|n| {
                            let phase = f64::from(n % 12) / 12.0;
                            let grown = peak * (0.4 + 0.6 * phase * (f64::from(n) / 60.0).sqrt());
                            Point((cpu * f64::from(n) / 60.0) as u64, grown as u64)
                        })
                        .collect(),
                    collection_count: collections.len() as u64,
                    pause_total_ns: collections.iter().map(|c| c.pause_ns).sum(),
                    pause_max_ns: collections.iter().map(|c| c.pause_ns).max().unwrap_or(0),
                    pause_cpu_total_ns: collections.iter().map(|c| c.pause_ns).sum(),
                    pause_cpu_max_ns: collections.iter().map(|c| c.pause_ns).max().unwrap_or(0),
                    watch_cpu_ns: 0,
                    collections,
                    result: "ok".into(),
                    usage: [("malloc_size".to_string(), peak as i64)].into(),
                };
                let timed_out = engine == "tare" && workload == "closures" && policy == "every(64)";
                let outcome = if timed_out { Outcome::TimedOut { after_ms: 20_000 } } else { Outcome::Ok };
                records.push(Record {
                    schema: SCHEMA,
                    sample: Sample {
                        engine: engine.into(),
                        workload: workload.into(),
                        size: 1000,
                        allocator: allocator.into(),
                        front: front.into(),
                        policy: policy.into(),
                        memory_limit_bytes: 0,
                        source_hash: format!("{index:064x}"),
                        thp: "never".into(),
                        block,
                        ..Sample::default()
                    },
                    measured: outcome.is_ok().then_some(measured),
                    outcome,
                    noise: Noise { wall_over_cpu: 1.02, ..Noise::default() },
                    environment: Default::default(),
                    machine: Machine {
                        cpu: "Test processor".into(),
                        cores: 2,
                        memory_bytes: 8 << 30,
                        system: "Linux 6.1".into(),
                        thp: Some("madvise".into()),
                    },
                    versions: Versions {
                        lab: "0.1.0".into(),
                        engine: "1.0".into(),
                        rustc: "rustc 1.95.0".into(),
                        profile: "release".into(),
                        commit: None,
                    },
                    command: vec!["gc-lab".into(), "run".into()],
                    calibration: None,
                    started_unix_ms: 1_795_219_200_000,
                });
            }
        }
    };
    let allocators = [("jemalloc", 1.03f64), ("mimalloc", 1.0), ("pool", 0.98), ("system", 1.12)];
    for (allocator, speed) in allocators {
        add("tare", allocator, "pool", "quickjs(256K)", 0.5 * speed.sqrt(), 40e3);
        add("tare", allocator, "direct", "quickjs(256K)", 0.6 * speed, 60e3);
        add("quickjs-ng", allocator, "arena", "quickjs(256K)", speed, 400e3);
    }
    let policies = [
        ("quickjs(1M)", 0.97, 60e3),
        ("quickjs(4M)", 0.9, 130e3),
        ("multiple(2)", 0.92, 90e3),
        ("every(64)", 2.2, 9e3),
        ("never", 0.88, 0.0),
        ("fixed(4M)", 0.93, 150e3),
    ];
    for (policy, speed, pause) in policies {
        add("tare", "mimalloc", "pool", policy, 0.5 * speed, pause);
    }
    records
}

/// The ledgers of a program with that peak.
fn ledgers(peak: f64, committed: bool) -> Ledgers {
    let ledger = |bytes: f64| Ledger {
        asked_bytes: Some((bytes * 0.9) as u64),
        usable_bytes: Some((bytes * 0.95) as u64),
        taken_bytes: bytes as u64,
        committed_bytes: committed.then_some((bytes * 1.2) as u64),
        rss_anon_bytes: Some((bytes * 1.3) as u64 + 1_000_000),
        rss_file_bytes: Some(2_000_000),
        anon_huge_bytes: Some(0),
        pss_bytes: Some((bytes * 1.3) as u64 + 1_500_000),
    };
    // The base is read before the engine starts: its own lines are not known there.
    let base = Ledger { asked_bytes: None, usable_bytes: None, ..ledger(0.0) };
    Ledgers { base, peak: ledger(peak), end: ledger(peak * 0.4) }
}
