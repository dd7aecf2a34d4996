// SIZE objects, each with references to two others taken at random.
globalThis.result = (function () {
  const nodes = [];
  let seed = 12345;
  function random() {
    seed = (Math.imul(seed, 1103515245) + 12345) | 0;
    return (seed >>> 8) % SIZE;
  }
  for (let i = 0; i < SIZE; i++) nodes.push({ a: null, b: null });
  for (let i = 0; i < SIZE; i++) {
    nodes[i].a = nodes[random()];
    nodes[i].b = nodes[random()];
  }
  globalThis.keep = nodes;
  return nodes.length;
})();
