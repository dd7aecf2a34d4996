//! The directory of a run: its lock, its state, its records.

use crate::matrix::{Choice, Matrix};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use tare_reports::record::{SCHEMA, read_records};
use tare_reports::{RECORDS_FILE, Record};

const STATE_FILE: &str = "run.json";
const LOCK_FILE: &str = ".lock";

/// What the directory says of the run whose records it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The version of the record format.
    #[serde(default)]
    schema: u32,
    /// The choice, as text. How many blocks were asked for is no part of it: more can be added.
    choice: String,
    /// The programs with the hashes of their texts.
    #[serde(default)]
    programs: Vec<String>,
    /// The build of the lab.
    build: String,
    /// Whether the run came to its end.
    complete: bool,
}

impl State {
    /// The state of a run that begins.
    pub fn new(choice: &Choice, matrix: &Matrix) -> Self {
        State {
            schema: SCHEMA,
            choice: format!("{choice:?}"),
            programs: matrix.programs.iter().map(|p| format!("{} {}", p.name(), p.hash())).collect(),
            build: build(),
            complete: false,
        }
    }

    /// Whether records of `other` may stand beside those of this run.
    fn same_run(&self, other: &State) -> bool {
        let State { schema, choice, programs, build, complete: _ } = self;
        (schema, choice, programs, build) == (&other.schema, &other.choice, &other.programs, &other.build)
    }
}

/// A directory that this process holds alone, with its file of records open for more.
pub struct Directory {
    path: PathBuf,
    records: PathBuf,
    file: File,
    state: State,
    /// Unlocked when it is closed, by whatever ends this process.
    _lock: File,
}

impl Directory {
    /// Opens a directory, makes it where there is none, and reads the records that the run can go on from.
    ///
    /// # Errors
    /// A sentence that says what cannot be read or written, or that another process is at work there.
    pub fn open(path: &Path, state: State, fresh: bool) -> Result<(Self, Vec<Record>), String> {
        fs::create_dir_all(path).map_err(|e| format!("cannot make the directory {}: {e}", path.display()))?;
        let lock = lock(path)?;
        let records = path.join(RECORDS_FILE);
        let old: Option<State> =
            fs::read_to_string(path.join(STATE_FILE)).ok().and_then(|text| serde_json::from_str(&text).ok());
        let mut kept = Vec::new();
        if records.exists() {
            if !fresh && old.as_ref().is_some_and(|old| state.same_run(old)) {
                kept = mend(&records)?;
            } else {
                put_aside(path, &records)?;
            }
        }
        let file = File::options().create(true).append(true).open(&records);
        let file = file.map_err(|e| format!("cannot open {}: {e}", records.display()))?;
        let directory = Directory { path: path.to_path_buf(), records, file, state, _lock: lock };
        directory.write_state()?;
        Ok((directory, kept))
    }

    /// Adds a record.
    ///
    /// # Errors
    /// A sentence that names the file and the reason.
    pub fn write(&mut self, record: &Record) -> Result<(), String> {
        let line = record.to_line().map_err(|e| format!("cannot write a record: {e}"))?;
        let written = self.file.write_all(line.as_bytes());
        written.map_err(|e| format!("cannot write to {}: {e}", self.records.display()))
    }

    /// Notes that the run came to its end.
    ///
    /// # Errors
    /// A sentence that names the file and the reason.
    pub fn complete(&mut self) -> Result<(), String> {
        self.state.complete = true;
        self.write_state()
    }

    fn write_state(&self) -> Result<(), String> {
        let path = self.path.join(STATE_FILE);
        let text = serde_json::to_string_pretty(&self.state).map_err(|e| e.to_string())?;
        fs::write(&path, text + "\n").map_err(|e| format!("cannot write {}: {e}", path.display()))
    }
}

fn lock(path: &Path) -> Result<File, String> {
    let name = path.join(LOCK_FILE);
    let file = File::options().create(true).truncate(false).write(true).open(&name);
    let file = file.map_err(|e| format!("cannot open {}: {e}", name.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(format!(
            "another gc-lab is running in {}; wait for it, or name another directory by --out",
            path.display()
        )),
        Err(TryLockError::Error(error)) => Err(format!("cannot lock {}: {error}", name.display())),
    }
}

/// Reads the records and takes out lines that are none: half of a last line would spoil the next record.
fn mend(records: &Path) -> Result<Vec<Record>, String> {
    let (read, bad) = read_records(records).map_err(|e| format!("cannot read {}: {e}", records.display()))?;
    for line in &bad {
        tracing::warn!("{} line {}: {}", records.display(), line.line, line.message);
    }
    if !bad.is_empty() {
        let lines: Result<String, _> = read.iter().map(Record::to_line).collect();
        let lines = lines.map_err(|e| format!("cannot write a record: {e}"))?;
        // Beside the file first: a full disk must not cost the records.
        let fresh = records.with_extension("new");
        fs::write(&fresh, lines)
            .and_then(|()| fs::rename(&fresh, records))
            .map_err(|e| format!("cannot write {}: {e}", records.display()))?;
    }
    Ok(read)
}

fn put_aside(path: &Path, records: &Path) -> Result<(), String> {
    let kept = (1..).map(|n| path.join(format!("records-{n}.jsonl"))).find(|p| !p.exists());
    if let Some(kept) = kept {
        fs::rename(records, &kept)
            .map_err(|e| format!("cannot rename {} to {}: {e}", records.display(), kept.display()))?;
        eprintln!("Kept the records of an earlier run as {}.", kept.display());
    }
    Ok(())
}

/// The build of the lab: another compilation is another build.
fn build() -> String {
    let made = std::env::current_exe().and_then(fs::metadata).ok();
    let size = made.as_ref().map_or(0, fs::Metadata::len);
    let time = made
        .and_then(|m| m.modified().ok())
        .and_then(|t| t.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |d| d.as_nanos());
    format!("{} {size} {time}", env!("CARGO_PKG_VERSION"))
}
