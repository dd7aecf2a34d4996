// Rings of objects that only a cycle collector can free.
globalThis.result = (function () {
  let made = 0;
  for (let i = 0; i < 150000; i++) {
    const first = { next: null, value: i };
    let node = first;
    for (let k = 0; k < 9; k++) {
      node = { next: node, value: k };
      made++;
    }
    first.next = node;
  }
  return made;
})();
