//! Weak references and the collector, through the public interface.

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use tare::heap::parse_policy;
use tare::{Context, Runtime};

/// A runtime whose `report` function collects what it is given.
fn start(policy: Option<&str>) -> (Runtime, Context, Rc<RefCell<Vec<String>>>) {
    let mut builder = Runtime::builder();
    if let Some(policy) = policy {
        builder = builder.gc_policy(parse_policy(policy).unwrap());
    }
    let runtime = builder.build().unwrap();
    let context = runtime.new_context().unwrap();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let list = Rc::clone(&seen);
    let report = context
        .new_function("report", 1, move |context, _, arguments| {
            list.borrow_mut().push(arguments[0].to_display(context)?);
            context.value(())
        })
        .unwrap();
    context.global().set(&context, "report", report).unwrap();
    (runtime, context, seen)
}

#[test]
fn a_value_that_refers_to_its_key_dies_with_it() {
    let (runtime, context, seen) = start(Some("never"));
    let source = "
        var map = new WeakMap(), registry = new FinalizationRegistry(report);
        (function () {
          for (let i = 0; i < 100; i++) {
            const key = {};
            map.set(key, { key });
            registry.register(key, i);
          }
        })();
        var kept = {};
        map.set(kept, { kept });
    ";
    context.eval(source, "cycle.js").unwrap();
    runtime.run_jobs().unwrap();
    assert_eq!(seen.borrow().len(), 0, "the cycles are for the collector");
    runtime.run_gc();
    runtime.run_jobs().unwrap();
    assert_eq!(seen.borrow().len(), 100);
    let kept = context.eval("map.get(kept).kept === kept", "kept.js").unwrap();
    assert_eq!(kept.as_bool(), Some(true));
}

#[test]
fn entries_without_cycles_go_at_once() {
    let (runtime, context, seen) = start(None);
    let source = "
        var map = new WeakMap(), set = new WeakSet(), registry = new FinalizationRegistry(report);
        var token = {};
        (function () {
          let a = {}, b = {}, value = {};
          map.set(a, value); set.add(a);
          registry.register(value, 'value');
          registry.register(b, 'b', token);
          registry.register(b, 'again');
          value = undefined;
        })();
        registry.unregister(token);
    ";
    context.eval(source, "entries.js").unwrap();
    runtime.run_jobs().unwrap();
    let mut seen = seen.take();
    seen.sort();
    assert_eq!(seen, ["again", "value"]);
}

#[test]
fn a_weak_reference_keeps_its_target_for_the_job() {
    let (runtime, context, seen) = start(None);
    let source = "
        var weak = new WeakRef({});
        var symbol = new WeakRef(Symbol('weak'));
        report(weak.deref() !== undefined && symbol.deref() !== undefined);
    ";
    context.eval(source, "keep.js").unwrap();
    runtime.run_jobs().unwrap();
    let after =
        context.eval("weak.deref() === undefined && symbol.deref() === undefined", "after.js").unwrap();
    assert_eq!(after.as_bool(), Some(true));
    assert_eq!(seen.take(), ["true"]);
}

#[test]
fn holders_may_die_before_with_or_after_their_targets() {
    let (runtime, context, _) = start(Some("every(1)"));
    let source = "
        const targets = [];
        for (let i = 0; i < 200; i++) {
          const target = { i };
          if (i % 3 === 0) targets.push(target);
          const map = new WeakMap([[target, [target]]]), set = new WeakSet([target]);
          const registry = new FinalizationRegistry(() => {});
          registry.register(target, [map, set], set);
          const cycle = { map, set, registry, weak: new WeakRef(target) };
          if (i % 2 === 0) cycle.self = cycle;
          if (i % 5 === 0) target.cycle = cycle;
        }
        targets.length;
    ";
    let count = context.eval(source, "order.js").unwrap();
    assert_eq!(count.as_number(), Some(67.0));
    runtime.run_gc();
    runtime.run_jobs().unwrap();
}

/// A map with more values than the collector takes at a time: looking at it again must come to an end.
#[test]
fn collecting_large_weak_maps_ends() {
    let runtime = Runtime::builder().build().unwrap();
    let context = runtime.new_context().unwrap();
    let source = "const map = new WeakMap(), keys = [];
        for (let i = 0; i < 2000; i++) { const key = { i }; keys.push(key); map.set(key, { about: key, i }); }
        // One key more that nothing else reaches, so that the map waits for it.
        map.set({}, { unreached: true });
        const lost = { self: null }; lost.self = lost; map.set(lost, lost);";
    context.eval(source, "large.js").unwrap();
    runtime.run_gc();
    let found = context.eval("keys.every((key) => map.get(key).i === key.i) && 'all'", "large.js").unwrap();
    assert_eq!(found.to_display(&context).unwrap(), "all");
}

/// Maps that wait for each other's keys, and for keys that nothing reaches: looking at them again comes to an end.
#[test]
fn collecting_several_waiting_maps_ends() {
    let (runtime, context, seen) = start(Some("never"));
    let source = "
        const maps = [new WeakMap(), new WeakMap(), new WeakMap()], registry = new FinalizationRegistry(report);
        const start = {};
        (function () {
          const keys = [start];
          for (let i = 1; i < 100; i++) {
            const key = { i }; key.self = key; keys.push(key);
            maps[i % 3].set(keys[i - 1], key);
          }
          for (let i = 0; i < 9; i++) {
            const lost = { i }; lost.self = lost;
            registry.register(lost, i);
            maps[i % 3].set(lost, lost);
          }
        })();
    ";
    context.eval(source, "maps.js").unwrap();
    runtime.run_gc();
    runtime.run_jobs().unwrap();
    assert_eq!(seen.borrow().len(), 9);
    let count = "let n = 0; for (let key = start; key; n++) key = maps[(n + 1) % 3].get(key); n";
    assert_eq!(context.eval(count, "count.js").unwrap().as_number(), Some(100.0));
}

#[test]
fn again_under_stress() {
    support::again("thinning(50)");
}
