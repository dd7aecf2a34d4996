// Methods of RegExps and strings that use them: by the steps of the specification wherever a script can watch.
function run(f) { try { return String(f()); } catch (e) { return e.name; } }
const show = (m) => m === null ? "null" : JSON.stringify(Array.from(m, (x) => x === undefined ? "-" : x)) + "@" + m.index;

// What a script puts in the way of a plain RegExp is seen, and no longer when it is gone.
const originalExec = RegExp.prototype.exec;
const log = [];
RegExp.prototype.exec = function (s) { log.push("exec " + s); return originalExec.call(this, s); };
print("aXbX".replace(/X/g, "-"), /X/.test("X"), "a,b".split(/,/).join("|"), "aa".match(/a/g).length, "ab".search(/b/), log.join(";"));
RegExp.prototype.exec = originalExec;
log.length = 0;
print("aXbX".replace(/X/g, "-"), /X/.test("X"), log.length);
const own = /b/; own.exec = () => ({ index: 1, 0: "zz", length: 1 });
print("abc".replace(own, "[$&$`$']"), own.test(""), "abc".search(own), "abc".match(own)[0]);
const flagged = /b/g; Object.defineProperty(flagged, "flags", { value: "" });
print("abcb".replace(flagged, "-"), "abcb".match(flagged).index, flagged.lastIndex);
Object.defineProperty(RegExp.prototype, "flags", { get() { return "g"; }, configurable: true });
const seen = run(() => { const r = /b/; let n = 0; r.exec = function () { return n++ < 2 ? { 0: "b", index: n, length: 1 } : null; }; return "abbb".replace(r, "-"); });
delete RegExp.prototype.flags;
print(seen, "flags" in /a/, /a/gi.flags);
Object.defineProperty(RegExp.prototype, "flags", { get() { return (this.global ? "g" : "") + (this.ignoreCase ? "i" : ""); }, configurable: true });
print(/a/gi.flags, "AaA".replace(/a/gi, "x"));

// lastIndex: any value, converted when the steps say so.
let calls = 0;
const odd = /a/y; odd.lastIndex = { valueOf() { calls++; return 1; } };
print(show(odd.exec("aa")), odd.lastIndex, calls);
odd.lastIndex = { valueOf() { calls++; return 1; } };
print("aa".replace(odd, "-"), odd.lastIndex, calls, odd.test("aa"), odd.lastIndex);
const plain = /a/; plain.lastIndex = { valueOf() { calls++; return 7; } };
print(plain.test("ba"), "ba".replace(plain, "c"), calls, typeof plain.lastIndex);
const far = /a/g; far.lastIndex = 2 ** 40; print(far.test("a"), far.lastIndex);
far.lastIndex = -5; print(far.test("a"), far.lastIndex); far.lastIndex = NaN; print(far.test("a"), far.lastIndex); far.lastIndex = "0"; print(far.test("a"), far.lastIndex);
const frozen = Object.freeze(/a/g);
print(run(() => frozen.exec("b")), run(() => "a".replace(frozen, "")), run(() => "a".match(frozen)), run(() => "a".search(frozen)), run(() => "ab".split(frozen).join()), run(() => Object.freeze(/a/).exec("a")[0]), run(() => Object.freeze(/b/y).test("a")));
const desc = Object.getOwnPropertyDescriptor(/a/, "lastIndex"); print(JSON.stringify(desc), delete Object.freeze(/a/).x, run(() => { "use strict"; delete /a/.lastIndex; }));
const moved = /a/g; moved.extra = 1; moved.lastIndex = 1; print(moved.test("aa"), moved.lastIndex, Object.keys(moved).join(), (moved.lastIndex = 0, moved.lastIndex));

// Functions that are called while replacing.
const during = /a/g; during.lastIndex = 9;
print("aaa".replace(during, function (m, at, s) { during.lastIndex = 100; during.compile("b"); return at + s.length + this.constructor.name[0]; }), during.lastIndex, during.source);
const once = /a/y; print("ab".replace(once, () => once.lastIndex), once.lastIndex, "ba".replace(once, "x"), once.lastIndex);
print("x1y22".replace(/([a-z])(\d+)/g, (...a) => a.length + ":" + a.slice(1, 4)), "ab".replace(/(?<l>b)/, (...a) => a.at(-1).l + Object.keys(a.at(-1))), run(() => "aa".replace(/a/g, () => { throw new RangeError("x"); })), "a".replace(/a/, () => ({ toString: () => "obj" })), "aXa".replace(/X/, () => undefined), "a".replace(/(z)?a/, (m, z) => typeof z));
print("nested " + "a1b2".replace(/[a-z]\d/g, (m) => m.replace(/\d/, (d) => d.replace(/./g, "<$&>"))));

// Templates.
print("abc".replace(/(b)(z)?/, "[$1|$2|$3|$01|$10|$00|$0|$|$$|$&|$`|$'|$<n>]"), "abc".replace(/(?<n>b)/, "$<n>$<m>$<n$<"), "abc".replace(/b/, "$<n>"), "abc".replace(/(?<n>b)|(?<m>z)/, "<$<n>$<m>>"));
print("abcdefghijkl".replace(/(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)/, "$11-$10-$1-$12-$99"), "aaa".replace(/a/g, "$'"), "aaa".replace(/a/g, "$`"), "x".replace("x", "$$$&$`$'$1"), "xx".replaceAll("x", "$&$&"), "abc".replaceAll("", "-"), "abc".replace("", "-"), "é€".replace(/€/, "$&\u{1F600}"));
const fake = { exec() { return this.done ? null : (this.done = true, { 0: "BCD", length: 1, index: 1, groups: { k: "v" } }); }, get flags() { return "g"; }, set lastIndex(v) {} };
print(RegExp.prototype[Symbol.replace].call(fake, "abcdef", "<$`|$&|$'|$<k>|$<none>>"));
print(RegExp.prototype[Symbol.replace].call({ flags: "", exec: () => ({ 0: "long text", length: 2, 1: 5, index: 99 }) }, "abc", "[$1$']"));

// Splitting.
print(JSON.stringify(["ab".split(/(?:)/), "ab".split(/(?:)/u), "\u{1F600}b".split(/(?:)/u).length, "\u{1F600}b".split(/(?:)/).length, "".split(/(?:)/), "".split(/a/), "aab".split(/a/), "aab".split(/a*/), "aab".split(/a*?/), "abc".split(/(b)|(z)/), "abc".split(/$/), "abc".split(/^/), "a\nb".split(/^/m), "abcde".split(/(?<=c)/), "abcde".split(/(?=c)/)]));
print(JSON.stringify(["a1b2c3".split(/\d/, 2), "a1b2c3".split(/(\d)/, 2), "a1b2".split(/\d/, 0), "a1b2".split(/\d/, -1), "a1b2".split(/\d/, "1"), "a1b2".split(/\d/, { valueOf: () => 2 }), "a1b2".split(/\d/, 2 ** 32), "a1b2".split(/\d/, 2 ** 32 + 1), "aXbxc".split(/x/i), "a b".split(/ /y), "abab".split(/b/y), "test".split(/(?:)/, 3)]));
const limit = { valueOf() { RegExp.prototype.exec = () => null; return 5; } };
print("a-b".split(/-/, limit).join("|")); RegExp.prototype.exec = originalExec;
print("a-b".split(/-/).join("|"));

// matchAll.
const all = "a1b22".matchAll(/([a-z])(\d+)/g);
print(Object.prototype.toString.call(all), all[Symbol.iterator]() === all, show(all.next().value), show(all.next().value), all.next().done, all.next().value);
print(Array.from("aXbX".matchAll("X"), show).join(), run(() => "a".matchAll(/a/)), Array.from(/a/[Symbol.matchAll]("aa"), show).join(), [..."\u{1F600}".matchAll(/(?:)/gu)].length, [..."\u{1F600}".matchAll(/(?:)/g)].length);
const from = /a/g; from.lastIndex = 1; print(Array.from("aaa".matchAll(from), (m) => m.index).join(), from.lastIndex);
const proto = Object.getPrototypeOf("".matchAll(/a/g)); print(proto[Symbol.toStringTag], run(() => proto.next.call({})), Object.getPrototypeOf(proto) === Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())));

// Classes.
class Loud extends RegExp {
  constructor(p, f) { super(p, f); this.made = true; }
  get [Symbol.toStringTag]() { return "Loud"; }
  [Symbol.match](s) { return "match " + s; }
}
const loud = new Loud("a", "g"); print(loud instanceof RegExp, loud.made, "x".match(loud), String(loud), Object.prototype.toString.call(loud), "bab".replace(loud, "c"), "bab".split(loud).join(), loud.lastIndex, Object.keys(loud).join());
class Species extends RegExp { static get [Symbol.species]() { log.push("species"); return RegExp; } }
log.length = 0; print("a-b".split(new Species("-")).join(), [..."aa".matchAll(new Species("a", "g"))].length, log.join());
print(run(() => RegExp.prototype.exec.call({}, "")), run(() => RegExp.prototype.test.call(1, "")), run(() => Object.getOwnPropertyDescriptor(RegExp.prototype, "global").get.call({})), Object.getOwnPropertyDescriptor(RegExp.prototype, "global").get.call(RegExp.prototype), run(() => RegExp.prototype.test.call({ exec: () => 1 }, "")), RegExp.prototype.test.call({ exec: () => null }, ""));

// Making.
const re = /a/g;
print(RegExp(re) === re, RegExp(re, "i") === re, new RegExp(re) === re, RegExp({ constructor: RegExp, [Symbol.match]: true, source: "q", flags: "y" }).source, new RegExp({ [Symbol.match]: true, source: "q", flags: "y" }).flags, String(new RegExp({ toString: () => "z" })), run(() => new RegExp(Symbol())), new RegExp(undefined).source, new RegExp(null).source, new RegExp("a", undefined).flags, run(() => new RegExp("a", null)));
print([new RegExp("/"), new RegExp("\\/"), new RegExp("[/]"), new RegExp("\n"), new RegExp("\\\n"), new RegExp("\r\u2028\u2029"), new RegExp("[/\\]/]/"), new RegExp("")].map((r) => r.source).join(" "));
for (const text of ["/", "\\/", "a/b", "\n", "\\\n", "[\\]/]"]) { const r = new RegExp(text); const back = eval(String(r)); print(back.source === r.source, r.test(text.replace(/\\/g, "")) === back.test(text.replace(/\\/g, ""))); }
const c = /a/gi; c.lastIndex = 3; print(c.compile("b", "m") === c, String(c), c.lastIndex, String(c.compile(/x/y)), run(() => c.compile(/x/, "g")), run(() => c.compile("(")), String(c), String(c.compile()), run(() => RegExp.prototype.compile.call({}, "a")));
print(RegExp.name, RegExp.length, RegExp.prototype.constructor === RegExp, RegExp[Symbol.species] === RegExp, RegExp.prototype[Symbol.replace].name, RegExp.prototype[Symbol.matchAll].length, RegExp.prototype.toString.call({ source: 1, flags: 2 }), typeof RegExp.prototype, Object.prototype.toString.call(RegExp.prototype), Object.prototype.toString.call(/a/));
print(["source", "flags", "global", "sticky", "unicodeSets"].map((k) => { const d = Object.getOwnPropertyDescriptor(RegExp.prototype, k); return [d.get.name, typeof d.set, d.enumerable, d.configurable].join("/"); }).join(" "));

// Results.
const m = /(?<a>x)|(?<b>y)/d.exec("zy");
print(Object.keys(m).join(), Object.getPrototypeOf(m.groups), JSON.stringify(m.groups), m.indices.groups.a, m.indices.groups.b.join(), Object.keys(m.indices).join(), m.indices[1], Array.isArray(m.indices), Object.getPrototypeOf(m.indices.groups), "groups" in /a/.exec("a"), /a/.exec("a").groups);
const many = new RegExp(Array.from({ length: 40 }, (_, i) => `(?<n${i}>.)`).join("")).exec("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST");
print(many.length, Object.keys(many.groups).length, many.groups.n0 + many.groups.n39, Object.keys(many.groups)[33]);
m.self = m; m.groups.self = m; // A cycle through a result.
const literals = []; for (let i = 0; i < 3; i++) literals.push(/lit/g); literals[0].lastIndex = 5; literals[1].x = 1;
print(literals[0] === literals[1], literals.map((r) => r.lastIndex).join(), literals[2].x, literals[0].source === literals[2].source);
