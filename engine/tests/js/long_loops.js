// Loops longer than any stack is deep: whatever an instruction does, it must give its native stack back.
const ROUNDS = 48000 * (globalThis.SCALE ?? 1);
class Point { #x = 1; get x() { return this.#x; } set x(v) { this.#x = v; } move(by) { this.x += by; return this; } }
const tests = {
  natives() { let n = 0; for (let i = 0; i < ROUNDS; i++) n += Math.abs(-1); return n; },
  methods() { const p = new Point(); for (let i = 0; i < ROUNDS; i++) p.move(1); return p.x; },
  strings() { let n = 0; for (let i = 0; i < ROUNDS; i++) n += String(i % 7).padStart(2, "0").length; return n; },
  arrays() { const a = []; for (let i = 0; i < ROUNDS; i++) { a.push(i); if (i % 3) a.pop(); } return a.length; },
  regexps() { let n = 0; const r = /b+/g; for (let i = 0; i < ROUNDS; i++) { if (r.test("abbc")) n++; } return n; },
  throws() { let n = 0; for (let i = 0; i < ROUNDS; i++) { try { null.x; } catch { n++; } } return n; },
  misses() { let n = 0; for (let i = 0; i < ROUNDS; i++) { const o = {}; o["k" + i % 50] = 1; n += o["k" + i % 50]; } return n; },
  generators() { let n = 0; function* g() { for (let i = 0; i < ROUNDS; i++) yield 1; } for (const x of g()) n += x; return n; },
  maps() { const m = new Map(); for (let i = 0; i < ROUNDS; i++) m.set(i % 9, i); return m.size; },
  closures() { let n = 0; for (let i = 0; i < ROUNDS; i++) n += (() => i - i + 1)(); return n; },
  numbers() { let n = 0; for (let i = 0; i < ROUNDS; i++) n += (i / 3) % 1 > 0.5 ? 1 : "".length; return n; },
};
// How often each counts in a round, or how much altogether.
for (const [name, test] of Object.entries(tests)) { const n = test(); print(name, n < 10 ? n : (n / ROUNDS).toFixed(1)); }
