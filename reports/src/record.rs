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
pub const SCHEMA: u32 = 2;

/// The front of an engine that is run by its own shell: of its process only the kernel tells anything.
pub const SHELL: &str = "shell";

/// Its allocator and its policy, which are its own.
pub const OWN: &str = "own";

/// The name of the file of records inside a lab directory.
pub const RECORDS_FILE: &str = "records.jsonl";

/// One sample of a lab run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// What disturbed it, and what was fixed about its surroundings.
    #[serde(default)]
    pub noise: Noise,
    /// Where it ran.
    pub machine: Machine,
    /// What ran it.
    pub versions: Versions,
    /// The variables of the environment that an allocator reads, by name.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// The command line of the lab.
    pub command: Vec<String>,
    /// What a calibration before the run came to: `false alarms: F of N, found: P of N`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<String>,
    /// When the sample began, milliseconds since 1970.
    pub started_unix_ms: u64,
}

/// What one sample asks for: the point of the matrix, and the place of the sample in the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sample {
    /// Name of the engine: `tare`, `quickjs-ng`, or that of a command that runs scripts.
    pub engine: String,
    /// Name of the workload.
    pub workload: String,
    /// SHA-256 of the program's text, in hex: another text is another program, whatever its name.
    pub source_hash: String,
    /// The workload's size parameter.
    pub size: u64,
    /// The allocator stack, in the syntax of `tare_allocators::parse`.
    pub allocator: String,
    /// What stands between engine and allocator: `pool`, `direct`, `arena` (QuickJS-ng's own), or [`SHELL`].
    pub front: String,
    /// When collections run, as the lab spells policies: `quickjs(256K)`, `never`, ..., or [`OWN`].
    pub policy: String,
    /// The limit on memory, 0 for none.
    pub memory_limit_bytes: u64,
    /// Transparent huge pages in the sample's process: `never`, `always`, or `inherit`.
    pub thp: String,
    /// Iterations of the program in the same process before the measured one; 0 for a cold run.
    pub warmup: u32,
    /// Iterations in the same process that are measured together with the first; 0 for a single one.
    #[serde(default, skip_serializing_if = "none")]
    pub further_iterations: u32,
    /// The number of the block, from 0: one round over all cells of a run in random order.
    pub block: u32,
    /// The number of the process within the block, from 0, where a cell has several there.
    pub invocation: u32,
}

impl Sample {
    /// One text for one sample; two samples with the same text are the same measurement.
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.cell(), self.block, self.invocation)
    }

    /// One text for all samples of one cell: the same program, set up in the same way.
    pub fn cell(&self) -> String {
        let further = match self.further_iterations {
            0 => String::new(),
            more => format!("/and-{more}"),
        };
        format!(
            "{}/{}@{}/{}/{}/{}/{}/{}/thp-{}/warm-{}{further}",
            self.engine,
            self.workload,
            self.source_hash,
            self.size,
            self.allocator,
            self.front,
            self.policy,
            self.memory_limit_bytes,
            self.thp,
            self.warmup
        )
    }
}

/// Whether a number need not be written.
fn none(number: &u32) -> bool {
    *number == 0
}

/// How a sample ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outcome {
    /// The script ran and its self-check held.
    #[default]
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
    /// The sum of all pauses by the wall clock.
    pub pause_total_ns: u64,
    /// The longest pause by the wall clock.
    pub pause_max_ns: u64,
    /// The sum of all pauses in processor time of the collecting thread.
    pub pause_cpu_total_ns: u64,
    /// The longest pause in processor time of the collecting thread.
    pub pause_cpu_max_ns: u64,
    /// Processor time of the lab's own readings while the script ran. It is not part of `cpu_ns`.
    pub watch_cpu_ns: u64,
    /// What the process held, from the engine's code down to the kernel.
    pub ledger: Ledgers,
    /// What the script returned, as text.
    pub result: String,
    /// The fields of `JSMemoryUsage` when the script had ended, by name.
    #[serde(default)]
    pub usage: BTreeMap<String, i64>,
}

/// The ledgers of one process. Figures are absolute: growth is a figure less that of `base`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledgers {
    /// Before the engine started.
    pub base: Ledger,
    /// The reading with the most bytes taken. Readings are made at new maxima a little apart, so
    /// its `taken_bytes` lies a few hundredths below the true peak at most.
    pub peak: Ledger,
    /// When the script had ended, before the runtime was dropped.
    pub end: Ledger,
}

/// One reading of who holds how much. Each line holds the one above it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Sum of the sizes that the engine's code asked for.
    pub asked_bytes: Option<u64>,
    /// What the blocks it got can hold.
    pub usable_bytes: Option<u64>,
    /// What the chosen allocator gave for them, its rounding and block heads included.
    pub taken_bytes: u64,
    /// What the allocator holds from the kernel.
    pub committed_bytes: Option<u64>,
    /// Anonymous memory of the process that is backed by pages.
    pub rss_anon_bytes: Option<u64>,
    /// Pages of files, program text mostly.
    pub rss_file_bytes: Option<u64>,
    /// The part of the anonymous memory in huge pages.
    pub anon_huge_bytes: Option<u64>,
    /// The share of the process in all its pages.
    pub pss_bytes: Option<u64>,
}

impl Ledgers {
    /// How much of a line of the engine's own there was at the peak. Such a line begins at zero: the base, read before
    /// the engine started, knows nothing of it.
    pub fn peak_of_engine(&self, figure: impl Fn(&Ledger) -> Option<u64>) -> Option<u64> {
        Some(figure(&self.peak)?.saturating_sub(figure(&self.base).unwrap_or(0)))
    }

    /// How much a figure grew from the base to the peak; `None` where either is not known.
    pub fn peak_growth(&self, figure: impl Fn(&Ledger) -> Option<u64>) -> Option<u64> {
        Some(figure(&self.peak)?.saturating_sub(figure(&self.base)?))
    }

    /// How much a figure grew from the base to the end; `None` where either is not known.
    pub fn end_growth(&self, figure: impl Fn(&Ledger) -> Option<u64>) -> Option<u64> {
        Some(figure(&self.end)?.saturating_sub(figure(&self.base)?))
    }
}

/// What a sample's surroundings did to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// The load average over one minute when the sample began.
    pub load1: Option<f64>,
    /// Percentage of the last ten seconds in which something waited for a core (PSI, avg10).
    pub pressure_cpu_some: Option<f64>,
    /// Times the process gave up its core.
    pub voluntary_switches: u64,
    /// Times its core was taken from it.
    pub involuntary_switches: u64,
    /// Ticks that the hypervisor kept from all cores while the sample ran.
    pub steal_ticks: Option<u64>,
    /// Page faults without reading from a disk.
    pub minor_faults: u64,
    /// Page faults that read from a disk.
    pub major_faults: u64,
    /// The governor of the processor's frequency.
    pub governor: Option<String>,
    /// Whether addresses were random.
    pub aslr: Option<bool>,
    /// Bytes put into the environment on purpose, so that the place of the stack varies.
    pub env_bytes: u64,
    /// The core the process was bound to.
    pub pinned_core: Option<u32>,
    /// Time by the wall clock over time on a core, of the script; 0 where nothing was measured.
    pub wall_over_cpu: f64,
    /// Whether the sample waited more than the lab allows; its times are not to be trusted.
    pub disturbed: bool,
    /// Whether this sample stands for an earlier one of the same key that was disturbed.
    pub retaken: bool,
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
    /// How long the script stood still, by the wall clock.
    pub pause_ns: u64,
    /// Processor time of the thread in it; `None` where the engine does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_cpu_ns: Option<u64>,
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
    /// The system's mode of transparent huge pages: `always`, `madvise` or `never`.
    #[serde(default)]
    pub thp: Option<String>,
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
    /// The commit of the sources the lab was built from, `-dirty` where they were changed;
    /// `None` where they were no checkout.
    #[serde(default)]
    pub commit: Option<String>,
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
            Ok(record) => {
                let message = format!("record format {} where {SCHEMA} is known", record.schema);
                bad.push(BadLine { line: index + 1, message });
            }
            Err(error) => {
                // A line of another version fails by its fields; its version is the better reason.
                #[derive(Deserialize)]
                struct Version {
                    schema: u32,
                }
                let message = match serde_json::from_str::<Version>(&line) {
                    Ok(Version { schema }) if schema != SCHEMA => {
                        format!("record format {schema} where {SCHEMA} is known")
                    }
                    _ => error.to_string(),
                };
                bad.push(BadLine { line: index + 1, message });
            }
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
