// Errors thrown through two frames and caught.
globalThis.result = (function () {
  function inner(i) {
    if (i % 3 !== 0) throw new Error("number " + (i & 7));
    return i;
  }
  function outer(i) {
    return inner(i) + 1;
  }
  let caught = 0;
  for (let i = 0; i < 150000; i++) {
    try {
      outer(i);
    } catch (error) {
      caught += error.message.length;
    }
  }
  return caught;
})();
