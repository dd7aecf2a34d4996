//! The lab: runs workloads under allocators, fronts and collection policies, one process per
//! sample, and reports memory, pauses and time.
//!
//! How a run flows: [`matrix`] lays out the samples; [`run`] has each done by a child process
//! ([`sample`]), which drives an engine through [`backend`] with a [`meter`] before its
//! allocator, and appends the record; the crate `tare-reports` makes the page from the records.

#[macro_use]
mod output;

mod backend;
mod calibrate;
mod cli;
mod compare;
mod cost;
mod exec;
mod leaks;
mod machine;
mod matrix;
mod meter;
mod peers;
mod policy;
mod process;
mod replay;
mod report;
mod run;
mod sample;
mod stress;
mod take;
mod tune;
mod units;

use clap::Parser;
use cli::{Cli, Command, ExecArgs, RunArgs, Stress};
use policy::Policy;
use std::process::ExitCode;
use std::time::Duration;

/// The time budget of the default matrix: with the report it stays under two minutes.
const BUDGET: Duration = Duration::from_secs(80);

fn main() -> ExitCode {
    // A defect of the lab ends it with a status, never with a signal.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        usual(panic);
        std::process::exit(101);
    }));
    let cli = Cli::parse();
    let level = match cli.verbose {
        0 => tracing::Level::WARN,
        1 => tracing::Level::INFO,
        _ => tracing::Level::TRACE,
    };
    tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).without_time().init();
    match command(cli.command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("gc-lab: {message}");
            ExitCode::FAILURE
        }
    }
}

fn command(command: Command) -> Result<bool, String> {
    match command {
        Command::Run(args) => run_command(args),
        Command::Report { directory } => report::report(&directory),
        Command::Exec(args) => exec_command(&args),
        Command::Leaks { file, allocator, json } => leaks::leaks(&file, &allocator, json).map(|()| true),
        Command::Tune(args) => tune_command(args),
        Command::Compare(args) => compare_command(args),
        Command::Calibrate { comparisons, time_budget, load, confidence, seed } => {
            let rule = rule(confidence, 2.0)?;
            calibrate::calibrate(&calibrate::Options { comparisons, budget: time_budget, load, rule, seed })
        }
        Command::BenchPeers { engine_command, filter, repeats, gc_pause, bytes, timeout } => {
            let commands = engine_command;
            peers::bench(&peers::Options { commands, filter, repeats, timeout, gc_pause, bytes })
        }
        Command::Replay(args) => replay_command(args),
        Command::ReplaySample => replay::serve().map(|()| true),
        Command::Cost(args) => cost_command(args),
        Command::Stress { what, args } => {
            let vary = match what {
                Stress::Limits => stress::Vary::Limit,
                Stress::Failures => stress::Vary::Failure,
            };
            let options = stress::Options {
                programs: matrix::programs(&args.workloads, &args.script)?,
                engine: args.engine,
                allocator: args.allocator,
                front: args.front,
                cases: args.cases,
                timeout: args.timeout,
            };
            stress::stress(vary, &options)
        }
        Command::Sweep => stress::serve().map(|()| true),
        Command::List => {
            list();
            Ok(true)
        }
        Command::Sample => sample::serve().map(|()| true),
    }
}

fn run_command(args: RunArgs) -> Result<bool, String> {
    let policies: Vec<Policy> = match args.policies {
        Some(list) => list.0,
        None => args.thresholds.iter().map(|bytes| Policy::quickjs(*bytes)).collect(),
    };
    let choice = matrix::Choice {
        engines: args.engine,
        workloads: args.workloads,
        scripts: args.script,
        allocators: args.allocators.map(|list| list.0).unwrap_or_default(),
        fronts: args.fronts,
        policies,
        size: args.size,
        invocations: args.invocations,
        full: args.full,
        thp: args.thp,
        warmup: args.warmup,
        engine_commands: args.engine_command,
        memory_limit_bytes: args.memory_limit,
        seed: args.seed,
    };
    let default = !args.full && choice.size == matrix::Size::Default;
    let options = run::Options {
        out: args.out,
        timeout: args.timeout,
        time_budget: args.time_budget.or(default.then_some(BUDGET)),
        blocks: args.blocks,
        more: args.more,
        precision: args.precision,
        most_blocks: args.most_blocks,
        calibrate: args.calibrate,
        retake: !args.no_retake,
        pinned_core: args.pin.as_deref().map(core).transpose()?,
        fresh: args.fresh,
        command: command_line(),
    };
    run::run(&choice, &options)
}

/// The rule of these percentages.
fn rule(confidence: f64, margin: f64) -> Result<tare_reports::stats::Rule, String> {
    if !(50.0..100.0).contains(&confidence) {
        return Err(format!("--confidence {confidence}: write a percentage from 50 to below 100"));
    }
    if !(0.0..=50.0).contains(&margin) {
        return Err(format!("--margin {margin}: write a percentage from 0 to 50"));
    }
    Ok(tare_reports::stats::Rule { confidence: confidence / 100.0, margin: margin / 100.0 })
}

fn tune_command(args: cli::TuneArgs) -> Result<bool, String> {
    if let Some(slack) = args.slack.filter(|slack| !(0.0..=1000.0).contains(slack)) {
        return Err(format!("--slack {slack}: write a percentage between 0 and 1000"));
    }
    let options = tune::Options {
        engine: args.engine,
        allocator: args.allocator,
        front: args.front,
        size: args.size,
        requests: args.requests,
        slack: args.slack.map(|percent| percent / 100.0),
        memory_cap: args.memory_cap,
        blocks: args.blocks as usize,
        check_length: args.check_length,
        budget: args.time_budget,
        timeout: args.timeout,
        seed: args.seed,
        json: args.json,
    };
    match (args.check_exhaustive, args.file) {
        (Some(names), _) => {
            let names: Vec<String> = names.into_iter().filter(|n| !n.is_empty()).collect();
            tune::exhaustive::check(&names, args.coarse, &options)
        }
        (None, Some(file)) => tune::tune(&file, &options),
        (None, None) => Err("name a script to tune".into()),
    }
}

/// The allocators that were named, or the usual ones.
fn allocators(named: Option<cli::List<String>>) -> Vec<String> {
    named.map_or_else(|| matrix::ALLOCATORS.iter().map(|a| (*a).to_string()).collect(), |list| list.0)
}

fn replay_command(args: cli::ReplayArgs) -> Result<bool, String> {
    let allocators = allocators(args.allocators);
    let live = args.live.map(|file| cost::Wish {
        file,
        engine: "tare".into(),
        allocators: allocators.clone(),
        fronts: vec![args.front],
        policy: args.policy,
        size: args.size,
        timeout: args.timeout,
        seed: 1,
    });
    let options = replay::Options {
        allocators,
        partial: args.partial,
        blocks: args.blocks,
        warm: args.warm,
        timeout: args.timeout,
        json: args.json,
    };
    replay::replay(&args.trace, &options, live)
}

fn cost_command(args: cli::CostArgs) -> Result<bool, String> {
    let wish = cost::Wish {
        file: args.file,
        allocators: allocators(args.allocators),
        engine: args.engine,
        fronts: args.fronts,
        policy: args.policy,
        size: args.size,
        timeout: args.timeout,
        seed: args.seed,
    };
    cost::cost(&wish, args.blocks, args.json)
}

fn compare_command(args: cli::CompareArgs) -> Result<bool, String> {
    let wish = compare::Wish {
        rule: rule(args.confidence, args.margin)?,
        limits: args.fail_on.map(|list| list.0).unwrap_or_default(),
        json: args.json,
        html: args.html,
    };
    if let (Some(a), Some(b)) = (&args.a, &args.b) {
        return compare::compare(a, b, &wish);
    }
    for command in &args.engine_command {
        backend::shell::define(command)?;
    }
    let turns = compare::Turns {
        sides: [args.side_a.parse()?, args.side_b.parse()?],
        workloads: args.workloads,
        scripts: args.script,
        size: args.size,
        blocks: args.blocks,
        invocations: args.invocations,
        budget: args.time_budget,
        timeout: args.timeout,
        out: args.out,
        seed: args.seed,
        command: command_line(),
    };
    compare::run(&turns, &wish)
}

/// The core that `--pin` names: a number, or `last`.
fn core(text: &str) -> Result<u32, String> {
    let allowed = machine::allowed_cores();
    let known = || allowed.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    match (text, text.parse::<u32>()) {
        _ if allowed.is_empty() => Err("--pin: this system does not bind processes to cores".into()),
        ("last", _) => Ok(allowed[allowed.len() - 1]),
        (_, Ok(core)) if allowed.contains(&core) => Ok(core),
        _ => Err(format!("--pin {text}: there is no such core; this process may use {}", known())),
    }
}

/// The command line with the program's name in place of its path.
fn command_line() -> Vec<String> {
    std::iter::once("gc-lab".to_string()).chain(std::env::args().skip(1)).collect()
}

fn exec_command(args: &ExecArgs) -> Result<bool, String> {
    let engine = match &args.engine_command {
        Some(command) => backend::shell::define(command)?,
        None => backend::find(&args.engine)?,
    };
    let policy = match &args.policy {
        Some(policy) => policy.clone(),
        None => Policy::quickjs(args.gc_threshold.unwrap_or(policy::QUICKJS_THRESHOLD)),
    };
    let front = match &args.front {
        Some(front) => front.clone(),
        None => engine.fronts()[0].to_string(),
    };
    let setup = backend::Setup {
        memory_limit_bytes: args.memory_limit,
        max_stack_bytes: args.stack_size,
        ..backend::Setup::new(&args.allocator, &front, &policy)
    };
    let options = exec::Options { json: args.json, size: args.size, module: args.module };
    exec::exec(engine, &args.file, &setup, options)
}

/// Prints what there is to choose from.
fn list() {
    say!("Engines");
    for backend in backend::all() {
        say!("  {:<16} {}, fronts: {}", backend.name(), backend.version(), backend.fronts().join(", "));
    }
    say!("\nWorkloads");
    for workload in tare_workloads::catalogue() {
        say!("  {:<16} {}", workload.name, workload.summary);
    }
    say!("\nAllocators");
    for entry in tare_allocators::catalogue() {
        let missing = if entry.available { "" } else { " (not in this build)" };
        say!("  {:<28} {}{missing}", entry.usage, entry.summary);
    }
    say!("\nPolicies");
    for row in tare::heap::catalogue() {
        say!("  {:<36} {}", row.syntax, row.summary);
    }
}
