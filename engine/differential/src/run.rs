//! Random programs against the peers, and under stress.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::compare::{Verdict, broken, judge};
use crate::dice::Dice;
use crate::engines::Engine;
use crate::families::{self, PRELUDE};
use crate::grammar::Grammar;
use crate::settled::Settled;
use crate::shrink::shrink;
use crate::worker::{Job, Output, Setting};

/// What is already judged, see `settled.rs`.
const SETTLED: &str = include_str!("../settled.txt");

/// Runs of random programs.
#[derive(clap::Args)]
pub struct Options {
    /// The first seed; each program has the next.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many programs; with `--minutes` at most as many.
    #[arg(long, default_value_t = 1000)]
    count: u64,
    /// Minutes to run.
    #[arg(long)]
    minutes: Option<f64>,
    /// Families, with commas between them; all unless told otherwise.
    #[arg(long, value_delimiter = ',')]
    families: Vec<String>,
    /// `plain` compares with the peers; `every` collects at each object, `fail` refuses allocations, `stack` and
    /// `memory` set low limits; `all` takes turns.
    #[arg(long, default_value = "plain")]
    mode: String,
    /// Another build of this program that runs Tare, such as one with debug assertions.
    #[arg(long)]
    tare: Option<String>,
    /// Where programs that disagree are kept.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Tries to make a disagreement smaller; 0 leaves it as it is.
    #[arg(long, default_value_t = 1500)]
    tries: usize,
    /// A second list of settled disagreements.
    #[arg(long)]
    known: Option<PathBuf>,
    /// Without the peers.
    #[arg(long)]
    alone: bool,
    /// Also show programs in which a peer stands alone.
    #[arg(long)]
    peers: bool,
}

const MODES: [&str; 5] = ["plain", "every", "fail", "stack", "memory"];

/// The engines, Tare first.
pub struct Ring {
    /// Tare and its peers.
    pub engines: Vec<Engine>,
}

impl Ring {
    /// Tare, from another build if one is named, and the peers that are there.
    pub fn new(tare: Option<&str>, alone: bool) -> Result<Ring, String> {
        let mut engines = vec![Engine::worker("tare", tare)?];
        if cfg!(feature = "quickjs-ng") && !alone {
            engines.push(Engine::worker("quickjs-ng", None)?);
        }
        engines.extend(Engine::node().filter(|_| !alone));
        let mut ring = Ring { engines };
        // Engines that all fail at once agree, too.
        for (engine, output) in ring.run("log('sound', [1, -0])") {
            if output.end != "ok" || output.lines != ["sound [1, -0]"] {
                return Err(format!("{engine} does not run programs: {output:?}"));
            }
        }
        Ok(ring)
    }

    /// What every engine printed of a program.
    pub fn run(&mut self, program: &str) -> Vec<(String, Output)> {
        let job = job(program, Setting::default());
        let run = |engine: &mut Engine, job: &Job| (engine.name.clone(), engine.run(job));
        let mut outputs: Vec<(String, Output)> =
            self.engines.iter_mut().map(|engine| run(engine, &job)).collect();
        // The clock runs while other processes do: Tare is slow only if it is so again, with more time.
        let ended = outputs.iter().skip(1).all(|(_, output)| output.end != "timeout");
        if outputs.len() > 1 && outputs[0].1.end == "timeout" && ended {
            let patient = Job { limit_ms: 8 * job.limit_ms, ..job };
            outputs[0] = run(&mut self.engines[0], &patient);
        }
        outputs
    }

    /// How a program goes under a setting of Tare's. One that changes nothing must print what the plain run prints.
    fn stress(&mut self, program: &str, setting: &Setting) -> Verdict {
        let Some(tare) = self.engines.first_mut() else { return Verdict::Same };
        let stressed = tare.run(&job(program, setting.clone()));
        if let Some(problem) = broken(&stressed) {
            return Verdict::Broken(problem);
        }
        let free = setting.stack.is_none() && setting.memory.is_none() && setting.allocator.is_none();
        if !free || stressed.end == "timeout" {
            return Verdict::Same;
        }
        let plain = tare.run(&job(program, Setting::default()));
        if plain == stressed {
            return Verdict::Same;
        }
        let pair = [("tare".to_string(), stressed), ("plain".to_string(), plain)];
        match judge(program, &pair, &Settled::default()) {
            Verdict::Split(difference) => {
                Verdict::Broken(format!("another result under {setting:?}:\n{difference}"))
            }
            other => other,
        }
    }
}

fn job(program: &str, setting: Setting) -> Job {
    let slow = setting != Setting::default();
    Job {
        scripts: vec![PRELUDE.to_string(), program.to_string()],
        setting,
        limit_ms: if slow { 20_000 } else { 1000 },
        ..Job::default()
    }
}

/// A setting of a mode, chosen by the seed.
fn setting(mode: &str, dice: &mut Dice) -> Setting {
    let mut setting = Setting { direct: dice.once_in(2), ..Setting::default() };
    match mode {
        "every" => {
            let policy = *dice.pick(&["every(1)", "every(1)", "every(7)", "thinning(3)"]);
            setting.policy = Some(policy.to_string());
        }
        "fail" => {
            // Points of failure of all sizes: a context alone makes some thousands of requests on the direct front.
            let most = 1usize << (3 + dice.below(13));
            let point = 1 + dice.below(most);
            setting.allocator = Some(match dice.below(4) {
                0 => format!("fail-from({point}, system)"),
                1 => format!("fail-rate(0.00{}, {}, system)", 1 + dice.below(9), dice.below(1 << 30)),
                _ => format!("fail-nth({point}, system)"),
            });
        }
        "stack" => setting.stack = Some(4096 << dice.below(7)),
        "memory" => {
            let most = 1usize << (10 + dice.below(11));
            setting.memory = Some((300 << 10) + dice.below(most));
        }
        _ => {}
    }
    setting
}

/// Counts by family and kind.
#[derive(Default)]
struct Table {
    rows: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Table {
    fn add(&mut self, family: &str, kind: String) {
        *self.rows.entry(family.to_string()).or_default().entry(kind).or_default() += 1;
    }

    fn show(&self) {
        let mut total: BTreeMap<String, u64> = BTreeMap::new();
        let line = |name: &str, row: &BTreeMap<String, u64>| {
            let counts: Vec<String> = row.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
            println!("{name:12} {:7}  {}", row.values().sum::<u64>(), counts.join(", "));
        };
        for (family, row) in &self.rows {
            line(family, row);
            for (kind, count) in row {
                *total.entry(kind.clone()).or_default() += count;
            }
        }
        line("all", &total);
    }
}

/// Runs programs; false if Tare was broken or stood alone. Where no two agree, somebody has to look.
pub fn run(options: &Options) -> Result<bool, String> {
    let mut list = SETTLED.to_string();
    if let Some(path) = &options.known {
        list += "\n";
        list += &fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let settled = Settled::parse(&list)?;
    let names = if options.families.is_empty() { families::names() } else { options.families.clone() };
    let modes: Vec<&str> = match options.mode.as_str() {
        "all" => MODES.to_vec(),
        mode => {
            vec![*MODES.iter().find(|m| **m == mode).ok_or(format!("no mode {mode:?}: {MODES:?} or all"))?]
        }
    };
    let grammars: Vec<Grammar> =
        names.iter().map(|name| families::grammar(name)).collect::<Result<_, _>>()?;
    if let Some(folder) = &options.keep {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut ring = Ring::new(options.tare.as_deref(), options.alone)?;
    let peers: Vec<&str> = ring.engines.iter().map(|engine| engine.name.as_str()).collect();
    println!("engines: {}", peers.join(", "));
    let end = options.minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(minutes * 60.0));
    let mut table = Table::default();
    let mut sound = true;
    let mut seen = Vec::new();
    for seed in options.seed..options.seed.saturating_add(options.count) {
        if end.is_some_and(|end| Instant::now() > end) {
            break;
        }
        let at = (seed % names.len() as u64) as usize;
        let mode = modes[(seed / names.len() as u64) as usize % modes.len()];
        let dice = &mut Dice::new(seed);
        let program = grammars[at].program(dice);
        let setting = setting(mode, dice);
        let verdict = one(&mut ring, &program, mode, &setting, &settled);
        table.add(&names[at], verdict.kind());
        let shown = match &verdict {
            Verdict::Broken(_) | Verdict::TareAlone(_) => true,
            // With one peer, nobody can be outvoted.
            Verdict::Split(_) => true,
            Verdict::PeerAlone(..) => options.peers,
            Verdict::Same | Verdict::Unusable(_) => false,
        };
        if !shown {
            continue;
        }
        sound &= matches!(verdict, Verdict::PeerAlone(..) | Verdict::Split(_));
        let kind = verdict.kind();
        // Each try of a program that hangs takes seconds.
        let slow =
            matches!(&verdict, Verdict::Broken(why) if why.contains("hang") || why.contains("timeout"));
        let tries = if slow { options.tries.min(60) } else { options.tries };
        let small = shrink(&program, tries, &mut |text| {
            one(&mut ring, text, mode, &setting, &settled).kind() == kind
        });
        let verdict = one(&mut ring, &small, mode, &setting, &settled);
        report(options, &names[at], seed, mode, &setting, &small, &verdict, &mut seen)?;
    }
    table.show();
    Ok(sound)
}

fn one(ring: &mut Ring, program: &str, mode: &str, setting: &Setting, settled: &Settled) -> Verdict {
    if mode == "plain" {
        let outputs = ring.run(program);
        judge(program, &outputs, settled)
    } else {
        ring.stress(program, setting)
    }
}

#[allow(clippy::too_many_arguments)]
fn report(
    options: &Options,
    family: &str,
    seed: u64,
    mode: &str,
    setting: &Setting,
    program: &str,
    verdict: &Verdict,
    seen: &mut Vec<String>,
) -> Result<(), String> {
    // The same small program again, but for names and numbers, is no news.
    let shape: String = program.chars().filter(|c| !c.is_ascii_digit() && !c.is_whitespace()).collect();
    if seen.contains(&shape) {
        return Ok(());
    }
    seen.push(shape);
    println!("--- {} in {family}, seed {seed}, mode {mode}", verdict.kind());
    if mode != "plain" {
        println!("    {setting:?}");
    }
    for line in program.lines() {
        println!("  | {line}");
    }
    match verdict {
        Verdict::Broken(problem) => println!("    {problem}"),
        Verdict::TareAlone(difference) | Verdict::Split(difference) | Verdict::PeerAlone(_, difference) => {
            print!("{difference}");
        }
        Verdict::Same | Verdict::Unusable(_) => {}
    }
    if let Some(folder) = &options.keep {
        let path = folder.join(format!("{family}-{mode}-{seed}.js"));
        fs::write(&path, program).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Runs files on every engine.
pub fn files(paths: &[PathBuf], small: bool, tare: Option<&str>) -> Result<bool, String> {
    let settled = Settled::parse(SETTLED)?;
    let mut ring = Ring::new(tare, false)?;
    let mut sound = true;
    for path in paths {
        let text = read(path)?;
        let verdict = judge(&text, &ring.run(&text), &settled);
        println!("{}: {}", path.display(), verdict.kind());
        if let Verdict::Broken(why) | Verdict::Unusable(why) = &verdict {
            println!("    {why}");
        }
        if let Verdict::TareAlone(difference)
        | Verdict::Split(difference)
        | Verdict::PeerAlone(_, difference) = &verdict
        {
            print!("{difference}");
        }
        if small {
            let kind = verdict.kind();
            println!(
                "{}",
                shrink(&text, 20_000, &mut |text| judge(text, &ring.run(text), &settled).kind() == kind)
            );
        }
        sound &= verdict == Verdict::Same;
    }
    Ok(sound)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
