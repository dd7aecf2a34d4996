//! The matrix: which samples a run consists of, and in which order.
//!
//! A run is made of blocks. A block is one round over all cells: the workloads in random order, and
//! within a workload its cells in random order, so that the samples that are compared with each other
//! lie close together in time and none is always first.

use crate::backend::{self, Backend, Script, Setup, shell};
use crate::policy::Policy;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use tare_reports::record::{OWN, SHELL, Sample};
use tare_reports::stats::Random;
use tare_workloads::Workload;

/// The allocators of the default matrix.
pub const ALLOCATORS: [&str; 4] = ["system", "mimalloc", "jemalloc", "pool"];

/// The allocator under which policies are compared by default.
const BASE_ALLOCATOR: &str = "mimalloc";

/// The policies of the default matrix, the baseline first.
const POLICIES: [&str; 5] = ["quickjs(256K)", "quickjs(4M)", "live(2)", "membalancer", "never"];

/// The policies that `--full` adds.
const MORE_POLICIES: [&str; 12] = [
    "quickjs(64K)",
    "quickjs(1M)",
    "quickjs(16M)",
    "quickjs(64M)",
    "live(1.5)",
    "live(3)",
    "fixed(1M)",
    "fixed(4M)",
    "gogc",
    "v8",
    "futility",
    "budget",
];

/// Which of its sizes a workload runs at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// The smallest, for tests.
    Small,
    /// The one for measurements.
    Default,
    /// The one that takes seconds.
    Large,
    /// A number for all.
    Number(u64),
}

impl std::str::FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "small" => Ok(Size::Small),
            "default" => Ok(Size::Default),
            "large" => Ok(Size::Large),
            number => number.parse().map(Size::Number).map_err(|_| {
                format!("`{number}` is not a size: write small, default, large or a whole number")
            }),
        }
    }
}

/// What is to be run: a workload of the catalogue, or a script of the user's.
#[derive(Clone, Debug)]
pub enum Program {
    /// A workload.
    Workload(&'static Workload),
    /// A script with its text.
    File(PathBuf, String),
}

impl Program {
    /// Its name in records.
    pub fn name(&self) -> String {
        match self {
            Program::Workload(workload) => workload.name.into(),
            Program::File(path, _) => {
                path.file_stem().map_or("script".into(), |s| s.to_string_lossy().into_owned())
            }
        }
    }

    /// It as an engine runs it, without output.
    pub fn script(&self, size: Size) -> Script {
        let filename = match self {
            Program::Workload(workload) => format!("{}.js", workload.name),
            Program::File(path, _) => path.display().to_string(),
        };
        Script {
            module: Script::is_module(&filename, self.source()),
            filename,
            source: self.source().into(),
            size: Some(self.size(size)).filter(|size| *size > 0),
            prints: false,
        }
    }

    /// Iterations before the measured one.
    pub fn warmup(&self) -> u32 {
        match self {
            Program::Workload(workload) => workload.warmup,
            Program::File(..) => 0,
        }
    }

    /// Its text.
    pub fn source(&self) -> &str {
        match self {
            Program::Workload(workload) => workload.source,
            Program::File(_, source) => source,
        }
    }

    /// SHA-256 of its text, in hex.
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.source()))
    }

    /// The value of its size parameter; 0 where it has none.
    pub fn size(&self, size: Size) -> u64 {
        match (self, size) {
            (_, Size::Number(number)) => number,
            (Program::File(..), _) => 0,
            (Program::Workload(w), Size::Small) => w.sizes.small.into(),
            (Program::Workload(w), Size::Default) => w.sizes.default.into(),
            (Program::Workload(w), Size::Large) => w.sizes.large.into(),
        }
    }

    /// The workload whose check its result must pass.
    pub fn check(&self) -> Option<String> {
        match self {
            Program::Workload(workload) => Some(workload.name.into()),
            Program::File(..) => None,
        }
    }
}

/// What the user chose; an empty list means the default.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Engines by name.
    pub engines: Vec<String>,
    /// Workloads by name.
    pub workloads: Vec<String>,
    /// Scripts of the user's.
    pub scripts: Vec<PathBuf>,
    /// Allocator stacks.
    pub allocators: Vec<String>,
    /// Fronts.
    pub fronts: Vec<String>,
    /// Policies.
    pub policies: Vec<Policy>,
    /// Which size.
    pub size: Size,
    /// Samples of a cell within a block.
    pub invocations: u32,
    /// Every combination, not only the two cuts through the matrix, and every workload.
    pub full: bool,
    /// Modes of transparent huge pages; empty for the default, without.
    pub thp: Vec<String>,
    /// Iterations before the measured one, in place of what the workloads say.
    pub warmup: Option<u32>,
    /// The commands of engines that are run by their own shell.
    pub engine_commands: Vec<String>,
    /// The limit on memory, 0 for none.
    pub memory_limit_bytes: u64,
    /// The seed of the order.
    pub seed: u64,
}

/// A matrix in the order in which it runs.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The cells: by program, then in the order of the choice. Their block and invocation are 0.
    pub cells: Vec<Sample>,
    /// The programs that the cells name.
    pub programs: Vec<Program>,
    /// The seed of the order.
    pub seed: u64,
    invocations: u32,
}

impl Matrix {
    /// Lays out the matrix.
    ///
    /// The default is two cuts: every allocator and front under the first policy, and every
    /// policy under one allocator and the default front. With `full`, or where the user chose
    /// allocators and policies both, it is every combination.
    ///
    /// # Errors
    /// A sentence that names what does not exist or does not fit together.
    pub fn new(choice: &Choice) -> Result<Self, String> {
        let mut programs = programs(&choice.workloads, &choice.scripts)?;
        if choice.workloads.is_empty() && choice.scripts.is_empty() && !choice.full {
            programs.retain(|p| matches!(p, Program::Workload(w) if w.by_default));
        }
        let default_thp = Setup::new("system", "", &Policy::quickjs(0)).thp;
        let thp = if choice.thp.is_empty() { std::slice::from_ref(&default_thp) } else { &choice.thp[..] };
        for mode in thp {
            crate::process::check_thp(mode)?;
        }
        for allocator in &choice.allocators {
            // Read, not built: a stack may open files.
            allocator
                .parse::<tare_allocators::Spec>()
                .map_err(|e| format!("allocator `{allocator}`: {e}"))?;
        }
        let engines: Vec<&dyn Backend> = if choice.engines.is_empty() {
            vec![backend::all()[0]]
        } else {
            choice.engines.iter().map(|name| backend::find(name)).collect::<Result<_, _>>()?
        };
        let mut engines = engines;
        for command in &choice.engine_commands {
            engines.push(shell::define(command)?);
        }
        let from_outside = !choice.engine_commands.is_empty();
        if from_outside && (choice.memory_limit_bytes > 0 || choice.warmup.is_some_and(|w| w > 0)) {
            return Err(
                "--engine-command: a shell is measured cold, and sets its own limit on memory; leave out \
                        --memory-limit and --warmup"
                    .into(),
            );
        }
        let mut cells = Vec::new();
        for program in &programs {
            // What is warm in one engine and cold in the other cannot be compared.
            let warmup = if from_outside { 0 } else { choice.warmup.unwrap_or_else(|| program.warmup()) };
            for engine in &engines {
                for (allocator, front, policy) in cuts(choice, *engine)? {
                    cells.extend(thp.iter().map(|thp| Sample {
                        engine: engine.name().into(),
                        workload: program.name(),
                        source_hash: program.hash(),
                        size: program.size(choice.size),
                        allocator: allocator.clone(),
                        front: front.clone(),
                        policy: policy.clone(),
                        memory_limit_bytes: choice.memory_limit_bytes,
                        thp: thp.clone(),
                        warmup,
                        ..Sample::default()
                    }));
                }
            }
        }
        if cells.is_empty() {
            return Err(
                "the choice leaves nothing to run: no engine supports these fronts and policies".into()
            );
        }
        Ok(Matrix { cells, programs, seed: choice.seed, invocations: choice.invocations.max(1) })
    }

    /// The samples of a block, by workload: the same for the same seed, whatever came before.
    pub fn block(&self, block: u32) -> Vec<Vec<Sample>> {
        let mut random = Random::new(self.seed ^ u64::from(block).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut order: Vec<String> = self.programs.iter().map(Program::name).collect();
        random.shuffle(&mut order);
        let round = |name: &String| {
            let mut samples: Vec<Sample> = self
                .cells
                .iter()
                .filter(|cell| &cell.workload == name)
                .flat_map(|cell| {
                    (0..self.invocations).map(|invocation| Sample { block, invocation, ..cell.clone() })
                })
                .collect();
            random.shuffle(&mut samples);
            samples
        };
        order.iter().map(round).collect()
    }

    /// The program of a sample.
    pub fn program(&self, sample: &Sample) -> Option<&Program> {
        self.programs.iter().find(|p| p.name() == sample.workload)
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The combinations of allocator, front and policy for an engine.
fn cuts(choice: &Choice, engine: &dyn Backend) -> Result<Vec<(String, String, String)>, String> {
    if engine.command().is_some() {
        return Ok(vec![(OWN.into(), SHELL.into(), OWN.into())]);
    }
    let or = |chosen: &[String], default: &[&str]| -> Vec<String> {
        if chosen.is_empty() { default.iter().map(|s| (*s).to_string()).collect() } else { chosen.to_vec() }
    };
    let allocators = or(&choice.allocators, &ALLOCATORS);
    let known: Vec<&str> = backend::all().iter().flat_map(|b| b.fronts().iter().copied()).collect();
    if let Some(wrong) = choice.fronts.iter().find(|f| !known.contains(&f.as_str())) {
        return Err(format!(
            "there is no front `{wrong}`; the engines of this build have {}",
            known.join(", ")
        ));
    }
    // A front that only another engine has is not this engine's to run.
    let fronts: Vec<String> = or(&choice.fronts, engine.fronts())
        .into_iter()
        .filter(|f| engine.fronts().contains(&f.as_str()))
        .collect();
    let mut policies: Vec<Policy> = if choice.policies.is_empty() {
        let names = POLICIES.iter().chain(if choice.full { &MORE_POLICIES[..] } else { &[] });
        names.map(|p| p.parse()).collect::<Result<_, _>>()?
    } else {
        choice.policies.clone()
    };
    policies.retain(|p| engine.supports(p).is_ok());
    let whole = choice.full || (!choice.allocators.is_empty() && !choice.policies.is_empty());
    let base_allocator = allocators.iter().find(|a| *a == BASE_ALLOCATOR).or(allocators.first());
    let mut all = Vec::new();
    for allocator in &allocators {
        for front in &fronts {
            for (index, policy) in policies.iter().enumerate() {
                let first_policy = index == 0;
                let base_memory = Some(allocator) == base_allocator && Some(front) == fronts.first();
                if whole || first_policy || base_memory {
                    all.push((allocator.clone(), front.clone(), policy.to_string()));
                }
            }
        }
    }
    Ok(all)
}

/// The programs of those names and files; all of the catalogue when none is named.
///
/// # Errors
/// A sentence that names what does not exist, or cannot be read.
pub fn programs(workloads: &[String], scripts: &[PathBuf]) -> Result<Vec<Program>, String> {
    let mut programs: Vec<Program> = Vec::new();
    if workloads.is_empty() && scripts.is_empty() {
        programs.extend(tare_workloads::catalogue().iter().map(Program::Workload));
    }
    for name in workloads {
        let workload = tare_workloads::find(name).ok_or_else(|| {
            let names: Vec<&str> = tare_workloads::catalogue().iter().map(|w| w.name).collect();
            format!("there is no workload `{name}`; there are {}", names.join(", "))
        })?;
        programs.push(Program::Workload(workload));
    }
    for path in scripts {
        programs.push(Program::File(path.clone(), read_script(path)?));
    }
    let mut names: Vec<String> = programs.iter().map(Program::name).collect();
    names.sort();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("two programs are called `{}`; rename one of the files", pair[0]));
    }
    Ok(programs)
}

/// Reads a script of the user's.
///
/// # Errors
/// A sentence with the path and the reason.
pub fn read_script(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("cannot read the script {}: {e}", path.display()))?;
    String::from_utf8(bytes).map_err(|_| format!("the script {} is not UTF-8 text", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice() -> Choice {
        Choice {
            engines: vec!["tare".into()],
            workloads: Vec::new(),
            scripts: Vec::new(),
            allocators: Vec::new(),
            fronts: Vec::new(),
            policies: Vec::new(),
            size: Size::Default,
            invocations: 1,
            thp: Vec::new(),
            warmup: None,
            engine_commands: Vec::new(),
            full: false,
            memory_limit_bytes: 0,
            seed: 1,
        }
    }

    #[test]
    fn the_default_matrix_is_two_cuts_in_whole_blocks() {
        let matrix = Matrix::new(&choice()).unwrap();
        let workloads = tare_workloads::catalogue().iter().filter(|w| w.by_default).count();
        let cells = ALLOCATORS.len() * 2 + POLICIES.len() - 1;
        assert_eq!(matrix.cells.len(), workloads * cells);
        let mut keys: Vec<String> = Vec::new();
        for block in 0..3 {
            let rounds = matrix.block(block);
            assert_eq!(rounds.len(), workloads);
            for round in &rounds {
                assert_eq!(round.len(), cells);
                assert!(round.iter().all(|s| s.block == block && s.workload == round[0].workload));
            }
            keys.extend(rounds.iter().flatten().map(Sample::key));
        }
        let total = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), total, "no sample occurs twice");
        let full = Matrix::new(&Choice { full: true, ..choice() }).unwrap();
        let all = tare_workloads::catalogue().len() * ALLOCATORS.len() * 2;
        assert_eq!(full.cells.len(), all * (POLICIES.len() + MORE_POLICIES.len()));
    }

    #[test]
    fn the_order_depends_on_the_seed_and_the_block_only() {
        let matrix = |seed| Matrix::new(&Choice { seed, ..choice() }).unwrap();
        assert_eq!(matrix(1).block(3), matrix(1).block(3));
        assert_ne!(matrix(1).block(3), matrix(2).block(3));
        // Every workload, and every cell, comes first sometimes.
        let firsts = |of: fn(&Sample) -> String| -> std::collections::BTreeSet<String> {
            (0..200).map(|block| of(&matrix(1).block(block)[0][0])).collect()
        };
        assert_eq!(firsts(|s| s.workload.clone()).len(), matrix(1).programs.len());
        let cell = |s: &Sample| format!("{} {} {}", s.allocator, s.front, s.policy);
        assert_eq!(firsts(cell).len(), ALLOCATORS.len() * 2 + POLICIES.len() - 1);
    }

    #[test]
    fn chosen_allocators_policies_and_modes_are_combined() {
        let chosen = Choice {
            workloads: vec!["closures".into()],
            allocators: vec!["system".into(), "limit(64M, counting(system))".into()],
            policies: vec!["never".parse().unwrap(), Policy::quickjs(1 << 20)],
            fronts: vec!["direct".into()],
            thp: vec!["inherit".into()],
            invocations: 3,
            warmup: Some(2),
            ..choice()
        };
        let matrix = Matrix::new(&chosen).unwrap();
        assert_eq!(matrix.cells.len(), 2 * 2);
        assert!(matrix.cells.iter().all(|s| s.thp == "inherit" && s.warmup == 2));
        assert_eq!(matrix.block(0)[0].len(), 2 * 2 * 3);
    }

    #[test]
    fn another_text_is_another_program() {
        let hash = |source: &str| Program::File("a.js".into(), source.into()).hash();
        assert_ne!(hash("1"), hash("2"));
        // As `sha256sum` has it.
        assert_eq!(hash("1"), "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b");
    }

    #[test]
    fn modules_are_known_by_name_or_content() {
        let module = Script::is_module;
        assert!(module("a.mjs", "1") && !module("a.js", "1"));
        assert!(module("a.js", "// x\nimport { a } from './a.mjs';"));
        assert!(module("a.js", "import'./a.mjs'") && module("a.js", "let a;\nexport { a };"));
        assert!(!module("a.js", "import('./a.mjs')") && !module("a.js", "import.meta"));
        assert!(!module("a.js", "/* as in\nimport x from 'y'\n*/ exports.a = 1"));
    }

    #[test]
    fn what_does_not_exist_is_named_with_what_does() {
        let error = |choice: Choice| Matrix::new(&choice).unwrap_err();
        assert!(error(Choice { workloads: vec!["closure".into()], ..choice() }).contains("closures"));
        assert!(error(Choice { engines: vec!["v8".into()], ..choice() }).contains("tare"));
        assert!(error(Choice { fronts: vec!["porch".into()], ..choice() }).contains("direct"));
        assert!(error(Choice { allocators: vec!["mimaloc".into()], ..choice() }).contains("mimaloc"));
        assert!(error(Choice { thp: vec!["sometimes".into()], ..choice() }).contains("inherit"));
        assert!(error(Choice { scripts: vec!["no/such.js".into()], ..choice() }).contains("no/such.js"));
    }
}
