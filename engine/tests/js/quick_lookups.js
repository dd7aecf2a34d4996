// Computed string keys, `in`, and array destructuring where the interpreter asks shapes alone, and where it must not.
const keys = ["a", "b", "missing", "toString", "length", "__proto__", "constructor", "lastIndex", "stack", "name", "0", "x" + "y"];
class K { static s = 1; constructor() { this.a = 1; } get b() { return "getter"; } }
const subjects = { plain: { a: 1, xy: 2 }, bare: Object.assign(Object.create(null), { b: 2 }), inst: new K(), child: Object.create({ a: "inherited", get b() { return this.c; } }, { c: { value: "own c" } }), array: [7], regexp: /r/g, error: new Error("e"), fn: function named() { }, cls: K, str: new String("s"), args: (function () { return arguments; })(5), proxy: new Proxy({ a: 1 }, { get: (t, k) => "got " + String(k), has: (t, k) => k === "a" }), map: new Map(), date: new Date(0), typed: new Uint8Array(1), prim: "text" };
for (const name in subjects) {
  const o = subjects[name], out = [];
  for (const k of keys) { const v = o[k]; out.push(typeof v === "function" ? "f" : typeof v === "object" && v ? "o" : k === "stack" ? typeof v : String(v)); if (typeof o === "object") out.push(k in o ? "+" : "-"); }
  print(name, out.join(" "));
}
// Adding by computed keys: setters, read-only, frozen, prototypes that change.
const log = [];
const proto = { set watched(v) { log.push("set " + v); } };
Object.defineProperty(proto, "fixed", { value: 1 });
const target = Object.create(proto);
for (const k of ["watched", "fixed", "free", "free"]) { try { (function () { "use strict"; target[k] = k.length; })(); } catch (e) { log.push(e.name + " " + k); } }
print(log.join(), Object.keys(target).join(), target.free, target.fixed);
const sealed = Object.preventExtensions({ a: 1 });
for (const k of ["a", "nope"]) { try { (function () { "use strict"; sealed[k] = 2; })(); } catch (e) { print(e.name, k); } } print(JSON.stringify(sealed));
const parent = {}, child = Object.create(parent);
function read(o, k) { return o[k]; } function write(o, k, v) { o[k] = v; }
print(read(child, "later")); write(parent, "later", 1); print(read(child, "later"), "later" in child); delete parent["later"]; print(read(child, "later"), "later" in child);
Object.prototype.everywhere = "e"; print(read(child, "everywhere"), "everywhere" in {}); delete Object.prototype.everywhere; print(read(child, "everywhere"));
const counts = {}; for (const w of "the cat the dog the end".split(" ")) counts[w] = (counts[w] || 0) + 1; print(JSON.stringify(counts));
const wide = {}; for (let i = 0; i < 700; i++) wide["k" + i] = i; let total = 0; for (const k in wide) total += wide[k]; print(total, Object.keys(wide).length);
// for-in while the object changes.
const moving = { a: 1, b: 2, c: 3, d: 4 }; const seen = []; for (const k in moving) { seen.push(k); if (k === "a") { delete moving.c; moving.e = 5; } } print(seen.join());
const steady = { p: 1, q: 2 }; let names = ""; for (const k in steady) { steady[k]++; names += k; for (const j in steady) names += j; } print(names, steady.p, steady.q);
function Shape() { this.own = 1; } Shape.prototype.shared = 2; names = ""; for (const k in new Shape()) names += k + " "; print(names);
const order = { z: 1, 2: 1, y: 1, 1: 1, [Symbol("s")]: 1 }; Object.defineProperty(order, "hidden", { value: 1 }); names = ""; for (const k in order) names += k + " "; print(names);
// Destructuring and loops over arrays with the iteration protocol as it is, and replaced.
function pair([a, b = "d", ...rest]) { return [a, b, rest.length].join("/"); }
print(pair([1, 2, 3, 4]), pair([1]), pair("xyz"), pair(new Set([1, 2, 3])), pair([, 2]));
const [p, q] = [1, 2]; let [r, [s]] = [3, [4]]; [r, s] = [s, r]; print(p, q, r, s);
class Sub extends Array { } print(pair(Sub.of(1, 2, 3)));
const own = [1, 2]; own[Symbol.iterator] = function* () { yield "own"; }; print(pair(own), [...own].join());
const iteratorProto = Object.getPrototypeOf([][Symbol.iterator]());
iteratorProto.return = function () { log.push("closed"); return {}; }; log.length = 0;
{ const [first] = [1, 2]; for (const x of [1, 2]) break; } print(log.join()); delete iteratorProto.return;
const next = iteratorProto.next; iteratorProto.next = function () { const step = next.call(this); return step.done ? step : { value: step.value + "!", done: false }; };
print(pair([1, 2, 3]), [...[1, 2]].join()); { let out = ""; for (const x of [1, 2]) out += x; print(out); } iteratorProto.next = next;
const values = Array.prototype[Symbol.iterator]; Array.prototype[Symbol.iterator] = function* () { yield "replaced"; };
print(pair([1, 2])); { let out = ""; for (const x of [1, 2]) out += x; print(out); } Array.prototype[Symbol.iterator] = values;
print(pair([5, 6]), "abc".charAt(1), "abc".at(-1)); String.prototype.charAt = function () { return "patched"; }; print("abc".charAt(1)); String.prototype.extra = function () { return this.length; }; print("abcd".extra());
function method(t) { return t.concat("!"); } print(method("a"), method([1]).join("|"), method("b")); String.prototype.concat = () => "mine"; print(method("c"), method([2]).join("|"));
