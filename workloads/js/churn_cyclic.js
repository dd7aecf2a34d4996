// churn_cyclic: rings and parent-pointer trees that only a cycle collector can free.
//
// Why: reference counts alone never free a ring. The program keeps a small
//   window of rings alive and drops the oldest, so that garbage is steady and
//   the peak shows how long the trigger policy lets it stand.
// Size: rings made; small 200, default 5000, large 60000
// Result: small 386895, default 11906421, large 145316889
// Stresses: cycle collection, object allocation
// Needs: nothing
// Leaks: no
// Measured: cold, by default
globalThis.result = (function () {
  "use strict";
  const rings = typeof SIZE === "number" ? SIZE : 5000;
  const WINDOW = 16;

  let seed = 7919;
  function random(limit) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % limit;
  }

  function makeRing(length, tag) {
    const first = { next: null, prev: null, tag: tag, index: 0 };
    let last = first;
    for (let i = 1; i < length; i++) {
      const node = { next: null, prev: last, tag: tag, index: i };
      last.next = node;
      last = node;
    }
    last.next = first;
    first.prev = last;
    return first;
  }

  function walkRing(ring) {
    let sum = 0;
    let node = ring;
    do {
      if (node.next.prev !== node) throw new Error("churn_cyclic: broken ring");
      sum += node.index + node.tag;
      node = node.next;
    } while (node !== ring);
    return sum;
  }

  function makeFamily(parent, depth) {
    const me = { parent: parent, children: [], depth: depth };
    if (depth > 0) {
      me.children.push(makeFamily(me, depth - 1));
      me.children.push(makeFamily(me, depth - 1));
    }
    return me;
  }

  function rootOf(leaf) {
    while (leaf.parent) leaf = leaf.parent;
    return leaf;
  }

  const window = new Array(WINDOW).fill(null);
  let expected = 0;
  let sum = 0;
  for (let i = 0; i < rings; i++) {
    const length = 3 + random(30);
    const tag = i & 255;
    expected = (expected + (length * (length - 1)) / 2 + length * tag) % 1000000007;
    const ring = makeRing(length, tag);
    window[i % WINDOW] = ring;
    sum = (sum + walkRing(ring)) % 1000000007;
    if (i % 10 === 0) {
      const family = makeFamily(null, 4);
      let leaf = family;
      while (leaf.children.length) leaf = leaf.children[random(2)];
      if (rootOf(leaf) !== family) throw new Error("churn_cyclic: lost its root");
      // A ring that holds a family: garbage of two shapes in one cycle.
      ring.family = family;
      family.ring = ring;
    }
  }
  if (sum !== expected) throw new Error("churn_cyclic: sum " + sum + ", expected " + expected);
  return sum >>> 0;
})();
