//! What the tests of the program share: running it in a directory of their own, and reading its records.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tare_reports::record::read_records;

pub const LAB: &str = env!("CARGO_BIN_EXE_gc-lab");

pub fn lab(arguments: &[&str], directory: &Path) -> Output {
    Command::new(LAB).args(arguments).current_dir(directory).output().unwrap()
}

pub fn directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // What an earlier run of the test left would be gone on with.
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn records(out: &Path) -> Vec<tare_reports::Record> {
    let (records, bad) = read_records(&out.join("records.jsonl")).unwrap();
    assert!(bad.is_empty(), "{bad:?}");
    records
}

/// A run of one script on one cell.
pub fn run_script<'a>(script: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["run", "--script", script, "--allocators", "system", "--policies", "quickjs"];
    arguments.extend(["--fronts", "pool", "--no-retake", "--out", "out"]);
    arguments.extend(more);
    arguments
}
