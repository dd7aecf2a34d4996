// for-in asks a proxy for its keys, and for each name whether it is enumerable when the loop comes to it; never
// whether it "has" the name.
const log = [];
const traps = {};
for (const trap of ["has", "get", "ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf", "set", "deleteProperty"]) {
  traps[trap] = (...a) => { log.push(trap + (typeof a[1] === "string" ? ":" + a[1] : "")); return Reflect[trap](...a); };
}
function walk(what, object, body) {
  log.length = 0;
  for (const key in object) { log.push("-> " + key); body?.(key, object); }
  print(what + ": " + log.join(" "));
}
walk("own", new Proxy({ a: 1, b: 2 }, traps));
walk("none", new Proxy({}, traps));
walk("symbols", new Proxy({ [Symbol.iterator]: 1, a: 1 }, traps));
walk("not enumerable", new Proxy(Object.create({}, { z: { value: 1, configurable: true }, y: { value: 1, enumerable: true, configurable: true } }), traps));
walk("as prototype", { x: 1, __proto__: new Proxy({ a: 1, x: 2 }, traps) });
walk("hidden by an own name", Object.create(new Proxy({ a: 1, b: 2 }, traps), { a: { value: 1, enumerable: false } }));
walk("with a prototype", new Proxy({ a: 1, __proto__: { b: 1, a: 2 } }, traps));
walk("hides names behind it", new Proxy(Object.create({ b: 1, a: 2 }, { a: { value: 1, configurable: true } }), traps));
walk("of a proxy", new Proxy(new Proxy({ a: 1 }, traps), {}));
walk("of an array", new Proxy(["p", "q"], traps));
walk("deleted on the way", new Proxy({ a: 1, b: 2, c: 3 }, traps), (key, o) => { if (key === "a") Reflect.deleteProperty(o, "b"); });
walk("invented", new Proxy({}, { ownKeys: () => ["a", "b", "c"], getOwnPropertyDescriptor: (t, k) => k === "b" ? undefined : { value: 1, enumerable: k !== "c", configurable: true } }));
walk("has says no", new Proxy({ a: 1 }, { has: () => false }));
walk("on the global's chain", Object.create(Object.create(new Proxy({ deep: 1 }, {}))));
for (const trap of ["ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf"]) {
  try { for (const key in new Proxy({ a: 1 }, { [trap]() { throw "thrown in " + trap; } })); print("nothing thrown"); } catch (e) { print(e); }
}
const { proxy, revoke } = Proxy.revocable({ a: 1, b: 2 }, {});
try { for (const key in proxy) { print(key); revoke(); } } catch (e) { print(e.name); }
// Names of many objects on a chain, each once, in order.
let object = null;
for (let level = 0; level < 40; level++) {
  const next = Object.create(object);
  for (let i = 0; i < 40; i++) next["n" + (i * 7 + level * 3) % 101] = level;
  object = next;
}
const names = [];
for (const name in object) names.push(name);
print(names.length, new Set(names).size, names.slice(0, 5).join());
