//! The interrupt handler stops whatever runs: scripts, builtins that go through a length without finding anything, and
//! the matcher of RegExps.

use std::cell::Cell;
use std::rc::Rc;

use tare::{Context, Error, Runtime};

mod natives;
use natives::LONG;

/// Scripts that would run for minutes or for ever.
const ENDLESS: &[&str] = &[
    "for (;;);",
    "function f() { f(); } for (;;) { try { f(); } catch {} }",
    "[].concat({ length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true })",
    "[].concat(new Proxy(new Array(4e9), {}))",
    "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)",
    "Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1)",
    "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)",
    "Array.prototype.reverse.call({ length: 2 ** 53 - 1 })",
    "Array.prototype.forEach.call({ length: 2 ** 53 - 1 }, () => 1)",
    "Array.prototype.filter.call({ length: 2 ** 53 - 1 }, () => false)",
    "Array.prototype.find.call({ length: 2 ** 53 - 1 }, () => false)",
    "Array.prototype.every.call({ length: 2 ** 53 - 1 }, () => true)",
    "Array.prototype.reduce.call({ length: 2 ** 53 - 1 }, () => 1)",
    "Array.prototype.reduceRight.call({ length: 2 ** 53 - 1 }, () => 1)",
    "Array.prototype.join.call({ length: 2 ** 53 - 1 }, '')",
    "Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1)",
    "Array.prototype.unshift.call({ length: 2 ** 53 - 2 }, 1)",
    "Array.prototype.shift.call({ length: 2 ** 53 - 1 })",
    "Array.prototype.splice.call({ length: 2 ** 53 - 1 }, 0, 1)",
    "Array.prototype.flat.call({ length: 2 ** 53 - 1 })",
    "Array.prototype.some.call({ length: 2 ** 53 - 1 }, (x) => x)",
    "Array.prototype.sort.call({ length: 2 ** 53 - 1 })",
    "Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 1)",
    "Array.prototype.fill.call(new Proxy({ length: 2 ** 53 - 1 }, {}), 1)",
    "Array.prototype.find.call({ length: 2 ** 53 - 1 }, isFinite)",
    "Array.prototype.findIndex.call({ length: 2 ** 53 - 1 }, isFinite)",
    "Array.prototype.findLast.call({ length: 2 ** 53 - 1 }, isFinite)",
    "Array.prototype.findLastIndex.call({ length: 2 ** 53 - 1 }, isFinite)",
    "Array.prototype.flatMap.call({ length: 2 ** 53 - 1 }, Array)",
    "Array.prototype.toReversed.call({ length: 2 ** 32 - 1 })",
    "Array.prototype.toSorted.call({ length: 2 ** 32 - 1 })",
    "Array.prototype.toSpliced.call({ length: 2 ** 32 - 1 }, 0, 1)",
    "Array.prototype.with.call({ length: 2 ** 32 - 1 }, 0, 1)",
    "Array.prototype.slice.call({ length: 2 ** 32 - 1 })",
    "Array.prototype.toLocaleString.call({ length: 2 ** 53 - 1 })",
    "Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 1, 0)",
    "Array.prototype.splice.call({ length: 2 ** 53 - 2 }, 0, 0, 1)",
    "String.raw({ raw: { length: 2 ** 53 - 1 } })",
    "Array.from({ length: 2 ** 32 - 1 }, () => 1)",
    "Array.fromAsync({ length: 2 ** 32 - 1 })",
    "new Array(2 ** 32 - 1).find(isFinite)",
    "new Array(2 ** 32 - 1).findLastIndex(isFinite)",
    "const a = [1]; a.length = 2 ** 31; a.fill('v', 2)",
    "const a = [1]; a[5e8] = 1; a.length = 2 ** 31; a.fill('v', 2)",
    "const a = [1]; Object.defineProperty(a, 1, { value: 1 }); a.length = 2 ** 31; a.fill('v', 2)",
    "const a = []; a.length = 2 ** 31; a.fill('v', 2 ** 30)",
    "JSON.stringify(new Array(2 ** 32 - 1))",
    "for (const x of new Array(2 ** 32 - 1));",
    "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
    "Atomics.wait(new BigInt64Array(new SharedArrayBuffer(8)), 0, 0n, 1e9)",
    "for (let x of (function* () { for (;;) yield 1; })());",
    "new Set((function* () { for (;;) yield 1; })())",
    "JSON.stringify([1, 2], new Proxy([], { get: (t, k) => (k === 'length' ? 2 ** 53 - 1 : 'k') }))",
    "/(a+)+$/.test('a'.repeat(64) + 'b')",
    "/(?:a|a)*$/.exec('a'.repeat(100) + 'b')",
    "function spin() { Promise.resolve().then(spin); } spin();",
    "queueMicrotask(function again() { queueMicrotask(again); });",
];

#[test]
fn everything_endless_can_be_stopped() {
    for script in ENDLESS {
        let runtime = Runtime::builder().memory_limit(256 << 20).build().unwrap();
        let context = runtime.new_context().unwrap();
        let asked = Rc::new(Cell::new(0));
        let count = asked.clone();
        runtime.set_interrupt_handler(Some(Box::new(move || {
            count.set(count.get() + 1);
            count.get() > 20
        })));
        let ended = context.eval(script, "endless.js").and_then(|_| runtime.run_jobs());
        assert!(matches!(ended, Err(Error::Terminated)), "{script}: {ended:?}");
        assert!(asked.get() > 20, "{script}");
        // No script can catch it, and the runtime can be used afterwards.
        runtime.set_interrupt_handler(None);
        assert_eq!(context.eval("6 * 7", "after.js").unwrap().as_number(), Some(42.0));
    }
}

/// Arrays that are long and nearly empty: what their methods do is in proportion to the elements.
#[test]
fn methods_go_by_elements_where_nobody_sees_the_holes() {
    let make = [
        "const a = [1, 2, 3]; a.length = 2 ** 32 - 2;",
        "const a = [1]; a[2 ** 31] = 2; a.length = 2 ** 32 - 2;",
        "const a = [1]; Object.defineProperty(a, 1e9, { value: 2, writable: true }); a.length = 2 ** 32 - 2;",
    ];
    let calls = [
        "a.copyWithin(2 ** 31, 0)",
        "a.copyWithin(1, 0)",
        "a.copyWithin(0, 1)",
        "a.reverse()",
        "a.shift()",
        "a.unshift(1)",
        "a.splice(1, 1)",
        "a.splice(1, 0, 1)",
        "a.slice(1)",
        "a.concat(1)",
        "a.indexOf(9)",
        "a.lastIndexOf(9)",
        "a.includes(undefined)",
        "a.sort()",
        "a.forEach(isNaN)",
        "a.map(isNaN)",
        "a.filter(isNaN)",
        "a.some(isNaN)",
        "a.reduce(Object)",
        "a.reduceRight(Object)",
        "a.flat()",
        "a.flatMap(Array)",
        "a.at(-1)",
        "a.pop()",
        "a.push(1)",
        "a.length = 1",
        "Object.keys(a)",
        "for (const key in a);",
        "Object.freeze(a)",
        "JSON.stringify({ ...a })",
    ];
    for make in make {
        for call in calls {
            let runtime = Runtime::builder().memory_limit(16 << 20).build().unwrap();
            let context = runtime.new_context().unwrap();
            let asked = Rc::new(Cell::new(0));
            let count = asked.clone();
            runtime.set_interrupt_handler(Some(Box::new(move || {
                count.set(count.get() + 1);
                count.get() > 10
            })));
            let ended = context.eval(
                &format!("{make} try {{ {call} }} catch (e) {{ if (!(e instanceof TypeError)) throw e }}"),
                "a.js",
            );
            assert!(ended.is_ok(), "{make} {call}: {ended:?}");
            assert!(asked.get() < 3, "{make} {call}: asked {} times", asked.get());
            runtime.set_interrupt_handler(None);
        }
    }
}

/// While a thread waits its handler may do what it likes: notify, wait, evaluate, stop.
#[test]
fn the_handler_is_free_while_a_thread_waits() {
    let runtime = Runtime::new().unwrap();
    let context = runtime.new_context().unwrap();
    context.eval("const cells = new Int32Array(new SharedArrayBuffer(8))", "a.js").unwrap();
    let asked = Rc::new(Cell::new(0));
    let (count, inner) = (asked.clone(), context.clone());
    runtime.set_interrupt_handler(Some(Box::new(move || {
        count.set(count.get() + 1);
        if count.get() == 3 {
            let text = "Atomics.wait(cells, 1, 0, 1) + Atomics.notify(cells, 0)";
            assert_eq!(inner.eval(text, "b.js").unwrap().to_display(&inner).unwrap(), "timed-out1");
        }
        false
    })));
    let ended = context.eval("Atomics.wait(cells, 0, 0)", "c.js").unwrap();
    assert_eq!(ended.to_display(&context).unwrap(), "ok");
    assert!(asked.get() >= 3);
    // A wait that nobody ends is given up when the handler says so, and leaves nothing behind.
    runtime.set_interrupt_handler(Some(Box::new(|| true)));
    assert!(matches!(context.eval("Atomics.wait(cells, 0, 0)", "c.js"), Err(Error::Terminated)));
    runtime.set_interrupt_handler(None);
    assert_eq!(context.eval("Atomics.notify(cells, 0)", "d.js").unwrap().as_number(), Some(0.0));
    // The same for promises.
    context.eval("Atomics.waitAsync(cells, 0, 0).value.then(() => cells[1] = 7)", "e.js").unwrap();
    let (asked, inner) = (Rc::new(Cell::new(0)), context.clone());
    let count = asked.clone();
    runtime.set_interrupt_handler(Some(Box::new(move || {
        count.set(count.get() + 1);
        if count.get() == 3 {
            inner.eval("Atomics.notify(cells, 0)", "f.js").unwrap();
        }
        false
    })));
    assert!(runtime.wait(true));
    runtime.run_jobs().unwrap();
    assert_eq!(context.eval("cells[1]", "g.js").unwrap().as_number(), Some(7.0));
    context.eval("Atomics.waitAsync(cells, 0, 0)", "h.js").unwrap();
    runtime.set_interrupt_handler(Some(Box::new(|| true)));
    assert!(!runtime.wait(true));
    runtime.set_interrupt_handler(None);
}

#[test]
fn no_script_catches_the_interrupt() {
    let runtime = Runtime::new().unwrap();
    let context = runtime.new_context().unwrap();
    runtime.set_interrupt_handler(Some(Box::new(|| true)));
    let ended = context.eval("try { for (;;); } catch { 1 } finally { for (;;); }", "a.js");
    assert!(matches!(ended, Err(Error::Terminated)), "{ended:?}");
}

/// How often the natives of a group ask, at this size; none of them is stopped.
fn questions(setup: &str, calls: &[&str], size: usize, mut each: impl FnMut(&Context, &str, usize, &Stop)) {
    let runtime = Runtime::builder().memory_limit(2 << 30).build().unwrap();
    let context = runtime.new_context().unwrap();
    context.eval(&format!("const N = {size}; {setup}"), "setup.js").unwrap();
    runtime.set_interrupt_interval(1);
    for call in calls {
        let stop = Stop::default();
        let (asked, at) = (stop.asked.clone(), stop.at.clone());
        at.set(usize::MAX);
        runtime.set_interrupt_handler(Some(Box::new(move || {
            asked.set(asked.get() + 1);
            asked.get() >= at.get()
        })));
        let ended = context.eval(&format!("{call}; 'done'"), "call.js");
        assert!(ended.is_ok(), "{call}: {ended:?}");
        each(&context, call, stop.asked.get(), &stop);
        runtime.set_interrupt_handler(None);
    }
    // What was given up half-way left everything whole.
    runtime.run_gc();
    let report = runtime.memory_report();
    assert!(report.disagreements.is_empty(), "{:?}", report.disagreements);
    assert_eq!(context.eval("6 * 7", "after.js").unwrap().as_number(), Some(42.0));
}

/// Which question is answered with yes, and how many there were.
#[derive(Default)]
struct Stop {
    asked: Rc<Cell<usize>>,
    at: Rc<Cell<usize>>,
}

#[test]
fn natives_ask_while_they_work_and_can_be_stopped_at_a_question() {
    let mut failures = Vec::new();
    for (setup, calls) in LONG {
        questions(setup, calls, 1 << 14, |context, call, asked, stop| {
            // What the script itself is worth: the beginning, the call, the end.
            if asked < 6 {
                failures.push(format!("{call}: asked {asked} times"));
            }
            let at = asked / 2;
            stop.asked.set(0);
            stop.at.set(at);
            let ended = context.eval(&format!("{call}; 'done'"), "call.js");
            if !matches!(ended, Err(Error::Terminated)) || stop.asked.get() != at {
                failures.push(format!("{call}: at {at} of {asked}: {ended:?}"));
            }
        });
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The same with much more to do: questions grow with the work. Takes minutes in a debug build.
#[test]
#[ignore = "long: by command, in optimised code"]
fn natives_ask_in_proportion_to_their_work() {
    let mut failures = Vec::new();
    for (setup, calls) in LONG {
        let mut few = Vec::new();
        questions(setup, calls, 1 << 14, |_, _, asked, _| few.push(asked));
        let mut few = few.into_iter();
        questions(setup, calls, 1 << 17, |_, call, asked, _| {
            let before = few.next().unwrap();
            if asked < 4 * before {
                failures.push(format!("{call}: asked {before} times, then {asked} for eight times the work"));
            }
        });
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
