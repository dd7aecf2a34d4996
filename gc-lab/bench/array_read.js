// Elements read in a loop.
globalThis.result = (function () {
  const list = [];
  for (let i = 0; i < 1000; i++) list.push((i * 7919) % 1009);
  let sum = 0;
  for (let round = 0; round < 6000; round++) {
    for (let i = 0; i < list.length; i++) sum = (sum + list[i]) | 0;
  }
  return sum >>> 0;
})();
