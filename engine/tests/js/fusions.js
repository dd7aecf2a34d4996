// All that the compiler fuses, with operands that make each part visible: the order of conversions, changes of
// locals on the way, errors, and results. Runs with each fusion off as well.
const log = [];
const v = (name, value) => ({ valueOf() { log.push(name); return value; } });
const show = (...list) => { print(...list, log.join('')); log.length = 0; };
const fails = (f, ...a) => { try { return f(...a); } catch (e) { return e.constructor.name; } };

function arithmetic(a, b) { return [a + b, a - b, a * b, a + 1, a - 1, a % 3, a & 6, a | 0, a << 2, a >> 1, a >>> 1, a ** b, a / b]; }
show(arithmetic(7, 2)); show(arithmetic(-7, 0.5)); show(arithmetic(v('a', 7), v('b', 2)));
show(arithmetic('7', '2')); show(fails(arithmetic, 7n, 2)); show(arithmetic(undefined, null));
const big = (a, b) => [a + b, a - b, a * b, a << 2n, a & 6n]; show(big(7n, 2n)); show(fails((a) => a | 0, 7n), fails((a) => a + 1, Symbol()));
function changing(a, b) { const r = [a + (a = 5, b), b * (b = 2), a - (() => a = 9)(), (a = 1) + a]; return [...r, a, b]; }
show(changing(10, 20));
function stepping(a) { let b = a++; ++a; a--; --a; b += a; let c = a; c -= -1; return [a, b, c, a++ + ++a]; }
show(stepping(1)); show(stepping(2147483647)); show(stepping('5')); show(fails(stepping, 5n)); show(stepping(v('s', 3)));
function append(s, t) { s = s + t; s += 1; s += t.length; s = s + (s = 'z', t); s += s; let u = s; u += [u].join(); return [s, u]; }
show(append('a', 'bc')); show(append(1, [2, 3])); show(fails(append, Symbol(), 'x'));
function adds(o) { let x; x = o.a + o.b; x = o.a + o.a; x = x + o.b; return x; } show(adds({ a: v('1', 1), b: v('2', 2) }));
function fields(o, k) { return [o.a, o.length, o[k], o[o.a], o.f(), o['g'](), this.a, this.length, [this.a][0]]; }
const obj = { a: 'k', k: 3, length: 9, f() { return this === obj; }, g() { return this.a; } };
show(fields.call(obj, obj, 'k')); show(fails(fields, null)); show(fails(fields, obj));
function captured(o) { const get = () => [o.a, o.f(), o.length]; const set = (x) => { o = x; }; const r = get(); set({ a: 1, f() { return 2; }, length: 3 }); return [r, get()]; }
show(JSON.stringify(captured(obj)));
function This(a, b) { this.a = a; this.b = [a, b, this.a]; this.c = this.d = a + b; this.e = (this.f = b) + 1; this.g = { h: this.a }; this.i = a ? b : a; [this.j, this.k = a] = [b]; this.l = this; this.l = `${a}`; }
show(JSON.stringify(new This(1, 2))); show(fails(This));
function types(a) { return [typeof a === 'number', typeof a !== 'string', typeof a == 'undefined', typeof a != 'object', 'function' === typeof a, typeof a === 'nonsense', typeof typeof a === 'string', typeof nothing === 'undefined']; }
for (const x of [1, 'a', undefined, null, () => 1, 1n, Symbol()]) show(types(x));
function branches(a, b) {
  let r = '';
  if (a < b) r += 1; if (a <= b) r += 2; if (a > b) r += 3; if (a >= b) r += 4; if (a == b) r += 5; if (a != b) r += 6; if (a === b) r += 7; if (a !== b) r += 8;
  if (!(a < b)) r += 'a'; if (!(a == b)) r += 'b'; if (!a) r += 'c'; if (!!b) r += 'd'; if (a) r += 'e'; else r += 'f'; if (a < 3) r += 'g'; if (a <= 3) r += 'h'; if (a > 3) r += 'i'; if (a >= 3) r += 'j'; if (a === 3) r += 'k'; if (a !== 3) r += 'l';
  if (a && b) r += 'm'; if (a || b) r += 'n'; if (!(a && b)) r += 'o'; if ((a || b) && !(a && b)) r += 'p'; if (a ?? b) r += 'q'; if (a ? b : !b) r += 'r'; if ((a, b)) r += 's';
  if (a < b === b > a) r += 't'; if (!a === !b) r += 'u'; if (a == 3 || b == 3) r += 'v'; if (a !== 3 && b !== 3) r += 'w';
  return r;
}
for (const a of [0, 3, 4, -0, NaN, '3', '', null, undefined, true, 2.5]) for (const b of [3, 0, NaN]) show(branches(a, b));
show(branches(v('a', 3), v('b', 4)));
function values(a, b) { return [a && b, a || b, a ?? b, !a && b, !(a || b), (a && b) || 7, (a || b) && 8, a && b ? 1 : 2, a || b ? 1 : 2, !(a && !b)]; }
for (const a of [0, 1]) for (const b of [0, 2]) show(values(a, b));
function loops(n, m) {
  let t = 0, i, j = 10;
  for (i = 0; i < n; i++) t += i; for (i = 0; i <= n; i++) t += i; for (i = n; i > 0; i--) t += i; for (i = n; i >= 1; i--) t += i; for (i = 0; i < 5; i++) t += m; for (i = 0; i <= 5; i++) t -= m; for (let k = 0; k < n; k += 2) t += k;
  while (j > m) { j--; if (j === 5) continue; if (j === 3) break; t += j; } t = Number(t) || 0; do { t++; } while (t < 100); for (; ;) { if (t++ > 100000) break; }
  outer: for (i = 0; i < n; i++) { for (j = 0; j < n; j++) { if (j === 2) continue outer; if (i === 3) break outer; t += j; } }
  return [t, i, j];
}
show(loops(5, 2)); show(loops(v('n', 4), v('m', 1))); show(loops('4', 2.5)); show(fails(loops, 3n, 1));
function jumps(a) { l: { if (a) break l; log.push('not'); } try { if (a === 2) return 'try'; else { if (a === 3) throw a; } } catch (e) { return 'catch' + e; } finally { if (a === 4) return 'finally'; log.push('end'); } return undefined; }
for (const a of [0, 1, 2, 3, 4]) show(jumps(a));
function stores(o, a) { let b = a = o.x = 5; a = a; o.y = a; o.z = b, o.w; a; void a; b = (a = 3); o['x']++; ++o.y; o.z--; o.q = o.q ?? 1; return [a, b, o.x, o.y, o.z, o.q, (o.x = 7), o.x++]; }
show(stores({}, 1)); show(stores({ set x(n) { log.push('set'); }, get x() { log.push('get'); return 4; } }, 1));
function* gen(a) { a = a + (yield a); a += yield a; this.a = yield [a]; return typeof (yield) === 'number'; }
{ const g = gen.call(obj, 1); show(JSON.stringify([g.next(), g.next(2), g.next(3), g.next(4), g.next(5), obj.a])); }
