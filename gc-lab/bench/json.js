// JSON: text to objects and back.
globalThis.result = (function () {
  const rows = [];
  for (let i = 0; i < 2000; i++) {
    rows.push({ id: i, name: "row number " + i, tags: ["a", "b", "c" + (i % 7)], ratio: i / 3, on: i % 2 === 0, none: null });
  }
  let text = JSON.stringify(rows);
  let length = 0;
  for (let round = 0; round < 12; round++) {
    const back = JSON.parse(text);
    text = JSON.stringify(back);
    length += text.length;
  }
  return length;
})();
