// The same piece of code meets objects of many layouts, and layouts that change under it.
function read(o) { return o.p; }
function write(o, v) { o.p = v; return o; }
function call(o) { return o.m(); }
const out = [];
const say = (...x) => out.push(x.map(String).join(":"));
// Monomorphic, then four layouts, then many.
for (let i = 0; i < 5; i++) say(read({ p: i }));
const shapes = [{ p: 1 }, { a: 0, p: 2 }, { a: 0, b: 0, p: 3 }, { q: 0, p: 4 }, { r: 0, s: 0, p: 5 }, [6], "seven", 8, { p: undefined }, {}];
shapes[5].p = 6;
for (let k = 0; k < 3; k++) say(shapes.map(read));
for (let i = 0; i < 40; i++) { const o = {}; o["k" + i] = 1; o.p = i; if (read(o) !== i) say("wrong", i); if (write(o, -i).p !== -i) say("wrong write", i); }
// A property moves to the prototype and back.
const proto = { p: "proto", m() { return "m1"; } };
const o = Object.create(proto);
say(read(o), call(o)); o.p = "own"; say(read(o)); delete o.p; say(read(o)); proto.p = "proto2"; say(read(o)); delete proto.p; say(read(o));
Object.prototype.p = "root"; say(read(o), read({}), read(1), read("s")); delete Object.prototype.p; say(read(o));
proto.m = () => "m2"; say(call(o)); o.m = () => "own m"; say(call(o)); delete o.m; say(call(o)); Object.setPrototypeOf(o, { m: () => "other proto" }); say(call(o)); Object.setPrototypeOf(o, proto); say(call(o));
// A longer chain: something is put in between.
class A { m() { return "A"; } } class B extends A {} class C extends B {} const c = new C();
for (let i = 0; i < 3; i++) say(call(c)); B.prototype.m = () => "B"; say(call(c)); delete B.prototype.m; say(call(c)); C.prototype.m = () => "C"; say(call(c)); Object.setPrototypeOf(C.prototype, { m: () => "X" }); delete C.prototype.m; say(call(c));
// Data becomes accessor, writable becomes read-only, extensible becomes frozen.
const d = { p: 1 }; say(read(d)); Object.defineProperty(d, "p", { get: () => "got", set(v) { say("set", v); }, configurable: true }); say(read(d)); write(d, 9); Object.defineProperty(d, "p", { value: "data", writable: false, configurable: true }); write(d, "ignored"); say(read(d)); (function () { "use strict"; try { d.p = 1; } catch (e) { say(e.name); } })();
const f = { p: 1 }; write(f, 2); Object.freeze(f); write(f, 3); say(read(f)); const n = Object.preventExtensions({ x: 1 }); write(n, 1); say("p" in n);
// A setter and a read-only property on the prototype stop the creation of an own one.
const withSetter = { set p(v) { this.got = v; } }; const s = Object.create(withSetter); write({}, 0); write(s, 5); say(s.got, Object.hasOwn(s, "p")); const ro = Object.create(Object.freeze({ p: "ro" })); write(ro, 5); say(read(ro), Object.hasOwn(ro, "p"));
function grow(n) { const x = {}; for (let i = 0; i < n; i++) x["f" + i] = i; return x; } for (const n of [1, 5, 9, 20, 70, 300]) { const x = grow(n); write(x, n); let sum = 0; for (let i = 0; i < n; i++) sum += x["f" + i]; say(n, sum, read(x)); delete x.f0; say(x.f0, read(x), Object.keys(x).length); }
// The constructor's layout changes half way.
function Point(x, y) { this.x = x; if (y === undefined) this.only = true; else this.y = y; } const pts = [new Point(1, 2), new Point(3), new Point(4, 5), new Point(6)]; say(pts.map((q) => [q.x, q.y, q.only].join("/")).join(" ")); Point.prototype.y = "default y"; say(pts.map((q) => q.y).join()); for (const q of pts) { q.z = 1; delete q.x; } say(pts.map((q) => Object.keys(q).join("")).join());
// Elements: arrays with numbers, holes, accessors, and objects with number-like keys.
function el(a, i) { return a[i]; } function setEl(a, i, v) { a[i] = v; return a; } const els = [[1, 2], [1.5, "x"], [, 1], { 0: "o", 1: "p" }, "st", new Uint8Array([7, 8]), Object.create([9, 10]), (function () { return arguments; })(11, 12)]; for (let k = 0; k < 2; k++) say(els.map((a) => el(a, 0) + "," + el(a, 1)).join(" ")); say(el([1], -1), el([1], 1.5), el([1], "0"), el([1], "length"), el("ab", 5), el([1], 4294967295), el({ "-1": "neg" }, -1), el({ 1.5: "frac" }, 1.5)); const g = []; setEl(g, 0, "a"); setEl(g, 2, "c"); setEl(g, "1", "b"); setEl(g, "x", "named"); setEl(g, -1, "neg"); say(g.length, g.join(""), g.x, g[-1]); Array.prototype[3] = "from proto"; say(el(g, 3), el([], 3), g.length); delete Array.prototype[3]; say(el(g, 3));
// Globals: variables, lexical bindings and properties of the global object at one site.
function globalRead() { return typeof gv === "undefined" ? "none" : gv; } say(globalRead()); globalThis.gv = 1; say(globalRead()); gv = 2; say(globalRead(), globalThis.gv); Object.defineProperty(globalThis, "gv", { get: () => "getter", configurable: true }); say(globalRead()); delete globalThis.gv; say(globalRead()); (0, eval)("var gv = 'var'"); say(globalRead()); (0, eval)("let gl = 1"); say(typeof gl); globalThis.laterLexical = 1; say(laterLexical); gv += "!"; say(globalRead(), globalThis.gv);
print(out.join("\n"));
