//! How the time of each builtin and each form of the syntax grows with its input.
//!
//! `growth.js` has a row for each: its work is in proportion to `n`. A row runs at N, 2N and 4N, N being large enough to
//! be measured; the exponent is half the binary logarithm of the last time over the first, by the processor's time of
//! this thread and the best of several runs. Rows whose exponent is above 1.2 are listed, with that of QuickJS-ng beside
//! it when built with the feature `quickjs-ng`. A builtin that no row names is an error.
//!
//!     cargo run --release -p gc-lab --features quickjs-ng --example growth -- [TEXT]
//!
//! With a text, only rows are measured whose title contains it. `--list` prints what the rows cover.

use std::process::ExitCode;

const SCRIPT: &str = include_str!("growth.js");
/// An exponent above this is told of.
const TOLD: f64 = 1.2;
/// What a run takes at N.
const ENOUGH_NS: u64 = 4_000_000;
/// More than this is not waited for.
const TOO_MUCH_NS: u64 = 2_000_000_000;
const FIRST_N: u64 = 256;
const LAST_N: u64 = 1 << 19;
const RUNS: usize = 3;

/// An engine with the rows loaded.
trait Engine {
    /// Runs a script and gives its value as text.
    fn run(&self, source: &str) -> Result<String, String>;
}

struct Tare(tare::Runtime, tare::Context);

impl Tare {
    fn new() -> Result<Tare, String> {
        let text = |error: tare::Error| error.to_string();
        let runtime = tare::Runtime::new().map_err(text)?;
        let context = runtime.new_context().map_err(text)?;
        Ok(Tare(runtime, context))
    }
}

impl Engine for Tare {
    fn run(&self, source: &str) -> Result<String, String> {
        let text = |error: tare::Error| error.to_string();
        let value = self.1.eval(source, "growth.js").map_err(text)?;
        self.0.run_jobs().map_err(text)?;
        value.to_display(&self.1).map_err(text)
    }
}

#[cfg(feature = "quickjs-ng")]
struct QuickJs(rquickjs::Runtime, rquickjs::Context);

#[cfg(feature = "quickjs-ng")]
impl QuickJs {
    fn new() -> Result<QuickJs, String> {
        let runtime = rquickjs::Runtime::new().map_err(|error| error.to_string())?;
        // Its own stack limit is small for long sources.
        runtime.set_max_stack_size(4 << 20);
        let context = rquickjs::Context::full(&runtime).map_err(|error| error.to_string())?;
        Ok(QuickJs(runtime, context))
    }
}

#[cfg(feature = "quickjs-ng")]
impl Engine for QuickJs {
    fn run(&self, source: &str) -> Result<String, String> {
        let result = self.1.with(|context| {
            let value: Result<rquickjs::Coerced<String>, _> = context.eval(source);
            value.map(|text| text.0).map_err(|error| {
                let thrown = context.catch();
                thrown.as_exception().map_or(error.to_string(), |exception| exception.to_string())
            })
        });
        while self.0.execute_pending_job().is_ok_and(|ran| ran) {}
        result
    }
}

/// Nanoseconds that this thread has run.
fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to the record that it is given, which lives as long, and to nothing else.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The time of a row at `n`: the best of some runs.
fn time(engine: &dyn Engine, row: usize, n: u64, runs: usize) -> Result<u64, String> {
    let mut best = u64::MAX;
    for _ in 0..runs {
        engine.run(&format!("globalThis.state = rows[{row}].make({n}); 0"))?;
        let before = cpu_ns();
        engine.run(&format!("rows[{row}].run(state, {n}); state = 0; 0"))?;
        best = best.min(cpu_ns() - before);
    }
    Ok(best)
}

/// N, the time there, and the exponent from there to 4N; no exponent where nothing could be measured.
fn exponent(engine: &dyn Engine, row: usize) -> Result<(u64, u64, Option<f64>), String> {
    let (mut n, mut first) = (FIRST_N, 0);
    while n <= LAST_N {
        first = time(engine, row, n, 1)?;
        if first >= ENOUGH_NS {
            break;
        }
        n *= 2;
    }
    if !(ENOUGH_NS / 8..=TOO_MUCH_NS).contains(&first) {
        return Ok((n, first, None));
    }
    let runs = if first * 4 > TOO_MUCH_NS / 16 { 1 } else { RUNS };
    let first = time(engine, row, n, runs)?;
    let last = time(engine, row, 4 * n, runs)?;
    Ok((n, first, Some((last as f64 / first as f64).log2() / 2.0)))
}

fn load(engine: &dyn Engine) -> Result<usize, String> {
    engine.run(SCRIPT)?;
    engine.run("rows.length")?.parse().map_err(|_| "the rows are not counted".to_string())
}

fn shown(result: &Result<(u64, u64, Option<f64>), String>) -> String {
    match result {
        Ok((n, ns, Some(exponent))) => format!("{exponent:5.2}  N {n:>7} {:>9.2} ms", *ns as f64 / 1e6),
        Ok(_) => "no time to measure".to_string(),
        Err(error) => error.lines().next().unwrap_or_default().to_string(),
    }
}

fn main() -> ExitCode {
    match measure() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("growth: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<bool, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let engine = Tare::new()?;
    let count = load(&engine)?;
    let missing = engine.run("uncovered().join('\\n')")?;
    if !missing.is_empty() {
        eprintln!("Builtins without a row in growth.js:\n{missing}");
    }
    if arguments.iter().any(|argument| argument == "--list") {
        println!("{}", engine.run("rows.map(row => row.title + ': ' + row.covers.join(' ')).join('\\n')")?);
        return Ok(missing.is_empty());
    }
    let wanted = arguments.first().map_or("", String::as_str);
    let mut told = 0;
    for row in 0..count {
        let title = engine.run(&format!("rows[{row}].title"))?;
        if !title.contains(wanted) {
            continue;
        }
        // A runtime of its own: what one row leaves behind is nothing to the next.
        let fresh = Tare::new()?;
        load(&fresh)?;
        let ours = exponent(&fresh, row);
        let steep =
            !matches!(&ours, Ok((_, _, exponent)) if exponent.is_none_or(|exponent| exponent <= TOLD));
        if !steep && wanted.is_empty() {
            continue;
        }
        told += usize::from(steep);
        println!("{:<52} {}", title, shown(&ours));
        #[cfg(feature = "quickjs-ng")]
        {
            let peer = QuickJs::new()?;
            let theirs = load(&peer).and_then(|_| exponent(&peer, row));
            println!("{:>52} {}", "QuickJS-ng", shown(&theirs));
        }
    }
    println!("{count} rows, {told} above {TOLD}.");
    Ok(missing.is_empty())
}
