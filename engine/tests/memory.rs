//! Running out of memory is an error that a script can catch, never a crash, and nothing is left behind.

mod support;

use tare::{Error, Front, Runtime};
use tare_allocators::parse;

/// Programs that between them reach most of what allocates.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "objects",
        "class A { constructor(x) { this.x = x; this.y = [x, x + 1]; } get z() { return this.x; } }
         class B extends A { #p = 1; constructor(x) { super(x); this.w = { v: x, u: 'u' + x }; } m() { return this.#p; } }
         let all = []; for (let i = 0; i < 40; i++) all.push(new B(i));
         all.map(b => b.m() + b.z).filter(x => x & 1).reduce((a, b) => a + b, 0);",
    ),
    (
        "strings",
        "let s = ''; for (let i = 0; i < 300; i++) s += 'part' + i + ',';
         let t = s.split(',').map(p => p.toUpperCase()).join('-'); t.slice(3, 40).repeat(20).indexOf('PART9');
         `${s.length}${t.length}`;",
    ),
    (
        "closures and cycles",
        "function make(n) { let self = { n }; self.me = self; self.f = () => self.n + n; return self; }
         let keep = []; for (let i = 0; i < 60; i++) keep.push(make(i)); keep.forEach(k => k.f());
         function f(...rest) { return arguments.length + rest.length; } f(1, 2, 3); f.apply(null, [1, 2, 3]);",
    ),
    (
        "exceptions",
        "let n = 0; for (let i = 0; i < 20; i++) { try { null.x; } catch (e) { n += e.message.length; e.stack; } finally { n++; } }
         try { throw new TypeError('t', { cause: n }); } catch ({ name, cause }) { n = cause; }",
    ),
    (
        "destructuring and properties",
        "let o = {}; for (let i = 0; i < 50; i++) { o['k' + i] = i; if (i % 3 == 0) delete o['k' + (i >> 1)]; }
         let { k1, ...rest } = o; let [a, b = 2, ...c] = [1, undefined, 3, 4]; Object.entries(rest).sort();
         let big = 12345678901234567890n ** 5n; big.toString(); Object.freeze(o); [3, 1, 2].sort((x, y) => x - y);",
    ),
    (
        "patterns",
        "const LINE = /^(?<key>\\w+)\\s*=\\s*(?:\"([^\"]*)\"|(\\d+))$/d; let n = 0;
         for (const line of ['a = 1', 'name=\"x y\"', 'none']) { const m = LINE.exec(line); if (m) n += m.groups.key.length + m.indices[0][1]; }
         let text = 'one two three four '.repeat(10); text.replace(/(\\w+) (\\w+)/g, '$2 $1 $&'); text.replace(/\\w+/g, w => w.toUpperCase());
         text.split(/(\\s)/).length; text.match(/[aeiou]{2}/g).join(); [...text.matchAll(/t(?<r>\\w+)/g)].map(m => m.groups.r); text.search(/four/);
         new RegExp('(?<=' + text.slice(0, 8) + ')x|[' + text + ']+', 'iv').test(text); RegExp.escape(text); String(/[/]\\//gi);
         class R extends RegExp { exec(s) { return super.exec(s); } } 'abab'.replace(new R('b', 'g'), '<$`>'); 'a-b'.split(new R('-'));",
    ),
];

fn run(builder: tare::Builder, source: &str) -> Result<(), Error> {
    let runtime = builder.output(Box::new(std::io::sink())).build()?;
    let context = runtime.new_context()?;
    context.eval(source, "test.js")?;
    runtime.run_jobs()?;
    Ok(())
}

#[test]
fn every_limit_is_kept_and_answered_by_an_out_of_memory_error() {
    for (name, source) in PROGRAMS {
        let runtime = Runtime::new().unwrap();
        let context = runtime.new_context().unwrap();
        let (start, _) = runtime.memory_in_use();
        context.eval(source, "test.js").unwrap();
        let (_, peak) = runtime.memory_in_use();
        drop((context, runtime));
        let mut refused = 0;
        for step in 0..100 {
            let limit = start + (peak - start) * step / 100;
            let runtime = Runtime::new().unwrap();
            let context = runtime.new_context().unwrap();
            runtime.set_memory_limit(limit);
            match context.eval(source, "test.js") {
                Ok(_) => (),
                Err(error) => {
                    assert!(error.is_out_of_memory(), "{name} at {limit}: {error}");
                    refused += 1;
                }
            }
            assert!(runtime.memory_in_use().1 <= limit.max(start), "{name}: the limit {limit} was passed");
            // The runtime can be used afterwards.
            runtime.set_memory_limit(0);
            assert_eq!(context.eval("1 + 1", "after.js").unwrap().as_number(), Some(2.0));
        }
        assert!(refused > 20, "{name}: only {refused} of 100 limits were met");
    }
}

#[test]
fn a_script_can_catch_the_error_and_go_on() {
    let runtime = Runtime::builder().memory_limit(4 << 20).build().unwrap();
    let context = runtime.new_context().unwrap();
    let result = context
        .eval(
            "let message = 'none'; let n = 0;
             function fill() { let a = []; for (;;) { a.push({ n }); n++; } }
             try { fill(); } catch (e) { message = e.name + ': ' + e.message; }
             message + ' ' + (n > 1000)",
            "test.js",
        )
        .unwrap();
    assert_eq!(result.as_str().unwrap(), "InternalError: out of memory true");
}

#[test]
fn every_allocation_may_fail() {
    for (name, source) in PROGRAMS {
        for front in [Front::Pool, Front::Direct] {
            // With the pool few requests reach the allocator; with the direct front all do.
            let step = if front == Front::Pool { 1 } else { 37 };
            let mut nth = 1;
            loop {
                let allocator = parse(&format!("fail-from({nth}, system)")).unwrap();
                match run(Runtime::builder().allocator(allocator).front(front), source) {
                    Ok(()) => break,
                    Err(error) => assert!(error.is_out_of_memory(), "{name}, request {nth}: {error}"),
                }
                nth += step;
                assert!(nth < 1_000_000, "{name}: never got through");
            }
        }
    }
}

#[test]
fn nothing_is_left_behind() {
    for (name, source) in PROGRAMS {
        for front in [Front::Pool, Front::Direct] {
            let runtime = Runtime::builder().front(front).build().unwrap();
            let context = runtime.new_context().unwrap();
            context.eval(source, "test.js").unwrap();
            drop(context);
            let left = runtime.close().ok().expect("no other handle");
            assert_eq!(left.cells, 0, "{name}, {front} front: {left:?}");
        }
    }
}

#[test]
fn again_under_stress() {
    support::again("thinning(2)");
}
