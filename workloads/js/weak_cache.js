// weak_cache: a cache of weak references, cleaned by finalizers.
//
// Why: WeakRef and FinalizationRegistry tie the collector to what a script can
//   see. The program uses them without assuming when anything is collected: its
//   result is the same whether nothing or everything unreachable is freed.
// Size: objects made; small 300, default 8000, large 120000
// Result: small 3676491423, default 1765853543, large 1027075415
// Stresses: WeakRef, FinalizationRegistry, Map, cycle collection
// Needs: weak-refs, collections, async
// Leaks: no
// Measured: cold
(function () {
  "use strict";
  const count = typeof SIZE === "number" ? SIZE : 8000;
  const KEPT = 64;

  const cache = new Map();
  let finalized = 0;
  const registry = new FinalizationRegistry((key) => {
    finalized++;
    const ref = cache.get(key);
    if (ref && ref.deref() === undefined) cache.delete(key);
  });

  let made = 0;
  function load(key) {
    const ref = cache.get(key);
    const known = ref && ref.deref();
    if (known) return known;
    const value = { key: key, self: null, data: [key, key + 1, key + 2] };
    value.self = value; // only a cycle collector frees it
    cache.set(key, new WeakRef(value));
    registry.register(value, key, value);
    made++;
    return value;
  }

  async function main() {
    const recent = [];
    let hash = 47;
    for (let i = 0; i < count; i++) {
      const key = (Math.imul(i, 7919) >>> 3) % (count >> 1);
      const value = load(key);
      if (value.key !== key || value.self !== value) throw new Error("weak_cache: wrong object");
      hash = (Math.imul(hash, 31) + value.data[2]) | 0;
      recent.push(value);
      if (recent.length > KEPT) recent.shift();
      // What is strongly held must still be in the cache.
      const held = recent[i % recent.length];
      if (cache.get(held.key).deref() !== held) throw new Error("weak_cache: a live object was dropped");
      // Weak references keep their target until the end of the job.
      if (i % 256 === 255) await null;
    }
    if (made < KEPT || finalized > made) throw new Error("weak_cache: " + finalized + " of " + made + " finalized");
    return hash >>> 0;
  }
  main().then(
    (value) => {
      globalThis.result = value;
    },
    (error) => {
      globalThis.result = String(error);
    },
  );
})();
