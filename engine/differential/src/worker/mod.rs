//! The worker's side: a process that runs one program after another in one engine. A program that crashes it is
//! thereby known.

#[cfg(feature = "quickjs-ng")]
mod quickjs_ng;
mod tare;

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};

/// What a worker is asked, a line of JSON.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Job {
    /// Scripts that come first, in order, then the program.
    pub scripts: Vec<String>,
    /// The program is a module: its path, by which it imports others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// How the program runs; only Tare knows more than the default.
    #[serde(default)]
    pub setting: Setting,
    /// Milliseconds until the worker stops the program.
    pub limit_ms: u64,
}

/// Conditions of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Setting {
    /// A collection policy.
    pub policy: Option<String>,
    /// An allocator, as `tare_allocators::parse` reads it.
    pub allocator: Option<String>,
    /// No pool stands before the allocator.
    pub direct: bool,
    /// Bytes of stack.
    pub stack: Option<usize>,
    /// Bytes of memory.
    pub memory: Option<usize>,
}

/// What it answers, a line of JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// What was printed.
    pub lines: Vec<String>,
    /// `ok`, `threw NAME`, `timeout`, `crash: ...`, `unsound: ...`.
    pub end: String,
}

/// Lines of a program that are kept.
const LINES: usize = 20_000;

/// Serves jobs from standard input until it ends.
pub fn serve(engine: &str) -> Result<(), String> {
    let run: fn(&Job) -> Output = match engine {
        "tare" => tare::run,
        #[cfg(feature = "quickjs-ng")]
        "quickjs-ng" => quickjs_ng::run,
        _ => {
            return Err(format!(
                "no worker runs {engine:?}; build with the feature quickjs-ng for that peer"
            ));
        }
    };
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| format!("cannot read a job: {error}"))?;
        let job: Job = serde_json::from_str(&line).map_err(|error| format!("no job: {error}"))?;
        let output = serde_json::to_string(&run(&job)).map_err(|error| error.to_string())?;
        writeln!(out, "{output}").and_then(|()| out.flush()).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The class of an error from what a shell prints of it.
pub fn class(message: &str) -> String {
    let name = message.split([':', '\n', ' ']).next().unwrap_or_default();
    let known = name.ends_with("Error") && name.chars().all(char::is_alphanumeric);
    if known { name.to_string() } else { "value".to_string() }
}
