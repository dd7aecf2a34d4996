// A Map with integer keys: set, get, delete.
globalThis.result = (function () {
  const map = new Map();
  let sum = 0;
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 60000; i++) map.set(i * 3, i);
    for (let i = 0; i < 120000; i++) sum += map.get(i) || 0;
    for (let i = 0; i < 60000; i += 2) map.delete(i * 3);
  }
  return sum + map.size;
})();
