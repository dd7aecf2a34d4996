// What runs while a shape is in use may take it away from its last object: traps, setters and getters that change
// what they are called on, and make objects, so that a collection comes.
const churn = () => { for (let i = 0; i < 40; i++) ({ i, at: [i] }); };
const traps = {};
for (const trap of ["ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf", "has", "get", "set", "defineProperty"]) {
  traps[trap] = (...a) => { churn(); return Reflect[trap](...a); };
}
for (let round = 0; round < 3; round++) {
  const seen = [];
  for (const key in new Proxy({ ["a" + round]: 1, b: 2 }, traps)) seen.push(key);
  for (const key in Object.create(new Proxy({ ["c" + round]: 1 }, traps))) seen.push(key);
  print(seen.join());
}
// Setters on the chain that give their receiver another shape.
const setters = {
  set adds(v) { this["added" + v] = v; churn(); },
  set deletes(v) { delete this.own; churn(); },
  set turns(v) { Object.setPrototypeOf(this, { other: v, __proto__: setters }); churn(); },
  set seals(v) { Object.freeze(this); churn(); },
};
function store(o, name, v) {
  switch (name) {
    case "adds": o.adds = v; break;
    case "deletes": o.deletes = v; break;
    case "turns": o.turns = v; break;
    case "seals": o.seals = v; break;
  }
  return o;
}
for (const name of ["adds", "deletes", "turns", "seals"]) {
  for (let i = 0; i < 4; i++) {
    const o = Object.create(setters);
    o.own = i; o["k" + name + i] = i;
    store(o, name, i);
    print(name, i, Object.keys(o).join(), Object.isFrozen(o), o.other);
  }
}
// The same by proxies on the chain, in strict code, by element, in private and computed fields.
const trapped = Object.create(new Proxy({}, { set(t, k, v, receiver) { receiver_changes(receiver); churn(); return Reflect.set(t, k, v, receiver); } }));
function receiver_changes(receiver) { Object.defineProperty(receiver, "n" + Object.keys(receiver).length, { value: 1, enumerable: true, configurable: true, writable: true }); }
for (let i = 0; i < 3; i++) {
  "use strict";
  const o = Object.create(trapped);
  o.first = i; o["second" + i] = i;
  print(Object.keys(o).join());
}
class Fields { static count = 0; constructor() { churn(); } one = (this["x" + Fields.count++] = 1, churn(), 1); two = (delete this.one, churn(), 2); }
for (let i = 0; i < 3; i++) print(Object.keys(new Fields()).join());
// Copies and literals whose sources change while they are read.
for (let i = 0; i < 3; i++) {
  const source = { get a() { this["later" + i] = 1; delete this.b; churn(); return 1; }, b: 2, c: 3 };
  print(JSON.stringify({ ...source }), JSON.stringify(Object.assign({}, source)), Object.entries(source).join());
}
