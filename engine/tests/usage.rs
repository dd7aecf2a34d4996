//! The memory report: each field against a heap counted by hand, and the whole against the books.

use tare::{Context, Front, MemoryUsage, Runtime};

fn both() -> [(Front, Runtime, Context); 2] {
    [Front::Pool, Front::Direct].map(|front| {
        let runtime = Runtime::builder().front(front).output(Box::new(std::io::sink())).build().unwrap();
        let context = runtime.new_context().unwrap();
        (front, runtime, context)
    })
}

/// What a cell of `bytes` bytes is charged: pages round to 16; a block of its own has a prefix of 8 bytes, is
/// rounded to 8, and by the pool up to 512 bytes to 16.
fn cell(front: Front, bytes: u64) -> u64 {
    match front {
        Front::Pool if bytes <= 512 => bytes.next_multiple_of(16),
        Front::Pool => block(front, bytes.next_multiple_of(8) + 8),
        Front::Direct => bytes.next_multiple_of(8) + 8,
    }
}

/// What a block of `bytes` bytes is charged.
fn block(front: Front, bytes: u64) -> u64 {
    if front == Front::Pool && bytes <= 512 { bytes.next_multiple_of(16) } else { bytes }
}

fn assert_reconciled(runtime: &Runtime, what: &str) {
    let report = runtime.memory_report();
    assert!(report.disagreements.is_empty(), "{what}: {:?}", report.disagreements);
    let usage = report.usage;
    assert_eq!(usage.memory_used_size, usage.malloc_size, "{what}");
    assert_eq!(usage.memory_used_count, usage.malloc_count, "{what}");
    assert_eq!(usage.malloc_size, runtime.memory_in_use().0 as u64, "{what}");
    for rows in [&report.parts, &report.uses] {
        assert_eq!(rows.iter().map(|r| r.bytes).sum::<u64>(), usage.malloc_size, "{what}");
        assert_eq!(rows.iter().map(|r| r.count).sum::<u64>(), usage.malloc_count, "{what}");
    }
    // Nothing works at this moment, so nothing is in flight.
    assert!(report.parts.iter().all(|r| r.name != "in flight"), "{what}: {:?}", report.parts);
}

/// How much each field grew while `script` ran. A script of the same form ran before, so that what the first one
/// needs (the stack, shapes) is there.
fn growth(runtime: &Runtime, context: &Context, script: &str) -> MemoryUsage {
    context.eval("globalThis.kept = [];", "warm.js").unwrap();
    runtime.run_gc();
    let before = runtime.memory_usage();
    context.eval(script, "counted.js").unwrap();
    runtime.run_gc();
    let after = runtime.memory_usage();
    assert_reconciled(runtime, script);
    MemoryUsage {
        malloc_size: after.malloc_size.wrapping_sub(before.malloc_size),
        malloc_limit: after.malloc_limit,
        memory_used_size: after.memory_used_size.wrapping_sub(before.memory_used_size),
        malloc_count: after.malloc_count.wrapping_sub(before.malloc_count),
        memory_used_count: after.memory_used_count.wrapping_sub(before.memory_used_count),
        atom_count: after.atom_count.wrapping_sub(before.atom_count),
        atom_size: after.atom_size.wrapping_sub(before.atom_size),
        str_count: after.str_count.wrapping_sub(before.str_count),
        str_size: after.str_size.wrapping_sub(before.str_size),
        obj_count: after.obj_count.wrapping_sub(before.obj_count),
        obj_size: after.obj_size.wrapping_sub(before.obj_size),
        prop_count: after.prop_count.wrapping_sub(before.prop_count),
        prop_size: after.prop_size.wrapping_sub(before.prop_size),
        shape_count: after.shape_count.wrapping_sub(before.shape_count),
        shape_size: after.shape_size.wrapping_sub(before.shape_size),
        js_func_count: after.js_func_count.wrapping_sub(before.js_func_count),
        js_func_size: after.js_func_size.wrapping_sub(before.js_func_size),
        js_func_code_size: after.js_func_code_size.wrapping_sub(before.js_func_code_size),
        js_func_pc2line_count: after.js_func_pc2line_count.wrapping_sub(before.js_func_pc2line_count),
        js_func_pc2line_size: after.js_func_pc2line_size.wrapping_sub(before.js_func_pc2line_size),
        c_func_count: after.c_func_count.wrapping_sub(before.c_func_count),
        array_count: after.array_count.wrapping_sub(before.array_count),
        fast_array_count: after.fast_array_count.wrapping_sub(before.fast_array_count),
        fast_array_elements: after.fast_array_elements.wrapping_sub(before.fast_array_elements),
        binary_object_count: after.binary_object_count.wrapping_sub(before.binary_object_count),
        binary_object_size: after.binary_object_size.wrapping_sub(before.binary_object_size),
    }
}

#[test]
fn objects_and_properties() {
    for (front, runtime, context) in both() {
        // The literal's shape, and the room in the array, are there before.
        context.eval("kept = []; for (let i = 0; i < 16; i++) kept.push({ x: 1, y: 2 });", "a.js").unwrap();
        context.eval("kept.length = 0;", "b.js").unwrap();
        let add = "(function () { for (let i = 0; i < 10; i++) kept.push({ x: i, y: 2 }); })()";
        context.eval(add, "c.js").unwrap();
        let grown = growth(&runtime, &context, add);
        assert_eq!(grown.obj_count, 10, "{front}");
        assert_eq!(grown.obj_size, 10 * cell(front, 16 + 2 * 8), "{front}");
        assert_eq!((grown.prop_count, grown.prop_size), (20, 0), "{front}");
        // The shapes of the literal went with what the collection freed: two, and their table of four entries.
        let shapes = 2 * cell(front, 48) + block(front, 16 + 4 * 8);
        assert_eq!((grown.shape_count, grown.shape_size), (2, shapes), "{front}");
        assert_eq!(
            (grown.array_count, grown.fast_array_count, grown.fast_array_elements),
            (0, 0, 10),
            "{front}"
        );
        assert_eq!((grown.js_func_count, grown.c_func_count, grown.str_count), (0, 0, 0), "{front}");

        // Objects of two inline slots with six properties: the others in a block of 1, 3, 5 slots and a head.
        let more = "(function () { for (let i = 0; i < 10; i++) { let o = { x: i, y: 2 };
            o.a = 1; o.b = 2; o.c = 3; o.d = 4; kept.push(o); } })()";
        context.eval(more, "d.js").unwrap();
        let grown = growth(&runtime, &context, more);
        assert_eq!((grown.obj_count, grown.obj_size), (10, 10 * cell(front, 32)), "{front}");
        assert_eq!((grown.prop_count, grown.prop_size), (60, 10 * block(front, 8 + 5 * 8)), "{front}");
    }
}

#[test]
fn shapes() {
    for (front, runtime, context) in both() {
        let grown =
            growth(&runtime, &context, "var o = Object.create(null); o.s1 = 1; o.s2 = 2; o.s3 = 3; 0");
        // The root is there already; three children share one property table of four entries.
        assert_eq!(grown.shape_count, 3, "{front}");
        let table = block(front, 16 + 4 * 8);
        let cells = grown.shape_size - table;
        assert_eq!(cells % 3, 0, "{front}");
        let each = cells / 3;
        let types = runtime.memory_report().types;
        let shape = types.iter().find(|t| t.name == "shape").unwrap();
        assert_eq!(each, shape.bytes + shape.slack, "{front}");
        assert_eq!(each, cell(front, shape.bytes), "{front}");
    }
}

#[test]
fn strings_and_atoms() {
    for (front, runtime, context) in both() {
        context.eval("kept = []; for (let i = 0; i < 64; i++) kept.push(1);", "a.js").unwrap();
        let make = "(function () { for (let i = 0; i < 10; i++) kept.push('no atom of these '.substring(0, 8 + i % 2)); })()";
        context.eval(make, "a.js").unwrap();
        let grown = growth(&runtime, &context, make);
        assert_eq!(grown.str_count, 10, "{front}");
        assert_eq!(grown.str_size, 5 * (cell(front, 16 + 8) + cell(front, 16 + 9)), "{front}");
        // An atom that is new: its cell moves from the strings to the atoms, or is made; the table has room.
        let grown = growth(&runtime, &context, "(function () { kept.push(Symbol()); })()");
        assert_eq!((grown.atom_count, grown.atom_size), (1, cell(front, 24)), "{front}");
        let before = runtime.memory_usage();
        context.eval("var key = 'some' + 'key'.repeat(3); var keyed = {}; 0", "b.js").unwrap();
        let middle = runtime.memory_usage();
        context.eval("keyed[key] = 1; 0", "c.js").unwrap();
        let after = runtime.memory_usage();
        assert_eq!(middle.str_count - before.str_count, 1, "{front}");
        // It became an atom.
        assert_eq!(before.str_count, after.str_count, "{front}");
        assert_eq!(before.str_size, after.str_size, "{front}");
        assert_reconciled(&runtime, "atoms");
    }
}

#[test]
fn ropes_are_strings() {
    for (front, runtime, context) in both() {
        context.eval("var a = 'x'.repeat(600), b = 'y'.repeat(600), rope; 0", "a.js").unwrap();
        context.eval("rope = 0; 0", "a.js").unwrap();
        let before = runtime.memory_usage();
        context.eval("rope = a + b; 0", "a.js").unwrap();
        let after = runtime.memory_usage();
        let rope = runtime.memory_report().types.into_iter().find(|t| t.name == "rope").unwrap();
        assert_eq!(after.str_count - before.str_count, 1, "{front}");
        assert_eq!(after.str_size - before.str_size, cell(front, rope.bytes), "{front}");
    }
}

#[test]
fn arrays() {
    for (front, runtime, context) in both() {
        let make = "var list = [1, 2, 3, , 5], empty = [], sparse = []; sparse[4e9] = 1; 0";
        context.eval("var list, empty, sparse; 0", "a.js").unwrap();
        let grown = growth(&runtime, &context, make);
        assert_eq!(
            (grown.array_count, grown.fast_array_count, grown.fast_array_elements),
            (3, 2, 5),
            "{front}"
        );
        let grown =
            growth(&runtime, &context, "var args = (function () { return arguments; })(1, 2, 3, 4); 0");
        assert_eq!((grown.array_count, grown.fast_array_elements), (1, 4), "{front}");
    }
}

#[test]
fn functions() {
    for (front, runtime, context) in both() {
        let before = runtime.memory_usage();
        context.eval("function f(a) { return a + 1; } function g() { return f(2); } 0", "a.js").unwrap();
        let after = runtime.memory_usage();
        // Two functions; the script's own code is gone.
        assert_eq!(after.js_func_count - before.js_func_count, 2, "{front}");
        assert_eq!(after.js_func_pc2line_count - before.js_func_pc2line_count, 2, "{front}");
        assert!(after.js_func_code_size > before.js_func_code_size, "{front}");
        assert!(after.js_func_pc2line_size > before.js_func_pc2line_size, "{front}");
        // Two code cells and the script's.
        let types = runtime.memory_report().types;
        let code = types.iter().find(|t| t.name == "function code").unwrap();
        assert!(after.js_func_size - before.js_func_size > 2 * code.bytes, "{front}");
        assert_eq!(after.obj_count - before.obj_count, 2, "{front}: closures");
        assert_eq!(after.c_func_count, before.c_func_count, "{front}");
        // Bytecode grows with the text, by no more than a few bytes a byte.
        context
            .eval("function h(a) { a++; a++; a++; a++; a++; a++; a++; a++; return a; } 0", "a.js")
            .unwrap();
        let longer = runtime.memory_usage();
        assert_eq!(longer.js_func_count - after.js_func_count, 1, "{front}");
        assert!(longer.js_func_code_size - after.js_func_code_size >= 8, "{front}");

        let host = context.new_function("host", 0, |context, _, _| context.value(1)).unwrap();
        assert_eq!(runtime.memory_usage().c_func_count, longer.c_func_count + 1, "{front}");
        drop(host);
        assert_eq!(runtime.memory_usage().c_func_count, longer.c_func_count, "{front}");
        assert_reconciled(&runtime, "functions");
    }
}

#[test]
fn buffers() {
    for (front, runtime, context) in both() {
        context.eval("var buffer, view; 0", "a.js").unwrap();
        let grown = growth(&runtime, &context, "buffer = new ArrayBuffer(1000); 0");
        assert_eq!(grown.binary_object_count, 1, "{front}");
        let state = grown.binary_object_size - block(front, 1000);
        assert!(state > 0 && state <= 96, "{front}: {state}");
        // A view shares the state.
        let grown = growth(&runtime, &context, "view = new Uint8Array(buffer); 0");
        assert_eq!((grown.binary_object_count, grown.binary_object_size), (0, 0), "{front}");
        assert_eq!(grown.obj_count, 1, "{front}");
    }
}

#[test]
fn limits_and_counts() {
    for (front, runtime, context) in both() {
        assert_eq!(runtime.memory_usage().malloc_limit, 0);
        runtime.set_memory_limit(64 << 20);
        // Under a stress policy making the object would.
        runtime.run_gc();
        let usage = runtime.memory_usage();
        assert_eq!(usage.malloc_limit, 64 << 20);
        let (charged, _) = runtime.memory_in_use();
        assert_eq!((usage.malloc_size, usage.memory_used_size), (charged as u64, charged as u64), "{front}");
        assert_eq!(usage.malloc_count, usage.memory_used_count, "{front}");
        assert_eq!(usage.malloc_count, runtime.mem().blocks() as u64, "{front}");
        // One cell is one block and its bytes.
        let object = context.new_object().unwrap();
        let more = runtime.memory_usage();
        assert_eq!(more.malloc_count, usage.malloc_count + 1, "{front}");
        assert_eq!(more.malloc_size, usage.malloc_size + cell(front, 16 + 4 * 8), "{front}");
        drop(object);
        assert_eq!(runtime.memory_usage(), usage, "{front}");
        assert_eq!(usage.fields().len(), 26);
    }
}

#[test]
fn a_report_made_while_a_script_runs_adds_up() {
    for (front, runtime, context) in both() {
        let report = context
            .new_function("report", 0, |context, _, _| {
                let usage = context.runtime().memory_usage();
                assert_eq!(usage.malloc_size, usage.memory_used_size);
                assert_eq!(usage.malloc_count, usage.memory_used_count);
                context.value(usage.malloc_size as f64)
            })
            .unwrap();
        context.global().set(&context, "report", report).unwrap();
        // Within a sort, a JSON replacer, a generator, a getter and a job.
        context
            .eval(
                "[3, 1, 2].sort((a, b) => (report(), a - b)); JSON.stringify({ a: 1 }, (k, v) => (report(), v));
                 function* g() { yield report(); } [...g()]; ({ get x() { return report(); } }).x;
                 Promise.resolve().then(report); [1, 2].map(report).join(report());",
                "a.js",
            )
            .unwrap();
        runtime.run_jobs().unwrap();
        assert_reconciled(&runtime, &front.to_string());
    }
}

#[test]
fn every_byte_is_attributed_on_every_workload() {
    for workload in tare_workloads::catalogue() {
        for (front, runtime, context) in both() {
            let what = format!("{}, {front} front", workload.name);
            context.global().set(&context, "SIZE", f64::from(workload.sizes.small)).unwrap();
            let ended = context.eval(workload.source, workload.name).and_then(|_| runtime.run_jobs());
            assert!(ended.is_ok(), "{what}: {ended:?}");
            drop(ended);
            assert_reconciled(&runtime, &what);
            runtime.run_gc();
            assert_reconciled(&runtime, &what);
        }
    }
}

#[test]
fn reports_as_text_and_json() {
    let (_, runtime, context) = both().into_iter().next().unwrap();
    context.eval("var kept = [{}, new Map([[1, 2]]), 'text'];", "a.js").unwrap();
    let report = runtime.memory_report();
    let text = report.to_string();
    for part in [
        "malloc limit: none",
        "Cell sizes",
        "Object classes",
        "NAME",
        "memory allocated",
        "(0 not attributed)",
        "  pc2line",
    ] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    let mut written = Vec::new();
    runtime.dump_memory_usage(&mut written).unwrap();
    assert!(written.starts_with(b"Tare memory usage"));
    let json = report.to_json();
    let allocated = format!("\"malloc_size\":{}", report.usage.malloc_size);
    assert!(json.contains(&allocated) && json.starts_with('{') && json.ends_with('}'), "{json}");
    let depth = json.chars().fold(0i32, |depth, c| match c {
        '{' | '[' => depth + 1,
        '}' | ']' => depth - 1,
        _ => depth,
    });
    assert_eq!(depth, 0, "{json}");
}

#[test]
fn shared_bytes_are_charged_to_every_runtime_that_holds_them() {
    for (front, runtime, context) in both() {
        context.eval("var shared; 0", "a.js").unwrap();
        let grown = growth(&runtime, &context, "shared = new SharedArrayBuffer(100000); 0");
        assert_eq!(grown.binary_object_count, 1, "{front}");
        assert!((100_000..100_256).contains(&grown.binary_object_size), "{front}: {grown:?}");
        let memory = context.eval("shared", "a.js").unwrap().shared_memory().unwrap();
        let other = std::thread::spawn(move || {
            let runtime = Runtime::builder().front(front).build().unwrap();
            let context = runtime.new_context().unwrap();
            let before = runtime.memory_usage();
            let buffer = context.new_shared_buffer(memory.clone()).unwrap();
            let after = runtime.memory_usage();
            assert!(after.binary_object_size - before.binary_object_size >= 100_000);
            assert!(after.malloc_size - before.malloc_size >= 100_000);
            drop(buffer);
            let end = runtime.memory_usage();
            assert_eq!(end.binary_object_size, before.binary_object_size);
            // A limit refuses what does not fit, and the hold is given back.
            runtime.set_memory_limit(end.malloc_size as usize + 50_000);
            assert!(context.new_shared_buffer(memory).unwrap_err().is_out_of_memory());
            runtime.set_memory_limit(0);
            assert_eq!(runtime.memory_usage().malloc_size, runtime.memory_usage().memory_used_size);
        });
        other.join().unwrap();
        let less = growth(&runtime, &context, "shared = null; 0");
        assert!((less.binary_object_size as i64) <= -100_000, "{front}");
    }
}

#[test]
fn buffers_respect_the_limit() {
    for (front, runtime, context) in both() {
        runtime.set_memory_limit(8 << 20);
        for source in [
            "new ArrayBuffer(1e9)",
            "new ArrayBuffer(8, { maxByteLength: 1e9 })",
            "new SharedArrayBuffer(1e9)",
            "new SharedArrayBuffer(8, { maxByteLength: 1e9 })",
            "new Float64Array(1e8)",
            "let list = []; for (;;) list.push(new SharedArrayBuffer(1e5))",
            "let list = []; for (;;) list.push(new ArrayBuffer(1e5))",
        ] {
            let error = context.eval(&format!("(function () {{ {source} }})()"), "a.js").unwrap_err();
            // A block that there is no room for is a RangeError (6.2.9.1); what holds the buffers may be met first.
            let refused = error.to_string().contains("RangeError: array buffer of ");
            assert!(
                refused || (source.contains("for") && error.is_out_of_memory()),
                "{source}, {front}: {error}"
            );
            drop(error);
            runtime.run_gc();
        }
        // Beyond what any buffer may have it is the length that is wrong.
        let error = context.eval("new ArrayBuffer(7 * 2 ** 50)", "a.js").unwrap_err();
        assert!(error.to_string().contains("RangeError"), "{error}");
        assert!(runtime.memory_in_use().1 <= 8 << 20);
        assert_reconciled(&runtime, "buffers");
    }
}
