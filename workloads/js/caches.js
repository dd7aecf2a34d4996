// caches: Map, Set and WeakMap used as a bounded cache with side data.
//
// Why: hash tables grow, shrink and hold keys of every kind. The weak table
//   must let its entries go with their keys, otherwise this program's memory
//   grows with its running time although the cache is bounded.
// Size: requests served; small 1000, default 25000, large 400000
// Result: small 1030321772, default 2680140422, large 2053899142
// Stresses: Map, Set, WeakMap, insertion order, deletion
// Needs: classes, collections
// Leaks: no
// Measured: after 2 iterations
globalThis.result = (function () {
  "use strict";
  const requests = typeof SIZE === "number" ? SIZE : 25000;
  const CAPACITY = 256;

  let seed = 99991;
  function random(limit) {
    seed = (Math.imul(seed, 69069) + 1) | 0;
    return (seed >>> 8) % limit;
  }

  // Least recently used first: a Map keeps insertion order.
  class Lru {
    constructor(capacity) {
      this.capacity = capacity;
      this.entries = new Map();
      this.hits = 0;
      this.evicted = 0;
    }
    get(key, make) {
      const entries = this.entries;
      let value = entries.get(key);
      if (value !== undefined) {
        this.hits++;
        entries.delete(key);
      } else {
        value = make(key);
        if (entries.size >= this.capacity) {
          const oldest = entries.keys().next().value;
          entries.delete(oldest);
          this.evicted++;
        }
      }
      entries.set(key, value);
      return value;
    }
  }

  const notes = new WeakMap();
  const marked = new WeakSet();
  const seen = new Set();
  let made = 0;
  const cache = new Lru(CAPACITY);
  const make = (key) => {
    made++;
    const value = { key: key, body: [key, key] };
    notes.set(value, { order: made, about: value });
    if ((made & 1) === 0) marked.add(value);
    return value;
  };

  let hash = 0;
  for (let i = 0; i < requests; i++) {
    // Skewed: small numbers are asked for most.
    const n = random(1 + random(2000));
    const key = n & 1 ? "page-" + n : n;
    seen.add(key);
    const value = cache.get(key, make);
    const note = notes.get(value);
    if (note.about !== value || value.key !== key) throw new Error("caches: wrong entry for " + key);
    if (marked.has(value) !== (note.order % 2 === 0)) throw new Error("caches: wrong mark");
    hash = (Math.imul(hash, 31) + note.order) | 0;
  }

  if (cache.hits + made !== requests) throw new Error("caches: " + cache.hits + " hits");
  if (cache.evicted + cache.entries.size !== made) throw new Error("caches: " + cache.evicted + " evicted");
  let odd = 0;
  for (const key of seen) if (typeof key === "string") odd++;
  for (const key of cache.entries.keys()) if (!seen.delete(key)) throw new Error("caches: unseen key");
  return (hash ^ (odd << 16) ^ seen.size) >>> 0;
})();
