// What the other programs are compared with: an array of numbers.
globalThis.result = (function () {
  const keep = [];
  const make = (i) => i;
  for (let i = 0; i < SIZE; i++) keep.push(make(i));
  globalThis.keep = keep;
  return keep.length;
})();
