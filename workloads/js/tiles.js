// tiles: a pyramid of image tiles in typed arrays, painted, scaled and evicted.
//
// Why: programs that show pictures or maps hold few objects and many bytes. Most of the memory is in
//   blocks of kibibytes to a mebibyte, that come and go in another order than they were made: a large
//   heap in little time, and the allocator's large blocks rather than the engine's small ones.
// Size: tiles of the lowest level; small 16, default 1000, large 4000
// Result: small 2206368860, default 2696044356, large 633176262
// Stresses: large blocks, ArrayBuffer, fill and set, eviction
// Needs: typed-arrays, collections
// Leaks: no
// Measured: cold, by default
globalThis.result = (function () {
  "use strict";
  const count = typeof SIZE === "number" ? SIZE : 1000;
  const SIDE = 128;
  const BYTES = SIDE * SIDE * 4;

  let seed = 99;
  function random(limit) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    return (seed >>> 10) % limit;
  }

  // A tile is its pixels, rows painted in one colour each; its title is what a cache knows it by.
  function paint(number) {
    const pixels = new Uint8Array(BYTES);
    const stripe = SIDE * 4 * 8;
    for (let at = 0; at < BYTES; at += stripe) pixels.fill((number + at / stripe) & 255, at, at + stripe);
    return { title: "tile " + number, number, pixels, parent: null };
  }

  // The level above has a tile for every four, with a quarter of the pixels of each.
  function scale(four, number) {
    const pixels = new Uint8Array(BYTES);
    for (let i = 0; i < four.length; i++) {
      pixels.set(four[i].pixels.subarray(0, BYTES / 4), (i * BYTES) / 4);
    }
    const tile = { title: "scaled " + number, number, pixels, parent: null };
    for (const below of four) below.parent = tile;
    return tile;
  }

  function check(tile) {
    let sum = tile.number;
    for (let at = 0; at < BYTES; at += 4096) sum = (Math.imul(sum, 31) + tile.pixels[at]) | 0;
    return sum;
  }

  let result = 0;
  const cache = new Map();
  let level = [];
  for (let i = 0; i < count; i++) {
    const tile = paint(i);
    level.push(tile);
    cache.set(tile.title, tile);
  }
  let levels = 0;
  let made = level.length;
  while (level.length > 1) {
    const above = [];
    for (let i = 0; i < level.length; i += 4) above.push(scale(level.slice(i, i + 4), above.length));
    for (const tile of above) cache.set(levels + tile.title, tile);
    made += above.length;
    level = above;
    levels++;
  }
  if (cache.size !== made) throw new Error("tiles: " + cache.size + " of " + made + " are cached");

  // The view moves: tiles are looked up, the ones nobody asks for go, others are painted in their place. An
  // evicted tile is garbage only when the tiles below it, which refer to it, are gone as well.
  const titles = Array.from(cache.keys());
  for (let step = 0; step < count; step++) {
    const title = titles[random(titles.length)];
    const tile = cache.get(title);
    if (tile === undefined) {
      const fresh = paint(step);
      cache.set(title, fresh);
      result = (result + check(fresh)) | 0;
    } else {
      result = (Math.imul(result, 7) + check(tile)) | 0;
      if (random(3) !== 0) cache.delete(title);
    }
  }
  let kept = 0;
  for (const tile of cache.values()) {
    if (tile.pixels.length !== BYTES) throw new Error("tiles: a tile of " + tile.pixels.length + " bytes");
    kept++;
  }
  return (result ^ kept) >>> 0;
})();
