//! `gc-lab compare`: two runs against each other, with intervals instead of single numbers.

use crate::backend;
use crate::matrix::{self, Program, Size};
use crate::policy::{Policy, QUICKJS_THRESHOLD};
use crate::take::Take;
use indicatif::ProgressBar;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tare_reports::record::{OWN, SCHEMA, Sample, read_records};
use tare_reports::stats::blocks::LEAST_BLOCKS;
use tare_reports::stats::{Random, Rule};
use tare_reports::versus::{Options, versus};
use tare_reports::{Figure, RECORDS_FILE, Record};

/// What to compare with what, and what to do with the answer.
#[derive(Clone, Debug)]
pub struct Wish {
    /// How sure, and what is alike.
    pub rule: Rule,
    /// The figures in which B may be worse, and by how much.
    pub limits: Vec<(Figure, f64)>,
    /// Print JSON in place of text.
    pub json: bool,
    /// Where to write the comparison as a page.
    pub html: Option<PathBuf>,
}

/// Compares run `b` with run `a`. Returns false when a limit was passed for certain.
///
/// # Errors
/// A sentence that names what cannot be read, or why the runs cannot be compared.
pub fn compare(a: &Path, b: &Path, wish: &Wish) -> Result<bool, String> {
    let name = |p: &Path| p.display().to_string();
    records(&load(a)?, &load(b)?, (name(a), name(b)), wish)
}

/// Compares records that are in memory already, under the names given.
fn records(a: &[Record], b: &[Record], names: (String, String), wish: &Wish) -> Result<bool, String> {
    let options = Options { a: names.0, b: names.1, rule: wish.rule, limits: wish.limits.clone() };
    let found = versus(a, b, &options)?;
    if !wish.limits.is_empty() && found.overall.iter().all(|s| s.low.is_none()) {
        return Err(
            "--fail-on cannot be decided: the runs share fewer than five blocks; `gc-lab run --blocks 5` or more \
             makes them"
                .into(),
        );
    }
    if let Some(path) = &wish.html {
        std::fs::write(path, found.html()?).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    }
    if wish.json {
        say!("{}", found.json()?);
    } else {
        say!("{}", found.text().trim_end());
    }
    Ok(!found.failed())
}

/// One side of a comparison that makes its own runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The words it was described by.
    name: String,
    /// Another build of the lab; `None` for this one.
    lab: Option<PathBuf>,
    engine: String,
    allocator: String,
    front: Option<String>,
    policy: Policy,
    thp: String,
}

impl std::str::FromStr for Side {
    type Err = String;

    /// Reads `allocator=mimalloc front=pool policy=live(2) thp=never engine=tare lab=PATH`; what is
    /// left out is the default.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut side = Side {
            name: if text.trim().is_empty() { "defaults".into() } else { text.trim().into() },
            lab: None,
            engine: "tare".into(),
            allocator: "system".into(),
            front: None,
            policy: Policy::quickjs(QUICKJS_THRESHOLD),
            thp: "never".into(),
        };
        for word in words(text) {
            let (key, value) = word.split_once('=').unwrap_or((&word, ""));
            match key {
                "lab" => side.lab = Some(value.into()),
                "engine" => side.engine = backend::find(value)?.name().into(),
                "allocator" => {
                    value.parse::<tare_allocators::Spec>().map_err(|e| e.to_string())?;
                    side.allocator = value.into();
                }
                "front" => side.front = Some(value.into()),
                "policy" => side.policy = value.parse()?,
                "thp" => side.thp = value.into(),
                _ => {
                    return Err(format!(
                        "`{word}` is no part of a side; there are lab=PATH, engine=, allocator=, front=, policy= and thp="
                    ));
                }
            }
        }
        Ok(side)
    }
}

/// Splits at the white space outside parentheses.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut depth) = (vec![String::new()], 0i32);
    for c in text.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        match words.last_mut() {
            Some(word) if !c.is_whitespace() || depth > 0 => word.push(c),
            _ => words.push(String::new()),
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

/// Two runs made in turns.
#[derive(Clone, Debug)]
pub struct Turns {
    /// The sides.
    pub sides: [Side; 2],
    /// Workloads by name.
    pub workloads: Vec<String>,
    /// Scripts of the user's.
    pub scripts: Vec<PathBuf>,
    /// Which size.
    pub size: Size,
    /// How many blocks.
    pub blocks: u32,
    /// Samples of each side on each program in a block.
    pub invocations: u32,
    /// After this time no block is begun, once there are enough to say something.
    pub budget: Option<Duration>,
    /// What one sample may take.
    pub timeout: Duration,
    /// Where the records go: `a` and `b` below it.
    pub out: PathBuf,
    /// The seed of the order.
    pub seed: u64,
    /// The command line, for the records.
    pub command: Vec<String>,
}

/// Makes both runs in turns, block by block, and compares them. Returns false when a limit was
/// passed for certain, or the user interrupted.
///
/// # Errors
/// A sentence that names what does not exist, or cannot be run, written or compared.
pub fn run(turns: &Turns, wish: &Wish) -> Result<bool, String> {
    let programs = matrix::programs(&turns.workloads, &turns.scripts)?;
    for side in &turns.sides {
        turns.check(side)?;
    }
    let mut files = Vec::new();
    for name in ["a", "b"] {
        let directory = turns.out.join(name);
        let path = directory.join(RECORDS_FILE);
        let open = || {
            std::fs::create_dir_all(&directory)?;
            std::fs::OpenOptions::new().create_new(true).write(true).open(&path)
        };
        let file = open().map_err(|e| format!("cannot make {}: {e}; name another --out", path.display()))?;
        files.push((file, path));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
    let (mut random, begun) = (Random::new(turns.seed), Instant::now());
    let mut order: Vec<(usize, &Program, u32)> = programs
        .iter()
        .flat_map(|p| (0..turns.invocations).flat_map(move |i| [0, 1].map(|side| (side, p, i))))
        .collect();
    let bar = ProgressBar::new(u64::from(turns.blocks) * order.len() as u64);
    let mut found: [Vec<Record>; 2] = Default::default();
    for block in 0..turns.blocks {
        let spent = turns.budget.is_some_and(|budget| begun.elapsed() >= budget);
        if spent && block as usize >= LEAST_BLOCKS {
            bar.println(format!("The time budget is used up after {block} blocks."));
            break;
        }
        random.shuffle(&mut order);
        for (side, program, invocation) in &order {
            let sample = turns.sample(&turns.sides[*side], program, block, *invocation)?;
            let take = turns.take(&turns.sides[*side], program, &sample);
            let Some(record) = take.record(&stop)? else {
                bar.abandon();
                eprintln!("Interrupted. The records are kept in {}.", turns.out.display());
                return Ok(false);
            };
            let line = record.to_line().map_err(|e| format!("cannot write a record: {e}"))?;
            let (file, path) = &mut files[*side];
            file.write_all(line.as_bytes())
                .map_err(|e| format!("cannot write to {}: {e}", path.display()))?;
            found[*side].push(record);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    if let Some(bad) = found.iter().flatten().find(|r| !r.outcome.is_ok()) {
        tracing::warn!("{}: {} {}", bad.sample.key(), bad.outcome.name(), bad.outcome.message());
    }
    let [a, b] = &turns.sides;
    records(&found[0], &found[1], (a.name.clone(), b.name.clone()), wish)
}

impl Turns {
    /// Whether a side's lab can be asked: another build may be none, or speak another language.
    fn check(&self, side: &Side) -> Result<(), String> {
        let Some(lab) = &side.lab else { return Ok(()) };
        let refused = |why: String| {
            Err(format!(
                "lab={}: {why}; build both labs from sources whose records are of version {SCHEMA}",
                lab.display()
            ))
        };
        if !lab.is_file() {
            return refused("there is no such program".into());
        }
        let program = Program::File("probe.js".into(), "globalThis.result = 6 * 7;".into());
        let sample = self.sample(side, &program, 0, 0)?;
        let take = self.take(side, &program, &sample);
        match take.record(&AtomicBool::new(false))? {
            Some(record) if record.measured.as_ref().is_some_and(|m| m.result == "42") => Ok(()),
            Some(record) => refused(format!(
                "a first sample of one line {}: {}",
                record.outcome.name(),
                record.outcome.message()
            )),
            None => refused("it did not answer".into()),
        }
    }

    fn take<'a>(&'a self, side: &'a Side, program: &'a Program, sample: &'a Sample) -> Take<'a> {
        Take {
            program,
            sample,
            timeout: self.timeout,
            lab: side.lab.as_deref(),
            command: &self.command,
            pinned_core: None,
            seed: self.seed,
            retaken: false,
        }
    }

    fn sample(&self, side: &Side, program: &Program, block: u32, invocation: u32) -> Result<Sample, String> {
        let engine = backend::find(&side.engine)?;
        if engine.command().is_some() && side.lab.is_some() {
            return Err(format!(
                "{} is run by its own shell: no other lab can run it for this one",
                side.engine
            ));
        }
        let outside =
            self.sides.iter().any(|s| backend::find(&s.engine).is_ok_and(|e| e.command().is_some()));
        let warmup = if outside { 0 } else { program.warmup() };
        let own = |text: String| if engine.command().is_some() { OWN.to_string() } else { text };
        let front = side.front.clone().unwrap_or_else(|| engine.fronts()[0].to_string());
        if !engine.fronts().contains(&front.as_str()) {
            return Err(format!(
                "{} has no front `{front}`; it has {}",
                side.engine,
                engine.fronts().join(", ")
            ));
        }
        Ok(Sample {
            engine: side.engine.clone(),
            workload: program.name(),
            source_hash: program.hash(),
            size: program.size(self.size),
            allocator: own(side.allocator.clone()),
            front,
            policy: own(side.policy.to_string()),
            thp: side.thp.clone(),
            warmup,
            block,
            invocation,
            ..Sample::default()
        })
    }
}

fn load(path: &Path) -> Result<Vec<Record>, String> {
    let file = if path.is_dir() { path.join(RECORDS_FILE) } else { path.to_path_buf() };
    let (records, bad) = read_records(&file).map_err(|e| {
        format!("cannot read the records {}: {e}; name a directory of `gc-lab run`", file.display())
    })?;
    for line in &bad {
        tracing::warn!("{} line {}: {}", file.display(), line.line, line.message);
    }
    Ok(records)
}

/// Reads `time:3%,peak:2%`.
///
/// # Errors
/// A sentence that names the part that cannot be read.
pub fn parse_limits(text: &str) -> Result<Vec<(Figure, f64)>, String> {
    let one = |part: &str| {
        let (figure, percent) =
            part.split_once(':').ok_or_else(|| format!("`{part}` is no limit; write it as time:3%"))?;
        let number = percent.trim().trim_end_matches('%').trim().parse::<f64>();
        match number {
            Ok(percent) if (0.0..=1000.0).contains(&percent) => Ok((figure.trim().parse()?, percent / 100.0)),
            _ => Err(format!("`{percent}` is no percentage between 0 and 1000; write it as time:3%")),
        }
    };
    text.split(',').filter(|p| !p.trim().is_empty()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_read_and_a_wrong_one_named() {
        let side: Side = "allocator=limit(64M, mimalloc) policy=live(2) lab=/old/gc-lab".parse().unwrap();
        assert_eq!(side.allocator, "limit(64M, mimalloc)");
        assert_eq!((side.lab, side.front), (Some("/old/gc-lab".into()), None));
        assert!("porch=1".parse::<Side>().unwrap_err().contains("front="));
        assert!("allocator=mimaloc".parse::<Side>().unwrap_err().contains("mimalloc"));
    }

    #[test]
    fn limits_are_read_and_wrong_ones_named() {
        assert_eq!(parse_limits("time:3%, peak:2.5").unwrap(), [(Figure::Time, 0.03), (Figure::Peak, 0.025)]);
        assert!(parse_limits("tme:3%").unwrap_err().contains("time, peak, physical, pause"));
        assert!(parse_limits("time").unwrap_err().contains("time:3%"));
        assert!(parse_limits("time:lots").unwrap_err().contains("lots"));
    }
}
