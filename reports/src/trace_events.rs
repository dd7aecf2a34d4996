//! Collections and memory over time as trace events, which Perfetto and Chrome's tracing page open.
//!
//! One process per workload and engine, from the run nearest the median under the baselines: a
//! counter for the bytes taken from the allocator, and a slice for every collection.

use crate::data::Data;
use serde_json::{Value, json};

/// The file's name.
pub const FILE: &str = "trace-events.json";

/// The events as one JSON document.
pub fn json(data: &Data) -> String {
    let mut events: Vec<Value> = Vec::new();
    let micros = |ns: u64| ns as f64 / 1000.0;
    let mut process = 0;
    for engine in &data.engines {
        for cell in data.base_cells(engine) {
            process += 1;
            let name = format!("{} on {engine}, size {}", cell.key.workload, cell.key.size);
            events.push(
                json!({"ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": {"name": name}}),
            );
            for point in &cell.typical.series {
                events.push(json!({
                    "ph": "C", "name": "memory", "pid": process, "tid": 0, "ts": micros(point.0),
                    "args": {"bytes": point.1},
                }));
            }
            for c in &cell.typical.collections {
                events.push(json!({
                    "ph": "X", "name": "collection", "cat": "gc", "pid": process, "tid": 0,
                    "ts": micros(c.at_ns), "dur": micros(c.pause_ns),
                    "args": {
                        "reason": c.reason, "bytes before": c.bytes_before, "bytes after": c.bytes_after,
                        "cells scanned": c.cells_scanned, "cells freed": c.cells_freed,
                    },
                }));
            }
        }
    }
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    format!("{{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n{}\n]}}\n", lines.join(",\n"))
}
