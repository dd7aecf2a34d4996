// Map, Set, WeakMap, WeakSet: keys, order, changes during iteration, methods.
function run(f) { try { return String(f()); } catch (e) { return e.name; } }
const m = new Map([["a", 1], [NaN, "nan"], [0, "zero"]]);
print(m.get(NaN), m.get(-0), m.has("a"), m.size, m.delete("a"), m.delete("a"), m.size, m.set("b", 2) === m);
m.set(-0, "negative"); print(Object.is([...m.keys()][1], 0), m.get(0));
print([...m].map(([k, v]) => k + "=" + v).join());
const big = new Map(); for (let i = 0; i < 3000; i++) big.set(i % 2 ? "k" + i : i, i); for (let i = 0; i < 3000; i += 3) big.delete(i % 2 ? "k" + i : i); let sum = 0; for (const [k, v] of big) sum += v; print(big.size, sum, big.get("k1"), big.get(3), big.has(2));
const o1 = {}, o2 = {}; const om = new Map([[o1, 1], [o2, 2]]); print(om.get(o1), om.get({}), om.get(o2), new Map([[1, "n"], ["1", "s"]]).get("1"), new Map([[1, "int"]]).get(1.0), new Map([[2 ** 31, "big"]]).get(2147483648), new Map([[null, 1], [undefined, 2]]).get(undefined));
const log = []; const it = new Map([[1, 1], [2, 2], [3, 3]]); it.forEach((v, k, mm) => { log.push(k); if (k === 1 && log.length < 5) { mm.delete(1); mm.delete(2); mm.set(4, 4); mm.set(1, "again"); } }); print(log.slice(0, 12).join());
const cl = new Map([[1, 1], [2, 2]]); const cs = []; for (const [k] of cl) { cs.push(k); if (k === 1) { cl.clear(); cl.set(7, 7); } } print(cs.join(), cl.size);
const s = new Set([1, 1, "1", NaN, NaN, 0, -0]); print(s.size, [...s].map(String).join(), s.add(5) === s, s.has(-0), s.delete(NaN), s.size); s.forEach(function (v, k, ss) { if (v !== k || ss !== s || this.t !== 1) print("bad"); }, { t: 1 });
print(new Set("hello").size, [...new Set([3, 1, 3, 2])].join(), new Set().add(1).add(2).size, run(() => Set()), run(() => Map()), run(() => Map.prototype.get.call({}, 1)), run(() => Set.prototype.add.call(new Map(), 1)), run(() => Object.getOwnPropertyDescriptor(Map.prototype, "size").get.call(new Set())));
print(Object.getOwnPropertyNames(Map.prototype).filter((x) => x !== "getOrInsert" && x !== "getOrInsertComputed").sort().join(), Map.length, Set.length, Map.prototype.set.length, Map.prototype.forEach.length);
const a = new Set([1, 2, 3]), b = new Set([3, 4]); print([...a.union(b)].join(), [...a.intersection(b)].join(), [...a.difference(b)].join(), [...a.symmetricDifference(b)].join(), a.isSubsetOf(b), new Set([3]).isSubsetOf(a), a.isSupersetOf(new Set([1])), a.isDisjointFrom(new Set([9])));
const g = Map.groupBy([1, 2, 3], (x) => x % 2 ? "odd" : "even"); print([...g.keys()].join(), g.get("odd").join(), JSON.stringify(Object.groupBy([1, 2, 3], (x) => x > 1)), Object.getPrototypeOf(Object.groupBy([], () => 1)));
const w = new WeakMap(); const k1 = {}, k2 = function () {}; w.set(k1, "obj").set(k2, "fn"); print(w.get(k1), w.get(k2), w.has({}), w.delete(k1), w.has(k1), w.get(1), w.has("x"), w.delete(null), run(() => w.set(1, 1)), run(() => new WeakMap([[1, 1]])), run(() => new WeakSet([1])));
const ws = new WeakSet([k1]); print(ws.has(k1), ws.add(k2) === ws, ws.delete(k1), ws.has(k1), ws.has(5)); w.set(k1, w); w.set(w, k1); print(w.get(w.get(k1)) === k1);
for (let i = 0; i < 2000; i++) { const key = { i }; w.set(key, { key, w }); if (w.get(key).key !== key) print("lost"); }
let adds = 0; class Counting extends Map { set(k, v) { adds++; return super.set(k, v); } } new Counting([[1, 2], [3, 4]]); print(adds);
let closed = 0; const badIt = { [Symbol.iterator]() { return { next() { return { done: false, value: 1 }; }, return() { closed++; return {}; } }; } }; run(() => new Map(badIt)); run(() => new WeakSet(badIt)); print(closed);
const order = new Map(); order.set("x", 1).set("y", 2).set("x", 3); order.delete("y"); order.set("y", 4); print([...order].join("|")); print(Object.prototype.toString.call(new WeakMap()), String(new Set()), JSON.stringify(new Map([[1, 2]])), Object.keys(new Map([[1, 2]])).length);
const nested = new Map([[1, new Map([[2, new Set([3])]])]]); print([...nested.get(1).get(2)][0]); const self = new Map(); self.set(self, self); print(self.get(self).get(self) === self);
