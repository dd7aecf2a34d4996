// json: documents written as JSON, read back, compared and changed.
//
// Why: a parse makes a large structure at once and a stringify makes a large
//   string from it; both are bursts of allocation that few programs avoid.
// Size: orders in the document; small 50, default 1500, large 12000
// Result: small 2698932518, default 3346973146, large 1105022570
// Stresses: JSON.parse, JSON.stringify, string building, object allocation
// Needs: json
// Leaks: no
// Measured: cold, by default
globalThis.result = (function () {
  "use strict";
  const orders = typeof SIZE === "number" ? SIZE : 1500;
  const ROUNDS = 4;

  let seed = 8675309;
  function random(limit) {
    seed = (Math.imul(seed, 214013) + 2531011) | 0;
    return (seed >>> 9) % limit;
  }
  const NAMES = ["Ada", "Grace \"G\"", "Edsger\\W", "Barbara\nL", "Dœnald", "Niklaus", "東", "\u{1F600}"];

  function makeOrder(id) {
    const items = [];
    for (let i = 1 + random(5); i > 0; i--) {
      items.push({ sku: "sku-" + random(10000), count: 1 + random(9), price: random(100000) / 100 });
    }
    return {
      id: id,
      customer: { name: NAMES[random(NAMES.length)], vip: random(10) === 0, discount: random(2) ? null : 0.25 },
      items: items,
      notes: random(3) ? [] : ["fragile", "call first"],
    };
  }

  function equal(a, b) {
    if (a === b) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (Array.isArray(a) !== Array.isArray(b)) return false;
    const keys = Object.keys(a);
    if (keys.length !== Object.keys(b).length) return false;
    for (const key of keys) if (!equal(a[key], b[key])) return false;
    return true;
  }

  let document = { version: 1, orders: [] };
  for (let i = 0; i < orders; i++) document.orders.push(makeOrder(i));

  let hash = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const text = JSON.stringify(document);
    const copy = JSON.parse(text);
    if (!equal(copy, document)) throw new Error("json: the copy differs in round " + round);
    if (JSON.stringify(copy) !== text) throw new Error("json: the text differs in round " + round);
    const pretty = JSON.stringify(copy.orders[0], null, 2);
    if (pretty.split("\n").length < 8) throw new Error("json: not indented");
    hash = (Math.imul(hash, 31) + text.length) | 0;
    for (const order of copy.orders) {
      for (const item of order.items) hash = (Math.imul(hash, 31) + item.count * Math.round(item.price * 100)) | 0;
    }
    // The next round works on the parsed copy, changed in places.
    copy.version++;
    copy.orders[random(orders)] = makeOrder(-round);
    document = copy;
  }
  // A reviver and a replacer, which call back into the script.
  const small = { a: [1, 2, { b: 3 }], c: "x", skip: true };
  const doubled = JSON.parse(JSON.stringify(small, (k, v) => (k === "skip" ? undefined : v)), (k, v) =>
    typeof v === "number" ? v * 2 : v);
  if (JSON.stringify(doubled) !== '{"a":[2,4,{"b":6}],"c":"x"}') throw new Error("json: reviver");
  return hash >>> 0;
})();
