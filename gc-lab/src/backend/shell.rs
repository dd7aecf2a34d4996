//! A peer by its own shell: any command that runs a file of JavaScript, such as `qjs {script}`.
//!
//! Nothing of such a process is seen from inside. The kernel tells its time on cores, of all its threads, and its
//! memory; the result comes back as a line of its output. Before each measurement the same command runs an empty
//! script, whose times are taken off: what is left is the script's.
//!
//! # Invariants
//! - The command is the child of the sample's process, and ends with it.
//! - The time on cores is that of all children of this process, of which there is one at a time.
//! - Memory is the whole process's, its shell included: the base of its ledger is zero.

use super::{Backend, Run, Script, Setup};
use crate::machine;
use crate::policy::Policy;
use crate::process;
use crate::sample::last_lines;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tare_reports::record::{Ledger, Ledgers, Measured, Outcome, SHELL};

/// What stands for the path of the script in a command.
const PLACE: &str = "{script}";

/// What begins the line that holds the result.
const MARK: &str = "gc-lab result: ";

/// The process that a job with such an engine ran in leaves nothing behind: who started it removes this directory.
pub fn scratch(process: u32) -> PathBuf {
    std::env::temp_dir().join(format!("gc-lab-shell-{process}"))
}

/// The back end.
pub struct Shell {
    name: String,
    /// As it was given.
    line: String,
    program: PathBuf,
    arguments: Vec<String>,
    version: OnceLock<String>,
}

/// The commands of this process. They are few, named at its start, and live as long as it does.
static DEFINED: Mutex<Vec<&'static Shell>> = Mutex::new(Vec::new());

/// The command of that name, where one was defined.
pub fn find(name: &str) -> Option<&'static dyn Backend> {
    let defined = DEFINED.lock().unwrap_or_else(PoisonError::into_inner);
    defined.iter().find(|shell| shell.name == name).map(|shell| *shell as &dyn Backend)
}

/// Takes a command as an engine: `qjs {script}`, or with a name of its own, `jitless=node --jitless {script}`.
///
/// # Errors
/// A sentence that says what is wrong with the command, or that it cannot be found.
pub fn define(line: &str) -> Result<&'static dyn Backend, String> {
    let wrong = |what: &str| format!("--engine-command `{line}`: {what}");
    let words = shlex::split(line).ok_or_else(|| wrong("a quote is not closed"))?;
    let Some((first, arguments)) = words.split_first() else {
        return Err(wrong("it is empty; write a command such as `qjs {script}`"));
    };
    // Where a name is given it stands before the program, without a slash: a path may hold `=`.
    let (name, program) = match first.split_once('=') {
        Some((name, program)) if !name.is_empty() && !name.contains('/') => (Some(name), program),
        _ => (None, first.as_str()),
    };
    if !arguments.iter().any(|word| word.contains(PLACE)) {
        return Err(wrong("nothing says where the script goes; write `{script}` there"));
    }
    let file = Path::new(program).file_stem().map_or(String::new(), |s| s.to_string_lossy().into_owned());
    let name = name.unwrap_or(&file).to_string();
    if name.is_empty() || name.contains(['/', ',']) {
        return Err(wrong("an engine's name is not empty and has no `/` and no `,`"));
    }
    if let Some(known) = find(&name)
        && known.command() == Some(line)
    {
        return Ok(known);
    }
    if super::find(&name).is_ok() {
        let hint = format!("there is an engine `{name}` already; give it a name: `other={line}`");
        return Err(wrong(&hint));
    }
    let path = which(program).ok_or_else(|| {
        wrong(&format!("there is no program `{program}`, nor one in PATH, that can be run"))
    })?;
    let arguments = arguments.into();
    let shell = Shell { name, line: line.into(), program: path, arguments, version: OnceLock::new() };
    let shell: &'static Shell = Box::leak(Box::new(shell));
    DEFINED.lock().unwrap_or_else(PoisonError::into_inner).push(shell);
    Ok(shell)
}

/// The file that a shell would run.
fn which(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return fs::canonicalize(program).ok().filter(|path| path.is_file());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// What a program says of its version, and the hash of its file: one version has many builds.
fn version(program: &Path) -> String {
    let said = |flag: &str| {
        let output = Command::new(program).arg(flag).stdin(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().map(str::trim).find(|line| line.contains(|c: char| c.is_ascii_digit()))?;
        Some(line.chars().take(80).collect::<String>())
    };
    let version = said("--version").or_else(|| said("--help")).unwrap_or("of unknown version".into());
    let file = fs::canonicalize(program).unwrap_or_else(|_| program.to_path_buf());
    let hash = fs::read(&file).map(|bytes| crate::matrix::hex(&Sha256::digest(bytes))).unwrap_or_default();
    format!("{version}, {} (sha256 {}…)", file.display(), &hash[..hash.len().min(12)])
}

impl Backend for Shell {
    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> String {
        let version = self.version.get_or_init(|| version(&self.program));
        format!("{version}, by its own shell: {}", self.line)
    }

    fn fronts(&self) -> &'static [&'static str] {
        &[SHELL]
    }

    fn command(&self) -> Option<&str> {
        Some(&self.line)
    }

    fn supports(&self, _policy: &Policy) -> Result<(), String> {
        Err(format!("{} is run by its own shell, with its own policy", self.name))
    }

    fn run(&self, script: &Script, setup: &Setup) -> Run {
        if let Err(message) = self.can(setup) {
            return Run::not_begun(Outcome::Unsupported { message });
        }
        match self.measure(script, setup) {
            Ok(run) => run,
            Err(message) => Run::not_begun(Outcome::Failed { message }),
        }
    }
}

/// What was seen of one process.
struct Seen {
    status: ExitStatus,
    cpu_ns: u64,
    wall_ns: u64,
    peak: Ledger,
    end: Ledger,
    result: Option<String>,
    said: String,
}

impl Shell {
    /// Whether a set-up asks for nothing that only an engine of the lab has.
    fn can(&self, setup: &Setup) -> Result<(), String> {
        let no = |what: &str| Err(format!("{} is run by its own shell: {what}", self.name));
        if setup.memory_limit_bytes > 0 || setup.max_stack_bytes.is_some() {
            return no("a limit on memory or stack is for its command line to set");
        }
        if setup.warmup > 0 {
            return no("it is measured cold; ask for --warmup 0");
        }
        if setup.full_collections > 0 {
            return no("no collection can be asked of it");
        }
        Ok(())
    }

    fn measure(&self, script: &Script, setup: &Setup) -> Result<Run, String> {
        let place = scratch(std::process::id());
        let wrong = |e: std::io::Error| format!("cannot write the script into {}: {e}", place.display());
        fs::create_dir_all(&place).map_err(wrong)?;
        let ending = if script.module { "mjs" } else { "js" };
        let write = |name: &str, source: &str| -> Result<PathBuf, String> {
            let path = place.join(format!("{name}.{ending}"));
            fs::write(&path, format!("{}{source}", preamble(script))).map_err(wrong)?;
            Ok(path)
        };
        let empty = self.watch(&write("empty", "")?, setup, false)?;
        if !empty.status.success() {
            let why = format!("{} cannot run an empty script ({}): {}", self.name, empty.status, empty.said);
            return Err(why);
        }
        let name = Path::new(&script.filename).file_stem().map_or("script".into(), |s| s.to_string_lossy());
        let seen = self.watch(&write(&format!("run-{name}"), &script.source)?, setup, script.prints)?;
        let _ = fs::remove_dir_all(&place);
        let outcome = match seen.status.success() {
            true => Outcome::Ok,
            false => Outcome::Crashed {
                signal: crate::sample::signal_of(seen.status),
                status: seen.status.code(),
                message: format!("{}: {}", self.name, seen.said),
            },
        };
        let measured = Measured {
            wall_ns: seen.wall_ns.saturating_sub(empty.wall_ns),
            cpu_ns: seen.cpu_ns.saturating_sub(empty.cpu_ns),
            setup_ns: empty.cpu_ns,
            ledger: Ledgers {
                base: Ledger {
                    rss_anon_bytes: Some(0),
                    rss_file_bytes: Some(0),
                    anon_huge_bytes: Some(0),
                    pss_bytes: Some(0),
                    ..Ledger::default()
                },
                peak: seen.peak,
                end: seen.end,
            },
            result: seen.result.unwrap_or_else(|| "undefined".into()),
            ..Measured::default()
        };
        Ok(Run { measured: Some(measured), ..Run::not_begun(outcome) })
    }

    /// Runs the command on a file to its end.
    fn watch(&self, file: &Path, setup: &Setup, prints: bool) -> Result<Seen, String> {
        let path = file.display().to_string();
        let mut command = Command::new(&self.program);
        command.args(self.arguments.iter().map(|word| word.replace(PLACE, &path)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        process::prepare(&mut command, setup);
        let (cpu, begun) = (machine::children_cpu_ns(), Instant::now());
        let mut child = command.spawn().map_err(|e| format!("cannot start `{}`: {e}", self.line))?;
        let out = child.stdout.take().map(|out| thread::spawn(move || listen(out, prints)));
        let err = child.stderr.take().map(|mut err| {
            thread::spawn(move || {
                let mut bytes = Vec::new();
                // What came before an error is still worth having.
                let _ = err.read_to_end(&mut bytes);
                String::from_utf8_lossy(&bytes).into_owned()
            })
        });
        let mut memory = Memory::default();
        let status = loop {
            if let Some(status) = child.try_wait().map_err(|e| format!("cannot wait for it: {e}"))? {
                break status;
            }
            memory.look(&child);
            // A look is some microseconds of another core; it gets rarer as the process gets older.
            let pause = begun.elapsed() / 100;
            thread::sleep(pause.clamp(Duration::from_micros(500), Duration::from_millis(5)));
        };
        let wall_ns = begun.elapsed().as_nanos() as u64;
        let cpu_ns = machine::children_cpu_ns().saturating_sub(cpu);
        let result = out.and_then(|thread| thread.join().ok()).flatten();
        let said = last_lines(&err.and_then(|thread| thread.join().ok()).unwrap_or_default());
        let (peak, end) = memory.finish();
        Ok(Seen { status, cpu_ns, wall_ns, peak, end, result, said })
    }
}

/// Reads what a process prints, passes it on where wanted, and keeps the last result.
fn listen(out: impl Read, prints: bool) -> Option<String> {
    let mut result = None;
    for line in BufReader::new(out).split(b'\n') {
        let Ok(line) = line else { break };
        let text = String::from_utf8_lossy(&line);
        match text.strip_prefix(MARK).and_then(|rest| serde_json::from_str::<String>(rest).ok()) {
            Some(found) => result = Some(found),
            None if prints => {
                let mut out = std::io::stdout().lock();
                // A closed pipe is no reason to stop listening: the process would wait for us.
                let _ = out.write_all(&line).and_then(|()| out.write_all(b"\n"));
            }
            None => {}
        }
    }
    result
}

/// One line of code before the script, so that its own lines move by nothing: the global `SIZE`, `print`, and a
/// `result` that is told as soon as it is set. No shell has a way to run code at the very end.
fn preamble(script: &Script) -> String {
    let size = script.size.map_or(String::new(), |size| format!("globalThis.SIZE = {size}; "));
    let print = match script.prints {
        true => "if (typeof print !== 'function') globalThis.print = say; ",
        false => "globalThis.print = function () {}; globalThis.console = { log: globalThis.print }; ",
    };
    format!(
        "(function () {{ var say = typeof print === 'function' ? print : console.log.bind(console), value; \
         Object.defineProperty(globalThis, 'result', {{ configurable: true, enumerable: true, \
         get: function () {{ return value; }}, \
         set: function (v) {{ value = v; say('{MARK}' + JSON.stringify(String(v))); }} }}); \
         {size}{print}if (!globalThis.performance) globalThis.performance = {{ now: Date.now }}; }})(); "
    )
}

/// The memory of a process as it was looked at.
#[derive(Default)]
struct Memory {
    /// The reading with the most anonymous memory; only the kernel's lines are filled in.
    peak: Ledger,
    last: Ledger,
    most_anon: u64,
    most_file: u64,
    /// The most pages the process ever had in memory, which the kernel notes between looks as well.
    high_water: u64,
}

impl Memory {
    fn look(&mut self, child: &Child) {
        let process = child.id().to_string();
        let Some(now) = machine::resident(&process) else { return };
        self.most_anon = self.most_anon.max(now.anon);
        self.most_file = self.most_file.max(now.file);
        self.high_water = self.high_water.max(now.high_water);
        // Walking all pages costs far more than the counters: only where they grew by a thirty-second.
        let read = self.peak.rss_anon_bytes.unwrap_or(0);
        if now.anon > read + read / 32 {
            let ledger = machine::memory_of(&process);
            if ledger.rss_anon_bytes > self.peak.rss_anon_bytes {
                self.peak = ledger;
            }
        }
        self.last =
            Ledger { rss_anon_bytes: Some(now.anon), rss_file_bytes: Some(now.file), ..Ledger::default() };
    }

    fn finish(mut self) -> (Ledger, Ledger) {
        // Pages of files are seldom given back: what the high water has beyond them was anonymous.
        let anon = self.most_anon.max(self.high_water.saturating_sub(self.most_file));
        self.peak.rss_anon_bytes = Some(anon).filter(|bytes| *bytes > 0);
        (self.peak, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_and_wrong_ones_named() {
        let wrong = |line: &str| define(line).map(|_| ()).unwrap_err();
        assert!(wrong("sh -c true").contains("{script}"));
        assert!(wrong("").contains("empty"));
        assert!(wrong("sh '{script}").contains("quote"));
        assert!(wrong("no-such-program-here {script}").contains("no program `no-such-program-here`"));
        assert!(wrong("tare=sh {script}").contains("there is an engine `tare` already"));
        let shell = define("plain=sh {script}").unwrap();
        assert_eq!((shell.name(), shell.fronts()), ("plain", &[SHELL][..]));
        assert!(shell.version().contains("sha256") && shell.version().ends_with("plain=sh {script}"));
        assert_eq!(define("plain=sh {script}").unwrap().name(), "plain", "the same twice is the same");
        assert!(wrong("plain=sh -e {script}").contains("already"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_is_measured_from_outside() {
        // A shell that knows no JavaScript: the preamble is a function to it that it cannot read, so the file is
        // only looked at. It holds 24 MiB in a variable and works for a while.
        let script = r#"grep -q MARKED "$1" || exit 0; x=$(head -c 25165824 /dev/zero | tr '\0' x); i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo 'gc-lab result: "17"'"#;
        let line = format!("outside=sh -c {} sh {{script}}", shlex::try_quote(script).unwrap());
        let shell = define(&line).unwrap();
        let job = Script {
            filename: "a.js".into(),
            source: "// MARKED".into(),
            size: None,
            prints: false,
            module: false,
        };
        let setup = Setup::new("own", SHELL, &Policy::quickjs(0));
        let run = shell.run(&job, &setup);
        assert!(run.outcome.is_ok(), "{:?}", run.outcome);
        let measured = run.measured.unwrap();
        assert_eq!(measured.result, "17");
        assert!(measured.cpu_ns > 0 && measured.setup_ns > 0);
        let anon = measured.ledger.peak_growth(|l| l.rss_anon_bytes).unwrap();
        assert!((24 << 20..96 << 20).contains(&anon), "{anon}");
        let cold = Setup { warmup: 1, ..setup };
        assert!(matches!(shell.run(&job, &cold).outcome, Outcome::Unsupported { .. }));
    }
}
