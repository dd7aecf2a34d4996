//! Outside checks of the engine: random programs, foreign test suites and files, run on Tare and on its peers.
//!
//! See `docs/checks.md`. The peers are QuickJS-ng (feature `quickjs-ng`) and node, where it is found.

mod compare;
mod dice;
mod engines;
mod families;
mod grammar;
mod run;
mod settled;
mod shrink;
mod suite;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs programs on Tare and its peers and compares what they print.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Random programs, with a table of how they went and each disagreement made small.
    Run(run::Options),
    /// Prints the program of a seed.
    Show {
        /// The family, such as `classes`.
        family: String,
        /// The seed.
        seed: u64,
    },
    /// Runs a file on all engines and shows what each printed where they differ.
    File {
        /// Programs as `run` keeps them.
        paths: Vec<PathBuf>,
        /// Make it smaller, too.
        #[arg(long)]
        shrink: bool,
        /// Another build of this program that runs Tare.
        #[arg(long)]
        tare: Option<String>,
    },
    /// Runs a folder of tests of another project and counts those that end without an error.
    Suite(suite::Options),
    /// Serves one engine: started by the other commands.
    #[command(hide = true)]
    Worker {
        /// Its name.
        engine: String,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run(options) => run::run(&options),
        Command::Show { family, seed } => families::program(&family, seed).map(|text| {
            println!("{text}");
            true
        }),
        Command::File { paths, shrink, tare } => run::files(&paths, shrink, tare.as_deref()),
        Command::Suite(options) => suite::run(&options),
        Command::Worker { engine } => worker::serve(&engine).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("tare-differential: {problem}");
            ExitCode::from(2)
        }
    }
}
