// Named properties of objects of one shape, written in a loop.
globalThis.result = (function () {
  const points = [];
  for (let i = 0; i < 16; i++) points.push({ x: 0, y: 0, z: 0 });
  for (let i = 0; i < 3000000; i++) {
    const p = points[i & 15];
    p.x = i;
    p.y = i + 1;
    p.z = i + 2;
  }
  let sum = 0;
  for (const p of points) sum += p.x + p.y + p.z;
  return sum;
})();
