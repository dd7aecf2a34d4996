//! Weak references and the collector, through the public interface.

#[path = "support/again.rs"]
mod again;

use std::cell::RefCell;
use std::rc::Rc;

use tare::heap::{Collector, parse_policy};
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

/// Something of every kind of object, and symbols: weakly held, then let go.
#[test]
fn everything_that_can_be_held_weakly_is_told_of_its_end() {
    let (runtime, context, seen) = start(Some("never"));
    let source = r#"
        const makers = {
            object: () => ({ a: 1 }), array: () => [1, {}], arguments: () => (function () { return arguments; })(1),
            mapped: () => (function (a) { return arguments; })(1), closure: () => { let a = {}; return () => a; },
            method: () => ({ m() {} }).m, class: () => class { static #p = 1; },
            bound: () => (function () {}).bind({}),
            error: () => new TypeError('t'), number: () => Object(1), string: () => Object('s'),
            boolean: () => Object(false), symbolObject: () => Object(Symbol('o')), bigint: () => Object(5n),
            date: () => new Date(0), regexp: () => /a/g, map: () => new Map([[1, {}]]), set: () => new Set([{}]),
            weakMap: () => new WeakMap(), weakSet: () => new WeakSet(), weakRef: () => new WeakRef({}),
            registry: () => new FinalizationRegistry(() => {}), promise: () => new Promise(() => {}),
            proxy: () => new Proxy({}, {}), callable: () => new Proxy(() => {}, {}),
            revocable: () => Proxy.revocable({}, {}).revoke, resolver: () => Promise.withResolvers().resolve,
            generator: () => (function* () {})(), asyncGenerator: () => (async function* () {})(),
            arrayIterator: () => [1].values(), mapIterator: () => new Map().keys(), stringIterator: () => 'a'[Symbol.iterator](),
            helper: () => [1].values().map((x) => x), matchAll: () => 'a'.matchAll(/a/g),
            buffer: () => new ArrayBuffer(8), shared: () => new SharedArrayBuffer(8), view: () => new DataView(new ArrayBuffer(8)),
            bytes: () => new Uint8Array(8), floats: () => new Float64Array([1, 2]), bigs: () => new BigInt64Array(1),
            symbol: () => Symbol('weak'), nullProto: () => Object.create(null),
            manyProperties: () => Object.fromEntries(Array.from({ length: 600 }, (_, i) => ['k' + i, i])),
        };
        const registry = new FinalizationRegistry(report), map = new WeakMap(), set = new WeakSet(), refs = {};
        for (const name in makers) (() => {
            const cyclic = makers[name](), plain = makers[name]();
            for (const [value, suffix] of [[cyclic, ' in a cycle'], [plain, '']]) {
                registry.register(value, name + suffix);
                map.set(value, { name });
                set.add(value);
                refs[name + suffix] = new WeakRef(value);
            }
            map.set(cyclic, { cyclic });
            if (refs[name].deref() !== plain || !map.has(plain) || !set.has(cyclic)) report('wrong: ' + name);
        })();
    "#;
    context.eval(source, "kinds.js").unwrap();
    runtime.run_jobs().unwrap();
    runtime.run_gc();
    runtime.run_jobs().unwrap();
    let names = context
        .eval(
            "const left = Object.keys(refs).filter((name) => refs[name].deref() !== undefined);
             left.join() + '|' + Object.keys(refs).sort().join()",
            "names.js",
        )
        .unwrap();
    let mut seen = seen.take();
    seen.sort();
    let expected = names.to_display(&context).unwrap();
    let (left, all) = expected.split_once('|').unwrap();
    assert_eq!(left, "", "still alive");
    assert_eq!(seen.join(","), all);
}

/// Policy and collector change while a script runs, and its garbage is found all the same.
#[test]
fn policy_and_collector_change_at_run_time() {
    let (runtime, context, seen) = start(Some("never"));
    let source = "
        var registry = new FinalizationRegistry(report);
        function garbage(n) {
            for (let i = 0; i < n; i++) { const ring = { i, fill: [i, i, i] }; ring.self = ring; registry.register(ring, i); }
        }
        garbage(100)";
    context.eval(source, "garbage.js").unwrap();
    runtime.run_jobs().unwrap();
    assert_eq!(seen.take().len(), 0);
    let young: Collector = "young(2)".parse().unwrap();
    runtime.set_gc_collector(young);
    assert_eq!(runtime.gc_collector(), young);
    runtime.set_gc_policy(parse_policy("every(50)").unwrap());
    context.eval("garbage(200)", "more.js").unwrap();
    runtime.run_jobs().unwrap();
    assert!(seen.take().len() > 100, "the first collection is a full one");
    runtime.set_gc_collector(Collector::Full);
    runtime.set_gc_threshold(1 << 20);
    assert_eq!(runtime.gc_threshold(), 1 << 20);
    context.eval("garbage(50000)", "most.js").unwrap();
    runtime.run_gc();
    runtime.run_jobs().unwrap();
    assert!(seen.take().len() >= 50_000);
}

#[test]
fn again_under_stress() {
    again::again("thinning(50)");
}

/// Each key is reached only through the value before it: the collector must not look at the map again for each.
#[test]
fn long_chains_through_a_weak_map_are_followed_once() {
    let runtime = Runtime::builder().build().unwrap();
    let context = runtime.new_context().unwrap();
    let source = "const chain = new WeakMap(), other = new WeakMap(), first = {};
        let last = first;
        for (let i = 0; i < 30000; i++) {
            const next = { i };
            (i % 2 ? chain : other).set(last, { next });
            last = next;
        }
        last = null;
        const lost = {}; chain.set(lost, lost); other.set({}, chain);";
    context.eval(source, "chain.js").unwrap();
    runtime.run_gc();
    let length = context.eval(
        "let n = 0; for (let at = first, e; (e = chain.get(at) ?? other.get(at)); at = e.next) n++; n",
        "chain.js",
    );
    assert_eq!(length.unwrap().as_number(), Some(30000.0));
    // The chain goes when its head does.
    let before = runtime.memory_usage().obj_count;
    context.eval("chain.delete(first); other.delete(first)", "chain.js").unwrap();
    runtime.run_gc();
    assert!(runtime.memory_usage().obj_count + 59_000 < before);
}
