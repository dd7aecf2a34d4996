// closures: functions that make functions, with captured and shared variables.
//
// Why: a closure is an object too, and its captured variables are cells that
//   several closures share. Counters, composed pipelines, memo tables and loops
//   with a fresh binding per turn make them by the thousand.
// Size: rounds; small 100, default 4000, large 60000
// Result: small 3492353696, default 977409733, large 3963613509
// Stresses: closure creation, captured variables, calls, freeing at zero
// Needs: collections
// Leaks: no
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const rounds = typeof SIZE === "number" ? SIZE : 4000;

  function counter(start) {
    let value = start;
    return {
      up: (by) => (value += by),
      down: (by) => (value -= by),
      read: () => value,
    };
  }

  const compose = (f, g) => (x) => f(g(x));
  const adder = (n) => (x) => (x + n) | 0;
  const multiplier = (n) => (x) => Math.imul(x, n);

  function memoize(f) {
    const known = new Map();
    return (x) => {
      let y = known.get(x);
      if (y === undefined) {
        y = f(x);
        known.set(x, y);
      }
      return y;
    };
  }

  // A list as a function of its two handlers: no object of our own, only closures.
  const nil = (onNil, onCons) => onNil();
  const cons = (head, tail) => (onNil, onCons) => onCons(head, tail);
  const sumList = (list) => list(() => 0, (head, tail) => head + sumList(tail));

  let hash = 5381;
  const note = (x) => {
    hash = (Math.imul(hash, 33) ^ x) | 0;
  };

  for (let round = 0; round < rounds; round++) {
    const c = counter(round);
    for (let k = 1; k <= 5; k++) c.up(k);
    c.down(5);
    if (c.read() !== round + 10) throw new Error("closures: counter " + c.read());

    let pipeline = (x) => x;
    for (let k = 1; k <= 8; k++) pipeline = compose(k & 1 ? adder(k) : multiplier(k + 1), pipeline);
    note(pipeline(round));

    // Each turn of the loop has its own binding of `i`.
    const readers = [];
    for (let i = 0; i < 6; i++) readers.push(() => i * i);
    let squares = 0;
    for (const read of readers) squares += read();
    if (squares !== 55) throw new Error("closures: loop bindings sum to " + squares);

    let list = nil;
    for (let k = 0; k < 10; k++) list = cons(k, list);
    if (sumList(list) !== 45) throw new Error("closures: list sum");

    if (round % 50 === 0) {
      const fib = memoize((n) => (n < 2 ? n : (fib(n - 1) + fib(n - 2)) | 0));
      if (fib(30) !== 832040) throw new Error("closures: fib");
      note(fib(20 + (round % 20)));
    }
  }
  return hash >>> 0;
})();
