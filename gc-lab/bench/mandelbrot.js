// Floating-point arithmetic in locals.
globalThis.result = (function () {
  const size = 220;
  let inside = 0;
  for (let py = 0; py < size; py++) {
    for (let px = 0; px < size; px++) {
      const cx = (px / size) * 3 - 2.2;
      const cy = (py / size) * 3 - 1.5;
      let x = 0;
      let y = 0;
      let n = 0;
      while (n < 80 && x * x + y * y < 4) {
        const t = x * x - y * y + cx;
        y = 2 * x * y + cy;
        x = t;
        n++;
      }
      if (n === 80) inside++;
    }
  }
  return inside;
})();
