// An instance of a class with four fields.
globalThis.result = (function () {
  const keep = [];
  const make = ((C) => (i) => new C(i))(class { a = 1; b = 2; c = 3; d; constructor(i) { this.d = i; } });
  for (let i = 0; i < SIZE; i++) keep.push(make(i));
  globalThis.keep = keep;
  return keep.length;
})();
