// Elements written in a loop: a sieve.
globalThis.result = (function () {
  let found = 0;
  const limit = 200000;
  const composite = [];
  for (let i = 0; i < limit; i++) composite.push(false);
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < limit; i++) composite[i] = false;
    for (let i = 2; i * i < limit; i++) {
      if (!composite[i]) for (let j = i * i; j < limit; j += i) composite[j] = true;
    }
    for (let i = 2; i < limit; i++) if (!composite[i]) found++;
  }
  return found;
})();
