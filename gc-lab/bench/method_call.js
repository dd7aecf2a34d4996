// Calls of methods on the prototype of a class.
globalThis.result = (function () {
  class Counter {
    constructor() {
      this.count = 0;
    }
    add(n) {
      this.count = (this.count + n) | 0;
      return this;
    }
    get() {
      return this.count;
    }
  }
  const counter = new Counter();
  let seen = 0;
  for (let i = 0; i < 2000000; i++) {
    counter.add(i);
    seen ^= counter.get();
  }
  return seen >>> 0;
})();
