//! Language tests as data: `js/NAME.js` must print exactly what `js/NAME.out` holds.
//!
//! A test uses nothing of the host but `print`. One may look for a global `SCALE` and multiply its large
//! numbers with it: where every allocation collects it is there, below 1. The stack of a script that names
//! `SMALL_STACK`, in a comment, is smaller then. What a test throws and does not catch is added to its output as
//! `Uncaught …`.
//! `js/pending.txt` lists the tests that the engine does not pass yet; the
//! list is exact: a test on it that passes must be taken off it.
//!
//! Environment:
//! - `TARE_JS=TEXT`: only tests whose name contains the text.
//! - `TARE_BLESS=1`: write what was printed to the `.out` files instead of comparing.
//! - `TARE_BLESS=pending`: rewrite `pending.txt` from what passes.
//! - `TARE_GC=POLICY`: collect by this policy, e.g. `every(1)` for a collection at each allocation.
//!
//! The same scripts also run without the compiler's fusions, all at once; with each of them off in turn when
//! asked for: `cargo test -p tare --test js each_fusion -- --ignored`. And they run under stress, with collections at so many allocations as time allows; with
//! one at every allocation from the start on, which takes minutes, when asked for:
//! `cargo test --profile checked -p tare --test js -- --ignored`.

#[path = "support/kept.rs"]
mod kept;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use kept::Kept;
use tare::heap::{Policy, parse_policy};
use tare::{Error, Fusion, Fusions, Runtime};

/// Longest time for one script. Far beyond what any needs: it ends a run that hangs.
const TIMEOUT: Duration = Duration::from_secs(900);
/// The same under stress.
const LONG_TIMEOUT: Duration = Duration::from_secs(3600);

/// What `SCALE` divides by where every allocation collects.
const STRESS_DIVISOR: u32 = 16;
/// What the stack of a script that names `SMALL_STACK` is divided by then: less, because native frames stay as they are.
const STACK_DIVISOR: usize = 8;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/js")
}

/// Names of all tests, sorted.
fn names() -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let files = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    files.filter_map(|file| file.strip_suffix(".js").map(String::from)).collect()
}

/// Runs one script in a fresh runtime and gives what it printed.
fn run(name: &str) -> String {
    let sink = Kept::default();
    let source = std::fs::read_to_string(folder().join(format!("{name}.js"))).unwrap();
    let file = format!("{name}.js");
    if let Err(error) = evaluate(&source, &file, sink.clone()) {
        let _ = writeln!(sink.clone(), "Uncaught {error}");
    }
    sink.text()
}

fn evaluate(source: &str, file: &str, sink: Kept) -> Result<(), Error> {
    let mut builder = Runtime::builder().output(Box::new(sink));
    // Native frames of a debug build are several times larger.
    let mut stack_bytes = if cfg!(debug_assertions) { 4 << 20 } else { 1 << 20 };
    let (mut timeout, mut late, mut scale) = (TIMEOUT, None, None);
    if let Ok(text) = std::env::var("TARE_GC") {
        timeout = LONG_TIMEOUT;
        if text.starts_with("every") && source.contains("SCALE") {
            scale = Some(1.0 / f64::from(STRESS_DIVISOR));
        }
        if text.starts_with("every") && source.contains("SMALL_STACK") {
            stack_bytes /= STACK_DIVISOR;
        }
        let policy = parse_policy(&text).unwrap();
        if text.starts_with("thinning") {
            // The collections are too few to spend them on the globals.
            late = Some(policy);
            builder = builder.gc_policy(Policy::default());
        } else {
            builder = builder.gc_policy(policy);
        }
    }
    if let Ok(names) = std::env::var(FUSIONS_OFF) {
        builder = builder.fusions(Fusions::all_but(&names).unwrap());
    }
    let runtime = builder.max_stack_size(stack_bytes).build()?;
    let end = Instant::now() + timeout;
    runtime.set_interrupt_handler(Some(Box::new(move || Instant::now() > end)));
    let context = runtime.new_context()?;
    if let Some(scale) = scale {
        context.global().set(&context, "SCALE", scale)?;
    }
    if let Some(policy) = late {
        runtime.set_gc_policy(policy);
    }
    let ended = context.eval(source, file).and_then(|_| runtime.run_jobs());
    // Whatever a test did, every byte has an owner.
    let report = runtime.memory_report();
    assert!(report.disagreements.is_empty(), "{file}: {:?}", report.disagreements);
    ended.map(drop)
}

/// An environment variable that changes how a child runs its script.
type Setting<'a> = Option<(&'a str, &'a str)>;

/// Runs one script in a process of its own, so that a crash is only this test's failure.
fn run_apart(name: &str, setting: Setting) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "scripts_print_what_they_must", "--nocapture"]).env(CHILD, name);
    if let Some((variable, value)) = setting {
        command.env(variable, value);
    }
    let number = NEXT.fetch_add(1, Relaxed);
    let path = std::env::temp_dir().join(format!("tare-js-{}-{name}-{number}.out", std::process::id()));
    let status = command.env(CHILD_OUT, &path).stdout(Stdio::null()).status().unwrap();
    let printed = std::fs::read(&path).unwrap_or_default();
    // Nothing was written when the child crashed.
    let _ = std::fs::remove_file(&path);
    let mut printed = String::from_utf8_lossy(&printed).into_owned();
    if !status.success() {
        let _ = writeln!(printed, "(ended by {status})");
    }
    printed
}

/// Runs the scripts, as many at a time as the machine has processors; what each printed, in their order.
fn run_all<'a>(names: &[&'a str], setting: Setting<'_>) -> Vec<(&'a str, String)> {
    let next = AtomicUsize::new(0);
    let printed = Mutex::new(vec![String::new(); names.len()]);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Relaxed);
                    let Some(name) = names.get(at) else { break };
                    let text = run_apart(name, setting);
                    printed.lock().unwrap()[at] = text;
                }
            });
        }
    });
    names.iter().copied().zip(printed.into_inner().unwrap()).collect()
}

/// Names, in the environment of a child, the script that it runs.
const CHILD: &str = "TARE_JS_CHILD";
/// Names, in the environment of a child, the file for what the script prints.
const CHILD_OUT: &str = "TARE_JS_CHILD_OUT";
/// Names, in the environment of a child, the fusions it does without.
const FUSIONS_OFF: &str = "TARE_JS_FUSIONS_OFF";

/// The first line in which two texts differ, with both versions.
fn difference(expected: &str, printed: &str) -> String {
    let (mut a, mut b) = (expected.lines(), printed.lines());
    for number in 1.. {
        match (a.next(), b.next()) {
            (None, None) => break,
            (left, right) if left != right => {
                let show = |line: Option<&str>| line.map_or("(nothing)".to_string(), |l| format!("`{l}`"));
                return format!("line {number}:\n  expected {}\n  printed  {}", show(left), show(right));
            }
            _ => {}
        }
    }
    "line ends differ".to_string()
}

#[test]
fn scripts_print_what_they_must() {
    if let Ok(name) = std::env::var(CHILD) {
        // On a thread whose stack is larger than what scripts are allowed in any build.
        let script = std::thread::Builder::new().stack_size(32 << 20).spawn(move || run(&name)).unwrap();
        std::fs::write(std::env::var(CHILD_OUT).unwrap(), script.join().unwrap()).unwrap();
        return;
    }
    let filter = std::env::var("TARE_JS").unwrap_or_default();
    let bless = std::env::var("TARE_BLESS").unwrap_or_default();
    let pending_path = folder().join("pending.txt");
    let list = std::fs::read_to_string(&pending_path).unwrap();
    let pending: BTreeSet<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    let all = names();
    assert!(!all.is_empty());

    let mut failing = BTreeSet::new();
    let mut report = String::new();
    let chosen: Vec<&str> = all.iter().map(String::as_str).filter(|name| name.contains(&filter)).collect();
    for (name, printed) in run_all(&chosen, None) {
        let path = folder().join(format!("{name}.out"));
        if bless == "1" {
            std::fs::write(&path, &printed).unwrap();
            continue;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if printed != expected {
            failing.insert(name.to_string());
            if !pending.contains(name) {
                let _ = writeln!(report, "{name}: {}", difference(&expected, &printed));
            } else if !filter.is_empty() {
                eprintln!("{name} (pending): {}", difference(&expected, &printed));
            }
        } else if pending.contains(name) && bless != "pending" {
            let _ = writeln!(report, "{name}: passes; take it off pending.txt");
        }
    }
    for name in pending.iter().filter(|name| !all.contains(**name)) {
        let _ = writeln!(report, "{name}: on pending.txt, but there is no such test");
    }
    if bless == "pending" && filter.is_empty() {
        let mut text = "# Tests in this folder that the engine does not pass yet, sorted.\n".to_string();
        failing.iter().for_each(|name| {
            let _ = writeln!(text, "{name}");
        });
        std::fs::write(&pending_path, text).unwrap();
        return;
    }
    assert!(report.is_empty(), "\n{report}");
}

/// Runs all scripts that pass, and holds what they print under a setting against what they must print.
fn print_the_same(variable: &str, value: &str) {
    print_the_same_of(&std::env::var("TARE_JS").unwrap_or_default(), variable, value);
}

/// The same for the scripts whose names contain a text.
fn print_the_same_of(filter: &str, variable: &str, value: &str) {
    let list = std::fs::read_to_string(folder().join("pending.txt")).unwrap();
    let all = names();
    let passing: Vec<&str> = all
        .iter()
        .map(String::as_str)
        .filter(|name| name.contains(filter) && !list.lines().any(|line| line == *name))
        .collect();
    let mut report = String::new();
    for (name, printed) in run_all(&passing, Some((variable, value))) {
        let expected = std::fs::read_to_string(folder().join(format!("{name}.out"))).unwrap_or_default();
        if printed != expected {
            let _ = writeln!(report, "{name}: {}", difference(&expected, &printed));
        }
    }
    assert!(report.is_empty(), "\n{variable}={value}\n{report}");
}

/// Code means the same without the fusions of the compiler.
#[test]
fn scripts_print_the_same_without_fusions() {
    print_the_same(FUSIONS_OFF, "all");
}

/// The short form: the scripts that have all fusions.
#[test]
fn scripts_of_fusions_print_the_same_without_each() {
    for fusion in Fusion::ALL {
        print_the_same_of("fusions", FUSIONS_OFF, fusion.info().name);
    }
}

#[test]
#[ignore = "all scripts once for each fusion: minutes; see docs/checks.md"]
fn scripts_print_the_same_without_each_fusion() {
    for fusion in Fusion::ALL {
        print_the_same(FUSIONS_OFF, fusion.info().name);
    }
}

/// Builds with debug assertions verify the heap after each collection.
#[test]
fn scripts_print_the_same_under_stress() {
    print_the_same("TARE_GC", "thinning(5)");
}

#[test]
#[ignore = "minutes in optimised code, more in a debug build: every collection is verified; see docs/checks.md"]
fn scripts_print_the_same_with_a_collection_at_every_allocation() {
    print_the_same("TARE_GC", "every(1)");
}
