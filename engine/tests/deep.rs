//! Deep recursion and deep structures: every operation that goes as deep as its input ends with an error that a script
//! can catch, or works; never with the end of the process.
//!
//! `deep/NAME.js` finds the global `N`, a depth, and prints what became of each attempt. What it does not catch itself
//! may only be memory or the stack running out.
//!
//! Environment: `TARE_DEEP=TEXT` runs only scripts whose name contains the text.

#[path = "support/kept.rs"]
mod kept;

use std::path::Path;

use kept::Kept;
use tare::{Error, Front, Runtime};

fn scripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deep");
    let filter = std::env::var("TARE_DEEP").unwrap_or_default();
    let mut list: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path))
        .filter(|(name, _)| name.contains(&filter))
        .map(|(name, path)| (name, std::fs::read_to_string(path).unwrap()))
        .collect();
    list.sort();
    assert!(!list.is_empty());
    list
}

fn is_allowed(error: &Error) -> bool {
    match error {
        Error::OutOfMemory => true,
        Error::Exception { message, .. } => {
            message == "InternalError: out of memory"
                || message == "RangeError: Maximum call stack size exceeded"
        }
        _ => false,
    }
}

/// Runs all scripts at a depth on a thread of its own, whose stack is what the main thread of a process has.
fn run_all(depth: u32, stack: Option<usize>, limit: usize, front: Front) {
    let all = move || {
        for (name, source) in scripts() {
            eprintln!("{name}, depth {depth}, stack {stack:?}, limit {limit}, {front} front");
            let printed = Kept::default();
            let mut builder =
                Runtime::builder().output(Box::new(printed.clone())).front(front).memory_limit(limit);
            if let Some(bytes) = stack {
                builder = builder.max_stack_size(bytes);
            }
            let runtime = builder.build().unwrap();
            let context = runtime.new_context().unwrap();
            context.global().set(&context, "N", depth).unwrap();
            let ended = context.eval(&source, &name).and_then(|_| runtime.run_jobs());
            if let Err(error) = &ended {
                assert!(is_allowed(error), "{name}: {error}");
            }
            drop(ended);
            // The runtime can be used afterwards.
            runtime.set_memory_limit(0);
            assert_eq!(
                context.eval("[1, 2].map((n) => n + 1).length", "after.js").unwrap().as_number(),
                Some(2.0)
            );
            drop(context);
            let left = runtime.close().ok().unwrap();
            assert_eq!(left.cells, 0, "{name}: {left:?}");
            // An attempt that failed says so by an error's name, never by nothing.
            let text = printed.text();
            assert!(!text.contains("undefined: "), "{name}: {text}");
        }
    };
    std::thread::Builder::new().stack_size(8 << 20).spawn(all).unwrap().join().unwrap();
}

/// As deep as a debug build can go in a reasonable time.
const DEPTH: u32 = if cfg!(debug_assertions) { 6_000 } else { 200_000 };

/// Native frames of a debug build are several times larger.
const SMALL_STACK: usize = if cfg!(debug_assertions) { 256 << 10 } else { 64 << 10 };

#[test]
fn with_the_default_stack() {
    run_all(DEPTH, None, 0, Front::Pool);
}

#[test]
fn with_a_small_stack() {
    run_all(DEPTH, Some(SMALL_STACK), 0, Front::Pool);
}

#[test]
fn with_a_small_stack_and_little_memory() {
    run_all(DEPTH, Some(SMALL_STACK), 3 << 20, Front::Direct);
}

#[test]
fn shallow_structures_work() {
    // What is caught at a depth of 200,000 works at 50.
    let runtime = Runtime::builder().build().unwrap();
    let context = runtime.new_context().unwrap();
    context.global().set(&context, "N", 50u32).unwrap();
    let source = "let a = [], o = {}, p = {}, f = () => 1, s = 'x';
        for (let i = 0; i < N; i++) { a = [a]; o = { o }; p = new Proxy(p, {}); f = f.bind(); s += 'y'.repeat(600); }
        [JSON.stringify(a).length, JSON.stringify(o).length, a.flat(Infinity).length, f(), typeof p.x, s.length,
         eval('('.repeat(N) + '1' + ')'.repeat(N)), JSON.parse('['.repeat(N) + ']'.repeat(N)).length, String(a), f.name.length].join()";
    let result = context.eval(source, "shallow.js").unwrap();
    assert_eq!(result.as_str().unwrap(), "102,302,0,1,undefined,30001,1,1,,301");
}
