// Unbounded recursion of every kind ends in an error that can be caught, and the engine goes on.
function kind(f) { try { f(); return "no error"; } catch (e) { return e instanceof RangeError || e.name === "InternalError" ? "overflow" : e.name + ": " + e.message; } }
// Deep but finite work: an engine may manage it or give up with an error, but must survive it.
function survived(f) { const r = kind(f); return r === "no error" || r === "overflow" || r.startsWith("SyntaxError") ? "survived" : r; }
// (A SMALL_STACK where each allocation collects.)
const MANY = globalThis.SCALE ? 4000 : 200000;
let depth = 0;
function plain() { depth++; plain(); }
print(kind(plain), depth > 500);
function mutual1() { return mutual2() + 1; } function mutual2() { return mutual1() + 1; }
print(kind(mutual1));
print(kind(() => { const f = () => f() + 1; f(); }));
print(kind(() => { class A { constructor() { new A(); } } new A(); }));
print(kind(() => { const o = { get x() { return this.x; } }; o.x; }));
print(kind(() => { const o = { set x(v) { this.x = v; } }; o.x = 1; }));
print(kind(() => { const o = { toString() { return "" + this; } }; "" + o; }));
print(kind(() => { const o = { valueOf() { return +this; } }; +o; }));
print(kind(() => { const a = [1, 2]; const f = () => a.map(f); f(); }));
print(kind(() => { const f = () => [2, 1].sort(f); f(); }));
print(kind(() => { const p = new Proxy({}, { get(t, k, r) { return r[k]; } }); p.x; }));
print(survived(() => { let p = {}; for (let i = 0; i < MANY; i++) p = new Proxy(p, {}); p.x; }));
print(kind(() => { const f = () => Reflect.apply(f, null, []); f(); }));
print(kind(() => { const f = function () { return f.call(this); }; f(); }));
print(kind(() => { const f = (...a) => f(...a, 1); f(); }));
print(survived(() => { let f = () => {}; for (let i = 0; i < MANY / 10; i++) f = f.bind(null); f(); }));
print(kind(() => { function* g() { yield* g(); } [...g()]; }));
print(kind(() => { const f = () => { for (const x of { [Symbol.iterator]: f }); }; f(); }));
print(survived(() => { let a = []; for (let i = 0; i < MANY; i++) a = [a]; JSON.stringify(a); }));
print(survived(() => { JSON.parse("[".repeat(MANY * 2.5)); }));
print(survived(() => { let a = []; for (let i = 0; i < MANY; i++) a = [a]; a.flat(Infinity); }));
print(kind(() => { const o = { toJSON() { return JSON.stringify(o); } }; JSON.stringify(o); }));
print(survived(() => { eval("(".repeat(MANY * 2.5)); }));
print(survived(() => { eval("[".repeat(MANY * 2.5)); }));
print(survived(() => { eval("{".repeat(MANY * 2.5)); }));
print(survived(() => { eval("x=>".repeat(MANY * 2.5) + "1"); }));
print(survived(() => { eval("1" + "+1".repeat(MANY / 2)); }));
print(survived(() => { var chain = {}; chain.b = chain; eval("chain" + ".b".repeat(MANY / 2)); }));
print(kind(() => { let s = "f"; const f = () => eval("f()"); f(); }));
print(kind(() => { let d = 0; const f = () => { try { d++; f(); } finally { d--; } }; f(); }));
function caughtDeep(n) { try { return caughtDeep(n + 1); } catch (e) { return n; } }
print(caughtDeep(0) > 100);
(async function f() { await null; return 1; })().then((v) => print("jobs still run", v));
print("alive", [3, 1, 2].sort().join());
