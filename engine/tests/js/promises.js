// Promise: states, combinators, chaining, species, thenables, unwrapping.
const show = (p, label) => p.then((v) => print(label, "ok", Array.isArray(v) ? JSON.stringify(v) : v), (e) => print(label, "err", e instanceof Error ? e.name + (e.errors ? " " + e.errors.join() : "") : e));
(async () => {
  await show(Promise.resolve(1), "resolve");
  await show(Promise.reject(2), "reject");
  await show(Promise.all([1, Promise.resolve(2), { then(f) { f(3); } }]), "all");
  await show(Promise.all([1, Promise.reject("no"), 3]), "all reject");
  await show(Promise.all([]), "all empty");
  await show(Promise.allSettled([1, Promise.reject("r")]), "allSettled");
  await show(Promise.race([new Promise(() => {}), Promise.resolve("fast")]), "race");
  await show(Promise.any([Promise.reject(1), Promise.resolve("any")]), "any");
  await show(Promise.any([Promise.reject(1), Promise.reject(2)]), "any none");
  await show(Promise.any([]), "any empty");
  await show(Promise.all(5), "all not iterable");
  await show(new Promise((ok, no) => { ok(1); no(2); ok(3); throw 4; }), "first wins");
  await show(new Promise(() => { throw new RangeError(); }), "executor throws");
  const self = new Promise((ok) => setTimeoutless(() => ok(self)));
  await show(self, "self");
  await show(Promise.resolve(1).finally(() => 99), "finally value");
  await show(Promise.resolve(1).finally(() => { throw "f"; }), "finally throws");
  await show(Promise.reject("x").finally(() => 1), "finally rejected");
  await show(Promise.resolve(1).then(), "then without handlers");
  await show(Promise.reject(1).catch((e) => e + 1), "catch");
  await show(Promise.resolve({ get then() { throw "getter"; } }), "throwing then getter");
  await show(Promise.resolve({ then(ok, no) { no("rejects"); throw "ignored"; } }), "thenable rejects");
  await show(Promise.resolve({ then: 5, v: 1 }).then((o) => o.v), "then is not callable");
  await show(Promise.reject(Promise.resolve(1)).catch((p) => p instanceof Promise), "reject keeps promise");
  const p = Promise.resolve(1);
  print(Promise.resolve(p) === p, Object.prototype.toString.call(p), p.then.length, Promise.length, Promise.name);
  for (const f of [() => Promise(), () => new Promise(), () => new Promise(1), () => Promise.resolve.call(1), () => Promise.prototype.then.call(1), () => Promise.all.call(undefined, [])])
    try { f(); print("no error"); } catch (e) { print(e.name); }
  let closed = 0;
  const it = { [Symbol.iterator]() { return { next() { return { value: 1, done: false }; }, return() { closed++; return {}; } }; } };
  class Bad extends Promise { static resolve() { throw "bad resolve"; } }
  await show(Bad.all(it).then(undefined, (e) => Promise.reject(e)), "closes iterator");
  print(closed);
  class Sub extends Promise {}
  print(Sub.resolve(1).then(() => {}).constructor === Sub, Sub.race([1]) instanceof Sub, Promise.resolve(Sub.resolve(1)) instanceof Sub);
  Promise.prototype.then.call({ then: 1, constructor: Promise }, () => {}) ;
})().catch((e) => print("end", e.name));
function setTimeoutless(f) { Promise.resolve().then(f); }
