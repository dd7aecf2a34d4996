//! No byte of a running script comes from the global allocator: all of it is the runtime's.
//!
//! A test that fails prints where the first byte was asked for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;

use tare::{Context, Front, Runtime};

thread_local! {
    static WATCHING: Cell<bool> = const { Cell::new(false) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts what this thread asks for while it is watched.
struct Counting;

fn count(bytes: usize) {
    if WATCHING.get() {
        if BYTES.get() == 0 {
            WATCHING.set(false);
            eprintln!("{bytes} bytes asked for at\n{}", Backtrace::force_capture());
            WATCHING.set(true);
        }
        BYTES.set(BYTES.get() + bytes);
    }
}

// SAFETY: every duty is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the same duties.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the same duties.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: the same duties.
        unsafe { System.realloc(block, layout, size) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the same duties.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What `operation` asks of the global allocator, in bytes.
fn watched<T>(operation: impl FnOnce() -> T) -> (T, usize) {
    BYTES.set(0);
    WATCHING.set(true);
    let result = operation();
    WATCHING.set(false);
    (result, BYTES.get())
}

fn make(front: Front) -> (Runtime, Context) {
    let runtime = Runtime::builder().front(front).output(Box::new(std::io::sink())).build().unwrap();
    let context = runtime.new_context().unwrap();
    (runtime, context)
}

#[test]
fn the_test_sees_what_is_asked_for() {
    let (list, bytes) = watched(|| vec![1u8; 100]);
    assert_eq!((list.len(), bytes), (100, 100));
}

#[test]
fn workloads_take_nothing_from_the_global_allocator() {
    for workload in tare_workloads::catalogue() {
        for front in [Front::Pool, Front::Direct] {
            let (runtime, context) = make(front);
            context.global().set(&context, "SIZE", f64::from(workload.sizes.small)).unwrap();
            let (ended, bytes) =
                watched(|| context.eval(workload.source, workload.name).and_then(|_| runtime.run_jobs()));
            assert!(ended.is_ok(), "{}: {ended:?}", workload.name);
            assert_eq!(bytes, 0, "{}, {front} front", workload.name);
            let result = context.global().get(&context, "result").unwrap().to_display(&context).unwrap();
            workload.check(Some(workload.sizes.small), &result).unwrap();
        }
    }
}

/// The language tests reach far more builtins than the workloads. Not among them: what is thrown and not caught, whose
/// text is the host's.
#[test]
fn language_tests_take_nothing_from_the_global_allocator() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/js");
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|e| e == "js"));
    names.sort();
    let half = names.split_off(names.len() / 2);
    let test = |names: Vec<std::path::PathBuf>| {
        for path in names {
            let source = std::fs::read_to_string(&path).unwrap();
            let runtime =
                Runtime::builder().output(Box::new(std::io::sink())).max_stack_size(4 << 20).build().unwrap();
            let context = runtime.new_context().unwrap();
            // The error's texts are made after the script; a test that throws at its end is left out.
            let (ended, bytes) =
                watched(|| context.eval(&source, "test.js").and_then(|_| runtime.run_jobs()));
            if ended.is_ok() {
                assert_eq!(bytes, 0, "{}", path.display());
            }
        }
    };
    std::thread::scope(|scope| {
        for names in [names, half] {
            std::thread::Builder::new()
                .stack_size(64 << 20)
                .spawn_scoped(scope, move || test(names))
                .unwrap();
        }
    });
}

#[test]
fn collections_and_limits_take_nothing_either() {
    for front in [Front::Pool, Front::Direct] {
        let (runtime, context) = make(front);
        let source =
            "function ring() { let a = {}; a.me = [a]; return 0; } for (let i = 0; i < 5000; i++) ring();
             function fill() { let a = []; for (;;) a.push({ a }); }
             try { fill(); } catch (e) { globalThis.caught = e; }";
        runtime.set_memory_limit(8 << 20);
        let (ended, bytes) = watched(|| {
            let ended = context.eval(source, "a.js");
            runtime.run_gc();
            ended
        });
        ended.unwrap();
        assert_eq!(bytes, 0, "{front}");
    }
}
