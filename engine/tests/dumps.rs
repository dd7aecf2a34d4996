//! Dump flags, leak dumps and the tracking of allocations.

#[path = "support/kept.rs"]
mod kept;

use kept::Kept;
use tare::{Context, DumpFlags, Front, Runtime};

fn with_flags(flags: DumpFlags, front: Front, track: bool) -> (Runtime, Context, Kept) {
    let kept = Kept::default();
    let runtime = Runtime::builder()
        .front(front)
        .dump_flags(flags)
        .dump_output(Box::new(kept.clone()))
        .track_allocations(track)
        .build()
        .unwrap();
    let context = runtime.new_context().unwrap();
    (runtime, context, kept)
}

#[test]
fn the_bits_are_quickjs_s() {
    for (flag, bits) in [
        (DumpFlags::BYTECODE_FINAL, 0x1),
        (DumpFlags::GC, 0x400),
        (DumpFlags::GC_FREE, 0x800),
        (DumpFlags::LEAKS, 0x4000),
        (DumpFlags::ATOM_LEAKS, 0x8000),
        (DumpFlags::MEM, 0x10000),
        (DumpFlags::OBJECTS, 0x20000),
        (DumpFlags::ATOMS, 0x40000),
        (DumpFlags::SHAPES, 0x80000),
    ] {
        assert_eq!(flag.bits(), bits);
        assert!(DumpFlags::ALL.iter().any(|row| row.0 == flag));
    }
    assert_eq!(DumpFlags::parse("leaks, gc").unwrap(), DumpFlags::LEAKS | DumpFlags::GC);
    assert_eq!(DumpFlags::parse("0x14000").unwrap(), DumpFlags::LEAKS | DumpFlags::MEM);
    assert_eq!(DumpFlags::parse("1024").unwrap(), DumpFlags::GC);
    assert!(DumpFlags::parse("leaks,nonsense").unwrap_err().contains("atom-leaks"));
    let runtime = Runtime::new().unwrap();
    runtime.set_dump_flags(0x4400u64);
    assert_eq!(runtime.dump_flags().bits(), 0x4400);
}

#[test]
fn collections_and_what_they_free() {
    for front in [Front::Pool, Front::Direct] {
        let (runtime, context, kept) = with_flags(DumpFlags::GC, front, false);
        context.eval("(function () { let a = {}; a.me = a; })()", "a.js").unwrap();
        runtime.run_gc();
        let text = kept.text();
        assert!(text.contains("gc: requested, full: ") && text.contains("freed "), "{text}");
        assert!(!text.contains("gc frees"), "{text}");
        runtime.set_dump_flags(DumpFlags::GC_FREE);
        context
            .eval("class Pair { constructor() { this.other = this; } } (function () { new Pair; })()", "a.js")
            .unwrap();
        runtime.run_gc();
        let more = kept.text().split_off(text.len());
        assert_eq!(more.matches("gc frees Pair").count(), 1, "{more}");
        assert!(!more.contains("gc: "), "{more}");
        runtime.set_dump_flags(DumpFlags::NONE);
        let length = kept.text().len();
        runtime.run_gc();
        drop((context, runtime));
        assert_eq!(kept.text().len(), length);
    }
}

#[test]
fn memory_objects_atoms_and_shapes_at_the_end() {
    let flags = DumpFlags::MEM | DumpFlags::OBJECTS | DumpFlags::ATOMS | DumpFlags::SHAPES;
    for front in [Front::Pool, Front::Direct] {
        let (runtime, context, kept) = with_flags(flags, front, false);
        context.eval("var thing = { curious: 1, [Symbol('strange')]: 2 };", "a.js").unwrap();
        assert_eq!(kept.text(), "", "nothing before the end");
        drop(context);
        drop(runtime);
        let text = kept.text();
        for part in [
            "Tare memory usage",
            "(0 not attributed)",
            "objects:\n",
            "{curious, strange}",
            "atoms: ",
            "\"curious\"",
            "symbol \"strange\"",
            "shapes: ",
        ] {
            assert!(text.contains(part), "{part} is missing");
        }
        // Without leaks, no word of them.
        assert!(!text.contains("leak"));
    }
}

#[test]
fn bytecode() {
    let (runtime, context, kept) = with_flags(DumpFlags::BYTECODE_FINAL, Front::Pool, false);
    context.eval("function twice(a) { return a + a; } twice(2)", "a.js").unwrap();
    drop((context, runtime));
    let text = kept.text();
    assert!(text.contains("twice args=1") && text.contains("return"), "{text}");
}

/// A script that leaks through the host, the class that must be named, where it was allocated, and what is kept.
const LEAKY: &[(&str, &str, &str, &str)] = &[
    (
        "class Session { constructor(id) {\n  this.id = id; this.log = ['x'.repeat(3) + id]; } }\nfunction open(id) { return new Session(id); }\nopen(7)",
        "Session",
        "open (leak.js:3:",
        ".log Array",
    ),
    (
        "function cache() {\n  let m = new Map; m.set('k', { big: 1 }); return m; }\ncache()",
        "Map",
        "cache (leak.js:2:",
        "→",
    ),
    (
        "function ring() { let a = { name: 'ring' };\n  a.list = [a, { back: a }]; return a.list; }\nring()",
        "Array",
        "ring (leak.js:2:",
        "[0]",
    ),
];

#[test]
fn a_leak_is_named_with_class_path_and_where_it_was_allocated() {
    for front in [Front::Pool, Front::Direct] {
        for (source, class, place, path) in LEAKY {
            for track in [true, false] {
                let (runtime, context, kept) = with_flags(DumpFlags::LEAKS, front, track);
                let value = context.eval(source, "leak.js").unwrap();
                value.leak();
                drop(context);
                let left = runtime.close().ok().unwrap();
                assert!(left.cells > 0 && left.bytes > 0);
                let text = kept.text();
                assert!(text.starts_with("leaks: 1 held from outside keep "), "{text}");
                assert!(text.contains(&format!("\n  {class}: 1 of ")), "{class}: {text}");
                assert_eq!(text.contains(&format!("allocated at {place}")), track, "{place}: {text}");
                assert!(text.contains(path), "{path}: {text}");
            }
        }
    }
}

#[test]
fn many_leaks_are_all_found_and_no_other() {
    for front in [Front::Pool, Front::Direct] {
        let (runtime, context, kept) = with_flags(DumpFlags::LEAKS, front, true);
        let mut places = Vec::new();
        for i in 0..30 {
            let kinds =
                ["{ a: 1 }", "[1, 2]", "() => 1", "new Map", "'text' + Math.random()", "new Error('e')"];
            let source =
                format!("{}function plant{i}() {{ return {}; }}\nplant{i}()", "\n".repeat(i), kinds[i % 6]);
            context.eval(&source, "plants.js").unwrap().leak();
            places.push(format!("plant{i} (plants.js:{}:", i + 1));
        }
        // What is let go properly is no leak.
        let fine: Vec<_> = (0..10).map(|_| context.eval("({ fine: [1] })", "fine.js").unwrap()).collect();
        drop(fine);
        drop((context, runtime));
        let text = kept.text();
        assert!(text.starts_with("leaks: 30 held from outside keep "), "{text}");
        for place in &places {
            assert_eq!(text.matches(place.as_str()).count(), 1, "{place}: {text}");
        }
        assert!(!text.contains("fine.js"), "{text}");
    }
}

#[test]
fn leaked_atoms_are_named() {
    let (runtime, context, kept) = with_flags(DumpFlags::ATOM_LEAKS, Front::Pool, false);
    context.eval("Symbol('left behind')", "a.js").unwrap().leak();
    let _ = context.eval("({ properly: 1 })", "a.js").unwrap();
    drop((context, runtime));
    let text = kept.text();
    assert!(text.starts_with("atom leaks: ") && text.contains("symbol"), "{text}");
    assert!(!text.contains("properly"), "{text}");
    // An object keeps its class, and with it all builtins: their names did not leak.
    let (runtime, context, kept) = with_flags(DumpFlags::ATOM_LEAKS, Front::Pool, false);
    context.eval("({ ofTheScript: 1 })", "a.js").unwrap().leak();
    drop((context, runtime));
    let text = kept.text();
    assert!(text.starts_with("atom leaks: 1\n") && text.contains("ofTheScript"), "{text}");
    let (runtime, context, kept) = with_flags(DumpFlags::ATOM_LEAKS | DumpFlags::LEAKS, Front::Pool, false);
    context.eval("var a = { b: { c: Symbol('gone') } }; a.b.d = a;", "a.js").unwrap();
    drop((context, runtime));
    assert_eq!(kept.text(), "");
}

#[test]
fn tracking_leaves_the_results_alone() {
    for workload in tare_workloads::catalogue() {
        let (runtime, context, _) = with_flags(DumpFlags::NONE, Front::Pool, true);
        context.global().set(&context, "SIZE", f64::from(workload.sizes.small)).unwrap();
        context.eval(workload.source, workload.name).unwrap();
        runtime.run_jobs().unwrap();
        let result = context.global().get(&context, "result").unwrap().to_display(&context).unwrap();
        workload.check(Some(workload.sizes.small), &result).unwrap();
        assert!(runtime.memory_report().disagreements.is_empty());
        let report = runtime.explain(5).unwrap();
        assert!(
            !workload.leaks
                || workload.name == "leak_native"
                || report.sites.iter().any(|site| site.0.contains(workload.name)),
            "{}: {:?}",
            workload.name,
            report.sites
        );
    }
}

/// Everything that can be a rope is one here: the report carries no concatenation out, and changes nothing.
#[test]
fn a_report_leaves_ropes_as_they_are() {
    const ROPES: &str = "
        globalThis.rope = n => 'left'.repeat(n) + '<' + 'right'.repeat(n * 10000) + '>';
        globalThis.plain = rope(1);
        globalThis.deep = Array.from({ length: 300 }, (_, i) => rope(1)).reduce((a, b) => b + a);
        globalThis.wide = rope(1) + '\u{20AC}' + rope(1);
        globalThis.map = new Map([['key', rope(1)], [rope(1), 'value'], [1, wide + wide]]);
        globalThis.set = new Set([rope(1)]);
        globalThis.list = [rope(1), , rope(2)];
        globalThis.closure = (text => () => text)(rope(1));
        globalThis.bound = closure.bind(rope(1), rope(2));
        globalThis.error = new Error(rope(1));
        globalThis.generator = (function* (text) { yield text; })(rope(1));
        globalThis.wrapper = Object(rope(1));
        globalThis.symbol = Symbol(rope(1));
        globalThis.weak = new WeakMap([[map, rope(1)]]);
        globalThis.promise = Promise.resolve(rope(1));
        globalThis.accessor = { get text() { return closure(); } };
        var halfFlat = rope(1); halfFlat.charCodeAt(5); halfFlat = halfFlat + rope(1);
        generator.next();";
    for (front, track) in [(Front::Pool, false), (Front::Pool, true), (Front::Direct, false)] {
        let (runtime, context, kept) = with_flags(DumpFlags::OBJECTS | DumpFlags::LEAKS, front, track);
        context.eval(ROPES, "ropes.js").unwrap();
        let held = context.eval("rope(3)", "ropes.js").unwrap();
        runtime.run_gc();
        let before = runtime.memory_usage();
        let report = runtime.explain(usize::MAX).unwrap();
        assert_eq!(runtime.memory_usage(), before, "{front}");
        assert_eq!(runtime.explain(usize::MAX).unwrap(), report, "{front}");
        assert!(
            report.kinds.iter().any(|&(name, ropes, _)| name == "rope" && ropes > 300),
            "{:?}",
            report.kinds
        );
        let shown = report.held.iter().find(|alive| alive.what.starts_with("string")).unwrap();
        assert_eq!(
            shown.what,
            format!("string {:?}", "leftleftleft<".to_string() + &"right".repeat(6)[..27] + "…")
        );
        // What is shown of a deep rope is its beginning, whatever the side that it is deep on.
        assert!(
            report.largest.iter().any(|alive| alive.what.contains("left<right")),
            "{:#?}",
            report.largest
        );
        held.leak();
        drop((context, runtime));
        let text = kept.text();
        assert!(text.contains("leaks: 1 held from outside"), "{text}");
    }
}

/// What cells own outside of themselves counts: to the byte, as the memory report knows it.
#[test]
fn a_report_counts_what_cells_own() {
    // What is made, what it is called, its bytes at least, and at most.
    const OWNERS: &[(&str, &str, usize, usize)] = &[
        ("new Array(1e5).fill(1)", "Array", 800_000, 1_300_000),
        ("Array.from({ length: 1e5 }, (_, i) => i)", "Array", 800_000, 1_300_000),
        ("new ArrayBuffer(5e6)", "ArrayBuffer", 5_000_000, 5_000_500),
        ("new ArrayBuffer(8, { maxByteLength: 5e6 })", "ArrayBuffer", 5_000_000, 5_000_500),
        ("new SharedArrayBuffer(1e6)", "SharedArrayBuffer", 1_000_000, 1_000_500),
        ("new Map(Array.from({ length: 1e5 }, (_, i) => [i, i]))", "Map", 1_600_000, 6_000_000),
        ("new Set(Array.from({ length: 1e5 }, (_, i) => i))", "Set", 800_000, 4_000_000),
        ("Object.fromEntries(Array.from({ length: 1000 }, (_, i) => ['k' + i, i]))", "Object", 8_000, 60_000),
        ("(function () {}).bind(null, ...new Array(1e4).fill(1))", "Function", 80_000, 90_000),
        (
            "(() => { const g = (function* (...list) { yield list.length; })(); g.next(); return g; })()",
            "Generator",
            0,
            5_000,
        ),
    ];
    for &(source, class, least, most) in OWNERS {
        for front in [Front::Pool, Front::Direct] {
            let (runtime, context, _) = with_flags(DumpFlags::NONE, front, false);
            let fresh = runtime.explain(0).unwrap();
            let made = context.eval(source, "owner.js").unwrap();
            let report = runtime.explain(10).unwrap();
            let alive = report.held.iter().find(|alive| alive.what.contains(class)).unwrap();
            assert!(least <= alive.retained_bytes && alive.retained_bytes <= most, "{source}: {alive:?}");
            let grown = report.bytes - fresh.bytes;
            assert!(least <= grown, "{source}: {grown}");
            drop(made);
        }
    }
}

/// A compiled pattern that the engine remembers is nobody's leak; one that was leaked is.
#[test]
fn remembered_patterns_are_no_leaks() {
    let (runtime, context, kept) = with_flags(DumpFlags::LEAKS, Front::Pool, false);
    context
        .eval("/x/.test('x'); new RegExp('(?<name>y)z+', 'u').exec('yz'); 'a-b'.split(/-/)", "a.js")
        .unwrap();
    drop(context);
    let report = runtime.explain(10).unwrap();
    assert_eq!(report.held, [], "{report:#?}");
    assert!(report.kinds.iter().all(|row| row.0 != "compiled regexp"), "{report:#?}");
    drop(runtime);
    assert_eq!(kept.text(), "");
    let (runtime, context, kept) = with_flags(DumpFlags::LEAKS, Front::Pool, false);
    context.eval("/leaked/", "a.js").unwrap().leak();
    drop((context, runtime));
    assert!(kept.text().contains("RegExp: 1 of 1 references from outside"), "{}", kept.text());
}

/// What scripts made comes first, and builtins not at all.
#[test]
fn builtins_are_not_listed() {
    let (runtime, context, _) = with_flags(DumpFlags::NONE, Front::Pool, false);
    let fresh = runtime.explain(50).unwrap();
    assert_eq!(fresh.largest, [], "{fresh:#?}");
    assert!(fresh.own_cells > 1000, "{fresh:#?}");
    context
        .eval(
            "class Kept { #list = new Array(100).fill(0); static all = []; constructor() { Kept.all.push(this); } }
             new Kept; Array.prototype.mine = new Array(200).fill(0);",
            "a.js",
        )
        .unwrap();
    let report = runtime.explain(50).unwrap();
    // A prototype that was given a property is still a builtin, and so are the shapes it has then.
    assert!(report.own_cells.abs_diff(fresh.own_cells) < 10, "{} {:?}", fresh.own_cells, report.kinds);
    let what: Vec<&str> = report.largest.iter().map(|alive| alive.what.as_str()).collect();
    assert!(what.contains(&"Array") && what.len() < 10, "{what:?}");
}

/// A long list is told by its beginning, and its path by both ends.
#[test]
fn long_lists_are_told_shortly() {
    let (runtime, context, _) = with_flags(DumpFlags::NONE, Front::Pool, false);
    let source = "let h = { big: new Array(5000).fill(0) }; for (let i = 0; i < 20000; i++) h = { n: h }; globalThis.chain = h;";
    context.eval(source, "a.js").unwrap();
    let report = runtime.explain(5).unwrap();
    let first = &report.largest[0];
    assert!(first.retained_bytes > 20_000 * 32 && first.path.len() < 16, "{first:#?}");
    let handle =
        context.eval("let at = chain; while (at.n) at = at.n; at.big.end = {}; at.big", "a.js").unwrap();
    drop(handle);
    let report = runtime.explain(usize::MAX).unwrap();
    assert!(report.largest.iter().all(|alive| alive.path.len() <= 17), "{report:#?}");
}
