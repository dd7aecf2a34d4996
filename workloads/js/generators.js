// generators: lazy pipelines, tree walks with yield*, and coroutines.
//
// Why: a generator is a frame moved to the heap. Pipelines of them make many
//   small frames and result objects, and abandoned ones must be freed with
//   everything that their variables hold.
// Size: values pulled through the pipeline; small 500, default 50000, large 600000
// Result: small 2740442415, default 1680011325, large 3129467089
// Stresses: generators, iterator protocol, suspended frames, early close
// Needs: generators
// Leaks: no
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const pulls = typeof SIZE === "number" ? SIZE : 50000;

  function* naturals() {
    for (let n = 0; ; n++) yield n;
  }
  function* filter(keep, source) {
    for (const x of source) if (keep(x)) yield x;
  }
  function* map(f, source) {
    for (const x of source) yield f(x);
  }
  function* take(n, source) {
    if (n <= 0) return;
    for (const x of source) {
      yield x;
      if (--n === 0) return;
    }
  }

  // 1. One long pipeline.
  let sum = 0;
  const pipeline = take(pulls, map((x) => x * x, filter((x) => x % 3 !== 1, naturals())));
  let count = 0;
  for (const x of pipeline) {
    sum = (sum + x) % 1000000007;
    count++;
  }
  if (count !== pulls) throw new Error("generators: pulled " + count);
  let check = 0;
  for (let n = 0, left = pulls; left > 0; n++) {
    if (n % 3 !== 1) {
      check = (check + n * n) % 1000000007;
      left--;
    }
  }
  if (sum !== check) throw new Error("generators: sum " + sum);

  // 2. Many short ones over a tree, by yield*.
  function build(depth, label) {
    return depth === 0 ? null : { left: build(depth - 1, label * 2), label: label, right: build(depth - 1, label * 2 + 1) };
  }
  function* inorder(tree) {
    if (tree) {
      yield* inorder(tree.left);
      yield tree.label;
      yield* inorder(tree.right);
    }
  }
  const tree = build(6, 1);
  let walks = 0;
  let labels = 0;
  for (let i = 0; i < pulls; i += 200) {
    walks++;
    for (const label of inorder(tree)) labels += label;
  }
  if (labels !== walks * ((63 * 64) / 2)) throw new Error("generators: labels " + labels);

  // 3. Abandoned generators: `finally` runs on an early exit.
  let opened = 0;
  let closed = 0;
  function* resource(id) {
    opened++;
    try {
      for (;;) yield id;
    } finally {
      closed++;
    }
  }
  for (let i = 0; i < pulls; i += 10) {
    for (const id of resource(i)) {
      if (id !== i) throw new Error("generators: resource");
      break;
    }
  }
  if (opened !== closed) throw new Error("generators: " + (opened - closed) + " left open");

  // 4. Two coroutines that hand a value to and fro.
  function* player(step) {
    let ball = yield;
    for (;;) ball = yield (Math.imul(ball, 31) + step) | 0;
  }
  const ping = player(7);
  const pong = player(11);
  ping.next();
  pong.next();
  let ball = 1;
  for (let i = 0; i < pulls; i++) ball = pong.next(ping.next(ball).value).value;
  return (ball ^ sum) >>> 0;
})();
