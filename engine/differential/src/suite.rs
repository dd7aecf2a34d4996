//! Test suites of other projects: each file is a program that throws, or prints a word, when something is wrong.

use std::fs;
use std::path::{Path, PathBuf};

use crate::engines::Engine;
use crate::worker::{Job, Output};

/// A run of a folder.
#[derive(clap::Args)]
pub struct Options {
    /// The folder, with all below it.
    folder: PathBuf,
    /// Scripts that run before each test: what the suite's own shell would give.
    #[arg(long)]
    prelude: Vec<PathBuf>,
    /// Only files whose path contains this.
    #[arg(long, default_value = "")]
    filter: String,
    /// No files whose path contains one of these, with commas between them.
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
    /// How the files' names end, with commas between them.
    #[arg(long, value_delimiter = ',', default_value = ".js,.mjs")]
    endings: Vec<String>,
    /// A test passes only if it prints this.
    #[arg(long)]
    wants: Option<String>,
    /// A test fails if it prints this.
    #[arg(long)]
    rejects: Option<String>,
    /// Tests whose path contains this must throw.
    #[arg(long)]
    must_throw: Option<String>,
    /// Expected output stands beside each test, in a file of this ending in place of its own.
    #[arg(long)]
    expected: Option<String>,
    /// Seconds for each test.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Another build of this program that runs Tare.
    #[arg(long)]
    tare: Option<String>,
    /// Without the peers.
    #[arg(long)]
    alone: bool,
    /// Name every test that Tare fails and a peer passes.
    #[arg(long)]
    failures: bool,
}

/// Runs the folder's tests on all engines; true if Tare passed what any peer passed.
pub fn run(options: &Options) -> Result<bool, String> {
    let mut files = Vec::new();
    walk(&options.folder, options, &mut files)?;
    files.sort();
    let preludes: Vec<String> = options.prelude.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    let mut engines = vec![Engine::worker("tare", options.tare.as_deref())?];
    if !options.alone {
        if cfg!(feature = "quickjs-ng") {
            engines.push(Engine::worker("quickjs-ng", None)?);
        }
        engines.extend(Engine::node());
    }
    let mut passed = vec![0usize; engines.len()];
    let mut behind = 0;
    for path in &files {
        // Some suites have files that are no UTF-8 text.
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let shown = path.display().to_string();
        let imports = text.lines().any(|line| line.starts_with("import ") || line.starts_with("export "));
        let module = (imports || shown.ends_with(".mjs")).then(|| shown.clone());
        let mut scripts = preludes.clone();
        scripts.push(text);
        let job = Job { scripts, module, limit_ms: options.seconds * 1000, ..Job::default() };
        let outputs: Vec<Output> = engines
            .iter_mut()
            // The one-shot contexts of node know no modules.
            .map(|engine| match engine.name.as_str() {
                "node" if job.module.is_some() => {
                    Output { end: "host: no modules".to_string(), ..Output::default() }
                }
                _ => engine.run(&job),
            })
            .collect();
        let results: Vec<Result<(), String>> =
            outputs.iter().map(|output| judge(options, path, output)).collect();
        for (count, result) in passed.iter_mut().zip(&results) {
            *count += usize::from(result.is_ok());
        }
        let Some((Err(problem), peers)) = results.split_first() else { continue };
        let ahead = peers.iter().any(Result::is_ok);
        behind += usize::from(ahead);
        if options.failures && (ahead || problem.starts_with("crash") || problem.starts_with("unsound")) {
            let who: Vec<&str> = engines[1..]
                .iter()
                .zip(peers)
                .filter(|(_, result)| result.is_ok())
                .map(|(engine, _)| engine.name.as_str())
                .collect();
            println!("{shown}: {problem} (passes in: {})", who.join(", "));
        }
    }
    for (engine, count) in engines.iter().zip(passed) {
        println!("{:11} {count} of {}", engine.name, files.len());
    }
    println!("Tare fails {behind} that a peer passes");
    Ok(behind == 0)
}

fn judge(options: &Options, path: &Path, output: &Output) -> Result<(), String> {
    let shown = path.display().to_string();
    let last = || output.lines.last().cloned().unwrap_or_default();
    let must_throw = options.must_throw.as_ref().is_some_and(|part| shown.contains(part));
    if must_throw {
        return if output.end.starts_with("threw") {
            Ok(())
        } else {
            Err(format!("no error: {}", output.end))
        };
    }
    if output.end != "ok" {
        return Err(format!("{} after {:?}", output.end, last()));
    }
    if let Some(word) = &options.rejects
        && let Some(line) = output.lines.iter().find(|line| line.contains(word.as_str()))
    {
        return Err(format!("printed {line:?}"));
    }
    if let Some(word) = &options.wants
        && !output.lines.iter().any(|line| line.contains(word.as_str()))
    {
        return Err(format!("never printed {word:?}, last {:?}", last()));
    }
    if let Some(ending) = &options.expected {
        let expected = path.with_extension(ending.trim_start_matches('.'));
        let Ok(expected) = fs::read_to_string(&expected) else { return Ok(()) };
        let wanted: Vec<&str> = expected.trim_end().lines().map(str::trim_end).collect();
        let printed: Vec<&str> =
            output.lines.iter().flat_map(|line| line.lines()).map(str::trim_end).collect();
        if wanted != printed {
            let at = wanted.iter().zip(&printed).take_while(|(a, b)| a == b).count();
            return Err(format!("line {}: {:?} for {:?}", at + 1, printed.get(at), wanted.get(at)));
        }
    }
    Ok(())
}

fn walk(folder: &Path, options: &Options, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        let shown = path.display().to_string();
        if path.is_dir() {
            walk(&path, options, files)?;
        } else if options.endings.iter().any(|ending| shown.ends_with(ending.as_str()))
            && shown.contains(&options.filter)
            && !options.without.iter().any(|part| shown.contains(part.as_str()))
        {
            files.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
