//! The memory limit is on what is taken from the allocator, at every moment, and a request is refused only when no
//! garbage is left and no page is empty.

use std::alloc::Layout;
use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tare::{Builder, Context, Error, Front, Runtime};
use tare_allocators::{Allocator, System};

const FRONTS: [Front; 2] = [Front::Pool, Front::Direct];

/// Adds up what is live and keeps the most, by its own count.
#[derive(Default)]
struct Figures {
    live: AtomicUsize,
    most: AtomicUsize,
}

struct Watched(Arc<Figures>);

// SAFETY: (1-5) every block is the system's, passed on unchanged.
unsafe impl Allocator for Watched {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("watched")
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        let block = unsafe { System.alloc(layout) }?;
        let live = self.0.live.fetch_add(layout.size(), Relaxed) + layout.size();
        self.0.most.fetch_max(live, Relaxed);
        Some(block)
    }
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, size: usize) -> Option<NonNull<u8>> {
        // SAFETY: (1-3) passed on.
        let moved = unsafe { System.realloc(block, old, size) }?;
        self.0.live.fetch_sub(old.size(), Relaxed);
        let live = self.0.live.fetch_add(size, Relaxed) + size;
        self.0.most.fetch_max(live, Relaxed);
        Some(moved)
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        self.0.live.fetch_sub(layout.size(), Relaxed);
        // SAFETY: (1, 2) passed on.
        unsafe { System.free(block, layout) };
    }
}

fn start(builder: Builder) -> (Runtime, Context) {
    let runtime = builder.output(Box::new(std::io::sink())).build().unwrap();
    let context = runtime.new_context().unwrap();
    (runtime, context)
}

fn number(context: &Context, source: &str) -> f64 {
    context.eval(source, "test.js").unwrap().as_number().unwrap()
}

/// Heaps of ten kinds, each filled until memory is out, thinned, and filled with something else, again and again.
const HEAPS: &[(&str, &str)] = &[
    ("buffers of growing size", "a.push(new Uint8Array(40 + r * 64).fill(1))"),
    ("buffers of shrinking size", "a.push(new Uint8Array(2000 - r * 64).fill(1))"),
    ("objects of growing size", "{ const o = {}; for (let j = 0; j < r; j++) o['p' + j] = j; a.push(o); }"),
    ("arrays of growing size", "a.push(new Array(1 + r * 3).fill(r))"),
    ("strings of growing size", "a.push('x'.repeat(20 + r * 40) + i)"),
    ("closures", "{ let x = [r, i]; a.push(() => x); }"),
    ("maps", "a.push(new Map([[i, r], [r, i], ['' + r, i]]))"),
    ("ropes", "a.push(('part ' + i) + ('x'.repeat(300 + r) + i))"),
    ("big integers", "a.push(1n << BigInt(100 + r * 200))"),
    ("cycles", "{ const o = { i }; o.self = [o, new Array(r)]; a.push(o); }"),
];

#[test]
fn the_limit_is_on_what_the_allocator_is_asked_for() {
    let limit = if cfg!(debug_assertions) { 1 << 20 } else { 8 << 20 };
    for (name, make) in HEAPS {
        let source = format!(
            "for (let r = 0; r < ROUNDS; r++) {{
                let a = [];
                try {{ for (let i = 0;; i++) {make} }} catch (e) {{ if (!(e instanceof InternalError || e instanceof RangeError)) throw e; }}
                for (let i = 0; i < a.length; i++) if (i % 16) a[i] = null;
                try {{ globalThis['k' + r] = a.filter((x, i) => i % 64 === 0); }} catch {{}}
                a = null;
            }}"
        );
        let source = source.replace("ROUNDS", if cfg!(debug_assertions) { "3" } else { "20" });
        for front in FRONTS {
            let figures = Arc::new(Figures::default());
            let allocator = Box::new(Watched(figures.clone()));
            let builder = Runtime::builder().allocator(allocator).front(front).memory_limit(limit);
            let (runtime, context) = start(builder);
            context.eval(&source, "heap.js").unwrap();
            let (taken, peak) = runtime.memory_taken();
            assert_eq!(taken, figures.live.load(Relaxed), "{name}, {front}: the books are wrong");
            // A block that moves is two for a moment, in this count and not in the books.
            let most = figures.most.load(Relaxed);
            assert!(peak <= limit && most <= limit, "{name}, {front}: {peak}, {most} of {limit}");
            // It was used, too.
            assert!(peak > limit / 2, "{name}, {front}: {peak} of {limit}");
            let mem = runtime.mem();
            assert!(mem.requested() <= mem.charged() && mem.charged() <= mem.taken(), "{name}, {front}");
            drop((context, runtime));
            assert_eq!(figures.live.load(Relaxed), 0, "{name}, {front}");
        }
    }
}

#[test]
fn memory_full_of_garbage_is_not_out_of_memory() {
    const FULL: &[(&str, &str, &str)] = &[
        ("cycles of arrays", "a.push([a])", "new Array(100)"),
        ("cycles of closures", "a.push(() => a)", "new Uint8Array(1000)"),
        ("cycles of objects", "a.push({ a })", "({ x: i, y: [] })"),
        ("cycles of maps", "a.push(new Map([[1, a]]))", "[1, 2, 3].map(String)"),
        ("cycles of promises", "a.push(new Promise(() => a).then(() => a))", "'x'.repeat(5000)"),
        ("cycles of generators", "a.push((function* () { yield a; })().next())", "new Map([[i, i]])"),
        (
            "cycles of buffers",
            "{ const b = new Uint8Array(3000); b.a = a; a.push(b); }",
            "new Array(2000).fill(i)",
        ),
        ("cycles of strings", "a.push({ a, s: 'text'.repeat(100) + n })", "(() => i)"),
    ];
    let times = if cfg!(debug_assertions) { 200 } else { 200_000 };
    for (name, fill, then) in FULL {
        for front in FRONTS {
            let (_runtime, context) = start(Runtime::builder().front(front).memory_limit(1 << 20));
            let source = format!(
                "var a = [], n = 0; try {{ for (;;) {fill} }} catch {{ a = null }}
                 for (let i = 0; i < {times}; i++) {{ try {{ {then}; n++ }} catch {{}} }} n"
            );
            // A small request is not worth a collection in its midst: the one after the failure may be refused, too, and
            // has the collection made at the next safe point.
            let made = number(&context, &source);
            assert!(made >= f64::from(times - 1), "{name}, {front}: {made} of {times}");
        }
    }
}

/// Much garbage that no policy has been asked about, and one large request.
#[test]
fn a_large_request_collects_before_it_fails() {
    const LARGE: &[&str] = &[
        "new ArrayBuffer(600000)",
        "new Uint8Array(600000)",
        "new Float64Array(75000)",
        "new Array(60000).fill(0)",
        "'x'.repeat(250000)",
        "'x'.padStart(250000, 'ab')",
        "new SharedArrayBuffer(600000).slice(0, 1000)",
    ];
    for large in LARGE {
        for front in FRONTS {
            let builder = Runtime::builder().front(front).memory_limit(1 << 20);
            let (_runtime, context) = start(builder.gc_policy("never".parse().unwrap()));
            let source = format!(
                "let n = 0; for (let i = 0; i < 20; i++) {{
                    try {{ for (let j = 0; j < 2000; j++) {{ const o = {{}}; o.self = o; }} }} catch {{}}
                    let kept = {large}; if (kept) n++; kept = null;
                }} n"
            );
            assert_eq!(number(&context, &source), 20.0, "{large}, {front}");
        }
    }
}

/// What is too large is refused at once, not after most of it was built.
#[test]
fn what_cannot_be_had_is_not_begun() {
    const LARGE: &[&str] = &[
        "'x'.repeat(1e8)",
        "'\\u{1F600}ab'.repeat(1e7)",
        "'ab'.padStart(1e8)",
        "'ab'.padEnd(1e8, '\\u4e00')",
        "'ab'.padEnd(1e8, 'xyz')",
        "new ArrayBuffer(1e8)",
        "new Uint8Array(1e8)",
        "new Float64Array(1e7)",
        "new SharedArrayBuffer(1e8)",
        "new ArrayBuffer(8, { maxByteLength: 1e8 })",
        "1n << 800000000n",
        "BigInt.asUintN(1e9, -1n)",
    ];
    for large in LARGE {
        for front in FRONTS {
            let (runtime, context) = start(Runtime::builder().front(front).memory_limit(1 << 20));
            context.eval(&format!("function f() {{ return {large}; }}"), "large.js").unwrap();
            let (before, allocations) = (runtime.memory_taken().0, runtime.mem().allocations());
            runtime.mem().reset_peak();
            match context.eval("f()", "call.js") {
                Err(error @ Error::Exception { .. }) => {
                    let range = error.to_string().contains("RangeError");
                    assert!(error.is_out_of_memory() || range, "{large}, {front}: {error}");
                }
                other => panic!("{large}, {front}: {other:?}"),
            }
            let grown = runtime.memory_taken().1 - before;
            let asked = runtime.mem().allocations() - allocations;
            assert!(grown <= 64 << 10 && asked < 200, "{large}, {front}: {grown} bytes, {asked} allocations");
        }
    }
}

#[test]
fn one_refusal_while_the_runtime_ends_leaves_nothing() {
    for front in FRONTS {
        for nth in 1..6 {
            let fail = Arc::new(AtomicUsize::new(usize::MAX));
            let allocator = Box::new(FailsOnce { left: fail.clone() });
            let (runtime, context) = start(Runtime::builder().allocator(allocator).front(front));
            context.eval("var a = []; for (let i = 0; i < 100; i++) a.push({ a, f: () => a, m: new Map([[a, i]]) });", "a.js").unwrap();
            drop(context);
            fail.store(nth, Relaxed);
            let left = runtime.close().ok().expect("no other handle");
            assert_eq!(left.cells, 0, "{front}, request {nth}: {left:?}");
        }
    }
}

/// Refuses one request, the one that brings `left` to zero.
struct FailsOnce {
    left: Arc<AtomicUsize>,
}

// SAFETY: (1-5) every block is the system's, passed on unchanged.
unsafe impl Allocator for FailsOnce {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fails-once")
    }
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        if self.left.load(Relaxed) != usize::MAX && self.left.fetch_sub(1, Relaxed) == 1 {
            self.left.store(usize::MAX, Relaxed);
            return None;
        }
        // SAFETY: (1) passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1, 2) passed on.
        unsafe { System.free(block, layout) };
    }
}

/// Scripts of which each uses something for the first time that the runtime sets up then.
const FIRST: &[(&str, &str)] = &[
    ("an async function", "(async () => { await 1; })()"),
    ("a generator", "[...(function* () { yield 1; })()].length"),
    ("an async generator", "(async function* () { yield 1; })().next()"),
    ("a native function", "[1].map(String)"),
    ("a pattern", "/(a)|b/.exec('ab')[1]"),
    ("JSON", "JSON.stringify(JSON.parse('{\"a\":[1]}'))"),
    ("a class", "new (class A { #x = 1; get x() { return this.#x; } })().x"),
    ("a proxy", "new Proxy({}, {}).x"),
    ("eval", "eval('1 + 1')"),
    ("an error", "try { null.x } catch (e) { e.stack }"),
    ("weak references", "new WeakRef({}).deref(); new FinalizationRegistry(() => 0).register({}, 1)"),
    ("a symbol", "Symbol.for('x').description"),
    ("a date", "new Date(0).toISOString()"),
    ("deep recursion", "(function f(n) { return n ? f(n - 1) : 0; })(500)"),
    ("many arguments", "Math.max(...new Array(3000).fill(1))"),
];

/// Each request from the first on is refused once; the runtime works as if nothing had been.
#[test]
fn every_point_of_failure_leaves_a_runtime_that_works() {
    for front in FRONTS {
        let step = match front {
            Front::Pool => 1,
            Front::Direct if cfg!(debug_assertions) => 701,
            Front::Direct => 37,
        };
        for (name, source) in FIRST {
            let mut nth = 1;
            loop {
                let fail = Arc::new(AtomicUsize::new(nth));
                let allocator = Box::new(FailsOnce { left: fail.clone() });
                let failed = match Runtime::builder().allocator(allocator).front(front).build() {
                    Err(error) => {
                        assert!(error.is_out_of_memory(), "{name}, {front}, {nth}: {error}");
                        true
                    }
                    Ok(runtime) => {
                        use_runtime(&runtime, name, source, &fail, &format!("{front}, request {nth}"))
                    }
                };
                if !failed {
                    break;
                }
                nth += step;
            }
        }
    }
}

/// A limit just above what a fresh context takes, met in the first script, then lifted.
#[test]
fn a_limit_met_in_the_first_script_can_be_lifted() {
    for front in FRONTS {
        for (name, source) in FIRST {
            let (runtime, _context) = start(Runtime::builder().front(front));
            let taken = runtime.memory_taken().0;
            for more in (0..60_000).step_by(if cfg!(debug_assertions) { 9_001 } else { 397 }) {
                let (runtime, context) = start(Runtime::builder().front(front));
                runtime.set_memory_limit(taken + more);
                for _ in 0..2 {
                    if let Err(error) = context.eval(source, name).and_then(|_| runtime.run_jobs()) {
                        assert!(error.is_out_of_memory(), "{name}, {front}, {more}: {error}");
                    }
                }
                runtime.set_memory_limit(0);
                works(&runtime, &context, name, &format!("{front}, limit {more}"));
            }
        }
    }
}

/// True when the request that was to be refused was reached.
fn use_runtime(runtime: &Runtime, name: &str, source: &str, fail: &AtomicUsize, what: &str) -> bool {
    let mut context = runtime.new_context();
    if let Err(error) = &context {
        assert!(error.is_out_of_memory(), "{name}, {what}: {error}");
        context = runtime.new_context();
    }
    let context = context.unwrap();
    if let Err(error) = context.eval(source, name).and_then(|_| runtime.run_jobs()) {
        assert!(error.is_out_of_memory(), "{name}, {what}: {error}");
    }
    let reached = fail.swap(usize::MAX, Relaxed) == usize::MAX;
    works(runtime, &context, name, what);
    reached
}

fn works(runtime: &Runtime, context: &Context, name: &str, what: &str) {
    for (_, source) in FIRST {
        let ended = context.eval(source, "after.js").and_then(|_| runtime.run_jobs());
        assert!(ended.is_ok(), "{source} after {name}, {what}: {ended:?}");
    }
}

#[test]
fn limits_that_cannot_hold_a_runtime_are_refused() {
    for front in FRONTS {
        for limit in (1..300_000).step_by(if cfg!(debug_assertions) { 29_983 } else { 997 }) {
            let figures = Arc::new(Figures::default());
            let allocator = Box::new(Watched(figures.clone()));
            let builder = Runtime::builder().allocator(allocator).front(front).memory_limit(limit);
            let ended =
                builder.build().and_then(|runtime| runtime.new_context()?.eval("1 + 1", "a.js").map(drop));
            if let Err(error) = ended {
                assert!(error.is_out_of_memory(), "{limit}, {front}: {error}");
            }
            assert!(figures.most.load(Relaxed) <= limit, "{limit}, {front}");
            assert_eq!(figures.live.load(Relaxed), 0, "{limit}, {front}");
        }
    }
}

#[test]
fn an_empty_runtime_takes_little_more_than_it_asks_for() {
    let (runtime, _context) = start(Runtime::builder());
    let (asked, taken) = (runtime.memory_usage().malloc_size as usize, runtime.memory_taken().0);
    assert!(taken * 10 <= asked * 15, "{taken} for {asked}");
    let direct = start(Runtime::builder().front(Front::Direct)).0;
    assert_eq!(direct.memory_taken().0, direct.mem().charged());
}
