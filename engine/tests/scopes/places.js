// All combinations of a place for an expression, what is done there with the name `x`, and how the code around
// declares it: what is seen, and what has become of the name afterwards.
const places = {
    statement: "see(PROBE);",
    "function in a block": "{ see(inner()); function inner() { return PROBE; } }",
    "labelled function": "label: function inner() { return PROBE; } see(inner());",
    "default": "(function (a = PROBE) { see(a); })();",
    "default of default": "(function (a = (b = PROBE) => b) { see(a()); })();",
    "default in a pattern": "(function ({ a = PROBE } = {}) { see(a); })();",
    "key in a pattern": "(function ({ [String(PROBE)]: a }) { see(a); })(new Proxy({}, { get: (_, key) => key }));",
    "nested function in a default": "(function (a = function () { return PROBE; }) { see(a()); })();",
    "default of an arrow": "((a = PROBE) => see(a))();",
    "default of a generator": "(function* (a = PROBE) { yield a; })().next();",
    "generator": "for (const a of (function* () { yield PROBE; })()) see(a);",
    "async arrow": "wait((async (a = PROBE) => { see(a); await 0; see(PROBE); })());",
    "field": "see(new (class { a = PROBE; })().a);",
    "static field": "see((class { static a = PROBE; }).a);",
    "static block": "(class { static { see(PROBE); } });",
    "key of a method": "(class { [see(PROBE)]() {} });",
    heritage: "(class extends (see(PROBE), Object) {});",
    "class in a field": "see(new (class { a = new (class { b = PROBE; })().b; })().a);",
    accessor: "see({ get a() { return PROBE; } }.a);",
    "index of a target": "var o = {}; [o[PROBE]] = [1]; see(Object.keys(o)[0]);",
    "default of a target": "var o = {}; ({ a: o.b = PROBE } = {}); see(o.b);",
    "catch parameter": "try { throw {}; } catch ({ a = PROBE }) { see(a); }",
    "catch block": "try { throw 1; } catch (e) { see(PROBE); }",
    "catch by that name": "try { throw 'caught'; } catch (x) { see(PROBE); }",
    finally: "try { } finally { see(PROBE); }",
    "head of for": "for (let i = see(PROBE); ; ) { break; }",
    "test of for": "for (let i = 0; i < 2 && see(PROBE); i++);",
    "update of for": "for (let i = 0; i < 1; i++, see(PROBE));",
    "for by that name": "for (let x = 'loop', g = () => x, n = 0; n < 2; n++) { see(PROBE, g()); }",
    "head of for-of": "for (const a of [PROBE]) see(a);",
    "head of for-of by that name": "for (const x of [PROBE]) see(x);",
    "pattern of for-of": "for (const { a = PROBE } of [{}]) see(a);",
    "body of for-in": "for (var k in { a: 1 }) see(PROBE);",
    "case of switch": "switch (1) { case see(PROBE): let y; }",
    "switch by that name": "switch (1) { case 0: let x; case 1: see(PROBE); }",
    with: "with ({ x: 'object' }) { see(PROBE); }",
    "with by a closure": "with ({ x: 'object' }) { see((() => PROBE)()); }",
    "with unscopables": "with ({ x: 'object', [Symbol.unscopables]: { x: true } }) { see(PROBE); }",
    eval: "see(eval(`PROBE`));",
    "eval in eval": "eval(`see(eval('1') && (PROBE))`);",
    template: "see(`${PROBE}`);",
};
const probes = {
    read: "x",
    typeof: "typeof x",
    store: "x = 'stored'",
    closure: "(() => x)()",
    "eval reads": "eval('x')",
    "eval stores": "eval('x = \"stored\"')",
    "eval makes a closure": "eval('() => x')()",
    "eval declares": "eval('var x = \"declared\"; x')",
    "eval declares a function": "typeof eval('function x() {} x')",
    "strict eval": "eval('\"use strict\"; var x = \"own\"; x')",
    delete: "delete x",
};
const around = {
    nothing: body => body,
    "let before": body => `let x = 'outer'; ${body}`,
    "let behind": body => `${body} let x = 'outer';`,
    "const": body => `const x = 'outer'; ${body}`,
    "var behind": body => `${body} var x = 'outer';`,
    "function": body => `${body} function x() {}`,
    "function in a block": body => `{ function x() {} } ${body}`,
    class: body => `class x {} ${body}`,
    parameter: body => `return (function (x) { ${body} see(x, arguments[0]); })('argument');`,
    "parameter with a default": body => `return (function (x = 'argument', g = () => x) { ${body} see(x, g()); })();`,
    "name of a function": body => `return (function x() { ${body} })();`,
};

function show(value) {
    if (typeof value === "function") return /^class/.test(value) ? "class" : "function";
    return typeof value === "object" && value !== null ? "object" : String(value);
}

async function outcome(source) {
    const seen = [];
    const see = (...values) => seen.push(...values.map(show));
    let waiting;
    const wait = promise => { waiting = promise; };
    try {
        Function("see", "wait", source)(see, wait);
        await waiting;
    } catch (error) {
        seen.push(error.name);
        await Promise.allSettled([waiting]);
    }
    // An assignment or an eval may have made a global of it.
    if ("x" in globalThis) {
        seen.push(`global ${show(globalThis.x)}`);
        delete globalThis.x;
    }
    return seen.join(" ");
}

async function all() {
    for (const place in places) {
        print(place);
        for (const probe in probes) {
            const results = [];
            for (const name in around) {
                const text = places[place].replaceAll("PROBE", () => probes[probe]);
                results.push(await outcome(around[name](`${text} see(typeof x);`)));
            }
            print(`  ${probe}: ${results.join(" | ")}`);
        }
    }
}

all();
