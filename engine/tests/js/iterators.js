// Built-in iterators, the iterator prototype and iterator helpers.
function run(f) { try { return String(f()); } catch (e) { return e.name; } }
const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
print(Object.getPrototypeOf(Object.getPrototypeOf((function* () {})())) !== IteratorPrototype, IteratorPrototype[Symbol.iterator].call(5), Iterator.prototype === IteratorPrototype);
for (const it of [[][Symbol.iterator](), ""[Symbol.iterator](), new Map().keys(), new Set().values(), (function* () {})()]) print(Object.prototype.toString.call(it), Object.getPrototypeOf(it).hasOwnProperty("next"), it[Symbol.iterator]() === it, JSON.stringify(it.next()), JSON.stringify(it.next()));
print([...[7, 8].entries()].join("|"), [...[7, 8].keys()].join(), [..."a\ud83d\ude00\ud83d"].map((c) => c.length).join(), [...new Map([["k", "v"]])].join(), [...new Set("aab").entries()].join("|"));
const arr = [1, 2, 3]; const ai = arr[Symbol.iterator](); ai.next(); arr.push(4); print([...ai].join(), JSON.stringify(ai.next())); arr.push(5); print(JSON.stringify(ai.next()));
print(run(() => [].values().next.call({})), run(() => new Map().keys().next.call([].values())));
const typed = new Uint8Array([1, 2]); print([...typed.entries()].join("|"), [...typed.keys()].join());
const m = new Map([[1, 1], [2, 2], [3, 3]]); const mi = m.keys(); mi.next(); m.delete(1); m.delete(2); m.set(9, 9); print([...mi].join()); m.clear(); m.set(1, 1); print(JSON.stringify(mi.next()));
const s = new Set([1, 2]); const seen = []; for (const x of s) { seen.push(x); if (x < 5) { s.delete(x); s.add(x + 2); } } print(seen.join(), [...s].join());
print([1, 2, 3, 4].values().map((x) => x * 2).filter((x) => x > 2).take(2).toArray().join(), Iterator.from({ next() { return { done: this.n > 2, value: this.n++ }; }, n: 0 }).drop(1).toArray().join(), [1, 2].values().flatMap((x) => [x, x]).toArray().join(), [1, 2, 3].values().reduce((a, b) => a + b), [1, 2].values().some((x) => x > 1), [1, 2].values().every((x) => x > 1), [5, 6].values().find((x) => x > 5));
let closed = 0; const cl = { __proto__: Iterator.prototype, next() { return { done: false, value: 1 }; }, return() { closed++; return {}; } };
cl.some((x) => x === 1); cl.take(0).next(); cl.map((x) => x).return(); run(() => cl.forEach(() => { throw 1; })); run(() => cl.map(5)); print(closed);
print(run(() => new Iterator()), new (class extends Iterator {})() instanceof Iterator, run(() => cl.take(-1)), run(() => cl.drop(NaN)), run(() => Iterator.from(5)), Iterator.from("ab").toArray().join());
const entries = Object.entries({ a: 1 })[Symbol.iterator](); print(entries.next().value.join("="));
print(Array.from({ length: 3 }, (_, i) => i * i).join(), Array.from(new Map([[1, 2]]), ([k, v]) => k + v).join(), Array.from("xyz").length, Array.from({ length: 2, 0: "a", 1: "b" }).join(), Array.from(new Set([3, 3])).length);
print(Object.fromEntries(new Map([["x", 1]])).x, Object.fromEntries([["a", 1], ["a", 2]]).a, run(() => Object.fromEntries([1])), run(() => Object.fromEntries(5)), run(() => new Map([1])), run(() => new Map({})), new Map(null).size);
