// Array.fromAsync (23.1.2.2): iterators, async ones, array-likes, mappers, closing, and the number of jobs.
const log = []; const say = (...x) => log.push(x.join(" "));
async function* gen() { try { yield 1; yield 2; yield 3; } finally { say("closed"); } }
const later = (v) => new Promise((r) => r(v));
(async () => {
  say((await Array.fromAsync(gen())).join());
  say((await Array.fromAsync([later(1), 2, later(3)])).join());
  say((await Array.fromAsync({ length: 2, 0: later("a"), 1: "b" }, async (x, i) => x + i)).join());
  say((await Array.fromAsync("xyz", function (x) { return x + this.t; }, { t: "!" })).join());
  say(await Array.fromAsync(gen(), () => { throw new RangeError("m"); }).catch((e) => e.name));
  say(await Array.fromAsync(gen(), async () => { throw new URIError("m"); }).catch((e) => e.name));
  say(await Array.fromAsync(null).catch((e) => e.name), await Array.fromAsync([], 1).catch((e) => e.name));
  say(await Array.fromAsync({ length: -1 }).then((a) => a.length), await Array.fromAsync({ length: 2 ** 40 }).catch((e) => e.name));
  class L { constructor(...a) { this.made = a.join(); } }
  const l = await Array.fromAsync.call(L, [5]); say(l instanceof L, l[0], l.length, "made:" + l.made);
  const m = await Array.fromAsync.call(L, { length: 1, 0: 6 }); say(m[0], m.length, "made:" + m.made);
  let returned = 0; const it = { [Symbol.iterator]() { return this; }, next() { return { value: Promise.reject("no"), done: false }; }, return() { returned++; return {}; } };
  say(await Array.fromAsync(it).catch((e) => e), returned);
  const order = []; const p = Array.fromAsync([1, 2]).then(() => order.push("array")); for (let i = 0; i < 9; i++) await order.push(i); await p; say(order.join());
  print(log.join("\n"));
})();
