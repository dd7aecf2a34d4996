// JSON.parse and JSON.stringify: values, errors, replacer, reviver, indentation, escapes.
function run(f) { try { return String(f()); } catch (e) { return e.name; } }
const S = JSON.stringify, P = JSON.parse;
print(S({ a: [1, "x", null, true, undefined, () => 1, Symbol()], b: undefined, c: () => 1, d: { e: {} } }));
print(S(undefined), S(() => 1), S(null), S(NaN), S(-0), S(1e21), S("é\u2028\ud800\u{1F600}\n\t\"\\\u0001\u007f"), S(new Date(0)), S([]), S({}), S([undefined]), S(Object(1)), S(Object("s")), S(Object(false)));
print(S({ toJSON(k) { return "k:" + k; } }), S({ p: { toJSON(k) { return k; } } }), S([{ toJSON: (k) => typeof k + k }]));
print(S({ a: 1, b: [1, 2], c: {} , d: []}, null, 2));
print(S([1, { x: 1 }], null, "--"), S({ a: 1 }, null, 20).length, S({ a: 1 }, null, "0123456789abc").length, S({ a: 1 }, null, -1), S([[]], null, 1), S({ a: 1 }, null, Object(1)));
print(S({ a: 1, b: 2, c: { a: 3, d: 4 } }, ["a", "c", "c"]), S({ 1: 1, 2: 2 }, [1, Object("2")]), S([1, 2], (k, v) => (Array.isArray(v) ? v : v * 2)), S({ a: 1, b: "x" }, (k, v) => (typeof v === "string" ? undefined : v)), S({ a: { b: 1 } }, function (k, v) { return k === "b" ? Object.keys(this).join() : v; }), S("top", (k, v) => [k]=="" && v === "top" ? 5 : v));
const cyc = { a: {} }; cyc.a.b = cyc; print(run(() => S(cyc)), run(() => { const a = []; a[0] = a; S(a); })); const shared = { s: 1 }; print(S([shared, shared]));
print(S({ [Symbol("x")]: 1, get g() { return "got"; } }), S(Object.create({ inherited: 1 }, { own: { value: 1, enumerable: true }, hid: { value: 2 } })), S(Object.assign([1, 2], { extra: 1 })), S("\ud83d"), S("\udc00\ud83d"), S({ "\u0000": "\b\f\r" }));
print(run(() => S({ get x() { throw new RangeError(); } })), S(new Proxy([1, 2], {})), S(new Proxy({ a: 1 }, { ownKeys: () => ["a"] })), S([new Number(3), new String("f"), new Boolean(true)]), S({ x: new Error("m") }), S(new Map([[1, 1]])), S([,1]));
print(P("1"), P(" [1 , 2 ] ").length, P('{"a":{"b":[true,false,null]}}').a.b.join(), P('"\\u0041\\n\\/\\\\"'), P("-0") === 0 && 1 / P("-0"), P("1e3"), P("1.5E-2"), P('"\u2028"').length, P("123456789012345678901234567890"));
for (const bad of ["", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "'x'", "01", "1.", ".5", "+1", "-", "0x1", "1e", "nul", "truex", "\"\\x\"", "\"\\u00g0\"", "\"\t\"", "\"\n\"", "[1 2]", "{\"a\" 1}", "NaN", "Infinity", "undefined", "\u00a01", "1 2", "[", "\"", "{\"a\":}", "//c", "\"\\", "--1", "\ufeff1"]) { const r = run(() => P(bad)); if (r !== "SyntaxError") print("accepted", bad, r); }
print(P('{"__proto__": 1}').__proto__, Object.keys(P('{"__proto__": 1}')).join(), P('{"a":1,"a":2}').a, Object.keys(P('{"b":1,"1":1,"a":1,"0":1}')).join());
print(S(P('[1,[2,{"a":3}]]', function (k, v) { return typeof v === "number" ? v + 1 : v; })), S(P('{"a":1,"b":2}', (k, v) => (k === "a" ? undefined : v))), P("5", (k, v) => [k === "", v].join()));
const seen = []; P('{"a":[1,2],"b":{"c":3}}', function (k, v) { seen.push(k + (Array.isArray(this) ? "A" : "O")); return v; }); print(seen.join());
const del = P('[1,2,3]', function (k, v) { if (k === "0") this[1] = "changed"; return k === "2" ? undefined : v; }); print(del.length, 2 in del, del[1]);
let deep = ""; for (let i = 0; i < 2000; i++) deep += "["; deep += "]".repeat(2000); print(run(() => { let d = 0; for (let x = P(deep); x; x = x[0]) d++; return d; }));
let nest = []; for (let i = 0; i < 1000; i++) nest = [nest]; print(S(nest).length);
print(run(() => P(Symbol())), run(() => S(1n)), P(["[1]"]).length, P({ toString: () => "7" }), S("x".repeat(3), null, 4), P('{"a":1}\n').a, P('\t\r\n 1 '), S({ "": 1 }), P('{"":2}')[""], JSON[Symbol.toStringTag], S.length, P.length);
const long = S(Array.from({ length: 500 }, (_, i) => ({ id: i, name: "n" + i, tags: ["a", "b"], nested: { x: i / 3 } }))); print(long.length, S(P(long)) === long, P(long)[499].nested.x);
