// Binary trees of objects, built and counted.
globalThis.result = (function () {
  function build(depth) {
    return depth === 0 ? { left: null, right: null } : { left: build(depth - 1), right: build(depth - 1) };
  }
  function count(tree) {
    return tree.left === null ? 1 : 1 + count(tree.left) + count(tree.right);
  }
  const long = build(15);
  let total = 0;
  for (let i = 0; i < 24; i++) total += count(build(13));
  return total + count(long);
})();
