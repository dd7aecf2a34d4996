//! Scripts cannot run out of the thread's stack, whatever limit was asked for: they are told before.

use tare::{Error, Front, Runtime};

/// Ways to go deep in native code, each a function `f` of a depth counter `d` that never ends by itself; and in the
/// compiler.
const WAYS: &[(&str, &str)] = &[
    ("map", "function f() { d++; [1].map(f); }"),
    ("sort", "function f() { d++; [2, 1].sort(f); }"),
    ("typed sort", "function f() { d++; new Uint8Array(3).sort(f); }"),
    ("getter", "function f() { d++; return o.x; } const o = { get x() { return f(); } };"),
    (
        "Reflect.get",
        "function f() { d++; return Reflect.get(o, 'x'); } const o = { get x() { return f(); } };",
    ),
    ("setter", "function f() { d++; Reflect.set(o, 'x', 1); } const o = { set x(v) { f(); } };"),
    ("proxy", "function f() { d++; return p.x; } const p = new Proxy({}, { get() { return f(); } });"),
    ("proxy chain", "function f() { for (;;) { p = new Proxy(p, {}); if (doubled(++d)) p.x; } } let p = {};"),
    (
        "proxy keys",
        "function f() { d++; return Object.keys(p); } const p = new Proxy({}, { ownKeys() { return f(); } });",
    ),
    ("toString", "function f() { d++; return String(o); } const o = { toString: f };"),
    ("valueOf", "function f() { d++; return Number(o) + 1; } const o = { valueOf: f };"),
    ("join", "function f() { d++; return [{ toString: f }].join(); }"),
    ("toJSON", "function f() { d++; return JSON.stringify({ toJSON: f }); }"),
    ("stringify", "function f() { for (;;) { o = [o]; if (doubled(++d)) JSON.stringify(o); } } let o = [];"),
    ("reviver", "function f() { d++; return JSON.parse('[1]', f); }"),
    ("JSON.parse", "function f() { for (d = 500;; d *= 2) JSON.parse('['.repeat(d) + ']'.repeat(d)); }"),
    ("replace", "function f() { d++; return 'a'.replace(/a/, f); }"),
    ("exec", "function f() { d++; return r.test('a'); } const r = /a/; r.exec = f;"),
    (
        "RegExp",
        "function f() { for (d = 500;; d *= 2) new RegExp('('.repeat(d) + ')'.repeat(d)).test('x'); }",
    ),
    (
        "RegExp classes",
        "function f() { for (d = 500;; d *= 2) new RegExp('['.repeat(d) + ']'.repeat(d), 'v').test('x'); }",
    ),
    (
        "lookbehind",
        "function f() { for (d = 500;; d *= 2) new RegExp('(?<='.repeat(d) + 'a' + ')'.repeat(d)).test('aaa'); }",
    ),
    ("generator", "function f() { d++; return [...g()]; } function* g() { yield* f(); }"),
    (
        "iterator",
        "function f() { d++; for (const x of { [Symbol.iterator]: f }); return [][Symbol.iterator](); }",
    ),
    ("destructuring", "function f() { d++; const [a] = { [Symbol.iterator]: f }; return {}; }"),
    ("async", "async function f() { d++; await { get then() { f(); } }; }"),
    ("promise", "function f() { d++; return new Promise(f); }"),
    ("Function", "function f() { d++; return Function('f', 'return f()')(f); }"),
    ("eval", "function f() { d++; return eval('f()'); }"),
    ("indirect eval", "function f() { d++; return (0, eval)('f()'); }"),
    ("parentheses", "function f() { for (d = 50;; d *= 2) eval('('.repeat(d) + '1' + ')'.repeat(d)); }"),
    ("functions", "function f() { for (d = 50;; d *= 2) eval('function g(){'.repeat(d) + '}'.repeat(d)); }"),
    ("arrows", "function f() { for (d = 50;; d *= 2) eval('a=>'.repeat(d) + 'a'); }"),
    (
        "patterns",
        "function f() { for (d = 50;; d *= 2) eval('(' + '['.repeat(d) + 'a' + ']'.repeat(d) + '=>1)'); }",
    ),
    ("templates", "function f() { for (d = 50;; d *= 2) eval('`${'.repeat(d) + '1' + '}`'.repeat(d)); }"),
    ("blocks", "function f() { for (d = 50;; d *= 2) eval('{'.repeat(d) + '}'.repeat(d)); }"),
    (
        "classes",
        "function f() { for (d = 50;; d *= 2) eval('class A extends '.repeat(d) + 'Object' + '{}'.repeat(d)); }",
    ),
    ("unary", "function f() { for (d = 50;; d *= 2) eval('- '.repeat(d) + '1'); }"),
    ("exponents", "function f() { for (d = 50;; d *= 2) eval('1**'.repeat(d) + '1'); }"),
    ("bind", "function f() { d++; return f.bind().call(); }"),
    ("bound chain", "function f() { let g = () => 1; for (;;) { g = g.bind(); if (doubled(++d)) g(); } }"),
    ("apply", "function f() { d++; return Reflect.apply(f, null, []); }"),
    ("construct", "function f() { d++; return Reflect.construct(f, []); }"),
    (
        "class",
        "class A { constructor() { d++; [1].map(() => new B()); } } class B extends A {} function f() { new B(); }",
    ),
    ("field", "class A { x = (d++, [1].map(() => new A())); } function f() { new A(); }"),
    ("instanceof", "function f() { d++; return {} instanceof A; } const A = { [Symbol.hasInstance]: f };"),
    ("toPrimitive", "function f() { d++; return `${o}`; } const o = { [Symbol.toPrimitive]: f };"),
    (
        "species",
        "function f() { d++; return a.map((x) => x); } const a = [1]; a.constructor = { get [Symbol.species]() { return f(); } };",
    ),
    ("flat", "function f() { for (;;) { o = [o]; if (doubled(++d)) o.flat(Infinity); } } let o = [];"),
    ("Array.from", "function f() { d++; return Array.from([1], f); }"),
    ("forEach of Map", "function f() { d++; new Map([[1, 2]]).forEach(f); }"),
    ("groupBy", "function f() { d++; return Object.groupBy([1], f); }"),
    ("tagged template", "function f() { d++; return [1].map(() => f`x`); }"),
    ("with", "function f() { d++; with (p) x; } const p = new Proxy({}, { has() { f(); } });"),
    ("error", "function f() { d++; return new Error(o); } const o = { toString: f };"),
    ("date", "function f() { d++; return new Date(o); } const o = { valueOf: f };"),
    ("BigInt", "function f() { d++; return BigInt(o); } const o = { valueOf: f };"),
    ("using", "function f() { d++; { using x = { [Symbol.dispose]: f }; } }"),
    ("iterator helper", "function f() { d++; return [1].values().map(f).toArray(); }"),
];

/// Those that go deep in the heap until memory ends, since they do not recurse natively.
const DEEP_IN_THE_HEAP: &[&str] = &["Function", "bound chain", "flat"];

/// Runs every way with the limit asked for; the thread has what it has.
fn run(front: Front, limit: Option<usize>, deep_in_the_heap: usize) {
    let filter = std::env::var("TARE_WAY").unwrap_or_default();
    for (name, way) in WAYS.iter().filter(|(name, _)| name.contains(&filter)) {
        let memory = if DEEP_IN_THE_HEAP.contains(name) { deep_in_the_heap } else { MUCH };
        let mut builder = Runtime::builder().front(front).memory_limit(memory);
        if let Some(limit) = limit {
            builder = builder.max_stack_size(limit);
        }
        let runtime = builder.build().unwrap();
        let context = runtime.new_context().unwrap();
        let source = format!(
            "let d = 0; const doubled = (n) => n >= 512 && !(n & (n - 1)); {way}\n let e; try {{ e = f(); }} catch (error) {{ e = error; }}\n e"
        );
        let ended = context.eval(&source, name);
        let message = match &ended {
            Ok(value) => {
                context.global().set(&context, "e", value).unwrap();
                let text = context.eval("e instanceof Promise ? 'promise' : String(e)", name).unwrap();
                text.as_str().unwrap().to_string()
            }
            Err(error) => error.to_string(),
        };
        if let Err(error) = runtime.run_jobs() {
            assert!(error.is_out_of_memory(), "{name}: {error}");
            runtime.set_memory_limit(0);
            runtime.run_jobs().unwrap();
        }
        let deep = "Maximum call stack size exceeded";
        // Some go so deep in the heap first that memory is what ends.
        let told = message.contains(deep) || message.contains("out of memory") || message == "promise";
        // What is not recursion natively ends with the program's own limits.
        let other = ["SyntaxError", "too large", "too many"].iter().any(|text| message.contains(text));
        assert!(told || other, "{name}: {message}");
        assert!(context.eval("d", name).unwrap().as_number().is_some_and(|d| d >= 1.0), "{name}");
        // All is well afterwards.
        let after = context.eval("[3, 1, 2].sort((a, b) => a - b).map((x) => x * 2).join()", "after.js");
        assert_eq!(after.unwrap().as_str().unwrap(), "2,4,6", "{name}");
    }
}

/// Memory of a runtime, and of one whose script ends for want of memory, in which it takes time in proportion.
const MUCH: usize = 16 << 20;
const LITTLE: usize = 4 << 20;

fn on_thread(bytes: usize, front: Front, limit: Option<usize>, deep_in_the_heap: usize) {
    let work = move || run(front, limit, deep_in_the_heap);
    std::thread::Builder::new().stack_size(bytes).spawn(work).unwrap().join().unwrap();
}

#[test]
fn a_limit_larger_than_the_stack() {
    on_thread(1 << 20, Front::Pool, Some(16 << 20), LITTLE);
}

#[test]
fn no_limit_at_all() {
    on_thread(1 << 20, Front::Direct, Some(0), LITTLE);
}

#[test]
fn small_threads_under_the_default_limit() {
    on_thread(512 << 10, Front::Pool, None, LITTLE);
}

#[test]
#[ignore = "the same with more memory and larger and smaller stacks, half a minute: by command, see docs/checks.md"]
fn every_way_with_much_memory() {
    on_thread(1 << 20, Front::Pool, Some(16 << 20), MUCH);
    on_thread(2 << 20, Front::Direct, Some(0), MUCH);
    on_thread(512 << 10, Front::Pool, None, MUCH);
    // Native frames of a debug build are several times larger.
    if !cfg!(debug_assertions) {
        on_thread(128 << 10, Front::Pool, None, MUCH);
    }
}

/// A runtime on its way to another thread.
struct Moved(Runtime, tare::Context);

// SAFETY: every handle moves, and only one thread uses them.
unsafe impl Send for Moved {}

#[test]
fn the_stack_is_of_the_thread_that_enters() {
    const SOURCE: &str = "d = 0; try { f(); } catch (e) { if (!(e instanceof RangeError)) throw e; } d";
    fn deepest(context: &tare::Context) -> f64 {
        context.eval(SOURCE, "deep.js").unwrap().as_number().unwrap()
    }
    // Made on a thread with much stack, used on one with little. Sizes so far apart that one does not inherit the
    // other's stack.
    let made = || {
        let runtime = Runtime::builder().max_stack_size(0).build().unwrap();
        let context = runtime.new_context().unwrap();
        context.eval("let d = 0; function f() { d++; [1].map(f); }", "f.js").unwrap();
        let large = deepest(&context);
        (Moved(runtime, context), large)
    };
    let (moved, large) =
        std::thread::Builder::new().stack_size(16 << 20).spawn(made).unwrap().join().unwrap();
    let used = move || {
        let Moved(_runtime, context) = { moved };
        deepest(&context)
    };
    let small = std::thread::Builder::new().stack_size(400 << 10).spawn(used).unwrap().join().unwrap();
    assert!(small >= 1.0 && large > small * 4.0, "{small} and {large}");
}

#[test]
fn errors_of_the_stack_are_errors_of_the_script() {
    let runtime = Runtime::builder().max_stack_size(usize::MAX).build().unwrap();
    let context = runtime.new_context().unwrap();
    match context.eval("(function f() { [1].map(f); })()", "f.js") {
        Err(Error::Exception { message, .. }) => {
            assert_eq!(message, "RangeError: Maximum call stack size exceeded");
        }
        other => panic!("{other:?}"),
    }
}
