"use strict";
// Tail calls of strict code (15.10): any number of them fits on the stack; other calls do not. (A SMALL_STACK where each allocation collects.)
const N = 200000 * (globalThis.SCALE ?? 1);
const run = (f) => { try { return f(); } catch (e) { return e.name; } };
function count(n, sum) { return n === 0 ? sum : count(n - 1, sum + 1); }
const even = (n) => n === 0 ? true : odd(n - 1), odd = (n) => n === 0 ? false : even(n - 1);
print(count(N, 0) === N, even(N), odd(N));
print(run(function f(n = N) { if (n === 0) return "if"; else return f(n - 1); }), run(function f(n = N) { return n === 0 ? "and" : true && f(n - 1); }), run(function f(n = N) { return n === 0 ? "or" : false || f(n - 1); }), run(function f(n = N) { return n === 0 ? "nullish" : null ?? f(n - 1); }), run(function f(n = N) { return n === 0 ? "comma" : (0, f(n - 1)); }));
print(run(function f(n = N) { try { throw 0; } catch { return n === 0 ? "catch" : f(n - 1); } }), run(function f(n = N) { try { } finally { return n === 0 ? "finally" : f(n - 1); } }), run(function f(n = N) { for (;;) { switch (n) { case 0: return "switch"; default: return f(n - 1); } } }), run(function f(n = N) { l: { do { return n === 0 ? "do" : f(n - 1); } while (0); } }), run(function f(s = N) { const n = typeof s === "number" ? s : s[0].length; return n === 0 ? "tag" : n > 5 ? f(n - 1) : f(n - 1); }));
const o = { n: 0, m(n) { this.n++; return n === 0 ? this.n : this.m(n - 1); } }; print(o.m(N) === N + 1);
function captured(n, get) { const me = () => n; return n === 0 ? get() + me() : captured(n - 1, n === N ? me : get); } print(captured(N, null) === N);
function args() { return arguments[0] === 0 ? arguments.length : args(arguments[0] - 1, 1, 2, 3); } print(args(N));
// Not in tail position: work is left, a try block or a loop over an iterator must see the end.
print(run(function f(n = N) { return n === 0 ? 0 : 1 + f(n - 1); }), run(function f(n = N) { try { return f(n - 1); } catch (e) { throw e; } }), run(function f(n = N) { for (const x of [1]) return f(n - 1); }));
const sloppy = (0, eval)("(function s(n) { return n === 0 ? 0 : s(n - 1); })"); print(run(() => sloppy(N)), run(function f(n = N) { return new f(n - 1); }));
// Deep work below and above chains of tail calls.
function deep(n) { return n === 0 ? count(N, 0) : deep(n - 1) + 1; } print(deep(1000) === N + 1000);
function alternating(n) { return n === 0 ? 0 : even(3) || n % 100 === 0 ? 1 + alternating(n - 1) : alternating(n - 1); } print(alternating(N / 2) === Math.floor(N / 200));
function thrower(n) { if (n === 0) throw new Error("end"); return thrower(n - 1); } print(run(() => { try { thrower(N); } catch (e) { return e.message; } }), [3, 1, 2].sort((a, b) => count(1000, a - b) - 1000).join());
class K { static s(n) { return n === 0 ? "static" : K.s(n - 1); } get g() { return count(N, 1); } } print(K.s(N), new K().g === N + 1);
