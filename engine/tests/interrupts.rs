//! The interrupt handler stops whatever runs: scripts, builtins that go through a length without finding anything, and
//! the matcher of RegExps.

use std::cell::Cell;
use std::rc::Rc;

use tare::{Error, Runtime};

/// Scripts that would run for minutes or for ever.
const ENDLESS: &[&str] = &[
    "for (;;);",
    "function f() { f(); } for (;;) { try { f(); } catch {} }",
    "[].concat({ length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true })",
    "[].concat(new Array(4e9))",
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
    "Array.prototype.some.call(new Array(4294967295), (x) => x)",
    "new Array(4294967295).sort()",
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

#[test]
fn no_script_catches_the_interrupt() {
    let runtime = Runtime::new().unwrap();
    let context = runtime.new_context().unwrap();
    runtime.set_interrupt_handler(Some(Box::new(|| true)));
    let ended = context.eval("try { for (;;); } catch { 1 } finally { for (;;); }", "a.js");
    assert!(matches!(ended, Err(Error::Terminated)), "{ended:?}");
}
