// A chain of SIZE objects that stays alive.
globalThis.result = (function () {
  let head = null;
  for (let i = 0; i < SIZE; i++) head = { next: head, value: i };
  globalThis.keep = head;
  return SIZE;
})();
