// Closures made, called and dropped.
globalThis.result = (function () {
  function adder(a, b) {
    return function (c) {
      return a + b + c;
    };
  }
  let sum = 0;
  for (let i = 0; i < 1500000; i++) sum = (sum + adder(i, 1)(2)) | 0;
  return sum >>> 0;
})();
