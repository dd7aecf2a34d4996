//! The interrupt handler stops whatever runs: scripts, builtins that go through a length without finding anything, and
//! the matcher of RegExps.

use std::cell::Cell;
use std::rc::Rc;

use tare::{Context, Error, Runtime};

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

/// Natives that go over something long: what is made first, and the call, which has no loop of its own. What goes
/// over text in vectors is given more of it.
const LONG: &[(&str, &[&str])] = &[
    (
        // Text: narrow, wide, blank, and ropes that the calls flatten.
        "const S = [...Array(N / 2)].map(() => 'ab').join(''), W = '\\u6642'.repeat(N), BLANK = ' '.repeat(N);
         const ASCENT = '\\u00e9'.repeat(N), LONE = '\\ud800'.repeat(N), UPPER = S.toUpperCase();
         const PERCENT = '%41'.repeat(N), SAME = 'x'.repeat(16 * N), ALSO = 'x'.repeat(16 * N);
         const rope = () => { let r = ''; for (let i = 0; i < 64; i++) r += SAME.slice(0, N / 2); return r; };
         const A = 'a'.repeat(N), NEEDLE = 'a'.repeat(N / 2) + 'b', TAIL = 'b' + 'a'.repeat(N / 2);
         const AAA = 'a'.repeat(16 * N), MIDDLE = 'a'.repeat(N / 2) + 'b' + 'a'.repeat(N / 2), HUGE = S.repeat(16), WIDE = W.repeat(16);",
        &[
            "SAME.repeat(8).indexOf('c')", "HUGE.indexOf('bb')", "HUGE.lastIndexOf('bb')", "HUGE.includes('aa')",
            "AAA.indexOf(NEEDLE)", "AAA.lastIndexOf(TAIL)", "AAA.includes(MIDDLE)", "AAA.split(MIDDLE)",
            "AAA.replaceAll(MIDDLE, '')", "WIDE.indexOf('x')", "WIDE.lastIndexOf('\\u6642x')", "WIDE.indexOf(W + 'x' + W)",
            "S.split('b')", "S.split('')", "S.split(/b/)", "S.replaceAll('b', 'cc')", "S.replaceAll('b', '$&$&')",
            "HUGE.replace('bb', 'x')", "S.replace(/b/g, 'cc')", "S.replace(/b/g, String)", "S.match(/b/g)",
            "HUGE.search(/c/)", "/[cd]/.test(HUGE)", "/^(?:a|b)*c/.test(HUGE)", "/^[^c]*$/.exec(HUGE)", "/^.*c/s.test(WIDE)",
            "/(?<=c)b/.test(S)", "/^a+c/.test(AAA)", "/^(a)\\1*$/.test(A)", "RegExp.escape(S)", "HUGE.matchAll(/c/g).next()",
            "UPPER.toUpperCase() + S.toUpperCase()", "S.toLowerCase()", "W.toUpperCase()", "ASCENT.toUpperCase()",
            "'\\u03a3'.concat(`'`.repeat(N)).toLowerCase()", "BLANK.trim()", "BLANK.trimStart()",
            "BLANK.trimEnd()", "S.padEnd(40 * N, 'xy')", "S.padStart(40 * N)", "W.normalize('NFD')", "ASCENT.normalize('NFD')", "ASCENT.normalize('NFKC')", "HUGE.localeCompare(HUGE + 'c')",
            "W.isWellFormed()", "LONE.toWellFormed()", "W.toWellFormed()", "S.anchor(BLANK)",
            "rope() === SAME", "rope() < SAME",
            "rope().toUpperCase()", "SAME === ALSO", "SAME == ALSO", "SAME <= ALSO", "SAME.startsWith(ALSO)",
            "SAME.endsWith(ALSO)", "[SAME, ALSO].join()", "encodeURIComponent(W)", "encodeURI(S)", "decodeURIComponent(PERCENT)", "decodeURI(S)", "escape(W)",
            "unescape(PERCENT)", "JSON.stringify(S)", "JSON.stringify(W)", "JSON.parse('\"' + S + '\"')",
            "JSON.parse(BLANK + '1')", "JSON.parse('\"' + '\\\\n'.repeat(N) + '\"')", "new RegExp('a|'.repeat(N / 4))", "new RegExp('(?:'.repeat(200) + '[a-c]'.repeat(N / 8) + ')'.repeat(200))",
            "(0, eval)('var a;'.repeat(N / 8))", "(0, eval)(';'.repeat(N))", "Function('x;'.repeat(N / 8))",
            "Object.keys(new String(S))", "[...S]", "Array.from(S)", "new Set(S)", "BigInt('1'.repeat(N))",
            "BigInt('0x' + 'f'.repeat(N))", "BigInt('0b' + '1'.repeat(N))",
        ],
    ),
    (
        "const L = Array.from({ length: N }, (_, i) => i % 1000), H = [1, , ...L], D = L.map((i) => i + 0.5);
         const PAIRS = L.map((i, j) => ['k' + j % 2000, i]), TEXTS = L.map((i) => 'k' + i), O = Object.fromEntries(L.map((i, j) => ['k' + j, i]));
         const BIG = { length: N, __proto__: { 5: 1 } }, J = JSON.stringify(L), JO = JSON.stringify(O), one = [[...L]];",
        &[
            "L.fill(2)", "L.reverse()", "L.join()", "L.toString()", "L.toLocaleString()", "L.indexOf(-5)", "L.lastIndexOf(-5)",
            "L.includes(-5)", "L.slice()", "[...L].splice(0, N / 2)", "L.concat(L)", "[].concat(H)", "[...L].sort()",
            "[...D].sort()", "[...TEXTS].sort()", "[...H].sort()", "L.toSorted()", "L.toReversed()", "L.toSpliced(1, 1)", "L.with(0, 1)",
            "one.flat()", "L.flatMap(Array.of)", "L.map(Math.abs)", "L.filter(isNaN)", "L.every(isFinite)", "L.some(isNaN)",
            "L.find(isNaN)", "L.findLastIndex(isNaN)", "L.forEach(Math.abs)", "L.reduce(Object)", "L.reduceRight(Object)",
            "L.copyWithin(0, 1)", "Array.from(L)", "Array.from(BIG)", "Array.from(L, Math.abs)", "[...L]", "Math.max(...L)",
            "Math.max.apply(null, L.slice(0, N / 4))", "[].push.apply([], L.slice(0, N / 4))", "(([a, ...rest]) => rest)(L)",
            "({ ...L })", "Object.keys(L)", "Object.values(L)", "Object.entries(L)", "Object.assign({}, L)", "Object.keys(O)",
            "Object.entries(O)", "Object.assign({}, O)", "({ ...O })", "Object.freeze([...L])", "Object.getOwnPropertyDescriptors(O)", "Object.defineProperties({}, Object.getOwnPropertyDescriptors(O))",
            "Object.fromEntries(PAIRS)", "Object.groupBy(L, String)", "Reflect.ownKeys(L)", "Object.keys(new Proxy(O, {}))", "JSON.stringify(L)", "JSON.stringify(O)", "JSON.stringify(L, null, 2)", "JSON.stringify(O, TEXTS)",
            "JSON.parse(J)", "JSON.parse(JO)", "JSON.parse(J, Array.of)", "[].fill.call(BIG, 1)", "[].reverse.call(BIG)",
            "[].indexOf.call(BIG, 7)", "[].slice.call(BIG)", "[].splice.call(BIG, 0, 1)", "[].unshift.call(BIG, 1)",
            "[].shift.call(BIG)", "[].join.call(BIG)", "[].sort.call(BIG)", "[].copyWithin.call(BIG, 0, 1)",
            "[].includes.call(BIG, 7)", "[].lastIndexOf.call(BIG, 7)", "[].every.call(L, Boolean, 0) + [].every.call(D, Boolean)",
            "new Set(L)", "new Map(PAIRS)", "new WeakSet(PAIRS)", "Map.groupBy(L, String)", "Promise.all(L)", "Promise.any(L)",
            "L.values().drop(N).next()", "L.values().toArray()", "L.values().map(Math.abs).some(isNaN)", "L.values().reduce(Object)",
            "Iterator.concat(L).drop(N).next()", "Iterator.zip([L, L]).toArray()", "L.keys().find(isNaN)", "Array.fromAsync(BIG)",
            "String.fromCharCode(...L)", "String.raw({ raw: L })", "Object.create(null, Object.getOwnPropertyDescriptors(O))",
        ],
    ),
    (
        "const numbers = Array.from({ length: N }, (_, i) => i), A = new Set(numbers), B = new Set(numbers.map((i) => i + 1));
         const M = new Map(numbers.map((i) => [i, i]));",
        &[
            "A.union(B)", "A.intersection(B)", "A.difference(B)", "A.symmetricDifference(B)", "A.isSubsetOf(A)", "A.isSupersetOf(A)",
            "new Set(A).isDisjointFrom(new Set(numbers.map(String)))", "new Set(A)", "new Map(M)", "[...A]", "[...M]", "Array.from(M.keys())",
            "A.forEach(Math.abs)", "M.forEach(Math.abs)", "Math.max(...A)",
        ],
    ),
    (
        "const T = new Uint8Array(N), F = new Float64Array(N).map((_, i) => -i), G = new BigInt64Array(N), X = 'ff'.repeat(N), Y = 'AAAA'.repeat(N);
         const big = new Uint8Array(64 * N);",
        &[
            "T.fill(1)", "F.fill(1)", "T.reverse()", "T.join()", "F.toString()", "T.includes(9)", "T.indexOf(9)", "T.lastIndexOf(9)",
            "F.slice().sort()", "F.toSorted()", "G.sort()", "T.toReversed()", "T.with(0, 1)", "big.slice()", "big.copyWithin(0, 1)",
            "big.copyWithin(1, 0)", "big.set(big.subarray(1))", "T.set(F)", "F.set(new Uint16Array(F.buffer, 0, N))", "T.set({ length: N })",
            "new Uint8Array(F)", "new Uint8Array([...T])", "Uint8Array.from(T)", "Uint8Array.from({ length: N })", "new Float64Array({ length: N })",
            "T.map(Math.abs)", "T.filter(isNaN)", "T.every(isFinite)", "T.reduce(Object)", "T.findLast(isNaN)", "T.forEach(isNaN)",
            "big.buffer.slice(1)", "new ArrayBuffer(64 * N).transfer(32 * N + 1)", "T.toBase64()", "T.toHex()", "Uint8Array.fromBase64(Y)", "Uint8Array.fromHex(X)",
            "T.setFromBase64(Y)", "T.setFromHex(X)", "Object.keys(T)", "Array.from(T)", "[...F]", "JSON.stringify(T)", "T.slice.call(F)",
            "G.includes(1n)", "G.join()",
        ],
    ),
    (
        // Two long BigInts for what is linear, shorter ones for what is not.
        "const P = (1n << BigInt(512 * N)) - 1n, Q = P - (1n << BigInt(256 * N)), p = P >> BigInt(508 * N), q = p - 7n;
         const text = p.toString(), odd = (p << 7n) + 5n;",
        &[
            "P * 3n", "P / 3n", "P % 7n",
            "p * q", "p * p", "(p * q) / odd", "(p * q) % odd", "p ** 3n", "p.toString()", "p.toString(16)", "P.toString(2)", "p.toString(36)",
            "BigInt(text)", "p == text",
        ],
    ),
];

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
