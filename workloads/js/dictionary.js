// dictionary: objects used as tables: many keys, deletes, computed names.
//
// Why: an object with a thousand keys, or with keys deleted and added again,
//   leaves the path of shared layouts. Names made at run time fill the table of
//   interned strings, which must let them go again.
// Size: operations; small 500, default 120000, large 1200000
// Result: small 2815477765, default 118822393, large 3885434182
// Stresses: property tables, interned names, delete, for-in
// Needs: nothing
// Leaks: no
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const operations = typeof SIZE === "number" ? SIZE : 120000;

  let seed = 161803;
  function random(limit) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 7) % limit;
  }

  const table = Object.create(null);
  let live = 0;
  let hash = 53;
  for (let i = 0; i < operations; i++) {
    const key = "k" + random(1500);
    switch (random(4)) {
      case 0:
        if (key in table) live--;
        delete table[key];
        break;
      case 1:
      case 2:
        if (!(key in table)) live++;
        table[key] = i;
        break;
      default:
        hash = (Math.imul(hash, 31) + (table[key] === undefined ? 1 : table[key])) | 0;
    }
  }
  let counted = 0;
  for (const key in table) {
    counted++;
    hash = (Math.imul(hash, 31) + Number(key.slice(1))) | 0;
  }
  if (counted !== live || Object.keys(table).length !== live) throw new Error("dictionary: " + counted + " keys");

  // Integer keys come first and in order, then the others by creation.
  const mixed = { z: 1, 10: "b", a: 2, 2: "a" };
  mixed[1] = "first";
  if (Object.keys(mixed).join() !== "1,2,10,z,a") throw new Error("dictionary: order " + Object.keys(mixed));

  // Many small objects, each with names of its own that die with it.
  for (let i = 0; i < operations; i += 20) {
    const record = {};
    for (let k = 0; k < 5; k++) record["field_" + i + "_" + k] = k;
    let sum = 0;
    for (const name of Object.keys(record)) sum += record[name];
    if (sum !== 10) throw new Error("dictionary: record sum " + sum);
  }

  // Accessors, frozen objects and descriptors.
  for (let i = 0; i < operations; i += 100) {
    const point = Object.defineProperty({ x: i }, "double", { get() { return this.x * 2; }, enumerable: false });
    const frozen = Object.freeze(Object.assign({}, point, { y: point.double }));
    if (frozen.y !== i * 2 || !Object.isFrozen(frozen) || "double" in frozen) throw new Error("dictionary: frozen");
    hash = (hash + Object.entries(frozen).length) | 0;
  }
  return hash >>> 0;
})();
