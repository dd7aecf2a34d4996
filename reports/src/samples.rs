//! The records as one table: a line per sample, a column per figure, for tools that are not ours.

use crate::charts::csv_line;
use crate::record::{Ledger, Record};

/// The name of the file.
pub const FILE: &str = "samples.csv";

/// The single figures of every record; series and single collections stay in the records. A figure that is not
/// known, or of a sample that failed, is empty.
pub fn csv(records: &[Record]) -> String {
    let mut sorted: Vec<&Record> = records.iter().collect();
    sorted.sort_by_key(|r| (r.sample.key(), r.started_unix_ms, r.noise.retaken));
    let columns = columns();
    let mut out = csv_line(&columns.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    for record in sorted {
        out += &csv_line(&columns.iter().map(|(_, of)| of(record)).collect::<Vec<_>>());
    }
    out
}

type Column = (String, Box<dyn Fn(&Record) -> String>);

fn columns() -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut column = |name: &str, of: Box<dyn Fn(&Record) -> String>| columns.push((name.to_string(), of));
    macro_rules! sample {
        ($($field:ident)*) => { $(column(stringify!($field), Box::new(|r| r.sample.$field.to_string()));)* };
    }
    macro_rules! measured {
        ($($field:ident)*) => { $(column(stringify!($field), Box::new(|r| {
            r.measured.as_ref().map_or(String::new(), |m| m.$field.to_string())
        }));)* };
    }
    macro_rules! noise {
        ($($field:ident)*) => { $(column(stringify!($field), Box::new(|r| r.noise.$field.to_string()));)* };
    }
    sample!(engine workload source_hash size allocator front policy memory_limit_bytes thp warmup block invocation);
    column("outcome", Box::new(|r| r.outcome.name().to_string()));
    measured!(wall_ns cpu_ns setup_ns teardown_ns watch_cpu_ns peak_charged_bytes end_charged_bytes allocations
        refused collection_count pause_total_ns pause_max_ns pause_cpu_total_ns pause_cpu_max_ns);
    type Line = (&'static str, fn(&Ledger) -> Option<u64>);
    const LINES: [Line; 8] = [
        ("asked_bytes", |l| l.asked_bytes),
        ("usable_bytes", |l| l.usable_bytes),
        ("taken_bytes", |l| Some(l.taken_bytes)),
        ("committed_bytes", |l| l.committed_bytes),
        ("rss_anon_bytes", |l| l.rss_anon_bytes),
        ("rss_file_bytes", |l| l.rss_file_bytes),
        ("anon_huge_bytes", |l| l.anon_huge_bytes),
        ("pss_bytes", |l| l.pss_bytes),
    ];
    for moment in ["base", "peak", "end"] {
        for (line, of) in LINES {
            let value = move |r: &Record| {
                let ledgers = &r.measured.as_ref()?.ledger;
                of(match moment {
                    "base" => &ledgers.base,
                    "peak" => &ledgers.peak,
                    _ => &ledgers.end,
                })
            };
            column(
                &format!("{moment}_{line}"),
                Box::new(move |r| value(r).map_or(String::new(), |v| v.to_string())),
            );
        }
    }
    noise!(voluntary_switches involuntary_switches minor_faults major_faults env_bytes wall_over_cpu disturbed retaken);
    column("started_unix_ms", Box::new(|r| r.started_unix_ms.to_string()));
    columns
}
