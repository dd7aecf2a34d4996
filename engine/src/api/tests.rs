//! What needs the shrunk constants of this crate's own test build.

use crate::heap::parse_policy;
use crate::{Context, Runtime};

fn start(policy: &str) -> (Runtime, Context) {
    let runtime = Runtime::builder().gc_policy(parse_policy(policy).unwrap()).build().unwrap();
    let context = runtime.new_context().unwrap();
    (runtime, context)
}

/// Several times as many shapes as there are numbers for them, under caches that have seen them all. Objects of
/// the same constructor and literal come with their properties in other places each time.
const SHAPES: &str = "
    function read(o) { return o.v * 1000 + o.w; }
    function write(o, v) { o.v = v; o.fresh = v + 1; return o.v + o.fresh; }
    function Made(i) { this['x' + i % 5] = i; this.v = i; this.w = i + 1; }
    let wrong = 0;
    for (let i = 0; i < COUNT; i++) {
        Made.prototype = { tag: i };
        const made = new Made(i);
        const other = Object.create({ v: i, inherited: i });
        if (i % 3) other.first = 1;
        if (i % 2) other.second = 2;
        other.w = 7;
        if (read(made) !== i * 1001 + 1) wrong++;
        if (read(other) !== i * 1000 + 7) wrong++;
        if (write(made, i + 2) !== 2 * i + 5 || made.fresh !== i + 3 || made.tag !== i) wrong++;
        if (write(other, i) !== 2 * i + 1 || other.fresh !== i + 1 || other.inherited !== i) wrong++;
    }
    // Caches that know one shape each, all of them dead when the numbers come to objects of other layouts.
    for (let round = 0; round * 2000 < COUNT; round++) {
        const readers = [];
        for (let i = 0; i < 200; i++) {
            const read = new Function('o', 'return o.v * 1000 + o.w');
            read({ __proto__: { i }, v: 1, w: 2 });
            readers.push(read);
        }
        let kept = [];
        for (let i = 0; i < 2000; i++) {
            kept[i % 400] = i % 2 ? { __proto__: { i }, w: i, u: 5, v: 6 } : { __proto__: { i, v: 6 }, s: 1, w: i };
        }
        for (const o of kept) for (let i = 0; i < 9; i++) if (readers[(o.w + i) % 200](o) !== 6000 + o.w) wrong++;
    }
    wrong;
";

#[test]
fn numbers_of_shapes_are_given_again() {
    for policy in ["every(101)", "every(499)"] {
        let (runtime, context) = start(policy);
        context.global().set(&context, "COUNT", 12_000).unwrap();
        assert_eq!(context.eval(SHAPES, "shapes.js").unwrap().as_number(), Some(0.0), "{policy}");
        assert!(runtime.collections() > 10);
    }
}

/// Without collections nothing is ever given back: running out is an error, and a collection ends it.
#[test]
fn running_out_of_numbers_is_an_error() {
    let (runtime, context) = start("never");
    context.global().set(&context, "COUNT", 12_000).unwrap();
    assert!(context.eval(SHAPES, "shapes.js").unwrap_err().is_out_of_memory());
    runtime.run_gc();
    let source = "let sum = 0; for (let i = 0; i < 300; i++) sum += Object.create({ v: 1 }).v; sum";
    assert_eq!(context.eval(source, "after.js").unwrap().as_number(), Some(300.0));
}
