// Generators, by next and by for-of.
globalThis.result = (function () {
  function* range(n) {
    for (let i = 0; i < n; i++) yield i;
  }
  let sum = 0;
  for (let round = 0; round < 18; round++) {
    for (const i of range(100000)) sum = (sum + i) | 0;
  }
  for (let i = 0; i < 180000; i++) {
    const it = range(3);
    sum += it.next().value + it.next().value;
  }
  return sum >>> 0;
})();
