// An empty array.
globalThis.result = (function () {
  const keep = [];
  const make = (i) => [];
  for (let i = 0; i < SIZE; i++) keep.push(make(i));
  globalThis.keep = keep;
  return keep.length;
})();
