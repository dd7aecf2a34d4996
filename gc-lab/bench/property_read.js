// Named properties of objects of one shape, read in a loop.
globalThis.result = (function () {
  const points = [];
  for (let i = 0; i < 16; i++) points.push({ x: i, y: i + 1, z: i + 2, w: i + 3 });
  let sum = 0;
  for (let i = 0; i < 3000000; i++) {
    const p = points[i & 15];
    sum = (sum + p.x + p.y + p.z + p.w) | 0;
  }
  return sum;
})();
