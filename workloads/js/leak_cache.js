// leak_cache: a memo table reachable from the global object that nobody empties.
//
// Why: the commonest leak of all: a cache without a bound. Nothing here is
//   garbage, so no collector helps; a leak tool has to name the table
//   `globalThis.leakedResults`, its size and where its entries were made.
// Size: different questions asked; small 500, default 8000, large 100000
// Result: small 1341509153, default 1484239361, large 2797269249
// Stresses: heap growth, Map, retained memory
// Needs: collections
// Leaks: yes
// Measured: cold
globalThis.leakedResults = new Map();
globalThis.result = (function () {
  "use strict";
  const questions = typeof SIZE === "number" ? SIZE : 8000;

  function render(question) {
    const known = leakedResults.get(question);
    if (known) return known;
    const page = { title: "Result of " + question, lines: [], at: leakedResults.size };
    for (let i = 0; i < 5; i++) page.lines.push({ number: i, text: question + ":" + i });
    leakedResults.set(question, page);
    return page;
  }

  let hash = 1;
  let again = 0;
  for (let i = 0; i < questions; i++) {
    // The time stamp in the key is the mistake: hardly any question comes twice.
    const page = render("q" + (i % 97) + "@" + i);
    hash = (Math.imul(hash, 31) + page.title.length + page.lines.length) | 0;
    if (i > 0 && render("q0@0").at === 0) again++;
  }
  if (leakedResults.size !== questions) throw new Error("leak_cache: " + leakedResults.size + " entries");
  if (again !== questions - 1) throw new Error("leak_cache: " + again + " hits");
  return hash >>> 0;
})();
