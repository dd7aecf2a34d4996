//! The record of one sample: what ran, where, and what was measured.
//!
//! A lab run writes one [`Record`] per line of a JSON-lines file. Everything a report says is
//! computed from these lines and from nothing else, so that the same file gives the same report.
//!
//! # Units
//! Times end in `_ns` (nanoseconds) or `_ms`, sizes in `_bytes`. A figure that the engine or the
//! allocator cannot tell is `None`, never a guess.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::path::Path;

/// The version of the record format that this crate writes.
pub const SCHEMA: u32 = 1;

/// The name of the file of records inside a lab directory.
pub const RECORDS_FILE: &str = "records.jsonl";

/// One sample of a lab run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The record format, [`SCHEMA`].
    pub schema: u32,
    /// What was asked for.
    pub sample: Sample,
    /// How it ended.
    pub outcome: Outcome,
    /// What was measured; absent when the sample did not get that far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// Where it ran.
    pub machine: Machine,
    /// What ran it.
    pub versions: Versions,
    /// The command line of the lab.
    pub command: Vec<String>,
    /// When the sample began, milliseconds since 1970.
    pub started_unix_ms: u64,
}

/// What one sample asks for: the point of the matrix, and the number of the repeat.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sample {
    /// Name of the back end: `tare` or `quickjs-ng`.
    pub engine: String,
    /// Name of the workload.
    pub workload: String,
    /// The workload's size parameter.
    pub size: u64,
    /// The allocator stack, in the syntax of `tare_allocators::parse`.
    pub allocator: String,
    /// What stands between engine and allocator: `pool`, `direct`, or `arena` (QuickJS-ng's own).
    pub front: String,
    /// When collections run, as the lab spells policies: `quickjs(256K)`, `never`, ...
    pub policy: String,
    /// The limit on memory, 0 for none.
    #[serde(default)]
    pub memory_limit_bytes: u64,
    /// The number of the repeat, from 0.
    pub repeat: u32,
}

impl Sample {
    /// One text for one sample; two samples with the same text are the same measurement.
    pub fn key(&self) -> String {
        format!(
            "{}/{}/{}/{}/{}/{}/{}/{}",
            self.engine,
            self.workload,
            self.size,
            self.allocator,
            self.front,
            self.policy,
            self.memory_limit_bytes,
            self.repeat
        )
    }
}

/// How a sample ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outcome {
    /// The script ran and its self-check held.
    Ok,
    /// The script ran but its self-check failed.
    WrongResult {
        /// What the check said.
        message: String,
    },
    /// The script threw an exception that nobody caught.
    Threw {
        /// The exception as text.
        message: String,
    },
    /// The process of the sample died.
    Crashed {
        /// The signal that ended it, where one did.
        signal: Option<i32>,
        /// The exit status, where it had one.
        status: Option<i32>,
        /// The last lines it wrote to standard error.
        message: String,
    },
    /// The sample took longer than it was allowed and was ended.
    TimedOut {
        /// The time it was allowed.
        after_ms: u64,
    },
    /// The back end cannot run this point of the matrix.
    Unsupported {
        /// Why.
        message: String,
    },
    /// The back end could not be set up.
    Failed {
        /// Why.
        message: String,
    },
}

impl Outcome {
    /// Whether the sample counts in the figures.
    pub fn is_ok(&self) -> bool {
        matches!(self, Outcome::Ok)
    }

    /// A short name, as used in tables.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::WrongResult { .. } => "wrong result",
            Outcome::Threw { .. } => "threw",
            Outcome::Crashed { .. } => "crashed",
            Outcome::TimedOut { .. } => "timed out",
            Outcome::Unsupported { .. } => "not supported",
            Outcome::Failed { .. } => "could not start",
        }
    }

    /// What is known about it, in one line.
    pub fn message(&self) -> String {
        match self {
            Outcome::Ok => String::new(),
            Outcome::WrongResult { message }
            | Outcome::Threw { message }
            | Outcome::Unsupported { message }
            | Outcome::Failed { message } => message.clone(),
            Outcome::Crashed { signal: Some(signal), message, .. } => {
                format!("signal {signal}: {message}")
            }
            Outcome::Crashed { status, message, .. } => {
                format!("exit status {}: {message}", status.unwrap_or(-1))
            }
            Outcome::TimedOut { after_ms } => format!("ended after {after_ms} ms"),
        }
    }
}

/// The figures of one sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Time of the script and its jobs by the wall clock.
    pub wall_ns: u64,
    /// Time of the script and its jobs that the process spent on a core.
    pub cpu_ns: u64,
    /// Time to make the runtime and the context.
    pub setup_ns: u64,
    /// Time to drop them.
    pub teardown_ns: u64,
    /// The most bytes the engine's own code had asked for at once.
    pub peak_requested_bytes: Option<u64>,
    /// The most bytes that were taken from the chosen allocator at once.
    pub peak_charged_bytes: u64,
    /// The most bytes the allocator was seen to hold from the operating system.
    pub committed_bytes: Option<u64>,
    /// The most physical memory the process has had.
    pub peak_rss_bytes: u64,
    /// The physical memory of the process before the engine started.
    pub base_rss_bytes: u64,
    /// Bytes still taken from the allocator when the script had ended.
    pub end_charged_bytes: u64,
    /// Successful allocations that reached the allocator.
    pub allocations: u64,
    /// Requests that the allocator refused.
    pub refused: u64,
    /// Memory over time: time since the script began, bytes taken from the allocator.
    #[serde(default)]
    pub series: Vec<Point>,
    /// The collections, at most [`MAX_COLLECTIONS`] of them.
    #[serde(default)]
    pub collections: Vec<Collection>,
    /// How many collections there were.
    pub collection_count: u64,
    /// The sum of all pauses.
    pub pause_total_ns: u64,
    /// The longest pause.
    pub pause_max_ns: u64,
    /// What the script returned, as text.
    pub result: String,
    /// The fields of `JSMemoryUsage` when the script had ended, by name.
    #[serde(default)]
    pub usage: BTreeMap<String, i64>,
}

/// A record keeps at most this many single collections; the totals count all.
pub const MAX_COLLECTIONS: usize = 10_000;

/// A point of memory over time: nanoseconds since the script began, and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point(pub u64, pub u64);

/// One collection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// When it began, nanoseconds since the script began.
    pub at_ns: u64,
    /// How long the script stood still.
    pub pause_ns: u64,
    /// Why it ran.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Bytes in use before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_before: Option<u64>,
    /// Bytes in use after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_after: Option<u64>,
    /// Cells looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells_scanned: Option<u64>,
    /// Cells freed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells_freed: Option<u64>,
}

/// The machine a sample ran on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// Cores the process may use.
    pub cores: u32,
    /// Physical memory.
    pub memory_bytes: u64,
    /// Operating system and kernel.
    pub system: String,
}

/// The versions that took part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The lab.
    pub lab: String,
    /// The engine of the sample.
    pub engine: String,
    /// The compiler the lab was built with.
    pub rustc: String,
    /// The build profile: `release`, `debug`, ...
    pub profile: String,
}

/// A line of a record file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// Reads a record file. Lines that do not parse, such as the last line of an interrupted run,
/// are returned beside the records and do not stop the reading.
///
/// # Errors
/// When the file cannot be opened or read.
pub fn read_records(path: &Path) -> io::Result<(Vec<Record>, Vec<BadLine>)> {
    let file = io::BufReader::new(std::fs::File::open(path)?);
    let (mut records, mut bad) = (Vec::new(), Vec::new());
    for (index, line) in file.split(b'\n').enumerate() {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<Record>(&line) {
            Ok(record) if record.schema == SCHEMA => records.push(record),
            Ok(record) => bad.push(BadLine {
                line: index + 1,
                message: format!("record format {} where {SCHEMA} is known", record.schema),
            }),
            Err(error) => bad.push(BadLine { line: index + 1, message: error.to_string() }),
        }
    }
    Ok((records, bad))
}

impl Record {
    /// The record as one line of JSON, with its line end.
    ///
    /// # Errors
    /// When a figure has no JSON form; records made by the lab have none such.
    pub fn to_line(&self) -> Result<String, serde_json::Error> {
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        Ok(line)
    }
}
