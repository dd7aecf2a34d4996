// binary_trees: perfect binary trees, many small ones beside one that stays.
//
// Why: the classic test of allocation and deallocation. A tree dies by a chain
//   of counts reaching zero, so it also shows how frees are paced: a worklist,
//   a recursion, or in slices.
// Size: depth of the deepest tree; small 8, default 15, large 18
// Result: small 19405921, default 1016840805, large 2207856871
// Stresses: object allocation, freeing at zero, calls, recursion
// Needs: nothing
// Leaks: no
// Measured: cold, by default
globalThis.result = (function () {
  "use strict";
  const maxDepth = typeof SIZE === "number" ? SIZE : 15;
  const MIN_DEPTH = 4;

  function bottomUp(depth) {
    return depth === 0 ? { left: null, right: null } : { left: bottomUp(depth - 1), right: bottomUp(depth - 1) };
  }
  function countNodes(tree) {
    return tree.left === null ? 1 : 1 + countNodes(tree.left) + countNodes(tree.right);
  }

  let hash = 1;
  const longLived = bottomUp(maxDepth);
  for (let depth = MIN_DEPTH; depth <= maxDepth; depth += 2) {
    const rounds = 1 << (maxDepth - depth + 1);
    let nodes = 0;
    for (let i = 0; i < rounds; i++) nodes += countNodes(bottomUp(depth));
    const expected = rounds * ((1 << (depth + 1)) - 1);
    if (nodes !== expected) throw new Error("binary_trees: depth " + depth + " has " + nodes + " nodes");
    hash = (Math.imul(hash, 131) + nodes) | 0;
  }
  if (countNodes(longLived) !== (1 << (maxDepth + 1)) - 1) throw new Error("binary_trees: the long-lived tree");
  return hash >>> 0;
})();
