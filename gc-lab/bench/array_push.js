// Arrays grown by push.
globalThis.result = (function () {
  let total = 0;
  for (let round = 0; round < 30; round++) {
    const list = [];
    for (let i = 0; i < 100000; i++) list.push(i);
    total += list.length;
  }
  return total;
})();
