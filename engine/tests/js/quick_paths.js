// What the interpreter does without its slow paths: equality, typeof, instanceof, switch, accessors in frames,
// callbacks, elements of strings and typed arrays. Each beside everything it must not be confused with.
const rope = ("r".repeat(40) + "o".repeat(40)).slice(1) + "pe";
const values = [0, -0, 1, 1.5, 0.5 + 0.5, NaN, "", "a", "ab", "a" + "b".toLowerCase(), "1", "é", "日本", "日" + "本", rope, "r".repeat(39) + "o".repeat(40) + "pe", true, false, null, undefined, 1n, BigInt("1"), 2n, Symbol.iterator, Symbol("x"), [], {}, print, () => 1, class { }];
let strict = "", loose = "", types = "";
for (let i = 0; i < values.length; i++) {
  const a = values[i];
  for (let j = 0; j < values.length; j++) {
    const b = values[j];
    let s = a === b; if (s !== !(a !== b)) s = "?"; if (a === b) { if (s !== true) s = "?"; } else if (s) s = "?";
    let inSwitch = false; switch (a) { case b: inSwitch = true; }
    if (inSwitch !== s) s = "?";
    let l = a == b; if (l !== !(a != b)) l = "?"; if (a == b) { if (l !== true) l = "?"; } else if (l) l = "?";
    if (s && i !== j) strict += i + "=" + j + " "; if (l && !s) loose += i + "~" + j + " ";
  }
  types += typeof a + (typeof a === "undefined" ? 1 : typeof a === "object" ? 2 : typeof a === "boolean" ? 3 : typeof a === "number" ? 4 : typeof a === "string" ? 5 : typeof a === "symbol" ? 6 : typeof a === "bigint" ? 7 : typeof a === "function" ? 8 : 9) + " ";
}
print(strict); print(loose); print(types);

// instanceof.
class A { } class B extends A { } function F() { } const bound = F.bind(null);
const subjects = [new A(), new B(), new F(), {}, Object.create(null), 1, "s", null, new Proxy(new B(), {}), F];
for (const c of [A, B, F, Object, Function, bound, Array]) print(subjects.map(s => s instanceof c ? 1 : 0).join(""));
class Odd { static [Symbol.hasInstance](v) { return v === 1; } } class OddChild extends Odd { }
print(1 instanceof Odd, {} instanceof Odd, 1 instanceof OddChild, new OddChild() instanceof OddChild);
F.prototype = A.prototype; print(subjects.map(s => s instanceof F ? 1 : 0).join(""));
F.prototype = 3; try { ({}) instanceof F; } catch (e) { print(e.name); } print(1 instanceof F);
try { 1 instanceof {}; } catch (e) { print(e.name); } try { 1 instanceof 1; } catch (e) { print(e.name); }
Object.defineProperty(B, Symbol.hasInstance, { value: () => true }); print(0 instanceof B);

// Accessors.
const log = [];
class Box {
  constructor() { this.raw = 1; }
  get v() { log.push("get"); return this.raw; }
  set v(x) { log.push("set " + x); this.raw = x; return "ignored"; }
  get self() { return this; }
  get fail() { throw new Error("getter"); }
  set fail(x) { throw new Error("setter " + x); }
  get lazy() { const value = { n: this.raw }; Object.defineProperty(this, "lazy", { value }); return value; }
  get fn() { return function (x) { return [this === undefined ? "none" : this.raw, x].join(); }; }
  get gen() { return (function* (k) { yield k; yield k + 1; })(this.raw); }
  get only() { return "only"; }
  set write(x) { this.written = x; }
  get deep() { return this.raw-- > 0 ? this.deep + 1 : 0; }
}
class Child extends Box { get v() { return "child " + super.v; } set v(x) { super.v = x * 2; } read() { return this.v; } put(x) { this.v = x; return this; } }
function use(b) {
  const out = [];
  for (let i = 0; i < 3; i++) {
    out.push(b.v); b.v = i; out.push(b.v += 10, b.v++, b.self.self.raw, b.fn(i), [...b.gen].join(), b.only, (b.write = i), b.written);
    try { b.fail; } catch (e) { out.push(e.message); } try { b.fail = i; } catch (e) { out.push(e.message); }
    try { "use strict"; (function () { "use strict"; b.only = 1; })(); } catch (e) { out.push(e.name); }
    out.push(b.lazy.n, b.write === undefined);
  }
  return out.join(";");
}
print(use(new Box())); print(use(new Child()), new Child().put(4).read()); print(log.length);
const recursive = new Box(); recursive.raw = 50; print(recursive.deep);
Object.defineProperty(Box.prototype, "v", { get() { return "replaced"; }, configurable: true });
print(new Box().v, (() => { const b = new Box(); b.v = 1; return b.raw; })());
Object.defineProperty(Box.prototype, "v", { value: "data", configurable: true, writable: true });
const late = new Box(); print(late.v, (late.v = 2, late.v), Object.keys(late).join());
class Endless { get x() { return this.x; } set y(v) { this.y = v; } }
try { new Endless().x; } catch (e) { print(e instanceof RangeError); } try { new Endless().y = 1; } catch (e) { print(e instanceof RangeError); }

// Callbacks: arguments, this, holes, exceptions, changes on the way.
print([1, 2, 3].map(function (v, i, a) { return [v, i, a.length, this.k, arguments.length].join("-"); }, { k: 7 }).join());
print([1, , 3].map(x => x * 2).length, 1 in [1, , 3].map(x => x), [3, 4].map((a, b, c, d) => String([a, b, typeof c, d])).join("|"));
const changing = [1, 2, 3, 4]; print(changing.map((v, i) => { if (i === 0) changing.length = 2; return v; }).join(), changing.filter(v => v > 1).join());
try { [1].forEach(() => { throw new Error("cb"); }); } catch (e) { print(e.message); }
print([5, 1, 4].sort((a, b) => b - a).join(), [1, 2, 3].reduce((a, b) => a + b), [[1], [2]].flatMap(x => x).join(), [1, 2, 3, 4].find(x => x > 2));
class Special extends Array { } print(Special.from([1, 2]).map(x => x) instanceof Special, new Special(1, 2, 3).filter(x => x > 1).length);

// Elements.
const text = "aé日"; print(text[0], text[1], text[2], text[3], text[-1], text["0"], text.length, "é"[0] === "é", text.charCodeAt(1), text.charCodeAt(9), "abc".charCodeAt(1.9), "abc".charCodeAt(-1), "abc".charCodeAt());
const clamped = new Uint8ClampedArray(3), big = new BigInt64Array(2), half = new Float32Array(2);
clamped[0] = 300; clamped[1] = -5; clamped[2] = 1.5; clamped[3] = 1; clamped[-1] = 1; big[0] = 5n; half[0] = 0.1; half[1] = "2.5";
print(clamped.join(), clamped[3], clamped[-1], "3" in clamped, big[0], half[0], half[1]); try { big[1] = 1; } catch (e) { print(e.name); }
const grown = []; for (let i = 0; i < 40; i++) grown[i] = i; grown[41] = 1; print(grown.length, grown[40], 40 in grown);
Object.defineProperty(Array.prototype, "3", { set(v) { log.push("element " + v); }, configurable: true });
const watched = [0, 1, 2]; watched[3] = "three"; watched.push("pushed"); print(watched.length, log.slice(-2).join()); delete Array.prototype[3];
const frozen = Object.freeze([1]); try { (function () { "use strict"; frozen.push(2); })(); } catch (e) { print(e.name, frozen.length); }
function args() { arguments[0] = "changed"; let t = ""; for (let i = 0; i < arguments.length; i++) t += arguments[i]; return t; } print(args(1, 2, 3), args("x"));
print(-0 === 0, Object.is(-(0), -0), -(-2147483648), ~5, ~-1, ~1.5, -1 >>> 0, 5 >>> 1.5, -5 >>> 30, `${1}${-2}${""}`, `${0}`, `a${1.5}b${null}c${[1, 2]}`, typeof `${5}`, 1 + "x" + 2 + 3, "" + 1 + 2, -7 + "n", 12345678901 + "");
try { `${Symbol()}`; } catch (e) { print(e.name); } try { "" + Symbol(); } catch (e) { print(e.name); } let sym = "s"; try { sym += Symbol(); } catch (e) { print(e.name, sym); }
let acc = "x"; acc += 1; acc += -5; acc += 1.5; acc += null; acc += { toString() { return acc; } }; acc += "é"; acc += "日"; print(acc, acc.length);
