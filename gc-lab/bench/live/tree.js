// A balanced binary tree of SIZE objects that stays alive.
globalThis.result = (function () {
  let made = 0;
  function build(size) {
    if (size === 0) return null;
    made++;
    const left = (size - 1) >> 1;
    return { left: build(left), right: build(size - 1 - left) };
  }
  globalThis.keep = build(SIZE);
  return made;
})();
