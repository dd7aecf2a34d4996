// Strings built by appending, and many short concatenations.
globalThis.result = (function () {
  let total = 0;
  for (let round = 0; round < 20; round++) {
    let text = "";
    for (let i = 0; i < 50000; i++) text += "ab";
    total += text.length + text.charCodeAt(round * 1000);
  }
  for (let i = 0; i < 600000; i++) {
    const name = "key" + (i & 1023) + ":" + (i & 15);
    total += name.length;
  }
  return total;
})();
