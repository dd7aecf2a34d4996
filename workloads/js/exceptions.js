// exceptions: errors thrown through several frames, caught, wrapped and rethrown.
//
// Why: an error object takes a record of the stack when it is made. Programs
//   that use errors for control flow make thousands that nobody ever prints.
// Size: requests handled; small 200, default 16000, large 240000
// Result: small 1914079657, default 1462171689, large 3049818153
// Stresses: throw and catch, finally, error objects, stack capture
// Needs: classes
// Leaks: no
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const requests = typeof SIZE === "number" ? SIZE : 16000;

  class NotFound extends Error {
    constructor(what) {
      super("no " + what);
      this.name = "NotFound";
      this.what = what;
    }
  }
  class Wrapped extends Error {
    constructor(cause) {
      super("wrapped: " + cause.message, { cause });
    }
  }

  const store = { a: 1, b: null, c: 3 };
  const KEYS = ["a", "b", "c", "d", "e"];
  let opened = 0;
  let closed = 0;

  function look(key) {
    if (!(key in store)) throw new NotFound(key);
    return store[key].toString(); // a TypeError when the entry is null
  }
  function withResource(key) {
    opened++;
    try {
      return look(key);
    } finally {
      closed++;
    }
  }
  function layered(key, depth) {
    if (depth > 0) return layered(key, depth - 1);
    try {
      return withResource(key);
    } catch (error) {
      if (error instanceof NotFound) throw error;
      throw new Wrapped(error);
    }
  }

  const counts = { found: 0, missing: 0, wrapped: 0 };
  let hash = 41;
  for (let i = 0; i < requests; i++) {
    try {
      hash = (Math.imul(hash, 31) + layered(KEYS[i % 5], i % 8).length) | 0;
      counts.found++;
    } catch (error) {
      if (error instanceof NotFound && error.what === KEYS[i % 5]) counts.missing++;
      else if (error instanceof Wrapped && error.cause instanceof TypeError) counts.wrapped++;
      else throw error;
      hash = (Math.imul(hash, 31) + error.name.length) | 0;
    }
  }

  // Completion values: `finally` may replace what was thrown or returned.
  function overruled(k) {
    for (;;) {
      try {
        if (k & 1) throw new Error("dropped");
        return k;
      } finally {
        if (k & 2) break;
        if (k & 1) return -k;
      }
    }
    return 1000;
  }
  for (let k = 0; k < 8; k++) {
    const expected = k & 2 ? 1000 : k & 1 ? -k : k;
    if (overruled(k) !== expected) throw new Error("exceptions: overruled(" + k + ")");
  }

  const fifth = (k) => Math.floor((requests + 4 - k) / 5);
  if (opened !== requests || closed !== requests) throw new Error("exceptions: " + closed + " of " + opened + " closed");
  if (counts.found !== fifth(0) + fifth(2)) throw new Error("exceptions: found " + counts.found);
  if (counts.missing !== fifth(3) + fifth(4)) throw new Error("exceptions: missing " + counts.missing);
  if (counts.wrapped !== fifth(1)) throw new Error("exceptions: wrapped " + counts.wrapped);
  return hash >>> 0;
})();
