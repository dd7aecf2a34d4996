//! The matrix: which samples a run consists of, and in which order.

use crate::backend::{self, Backend, Setup};
use crate::policy::Policy;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use tare_reports::record::Sample;
use tare_reports::stats::Random;
use tare_workloads::Workload;

/// The allocators of the default matrix.
pub const ALLOCATORS: [&str; 4] = ["system", "mimalloc", "jemalloc", "pool"];

/// The allocator under which policies are compared by default.
const BASE_ALLOCATOR: &str = "mimalloc";

/// The policies of the default matrix, the baseline first.
const POLICIES: [&str; 9] = [
    "quickjs(256K)",
    "quickjs(1M)",
    "quickjs(4M)",
    "quickjs(16M)",
    "live(2)",
    "gogc",
    "membalancer",
    "budget",
    "never",
];

/// The policies that `--full` adds.
const MORE_POLICIES: [&str; 8] =
    ["quickjs(64K)", "quickjs(64M)", "live(1.5)", "live(3)", "fixed(1M)", "fixed(4M)", "v8", "futility"];

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
    /// Repeats of every point.
    pub repeats: u32,
    /// Every combination, not only the two cuts through the matrix.
    pub full: bool,
    /// The limit on memory, 0 for none.
    pub memory_limit_bytes: u64,
    /// The seed of the order.
    pub seed: u64,
}

/// A matrix in the order in which it runs.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The samples; those of the first repeat come before those of the second, and so on, so
    /// that a run that is cut short has whole repeats.
    pub samples: Vec<Sample>,
    /// The programs that the samples name.
    pub programs: Vec<Program>,
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
        let programs = programs(&choice.workloads, &choice.scripts)?;
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
        let mut points = Vec::new();
        for engine in engines {
            for (allocator, front, policy) in cuts(choice, engine)? {
                for program in &programs {
                    points.push(Sample {
                        engine: engine.name().into(),
                        workload: program.name(),
                        size: program.size(choice.size),
                        allocator: allocator.clone(),
                        front: front.clone(),
                        policy: policy.to_string(),
                        memory_limit_bytes: choice.memory_limit_bytes,
                        source_hash: program.hash(),
                        thp: "inherit".into(),
                        warmup: 0,
                        block: 0,
                        invocation: 0,
                    });
                }
            }
        }
        if points.is_empty() {
            return Err(
                "the choice leaves nothing to run: no engine supports these fronts and policies".into()
            );
        }
        let mut random = Random::new(choice.seed);
        let mut samples = Vec::with_capacity(points.len() * choice.repeats as usize);
        for block in 0..choice.repeats {
            random.shuffle(&mut points);
            samples.extend(points.iter().map(|point| Sample { block, ..point.clone() }));
        }
        Ok(Matrix { samples, programs })
    }

    /// The program of a sample.
    pub fn program(&self, sample: &Sample) -> Option<&Program> {
        self.programs.iter().find(|p| p.name() == sample.workload)
    }

    /// The set-up of a sample.
    pub fn setup(sample: &Sample) -> Setup {
        Setup {
            allocator: sample.allocator.clone(),
            front: sample.front.clone(),
            policy: sample.policy.clone(),
            memory_limit_bytes: sample.memory_limit_bytes,
            max_stack_bytes: None,
            watch: true,
            full_collections: 0,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The combinations of allocator, front and policy for an engine.
fn cuts(choice: &Choice, engine: &dyn Backend) -> Result<Vec<(String, String, Policy)>, String> {
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
                    all.push((allocator.clone(), front.clone(), policy.clone()));
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
            repeats: 2,
            full: false,
            memory_limit_bytes: 0,
            seed: 1,
        }
    }

    #[test]
    fn the_default_matrix_is_two_cuts_in_whole_repeats() {
        let matrix = Matrix::new(&choice()).unwrap();
        let workloads = tare_workloads::catalogue().len();
        let points = workloads * (ALLOCATORS.len() * 2 + POLICIES.len() - 1);
        assert_eq!(matrix.samples.len(), points * 2);
        assert!(matrix.samples[..points].iter().all(|s| s.block == 0));
        let mut keys: Vec<String> = matrix.samples.iter().map(Sample::key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), points * 2, "no sample occurs twice");
    }

    #[test]
    fn the_order_depends_on_the_seed_only() {
        let first = Matrix::new(&choice()).unwrap().samples;
        assert_eq!(first, Matrix::new(&choice()).unwrap().samples);
        let other = Matrix::new(&Choice { seed: 2, ..choice() }).unwrap().samples;
        assert_ne!(first, other);
    }

    #[test]
    fn chosen_allocators_and_policies_are_combined() {
        let chosen = Choice {
            workloads: vec!["closures".into()],
            allocators: vec!["system".into(), "limit(64M, counting(system))".into()],
            policies: vec!["never".parse().unwrap(), Policy::quickjs(1 << 20)],
            fronts: vec!["direct".into()],
            repeats: 3,
            ..choice()
        };
        assert_eq!(Matrix::new(&chosen).unwrap().samples.len(), 2 * 2 * 3);
    }

    #[test]
    fn what_does_not_exist_is_named_with_what_does() {
        let error = |choice: Choice| Matrix::new(&choice).unwrap_err();
        assert!(error(Choice { workloads: vec!["closure".into()], ..choice() }).contains("closures"));
        assert!(error(Choice { engines: vec!["v8".into()], ..choice() }).contains("tare"));
        assert!(error(Choice { fronts: vec!["porch".into()], ..choice() }).contains("direct"));
        assert!(error(Choice { allocators: vec!["mimaloc".into()], ..choice() }).contains("mimaloc"));
        assert!(error(Choice { scripts: vec!["no/such.js".into()], ..choice() }).contains("no/such.js"));
    }
}
