//! The command line.

use crate::matrix::Size;
use crate::policy::Policy;
use crate::units::{parse_bytes, parse_seconds};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Runs JavaScript workloads under allocators and collection policies, and reports memory,
/// pauses and time.
#[derive(Parser, Debug)]
#[command(name = "gc-lab", version, arg_required_else_help = true)]
pub struct Cli {
    /// Say more while working; twice for all details.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one per process")]
pub enum Command {
    /// Run the matrix of workloads, allocators, fronts and policies, and make the report.
    ///
    /// Records are kept as they are made: interrupt the run and start it again to go on.
    #[command(after_help = policies_help())]
    Run(RunArgs),
    /// Make the report of a directory of records again.
    Report {
        /// The directory, or the file of records.
        #[arg(default_value = "lab-out")]
        directory: PathBuf,
    },
    /// Run one script and print the memory it took.
    ///
    /// Ends with status 0, or with 1 and `Uncaught ...` on standard error.
    #[command(after_help = policies_help())]
    Exec(ExecArgs),
    /// Run one script and name everything that is still alive when its runtime ends.
    Leaks {
        /// The script.
        file: PathBuf,
        /// The allocator stack.
        #[arg(long, default_value = "system", value_name = "STACK")]
        allocator: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Find the collection policy that suits a script, over all policies and their parameters.
    ///
    /// Prints the front of time and memory, and a recommendation that was checked on fresh runs of ten times the
    /// length.
    #[command(after_help = policies_help())]
    Tune(TuneArgs),
    /// Compare two runs, with confidence intervals.
    ///
    /// Ends with status 0, or with 1 when a limit of `--fail-on` was passed for certain or the runs
    /// cannot be compared.
    Compare(CompareArgs),
    /// Find out how often the lab's verdicts err on this machine, as it is now.
    ///
    /// Compares a script with itself, and with one that needs 5 % more time and memory. The last
    /// line reads `false alarms: F of N, found: P of N`.
    Calibrate {
        /// How many comparisons of each kind.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
        comparisons: u32,
        /// How long it may take.
        #[arg(long, default_value = "720", value_parser = parse_seconds, value_name = "SECONDS")]
        time_budget: Duration,
        /// Threads that keep the machine busy meanwhile.
        #[arg(long, default_value_t = 0, value_name = "THREADS")]
        load: u32,
        /// How sure a verdict must be, in percent.
        #[arg(long, default_value_t = 99.0, value_name = "PERCENT")]
        confidence: f64,
        /// The seed of the order of the samples.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Compare our engine on small programs with its peers: QuickJS-ng (feature `quickjs-ng`), and any engine by
    /// its own shell.
    BenchPeers {
        /// An engine by its own shell, such as `qjs --script {script}` or `jitless=node --jitless {script}`; may be
        /// repeated.
        #[arg(long, value_name = "COMMAND")]
        engine_command: Vec<String>,
        /// Only programs whose name contains one of these.
        filter: Vec<String>,
        /// Samples of every program and engine.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
        repeats: u32,
        /// Also time one full collection with a million live objects.
        #[arg(long)]
        gc_pause: bool,
        /// Also count the bytes of single objects, arrays, closures and strings.
        #[arg(long)]
        bytes: bool,
        /// What one sample may take.
        #[arg(long, default_value = "60", value_parser = parse_seconds, value_name = "SECONDS")]
        timeout: Duration,
    },
    /// Replay a recorded allocation trace on allocators alone.
    ///
    /// `gc-lab exec FILE.js --allocator 'trace(PATH, system)'` records one. Times are times on a core, of processes
    /// of their own in blocks of random order; memory is written to as far as the recorded program did.
    Replay(ReplayArgs),
    /// Find out how much of a script's time its allocator takes, from a random sample of its calls.
    #[command(after_help = policies_help())]
    Cost(CostArgs),
    /// Run workloads at their small size while memory runs out, at every point it can.
    ///
    /// Ends with status 0 when every case gave a result or a catchable `InternalError: out of
    /// memory`, kept to its limit, and gave every byte back.
    Stress {
        /// What is varied.
        what: Stress,
        #[command(flatten)]
        args: StressArgs,
    },
    /// List the engines, workloads, allocators and policies.
    List,
    /// One sample, for the lab itself.
    #[command(hide = true)]
    Sample,
    /// One replay, for the lab itself.
    #[command(hide = true)]
    ReplaySample,
    /// Many runs of one script, for the lab itself.
    #[command(hide = true)]
    Sweep,
}

#[derive(Args, Debug)]
pub struct RunArgs {
    /// The directory of the records and the report.
    #[arg(long, default_value = "lab-out", value_name = "DIR")]
    pub out: PathBuf,
    /// Engines.
    #[arg(long, alias = "engines", value_delimiter = ',', default_value = "tare", value_name = "NAMES")]
    pub engine: Vec<String>,
    /// An engine by its own shell, such as `qjs --script {script}` or `jitless=node --jitless {script}`: the
    /// kernel tells its time and memory; may be repeated.
    #[arg(long, value_name = "COMMAND")]
    pub engine_command: Vec<String>,
    /// Workloads; those that the catalogue names for it by default, all with `--full`.
    #[arg(long, alias = "workload", value_delimiter = ',', value_name = "NAMES")]
    pub workloads: Vec<String>,
    /// A script or module of your own as a workload; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub script: Vec<PathBuf>,
    /// Allocator stacks, such as `mimalloc` or `limit(64M, counting(system))`.
    #[arg(long, alias = "allocator", value_parser = stacks, value_name = "STACKS")]
    pub allocators: Option<List<String>>,
    /// Fronts: `pool`, `direct`.
    #[arg(long, alias = "front", value_delimiter = ',', value_name = "NAMES")]
    pub fronts: Vec<String>,
    /// Collection policies; the first is the one others are compared with.
    #[arg(long, alias = "policy", value_parser = policies, value_name = "POLICIES")]
    pub policies: Option<List<Policy>>,
    /// Thresholds of QuickJS's policy: `--thresholds 256K,1M` is `--policies quickjs(256K),quickjs(1M)`.
    #[arg(long, value_delimiter = ',', value_parser = parse_bytes, value_name = "SIZES", conflicts_with = "policies")]
    pub thresholds: Vec<u64>,
    /// Which size of the workloads: small, default, large or a number.
    #[arg(long, default_value = "default")]
    pub size: Size,
    /// Blocks: rounds over all cells in random order. Nothing is said on fewer than five.
    #[arg(long, alias = "repeats", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub blocks: u32,
    /// Add so many blocks to the run that the directory holds, also to one that is complete.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub more: Option<u32>,
    /// Go on with blocks for workloads whose times are known less precisely than this, such as `2%`.
    #[arg(long, value_parser = percentage, value_name = "PERCENT")]
    pub precision: Option<f64>,
    /// Blocks at most where blocks are added for `--precision`.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub most_blocks: u32,
    /// Samples of every cell within a block.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub invocations: u32,
    /// First compare a script with itself and with one that needs 5 % more, so many times, and print in the report how
    /// often the verdicts erred; 10 times where no number is named, at most a minute beside the time budget.
    #[arg(long, value_name = "N", num_args = 0..=1, default_value_t = 0, default_missing_value = "10")]
    pub calibrate: u32,
    /// Do not take samples again that were disturbed.
    #[arg(long)]
    pub no_retake: bool,
    /// Iterations before the measured one [default: what the workload says; 0 for scripts].
    #[arg(long, value_name = "N")]
    pub warmup: Option<u32>,
    /// Transparent huge pages in the processes of samples: `never` (the default), `always`, `inherit`.
    #[arg(long, value_delimiter = ',', value_name = "MODES")]
    pub thp: Vec<String>,
    /// Bind samples to a core; to the last one that is allowed where none is named.
    #[arg(long, value_name = "CORE", num_args = 0..=1, default_missing_value = "last")]
    pub pin: Option<String>,
    /// Every combination, all workloads and more policies, without a time budget.
    #[arg(long)]
    pub full: bool,
    /// Begin nothing that would end after this time; one block is always run [default: 80 for the default
    /// matrix, none otherwise].
    #[arg(long, value_parser = parse_seconds, value_name = "SECONDS")]
    pub time_budget: Option<Duration>,
    /// What one sample may take.
    #[arg(long, default_value = "30", value_parser = parse_seconds, value_name = "SECONDS")]
    pub timeout: Duration,
    /// A limit on the memory of every runtime, 0 for none.
    #[arg(long, default_value = "0", value_parser = parse_bytes, value_name = "SIZE")]
    pub memory_limit: u64,
    /// The seed of the order of the samples.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Start anew where an interrupted run could go on.
    #[arg(long)]
    pub fresh: bool,
}

#[derive(Args, Debug)]
pub struct TuneArgs {
    /// The script.
    #[arg(required_unless_present = "check_exhaustive")]
    pub file: Option<PathBuf>,
    /// Tune a service that serves so many requests in a run: the global `SIZE` where the script reads it and --size
    /// does not fix it, else iterations of the script in one runtime.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub requests: Option<u32>,
    /// The value of the global `SIZE`.
    #[arg(long, value_name = "N")]
    pub size: Option<u64>,
    /// How much more time than the fastest is allowed, in percent; the leanest within it is recommended
    /// [default: 5 without a cap, 0 with one].
    #[arg(long, value_name = "PERCENT")]
    pub slack: Option<f64>,
    /// How much may be taken from the allocator at most.
    #[arg(long, value_parser = parse_bytes, value_name = "SIZE")]
    pub memory_cap: Option<u64>,
    /// The engine.
    #[arg(long, default_value = "tare")]
    pub engine: String,
    /// The allocator stack.
    #[arg(long, default_value = "mimalloc", value_name = "STACK")]
    pub allocator: String,
    /// The front; the engine's first by default.
    #[arg(long)]
    pub front: Option<String>,
    /// How many times as long the runs are that check the answer, at least; some are up to 1.8 times that.
    #[arg(long, default_value_t = 10, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(10..=10_000))]
    pub check_length: u32,
    /// Blocks of the check at least: a sample of every finalist in random order each.
    #[arg(long, alias = "repeats", default_value_t = 7, value_parser = clap::value_parser!(u32).range(5..))]
    pub blocks: u32,
    /// After this time no more is measured than has to be.
    #[arg(long, default_value = "120", value_parser = parse_seconds, value_name = "SECONDS")]
    pub time_budget: Duration,
    /// What one sample may take.
    #[arg(long, default_value = "60", value_parser = parse_seconds, value_name = "SECONDS")]
    pub timeout: Duration,
    /// The seed of the order of the samples.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Compare tuning with exhaustive search, on workloads of the catalogue at 25 times the length: ten of them, or
    /// those that are named. Takes long. Ends with status 1 where one is more than 5 % from it.
    #[arg(long, value_delimiter = ',', value_name = "WORKLOADS", num_args = 0..=1, default_missing_value = "")]
    #[arg(conflicts_with_all = ["file", "requests", "size", "json"])]
    pub check_exhaustive: Option<Vec<String>>,
    /// With --check-exhaustive: only every second value of each parameter.
    #[arg(long, requires = "check_exhaustive")]
    pub coarse: bool,
}

#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// The trace.
    pub trace: PathBuf,
    /// Allocator stacks; the others are compared with the first.
    #[arg(long, value_parser = stacks, value_name = "STACKS")]
    pub allocators: Option<List<String>>,
    /// Replay a trace that breaks off as far as it goes.
    #[arg(long)]
    pub partial: bool,
    /// Blocks: a replay on every allocator in random order each. Fewer than five give no intervals.
    #[arg(long, alias = "repeats", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    pub blocks: u32,
    /// Passes over the same heap after the first.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub warm: u32,
    /// Also run the program that was recorded, and say whether both agree about the allocators.
    #[arg(long, value_name = "SCRIPT")]
    pub live: Option<PathBuf>,
    /// With --live: the front that the trace was recorded behind.
    #[arg(long, default_value = "pool", requires = "live")]
    pub front: String,
    /// With --live: the value of the global `SIZE`.
    #[arg(long, value_name = "N", requires = "live")]
    pub size: Option<u64>,
    /// With --live: when collections run.
    #[arg(long, default_value = "quickjs", requires = "live")]
    pub policy: Policy,
    /// What one process may take.
    #[arg(long, default_value = "60", value_parser = parse_seconds, value_name = "SECONDS")]
    pub timeout: Duration,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct CostArgs {
    /// The script.
    pub file: PathBuf,
    /// Allocator stacks.
    #[arg(long, alias = "allocator", value_parser = stacks, value_name = "STACKS")]
    pub allocators: Option<List<String>>,
    /// Fronts: `pool`, `direct`; all of the engine by default.
    #[arg(long, alias = "front", value_delimiter = ',', value_name = "NAMES")]
    pub fronts: Vec<String>,
    /// The engine.
    #[arg(long, default_value = "tare")]
    pub engine: String,
    /// When collections run.
    #[arg(long, default_value = "quickjs")]
    pub policy: Policy,
    /// The value of the global `SIZE`.
    #[arg(long, value_name = "N")]
    pub size: Option<u64>,
    /// Blocks: every allocator and front in random order each. Fewer than five give no intervals.
    #[arg(long, alias = "repeats", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    pub blocks: u32,
    /// What one sample may take.
    #[arg(long, default_value = "60", value_parser = parse_seconds, value_name = "SECONDS")]
    pub timeout: Duration,
    /// The seed of the order and of the choice of calls.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct CompareArgs {
    /// The directory of the run to compare with.
    #[arg(required_unless_present = "run", conflicts_with = "run")]
    pub a: Option<PathBuf>,
    /// The directory of the other run.
    #[arg(required_unless_present = "run", conflicts_with = "run")]
    pub b: Option<PathBuf>,
    /// Make both runs here, in turns, so that what changes on the machine meets both.
    #[arg(long)]
    pub run: bool,
    /// With --run, one side: `allocator=mimalloc front=pool policy=live(2) thp=never lab=PATH`, all
    /// with defaults; `lab` is another build of gc-lab.
    #[arg(long, value_name = "SIDE", default_value = "", requires = "run")]
    pub side_a: String,
    /// With --run, the other side.
    #[arg(long, value_name = "SIDE", default_value = "", requires = "run")]
    pub side_b: String,
    /// With --run: an engine by its own shell, such as `qjs --script {script}`, which a side then names as
    /// `engine=qjs`; may be repeated.
    #[arg(long, value_name = "COMMAND", requires = "run")]
    pub engine_command: Vec<String>,
    /// With --run: workloads; all of the catalogue by default.
    #[arg(long, alias = "workload", value_delimiter = ',', value_name = "NAMES", requires = "run")]
    pub workloads: Vec<String>,
    /// With --run: a script of your own; may be repeated.
    #[arg(long, value_name = "FILE", requires = "run")]
    pub script: Vec<PathBuf>,
    /// With --run: small, default, large or a number.
    #[arg(long, default_value = "default", requires = "run")]
    pub size: Size,
    /// With --run: how many blocks.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..), requires = "run")]
    pub blocks: u32,
    /// With --run: samples of each side on each program in a block.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..), requires = "run")]
    pub invocations: u32,
    /// With --run: begin no further block after this time, once there are enough.
    #[arg(long, value_parser = parse_seconds, value_name = "SECONDS", requires = "run")]
    pub time_budget: Option<Duration>,
    /// With --run: what one sample may take.
    #[arg(long, default_value = "30", value_parser = parse_seconds, value_name = "SECONDS", requires = "run")]
    pub timeout: Duration,
    /// With --run: where the records go, as `a` and `b` below it.
    #[arg(long, default_value = "compare-out", value_name = "DIRECTORY", requires = "run")]
    pub out: PathBuf,
    /// With --run: the seed of the order.
    #[arg(long, default_value_t = 1, requires = "run")]
    pub seed: u64,
    /// How sure all statements must be together, in percent.
    #[arg(long, default_value_t = 99.0, value_name = "PERCENT")]
    pub confidence: f64,
    /// Differences up to this are called alike, in percent.
    #[arg(long, default_value_t = 2.0, value_name = "PERCENT")]
    pub margin: f64,
    /// End with status 1 when B needs more than this for certain: `time:3%,peak:2%`, of time,
    /// peak, physical and pause.
    #[arg(long, value_name = "LIMITS", value_parser = limits)]
    pub fail_on: Option<List<(tare_reports::Figure, f64)>>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Also write the comparison as a page.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct ExecArgs {
    /// The script or module.
    pub file: PathBuf,
    /// The value of the global `SIZE`, by which workloads choose how much they do.
    #[arg(long, value_name = "N")]
    pub size: Option<u64>,
    /// Run the file as a module, also where neither its name (`.mjs`) nor its text shows that it is one.
    #[arg(long)]
    pub module: bool,
    /// The engine.
    #[arg(long, default_value = "tare")]
    pub engine: String,
    /// An engine by its own shell, such as `qjs --script {script}` or `jitless=node --jitless {script}`: the
    /// kernel tells its time and memory.
    #[arg(long, conflicts_with = "engine", value_name = "COMMAND")]
    pub engine_command: Option<String>,
    /// The allocator stack, such as `mimalloc` or `limit(64M, counting(system))`.
    #[arg(long, default_value = "system", value_name = "STACK")]
    pub allocator: String,
    /// The front: `pool` or `direct`; the engine's first by default.
    #[arg(long)]
    pub front: Option<String>,
    /// When collections run.
    #[arg(long, conflicts_with = "gc_threshold")]
    pub policy: Option<Policy>,
    /// QuickJS's policy with this first threshold.
    #[arg(long, value_parser = parse_bytes, value_name = "SIZE")]
    pub gc_threshold: Option<u64>,
    /// A limit on memory, 0 for none.
    #[arg(long, default_value = "0", value_parser = parse_bytes, value_name = "SIZE")]
    pub memory_limit: u64,
    /// A limit on the stack, 0 for none.
    #[arg(long, value_parser = parse_bytes, value_name = "SIZE")]
    pub stack_size: Option<u64>,
    /// Print the memory report as one line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// What a stress test varies.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stress {
    /// The memory limit, between nothing and what the script needs.
    Limits,
    /// The number of the one allocation that is refused.
    Failures,
}

#[derive(Args, Debug)]
pub struct StressArgs {
    /// The engine.
    #[arg(long, default_value = "tare")]
    pub engine: String,
    /// Workloads; all of the catalogue by default.
    #[arg(long, alias = "workload", value_delimiter = ',', value_name = "NAMES")]
    pub workloads: Vec<String>,
    /// A script of your own; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub script: Vec<PathBuf>,
    /// The allocator stack.
    #[arg(long, default_value = "system", value_name = "STACK")]
    pub allocator: String,
    /// The front; the engine's first by default.
    #[arg(long)]
    pub front: Option<String>,
    /// Cases per program at most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub cases: u64,
    /// What one case may take.
    #[arg(long, default_value = "20", value_parser = parse_seconds, value_name = "SECONDS")]
    pub timeout: Duration,
}

/// A list given as one argument.
#[derive(Clone, Debug)]
pub struct List<T>(pub Vec<T>);

/// Splits at the commas outside parentheses and double quotes.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted) = (vec![String::new()], 0i32, false);
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
            // A backslash inside quotes keeps the next character from being read.
            if c == '\\' && quoted {
                part.extend(characters.next());
            }
        }
    }
    parts.iter().map(|p| p.trim().to_string()).filter(|p| !p.is_empty()).collect()
}

/// Reads `2%`, `2` or `0.5%` as a share.
fn percentage(text: &str) -> Result<f64, String> {
    let digits = text.trim().trim_end_matches('%').trim();
    match digits.parse::<f64>() {
        Ok(value) if value > 0.0 && value < 100.0 => Ok(value / 100.0),
        _ => {
            Err(format!("`{text}` is not a precision: write a percentage above 0 and below 100, such as 2%"))
        }
    }
}

fn stacks(text: &str) -> Result<List<String>, String> {
    let stacks = split(text);
    for stack in &stacks {
        stack.parse::<tare_allocators::Spec>().map_err(|e| e.to_string())?;
    }
    Ok(List(stacks))
}

fn limits(text: &str) -> Result<List<(tare_reports::Figure, f64)>, String> {
    crate::compare::parse_limits(text).map(List)
}

fn policies(text: &str) -> Result<List<Policy>, String> {
    split(text).iter().map(|p| p.parse()).collect::<Result<_, _>>().map(List)
}

fn policies_help() -> String {
    let mut help = String::from("Policies:\n");
    for row in tare::heap::catalogue() {
        help += &format!("  {:<36} {}\n", row.syntax, row.summary);
    }
    help + "\nAllocators are listed by `gc-lab list`."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declaration_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn lists_are_split_outside_of_parentheses() {
        assert_eq!(split("a, limit(64M, counting(b)) ,c"), ["a", "limit(64M, counting(b))", "c"]);
        assert_eq!(split("trace(\"a,b\\\"(\", x),y"), ["trace(\"a,b\\\"(\", x)", "y"]);
        assert!(split(" , ").is_empty());
    }
}
