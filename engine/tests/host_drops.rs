//! What the host gave to a runtime is dropped where nothing is in flight: its `Drop` may evaluate, collect and panic.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tare::{Context, Front, Runtime};

/// Calls a function when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

const FRONTS: [Front; 2] = [Front::Pool, Front::Direct];

fn start(front: Front) -> (Runtime, Context) {
    let runtime = Runtime::builder().front(front).build().unwrap();
    let context = runtime.new_context().unwrap();
    (runtime, context)
}

/// Puts a host function with this to drop in the global `host`.
fn give(context: &Context, dropped: impl FnMut() + 'static) {
    let thing = OnDrop(dropped);
    let function = context.new_function("host", 0, move |context, _, _| {
        let _ = &thing;
        context.value(1)
    });
    context.global().set(context, "host", function.unwrap()).unwrap();
}

/// Ways in which a host function comes to be freed, in the middle of something.
const WAYS: &[(&str, &str)] = &[
    ("by its last reference", "host = null"),
    (
        "while many cells die",
        "{ let list = null; for (let i = 0; i < 1000; i++) list = { list, host }; host = null; list = null; }",
    ),
    ("in a cycle", "{ const o = { host }; o.self = o; host = null; }"),
    (
        "in cycles of all kinds",
        "for (let i = 0; i < 50; i++) { const o = { host, m: new Map([[host, i]]), f: () => o }; o.self = o; } host = null",
    ),
    ("as an element", "{ const a = [host, {}, []]; host = null; a.length = 0; }"),
    ("as a key", "{ const m = new Map([[host, { host }]]); host = null; m.clear(); }"),
    ("as a weak key", "{ const m = new WeakMap([[host, { host }]]); m.set({}, host); host = null; }"),
    ("in a promise", "{ const p = Promise.resolve(host); p.then(() => host); host = null; }"),
    ("in a generator", "{ const g = (function* () { yield host; })(); g.next(); host = null; }"),
    ("by an exception", "try { const h = host; host = null; (function f() { throw h; })(); } catch {}"),
];

#[test]
fn what_is_dropped_may_evaluate_and_collect() {
    for front in FRONTS {
        for (name, way) in WAYS {
            let (runtime, context) = start(front);
            let times = Rc::new(Cell::new(0));
            {
                let (times, runtime, context) = (times.clone(), runtime.clone(), context.clone());
                give(&context.clone(), move || {
                    times.set(times.get() + 1);
                    let made = context.eval(
                        "let kept = []; for (let i = 0; i < 100; i++) kept.push({ i, kept }); kept.length",
                        "d.js",
                    );
                    assert_eq!(made.unwrap().as_number(), Some(100.0));
                    runtime.run_gc();
                    runtime.set_memory_limit(64 << 20);
                });
            }
            context.eval(way, name).unwrap();
            runtime.run_jobs().unwrap();
            runtime.run_gc();
            runtime.run_gc();
            assert_eq!(times.get(), 1, "{name}, {front}");
            let sound = context.eval("[1, 2, 3].map((x) => ({ x })).length", "after.js").unwrap();
            assert_eq!(sound.as_number(), Some(3.0));
            drop((sound, context));
            assert_eq!(runtime.close().ok().expect("no other handle").cells, 0, "{name}, {front}");
        }
    }
}

#[test]
fn what_is_dropped_may_panic() {
    for front in FRONTS {
        for (name, way) in WAYS {
            let (runtime, context) = start(front);
            give(&context, || panic!("from a drop"));
            let work = AssertUnwindSafe(|| {
                context.eval(way, name).unwrap();
                runtime.run_jobs().unwrap();
                runtime.run_gc();
                runtime.run_gc();
            });
            assert!(catch_unwind(work).is_err(), "{name}, {front}");
            for _ in 0..2 {
                let sound = context.eval("[1, 2, 3].map((x) => ({ x })).length", "after.js").unwrap();
                assert_eq!(sound.as_number(), Some(3.0));
                runtime.run_gc();
            }
            drop(context);
            assert_eq!(runtime.close().ok().expect("no other handle").cells, 0, "{name}, {front}");
        }
    }
}

/// Of several, all are dropped, each once, however many of them panic.
#[test]
fn one_panic_does_not_keep_the_others() {
    let (runtime, context) = start(Front::Pool);
    let order = Rc::new(RefCell::new(Vec::new()));
    for number in 0..5 {
        let order = order.clone();
        give(&context, move || {
            order.borrow_mut().push(number);
            assert!(number % 2 == 0, "from a drop");
        });
        context.eval("globalThis.all = [...(globalThis.all ?? []), host]; host = null", "keep.js").unwrap();
    }
    let mut panics = 0;
    panics += usize::from(catch_unwind(AssertUnwindSafe(|| context.eval("all = null", "drop.js"))).is_err());
    for _ in 0..6 {
        panics += usize::from(catch_unwind(AssertUnwindSafe(|| runtime.run_gc())).is_err());
    }
    assert_eq!(panics, 2);
    let mut order = order.take();
    order.sort_unstable();
    assert_eq!(order, [0, 1, 2, 3, 4]);
}

/// At the end of a runtime what is left is dropped after it, once, with all ways to end it.
#[test]
fn what_is_left_is_dropped_after_the_runtime() {
    for front in FRONTS {
        for close in [false, true] {
            let (runtime, context) = start(front);
            let times = Rc::new(Cell::new(0));
            let counted = times.clone();
            give(&context, move || counted.set(counted.get() + 1));
            context.eval("globalThis.cycle = { host }; cycle.self = cycle; host = null", "keep.js").unwrap();
            drop(context);
            if close {
                assert_eq!(runtime.close().ok().expect("no other handle").cells, 0);
            } else {
                drop(runtime);
            }
            assert_eq!(times.get(), 1, "{front}");
        }
    }
}

/// A host function that is freed while it runs, or while others of the host run, waits until they have returned.
#[test]
fn nothing_is_dropped_while_host_code_runs() {
    let (_runtime, context) = start(Front::Pool);
    let running = Rc::new(Cell::new(false));
    let dropped = Rc::new(Cell::new(false));
    {
        let (running, dropped) = (running.clone(), dropped.clone());
        give(&context, move || {
            assert!(!running.get());
            dropped.set(true);
        });
    }
    {
        let (running, dropped) = (running, dropped.clone());
        let outer = context.new_function("outer", 0, move |context, _, _| {
            running.set(true);
            context.eval("host = null", "drop.js")?;
            assert!(!dropped.get());
            running.set(false);
            context.value(2)
        });
        context.global().set(&context, "outer", outer.unwrap()).unwrap();
    }
    assert_eq!(context.eval("outer()", "outer.js").unwrap().as_number(), Some(2.0));
    assert!(dropped.get());
}
