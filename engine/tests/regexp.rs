//! RegExps and the host: memory limits, interrupts, the books.

use tare::{Error, Front, Runtime};

fn runtime() -> (Runtime, tare::Context) {
    let runtime = Runtime::builder().output(Box::new(std::io::sink())).build().unwrap();
    let context = runtime.new_context().unwrap();
    (runtime, context)
}

/// Patterns that try more ways than there is time for, each with what is asked of it.
const ENDLESS: &[&str] = &[
    "/^(a+)+$/.test('a'.repeat(40) + 'b')",
    "/^(?:a|a)*$/.exec('a'.repeat(64) + 'b')",
    "('a'.repeat(64) + '-').replace(/^(\\w|\\w)*$/, '')",
    "('a'.repeat(64) + 'b').match(/^(?:a*)*$/)",
    "('a'.repeat(64) + 'b').search(/^(a?){64}a{64}$/)",
    "('a'.repeat(64) + 'b').split(/(?=(?:a|a)*$)[ab]/)",
    "[...('a'.repeat(64) + 'b').matchAll(/^(?:a|a)*$/g)]",
    "new RegExp('(x+x+)+[yz]')[Symbol.replace]('x'.repeat(64), () => '')",
];

#[test]
fn an_interrupt_stops_any_pattern_and_no_script_catches_it() {
    for source in ENDLESS {
        let (runtime, context) = runtime();
        let mut asked = 0;
        runtime.set_interrupt_handler(Some(Box::new(move || {
            asked += 1;
            asked > 20
        })));
        let caught =
            format!("try {{ {source}; 'done' }} catch (e) {{ 'caught' }} finally {{ globalThis.left = 1; }}");
        let result = context.eval(&caught, "endless.js");
        assert!(matches!(result, Err(Error::Terminated)), "{source}");
        // The matcher's memory is back: the next match works.
        runtime.set_interrupt_handler(None);
        let after = context.eval("typeof left + /(b+)(c)?/.exec('abb')[1]", "after.js").unwrap();
        assert_eq!(after.as_str().unwrap(), "undefinedbb");
    }
}

#[test]
fn a_loop_of_many_small_matches_can_be_interrupted() {
    for source in ["s.replace(/a/g, 'b')", "s.split(/a/)", "s.match(/a/g)"] {
        let (runtime, context) = runtime();
        context.eval("globalThis.s = 'a'.repeat(1 << 20)", "text.js").unwrap();
        runtime.set_interrupt_handler(Some(Box::new(|| true)));
        assert!(matches!(context.eval(source, "many.js"), Err(Error::Terminated)), "{source}");
    }
}

#[test]
fn an_interrupt_handler_may_run_patterns_itself() {
    let (runtime, context) = runtime();
    let inner = context.clone();
    let mut asked = 0;
    runtime.set_interrupt_handler(Some(Box::new(move || {
        asked += 1;
        let value = inner.eval("'x12'.replace(/(\\d)/g, '<$1>')", "inner.js").unwrap();
        assert_eq!(value.as_str().unwrap(), "x<1><2>");
        asked > 3
    })));
    assert!(matches!(context.eval(ENDLESS[0], "outer.js"), Err(Error::Terminated)));
    runtime.set_interrupt_handler(None);
}

#[test]
fn a_memory_limit_stops_what_needs_too_much_and_a_script_can_catch_it() {
    // The first needs a choice per character, the second a large program, the third a large result.
    for source in [
        "/^(?:ab|a|b)*[cd]$/.test('ab'.repeat(1 << 20))",
        "new RegExp('[a-z]{2}\\\\d+x|'.repeat(200000))",
        "'ab'.repeat(1 << 20).replace(/b/g, '$`')",
        "'ab'.repeat(1 << 19).match(/./g)",
    ] {
        let (runtime, context) = runtime();
        runtime.set_memory_limit(8 << 20);
        let caught = format!("try {{ {source}; 'done' }} catch (e) {{ e.name + ': ' + e.message }}");
        let result = context.eval(&caught, "limited.js").unwrap();
        assert_eq!(result.as_str().unwrap(), "InternalError: out of memory", "{source}");
        assert!(runtime.memory_in_use().1 <= 8 << 20, "{source}");
        let after = context.eval("/(b+)(c)?/.exec('abb')[1]", "after.js").unwrap();
        assert_eq!(after.as_str().unwrap(), "bb", "{source}");
    }
}

#[test]
fn evaluations_of_a_literal_share_the_program() {
    for front in [Front::Pool, Front::Direct] {
        let runtime = Runtime::builder().front(front).build().unwrap();
        let context = runtime.new_context().unwrap();
        let source = "(function () { const made = []; for (let i = 0; i < COUNT; i++) made.push(/(?<a>\\w+)-[^x]{2,5}/g);
            globalThis.made = made; })()";
        let mut blocks = Vec::new();
        for count in ["1", "1000"] {
            context.eval(&source.replace("COUNT", count), "literal.js").unwrap();
            runtime.run_gc();
            let report = runtime.memory_report();
            assert!(report.disagreements.is_empty(), "{:?}", report.disagreements);
            let programs = report.parts.iter().find(|row| row.name == "regexp programs").unwrap();
            blocks.push((programs.count, programs.bytes));
        }
        assert_eq!(blocks[0], blocks[1], "{front}");
    }
}

#[test]
fn programs_compiled_lately_are_let_go_on_request() {
    let (runtime, context) = runtime();
    context.eval("for (let i = 0; i < 200; i++) new RegExp('pattern ' + i);", "make.js").unwrap();
    let programs = |runtime: &Runtime| {
        let report = runtime.memory_report();
        report.parts.iter().find(|row| row.name == "regexp programs").map_or(0, |row| row.count)
    };
    let remembered = programs(&runtime);
    assert!((1..=64).contains(&remembered), "{remembered}");
    runtime.run_gc();
    assert_eq!(programs(&runtime), 0);
}

#[test]
fn regexps_can_be_held_weakly() {
    let (runtime, context) = runtime();
    let source = "globalThis.r = /a/; globalThis.w = new WeakRef(r); new WeakMap([[r, 1]]).get(r)";
    assert_eq!(context.eval(source, "weak.js").unwrap().as_number(), Some(1.0));
    runtime.run_jobs().unwrap();
    context.eval("r = null", "let_go.js").unwrap();
    runtime.run_jobs().unwrap();
    runtime.run_gc();
    assert_eq!(context.eval("typeof w.deref()", "gone.js").unwrap().as_str().unwrap(), "undefined");
}
