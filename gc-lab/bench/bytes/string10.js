// A string of ten characters that no other has.
globalThis.result = (function () {
  const keep = [];
  const make = (i) => "key" + (1000000 + i);
  for (let i = 0; i < SIZE; i++) keep.push(make(i));
  globalThis.keep = keep;
  return keep.length;
})();
