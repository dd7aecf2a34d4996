// Patterns in declarations, assignments, parameters, loops and catch.
function name(f) { try { return String(f()); } catch (e) { return e.name; } }
let [a, , b = 3, ...rest] = [1, 2, undefined, 4, 5];
print(a, b, rest.join());
let { x, y: { z = 5, ...inner } = {}, ["k" + 1]: k, ...others } = { x: 1, y: { q: 1, r: 2 }, k1: "k", m: 1, n: 2 };
print(x, z, JSON.stringify(inner), k, JSON.stringify(others));
[a, b] = [b, a];
print(a, b);
const o = {};
({ p: o.a, q: o["b"], r: [o.c] = [7] } = { p: 1, q: 2 });
print(JSON.stringify(o));
print(name(() => { let { x } = null; }), name(() => { let [x] = {}; }), name(() => { let [] = undefined; }), name(() => { let {} = 1; return "ok"; }));
function f({ a = 1, b: [c, d] = [2, 3] } = {}, [e = a + c] = [], ...[g, h = "h"]) { return [a, c, d, e, g, h].join(); }
print(f(), f({ a: 5 }), f({ b: "xy" }, "z", 8, 9), f.length);
for (const [key, { v }] of [["a", { v: 1 }], ["b", { v: 2 }]]) print(key, v);
for (const { length } of ["one", "three"]) print(length);
for (var [q] in { ab: 1, cd: 2 }) print(q);
try { throw { code: 7, why: ["w"] }; } catch ({ code, why: [w] }) { print(code, w); }
// Order of evaluation: source, then each target before its value.
var log = [];
var src = { get s() { log.push("get s"); return undefined; }, get t() { log.push("get t"); return 1; } };
var target = { set u(v) { log.push("set u " + v); } };
function at(n) { log.push(n); return target; }
function def() { log.push("default"); return 4; }
({ s: at("target s").u = def(), t: at("target t").u } = src);
print(log.join("; "));
// Iterators: closed when the pattern ends early, not when exhausted.
function iter(n) {
  let i = 0;
  return { [Symbol.iterator]() { return this; }, next() { log.push("next"); return { done: i >= n, value: i++ }; }, return() { log.push("return"); return {}; } };
}
log = []; var [i1] = iter(3); print(log.join());
log = []; var [i1, i2, i3] = iter(2); print(i3, log.join());
log = []; var [i1, ...r1] = iter(3); print(r1.join(), log.join());
log = []; print(name(() => { var [i1 = (() => { throw new RangeError(); })()] = [][Symbol.iterator].call([undefined]); }));
log = []; var [] = iter(3); print(log.join());
log = []; print(name(() => { [({}).x.y] = iter(3); }), log.join());
// Names of anonymous functions come from the binding.
let [fn = function () {}, { arrow = () => {}, cls = class {} } = {}] = [];
print(fn.name, arrow.name, cls.name);
let { length } = "hello", { [length - 5]: first } = "hello";
print(length, first);
print(name(() => { const { a: { b } } = { a: undefined }; }));
print((([p, { q: r2 }]) => p + r2)([1, { q: 2 }]));
var swap1 = 1, swap2 = 2, swap3 = 3;
[swap1, swap2, swap3] = [swap3, swap1, swap2];
print(swap1, swap2, swap3);
print((({ a, ...r }) => Object.keys(r).join())({ a: 1, [Symbol("s")]: 2, b: 3, 1: 4 }));
var e1; print(([e1] = [7, 8]).length, e1);
