var o = { a: 1, b: 'x', f() { return this.a; } };
function g(a, b = 2, ...r) { let s = ''; for (var i = 0; i < a.length; i++) s += a[i]; return () => s + b + r[0]; }
class A extends g { #x = 1; static y = 2; constructor(q) { super(q); this.z = q; } get x() { return this.#x; } static { y; } }
try { g(3); } catch (e) { o = e; } finally { o.q(); }
let [p, { q, ...w }] = [1, { q: 2 }];
for (const k of p) { if (k) continue; else break; }
function* gen() { try { yield 1; } finally { yield* [2]; } }
(a, [b]) => a * b | 0; [p, q] = [q, p]; eval('p'); with (o) { a = `t${a}` + tag`é${1}` + /r/u + 5n; }
switch (p) { case 1.5: label: for (;;) break label; }
