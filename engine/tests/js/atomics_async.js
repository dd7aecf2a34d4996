// Atomics.waitAsync (25.4.15): promises on waiter lists.
const run = (f) => { try { return String(f()); } catch (e) { return e.name; } };
const ia = new Int32Array(new SharedArrayBuffer(16)), ba = new BigInt64Array(new SharedArrayBuffer(16));
const show = (w) => `${Object.keys(w).join()} ${w.async} ${w.async ? w.value instanceof Promise : w.value}`;
print(show(Atomics.waitAsync(ia, 0, 1)), "|", show(Atomics.waitAsync(ia, 0, 0, 0)), "|", show(Atomics.waitAsync(ia, 0, 1, 0)), "|", show(Atomics.waitAsync(ba, 1, 5n)), Atomics.waitAsync.length, Atomics.waitAsync.name);
print(run(() => Atomics.waitAsync(new Int32Array(4), 0, 0)), run(() => Atomics.waitAsync(new Uint32Array(new SharedArrayBuffer(4)), 0, 0)), run(() => Atomics.waitAsync(ia, 4, 0)), run(() => Atomics.waitAsync(ia, 0, Symbol())), run(() => Atomics.waitAsync(ia, 0, 0, Symbol())), run(() => Atomics.waitAsync(ia, 0, 0, { valueOf() { throw new RangeError(); } })));
const log = []; const a = Atomics.waitAsync(ia, 0, 0), b = Atomics.waitAsync(ia, 0, 0, 1000), c = Atomics.waitAsync(ia, 1, 0, 1e9), d = Atomics.waitAsync(ba, 0, 0n);
a.value.then((v) => log.push("a " + v)); b.value.then((v) => log.push("b " + v)); c.value.then((v) => log.push("c " + v)); d.value.then((v) => log.push("d " + v));
print(Atomics.notify(ia, 0, 1), Atomics.notify(ia, 0, 0), Atomics.notify(ia, 2), Atomics.notify(ba, 0), log.length);
(async () => {
  await a.value; await d.value; print(log.join()); print(Atomics.notify(ia, 0), Atomics.notify(ia, 0), Atomics.notify(ia, 1, Infinity)); await c.value; print(log.join());
})();
