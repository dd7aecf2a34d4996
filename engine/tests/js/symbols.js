// Symbols: identity, registry, description, well-known ones.
function run(f) { try { return String(f()); } catch (e) { return e.name; } }
const s = Symbol("desc"), o = { [s]: 1, plain: 2 };
print(typeof s, s.toString(), s.description, Symbol().description, Symbol("").description === "", String(Symbol("x")), s === Symbol("desc"));
print(Symbol.for("k") === Symbol.for("k"), Symbol.keyFor(Symbol.for("k")), Symbol.keyFor(s), Symbol.for("k").description);
print(run(() => new Symbol()), run(() => s + ""), run(() => +s), run(() => `${s}`), run(() => s * 2), run(() => Symbol.keyFor("x")), run(() => s == Object(s)), run(() => !s));
print(Object.keys(o).join(), Object.getOwnPropertySymbols(o).length, JSON.stringify(o), s in o, o[s], Reflect.ownKeys(o).length, JSON.stringify({ a: s }), JSON.stringify([s]));
print(Object(s) instanceof Symbol, Object(s).valueOf() === s, Object(s).description, typeof Object(s), { [Object(s)]: "via wrapper" }[s]);
print(Object.prototype.toString.call({ [Symbol.toStringTag]: "Tagged" }), String({ get [Symbol.toStringTag]() { return "G"; } }), Object.prototype.toString.call(s));
const prim = { [Symbol.toPrimitive](hint) { return hint === "number" ? 42 : hint === "string" ? "str" : "default"; } };
print(+prim, `${prim}`, prim + "", prim * 2, prim == "default", [prim] + "", new Date(prim).getTime(), Math.max(prim));
print(run(() => +{ [Symbol.toPrimitive]: () => ({}) }), run(() => +{ [Symbol.toPrimitive]: 5 }), run(() => +{ [Symbol.toPrimitive]: null, valueOf: () => 7 }), run(() => +{ valueOf: () => ({}), toString: () => "9" }), run(() => +{ valueOf: () => ({}), toString: () => ({}) }));
class Even { static [Symbol.hasInstance](n) { return n % 2 === 0; } }
print(2 instanceof Even, 3 instanceof Even, run(() => ({}) instanceof { [Symbol.hasInstance]: 1 }), Function.prototype[Symbol.hasInstance].call(Array, []));
const spreadable = { length: 2, 0: "a", 1: "b", [Symbol.isConcatSpreadable]: true }; print([1].concat(spreadable, [2]).join()); const arr = [3, 4]; arr[Symbol.isConcatSpreadable] = false; print([1].concat(arr).length);
with ({ visible: 1, hidden: 2, [Symbol.unscopables]: { hidden: true } }) { print(visible, typeof hidden); }
print([Symbol.iterator, Symbol.asyncIterator, Symbol.hasInstance, Symbol.species, Symbol.match, Symbol.replace, Symbol.search, Symbol.split, Symbol.matchAll, Symbol.toPrimitive, Symbol.unscopables].map((x) => x.description).join());
print(Array[Symbol.species] === Array, Map[Symbol.species] === Map, JSON.stringify(Object.getOwnPropertyDescriptor(Symbol, "iterator")), Symbol.prototype[Symbol.toStringTag], Math[Symbol.toStringTag], JSON[Symbol.toStringTag], Promise.prototype[Symbol.toStringTag], Map.prototype[Symbol.toStringTag]);
const named = { [Symbol("fn")]() {}, get [Symbol("g")]() { return 1; } }; const [fnKey, gKey] = Object.getOwnPropertySymbols(named); print(named[fnKey].name, Object.getOwnPropertyDescriptor(named, gKey).get.name, { [Symbol()]: () => {} }[Object.getOwnPropertySymbols({ [Symbol()]: 1 })[0]]);
const anon = Symbol(); const ho = { [anon]: function () {} }; print(ho[anon].name === "");
print(Object.keys(Array.prototype[Symbol.unscopables]).join());
print(Symbol.length, Symbol.name, Symbol("a").constructor === Symbol, Object.getPrototypeOf(s) === Symbol.prototype, Symbol.prototype.constructor === Symbol);
const m = new Map([[s, "by symbol"]]); print(m.get(s), new Set([s, s]).size);
print(run(() => { "use strict"; s.x = 1; }), s.x, run(() => new WeakMap().set(Symbol.for("reg"), 1)), new WeakMap([[s, "weak"]]).get(s));
print(Symbol.iterator in [], Symbol.iterator in "".constructor.prototype, [][Symbol.iterator] === [].values, Map.prototype[Symbol.iterator] === Map.prototype.entries, Set.prototype.keys === Set.prototype.values);
