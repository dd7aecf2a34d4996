// arrays: grow, shift, splice, sort, and the higher-order methods.
//
// Why: an array's elements are one block that is moved as it grows, so arrays
//   drive the allocator's realloc and its large classes. Sorting needs a
//   buffer and calls back into the script.
// Size: elements; small 500, default 40000, large 400000
// Result: small 1867975252, default 4016973203, large 1345265419
// Stresses: array growth, sort, callbacks, large blocks
// Needs: nothing
// Leaks: no
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const count = typeof SIZE === "number" ? SIZE : 40000;

  let seed = 424242;
  function random() {
    seed = (Math.imul(seed, 1597334677) + 12345) | 0;
    return seed >>> 4;
  }

  // 1. Grow by push, shrink by pop.
  const numbers = [];
  for (let i = 0; i < count; i++) numbers.push(random());
  const stack = numbers.slice();
  let popped = 0;
  while (stack.length > count >> 1) popped = (popped + stack.pop()) % 1000003;

  // 2. Sort numbers, strings, and records by two keys (must be stable).
  const ascending = numbers.slice().sort((a, b) => a - b);
  for (let i = 1; i < count; i++) if (ascending[i - 1] > ascending[i]) throw new Error("arrays: not sorted");
  const words = numbers.map((n) => (n % 4096).toString(36)).sort();
  for (let i = 1; i < count; i++) if (words[i - 1] > words[i]) throw new Error("arrays: words not sorted");
  const records = numbers.map((n, i) => ({ group: n % 16, order: i }));
  records.sort((a, b) => a.group - b.group);
  for (let i = 1; i < count; i++) {
    const a = records[i - 1];
    const b = records[i];
    if (a.group > b.group || (a.group === b.group && a.order >= b.order)) throw new Error("arrays: sort not stable");
  }

  // 3. A pipeline of higher-order methods against a plain loop.
  const piped = numbers
    .filter((n) => n % 3 !== 0)
    .map((n) => n % 1009)
    .reduce((sum, n) => sum + n, 0);
  let looped = 0;
  for (const n of numbers) if (n % 3 !== 0) looped += n % 1009;
  if (piped !== looped) throw new Error("arrays: pipeline gives " + piped);

  // 4. A queue in an array, splices in the middle, concat and reverse.
  const queue = [];
  let served = 0;
  for (let i = 0; i < count; i++) {
    queue.push(i);
    if (queue.length > 32) served += queue.shift();
  }
  const rest = queue.reduce((sum, n) => sum + n, 0);
  if (served + rest !== (count * (count - 1)) / 2) throw new Error("arrays: queue lost an element");
  const spliced = ascending.slice(0, 200);
  for (let i = 0; i < 200; i++) spliced.splice((i * 7) % 200, 1, i, i).length -= 1;
  const both = spliced.concat(spliced.slice().reverse());
  if (both.length !== 2 * spliced.length || both[0] !== both[both.length - 1]) throw new Error("arrays: concat");

  // 5. A sparse array and a matrix.
  const sparse = [];
  for (let i = 0; i < 100; i++) sparse[i * 50] = i;
  let holes = 0;
  for (let i = 0; i < sparse.length; i++) if (!(i in sparse)) holes++;
  if (holes !== sparse.length - 100) throw new Error("arrays: " + holes + " holes");
  const side = 40;
  const grid = Array.from({ length: side }, (_, y) => Array.from({ length: side }, (_, x) => x * y));
  const flat = grid.flat();
  if (flat.length !== side * side || flat[flat.length - 1] !== (side - 1) * (side - 1)) throw new Error("arrays: flat");

  let hash = popped;
  for (let i = 0; i < count; i += 1 + (count >> 8)) hash = (Math.imul(hash, 31) + ascending[i] + words[i].length) | 0;
  for (const n of both) hash = (Math.imul(hash, 17) + n) | 0;
  return hash >>> 0;
})();
