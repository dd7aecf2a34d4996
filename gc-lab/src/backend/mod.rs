//! The engines the lab can drive, behind one interface.

#[cfg(feature = "quickjs-ng")]
mod quickjs_ng;
pub mod shell;
mod tare;

pub use tare::provide_native;

use crate::cost::{Estimate, Timed, Told};
use crate::machine;
use crate::policy::Policy;
use serde::{Deserialize, Serialize};
use tare_allocators::{Allocator, Spec, System};
use tare_reports::record::{Ledger, Measured, Noise, Outcome, SCHEMA, Versions};

/// How a runtime is set up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The allocator stack, in the syntax of `tare_allocators::parse`.
    pub allocator: String,
    /// What stands between engine and allocator: one of [`Backend::fronts`].
    pub front: String,
    /// When collections run, as [`Policy`] reads it.
    pub policy: String,
    /// The limit on memory in bytes, 0 for none.
    pub memory_limit_bytes: u64,
    /// The limit on the stack in bytes; `None` for the engine's default, 0 for none.
    pub max_stack_bytes: Option<u64>,
    /// Whether to count the bytes taken from the allocator and to follow collections.
    pub watch: bool,
    /// Whether to count every call of the allocator, also where the engine's own books tell what is taken and
    /// counting would cost time. Only what a meter counts tells what was refused and what was left.
    pub meter: bool,
    /// Full collections to run and time when the script has ended.
    pub full_collections: u32,
    /// Iterations of the program in the same runtime, each in a context of its own, before the measured one.
    pub warmup: u32,
    /// Iterations in the same runtime that are measured together with the first, each in a context of its own.
    #[serde(default)]
    pub further_iterations: u32,
    /// Measure the time in the allocator by a random sample of its calls, chosen by this seed.
    #[serde(default)]
    pub cost_seed: Option<u64>,
    /// Transparent huge pages in the process: one of [`crate::process::THP_MODES`].
    pub thp: String,
    /// The core the process is bound to.
    pub pinned_core: Option<u32>,
    /// Bytes of padding in the environment of the process, which move its stack.
    pub env_bytes: u64,
    /// The command by which the engine is run, where that is its own shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_command: Option<String>,
}

impl Setup {
    /// A plain runtime: QuickJS's policy, no limits, watched, cold, in a process without huge pages.
    pub fn new(allocator: &str, front: &str, policy: &Policy) -> Self {
        Setup {
            allocator: allocator.into(),
            front: front.into(),
            policy: policy.to_string(),
            memory_limit_bytes: 0,
            max_stack_bytes: None,
            watch: true,
            meter: true,
            full_collections: 0,
            warmup: 0,
            further_iterations: 0,
            cost_seed: None,
            thp: if cfg!(target_os = "linux") { "never" } else { "inherit" }.into(),
            pinned_core: None,
            env_bytes: 0,
            engine_command: None,
        }
    }

    /// The policy, read.
    pub fn policy(&self) -> Result<Policy, String> {
        self.policy.parse()
    }
}

/// A program and what becomes of its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// Its name in error positions.
    pub filename: String,
    /// Its text.
    pub source: String,
    /// The value of the global `SIZE`, where it has one.
    pub size: Option<u64>,
    /// Whether `print` and `console.log` write to standard output.
    pub prints: bool,
    /// Whether it is a module, not a script.
    pub module: bool,
}

impl Script {
    /// Whether a program is a module: by the extension `.mjs`, or since its first statement, or one at the start
    /// of a line, is an `import` or `export`, which no script can have.
    pub fn is_module(filename: &str, source: &str) -> bool {
        let mut in_comment = false;
        filename.ends_with(".mjs")
            || source.lines().any(|line| {
                let line = line.trim_start_matches('\u{feff}');
                let was_in_comment = in_comment;
                in_comment = match (line.rfind("/*"), line.rfind("*/")) {
                    (Some(opened), Some(closed)) => opened > closed,
                    (Some(_), None) => true,
                    (None, Some(_)) => false,
                    (None, None) => in_comment,
                };
                let rest = ["import", "export"].iter().find_map(|word| line.strip_prefix(word));
                !was_in_comment && rest.is_some_and(|rest| rest.starts_with([' ', '\t', '{', '*', '"', '\'']))
            })
    }
}

/// The end of a module that waits at its top level for a promise that nothing settles.
const NEVER_SETTLED: &str = "the module never ends: it waits for a promise that nothing is left to settle";

/// How a run ended and what was seen of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The version of the record format whose figures these are; another lab may be of another.
    #[serde(default)]
    pub schema: u32,
    /// How it ended. A wrong result is for the caller to find: the back end checks nothing.
    pub outcome: Outcome,
    /// What was measured, also of a run that ended badly.
    pub measured: Option<Measured>,
    /// The versions that took part, as the process that ran it tells them.
    #[serde(default)]
    pub versions: Option<Versions>,
    /// What the system did to the process meanwhile.
    #[serde(default)]
    pub noise: Noise,
    /// The processor time of each full collection that was asked for.
    #[serde(default)]
    pub full_collection_ns: Vec<u64>,
    /// The engine's own memory report, as text.
    #[serde(default)]
    pub memory_report: String,
    /// The same as data, where the engine gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<serde_json::Value>,
    /// Requests that the allocator refused, from the start of the runtime to its end.
    #[serde(default)]
    pub refused: u64,
    /// Requests for memory that reached the allocator, from the start of the runtime to its end.
    #[serde(default)]
    pub requests: u64,
    /// Bytes that were still taken from the allocator when the runtime was gone.
    #[serde(default)]
    pub left_bytes: u64,
    /// The time in the allocator, from the start of the runtime to its end, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Estimate>,
}

impl Run {
    /// A run that did not begin.
    pub fn not_begun(outcome: Outcome) -> Self {
        Run {
            schema: SCHEMA,
            outcome,
            measured: None,
            versions: None,
            noise: Noise::default(),
            full_collection_ns: Vec::new(),
            memory_report: String::new(),
            memory: None,
            refused: 0,
            requests: 0,
            left_bytes: 0,
            cost: None,
        }
    }
}

/// An engine.
pub trait Backend: Sync {
    /// Its name on the command line and in records.
    fn name(&self) -> &str;

    /// Its version.
    fn version(&self) -> String;

    /// What can stand between it and the allocator, the default first.
    fn fronts(&self) -> &'static [&'static str];

    /// The command it is run by, where that is its own shell.
    fn command(&self) -> Option<&str> {
        None
    }

    /// Whether it can run under a policy.
    ///
    /// # Errors
    /// Why not.
    fn supports(&self, policy: &Policy) -> Result<(), String>;

    /// Makes a runtime, runs the script and its jobs, measures, and drops the runtime.
    fn run(&self, script: &Script, setup: &Setup) -> Run;
}

/// All engines that this build has.
pub fn all() -> &'static [&'static dyn Backend] {
    &[
        &tare::Tare,
        #[cfg(feature = "quickjs-ng")]
        &quickjs_ng::QuickJsNg,
    ]
}

/// The engine of that name.
///
/// # Errors
/// A sentence that names the engines there are, and the feature that brings more.
pub fn find(name: &str) -> Result<&'static dyn Backend, String> {
    all().iter().copied().find(|b| b.name() == name).or_else(|| shell::find(name)).ok_or_else(|| {
        let names: Vec<&str> = all().iter().map(|b| b.name()).collect();
        let hint = if name == "quickjs-ng" {
            "; build with `--features quickjs-ng` to have that one"
        } else {
            "; --engine-command 'CMD {script}' brings more"
        };
        format!("there is no engine `{name}`; this build has {}{hint}", names.join(", "))
    })
}

/// The ledger before an engine starts: what the kernel says of this process, and what is live in the allocator
/// already. Only the C library has such, which serves the lab as well and keeps one account for the process.
fn base(allocator: &str) -> Ledger {
    let mut spec = allocator.parse::<Spec>().ok();
    let system = loop {
        spec = match spec {
            Some(Spec::Counting(inner) | Spec::Poison(inner)) => Some(*inner),
            Some(
                Spec::Limit { inner, .. }
                | Spec::Fail { inner, .. }
                | Spec::Guard { inner, .. }
                | Spec::Trace { inner, .. },
            ) => Some(*inner),
            other => break other == Some(Spec::System),
        }
    };
    let held = if system { System.held() } else { Some(0) };
    Ledger { committed_bytes: held.map(|bytes| bytes as u64), ..machine::memory() }
}

/// Builds the allocator stack of a set-up, with a clock before it where the set-up asks for one.
///
/// # Errors
/// A sentence that says what is wrong with the name.
fn allocator_of(setup: &Setup) -> Result<(Box<dyn Allocator>, Option<Told>), String> {
    let allocator = allocator(&setup.allocator)?;
    match setup.cost_seed {
        None => Ok((allocator, None)),
        Some(seed) => {
            let (timed, told) = Timed::new(allocator, seed);
            Ok((Box::new(timed), Some(told)))
        }
    }
}

/// Builds an allocator stack from its name.
///
/// # Errors
/// A sentence that says what is wrong with the name.
pub fn allocator(name: &str) -> Result<Box<dyn Allocator>, String> {
    tare_allocators::parse(name).map_err(|error| format!("allocator `{name}`: {error}"))
}
