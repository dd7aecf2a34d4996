//! `cargo run -p tare-unicode-gen`: rewrites `engine/unicode/src/tables.rs`.
//!
//! With `--check` nothing is written; the exit code says whether the file is up to date.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/tables.rs");
    let generated = tare_unicode_gen::generate();
    print!("{}", generated.report);
    if std::env::args().any(|argument| argument == "--check") {
        let same = std::fs::read_to_string(&path).is_ok_and(|old| old == generated.source);
        return if same { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    match std::fs::write(&path, &generated.source) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}
