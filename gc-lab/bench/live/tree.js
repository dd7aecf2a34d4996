// A binary tree of SIZE objects that stays alive.
globalThis.result = (function () {
  let made = 0;
  function build(depth) {
    if (depth < 0) return null;
    made++;
    return { left: build(depth - 1), right: build(depth - 1) };
  }
  let depth = 0;
  while (2 ** (depth + 2) - 1 <= SIZE) depth++;
  globalThis.keep = build(depth);
  return made;
})();
