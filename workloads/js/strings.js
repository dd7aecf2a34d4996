// strings: append, split, join, slice, replace by hand, and case mapping.
//
// Why: text is built a piece at a time. Appending must not copy the whole each
//   time, slices must not copy what nobody reads, and both kinds of content
//   (one byte and two bytes a unit) have to work.
// Size: lines of the report; small 100, default 6000, large 80000
// Result: small 3953302899, default 3359817689, large 4279083279
// Stresses: string append, split and join, substring, character access, UTF-16
// Needs: nothing
// Leaks: no
// Measured: cold, by default
globalThis.result = (function () {
  "use strict";
  const lines = typeof SIZE === "number" ? SIZE : 6000;

  let seed = 12345;
  function random(limit) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    return (seed >>> 10) % limit;
  }

  const WORDS = ("tare weighs the empty vessel so that what remains is the load itself " +
    "grüße naïve façade Ωmega λόγος жизнь 東京 data").split(" ");

  function hashOf(text) {
    let h = 2166136261;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
    return h;
  }

  // 1. Append: one long text, a word at a time.
  let text = "";
  let expectedLength = 0;
  for (let i = 0; i < lines; i++) {
    let line = "";
    const words = 3 + random(6);
    for (let k = 0; k < words; k++) {
      if (k > 0) line += " ";
      line += WORDS[random(WORDS.length)];
    }
    line += ";" + i;
    expectedLength += line.length + 1;
    text += line + "\n";
  }
  if (text.length !== expectedLength) throw new Error("strings: length " + text.length);

  // 2. Split and join back.
  const split = text.split("\n");
  if (split.length !== lines + 1) throw new Error("strings: " + split.length + " lines");
  if (split.join("\n") !== text) throw new Error("strings: join does not undo split");

  // 3. Read fields with indexOf and slice, fold case, count.
  const counts = {};
  for (let i = 0; i < lines; i++) {
    const line = split[i];
    const semicolon = line.indexOf(";");
    if (Number(line.slice(semicolon + 1)) !== i) throw new Error("strings: line number of " + line);
    for (const word of line.substring(0, semicolon).split(" ")) {
      const key = word.toUpperCase();
      counts[key] = (counts[key] || 0) + 1;
    }
  }
  let words = 0;
  for (const key in counts) words += counts[key];
  let spaces = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) === 32) spaces++;
  if (words !== spaces + lines) throw new Error("strings: " + words + " words");

  // 4. Padding, repeating, trimming, reversing.
  let shape = 0;
  for (let i = 0; i < lines; i++) {
    const padded = String(i).padStart(9, "0") + "|".repeat(i % 7) + "   ";
    const trimmed = padded.trim();
    if (trimmed.length !== 9 + (i % 7)) throw new Error("strings: trimmed to " + trimmed.length);
    shape = (shape + hashOf(trimmed.split("").reverse().join(""))) | 0;
  }
  return (hashOf(text) ^ shape) >>> 0;
})();
