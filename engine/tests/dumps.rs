//! Dump flags, leak dumps and the tracking of allocations.

use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

use tare::{Context, DumpFlags, Front, Runtime};

/// Keeps what is dumped.
#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

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
