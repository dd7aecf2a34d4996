// Members of `this` as targets wherever others address the stack by depth: patterns, heads of loops,
// rest elements, defaults, updates. A store to `this.name` must not disturb what lies under it.
const show = (o) => print(JSON.stringify(o));
function make(f, ...a) { const o = {}; try { f.apply(o, a); } catch (e) { o.error = e.name; } show(o); }

make(function (list) { [this.left, this.right] = list; }, [1, 2]);
make(function (list) { [, this.second, ...this.rest] = list; }, [1, 2, 3, 4]);
make(function (list) { [this.a = 5, this.b = this.a] = list; }, []);
make(function (list) { [[this.a], { x: this.b, ...this.more }] = list; }, [[1], { x: 2, y: 3 }]);
make(function (list) { [this.a, [this.b, [this.c]]] = list; }, [1, [2, [3]]]);
make(function (o, k) { ({ [k]: this.v } = o); }, { z: 4 }, 'z');
make(function (o, k) { ({ [k]: this.v = 7, ...this.others } = o); }, { y: 4, x: 1 }, 'z');
make(function (o, k, l) { ({ [k]: this[l] } = o); }, { z: 4 }, 'z', 'w');
make(function (o) { ({ x: this.x, y: { z: this.z } } = o); }, { x: 1, y: { z: 2 } });
make(function (o) { ({ length: this.n } = o); }, 'abc');
make(function (o) { ({ ...this.copy } = o); }, { a: 1 });
make(function (list) { for (this.cur of list); }, [1, 2]);
make(function (list) { for (this.cur of list) { if (this.cur === 2) break; } }, [1, 2, 3]);
make(function (o) { for (this.key in o); }, { k: 1 });
make(function (list) { for ([this.k, this.v] of list) this[this.k] = this.v; }, new Map([['a', 1], ['b', 2]]));
make(function (list) { for ({ x: this.cur } of list); }, [{ x: 5 }]);
make(function (list) { for ({ x: this.cur = 9, ...this.rest } of list); }, [{ y: 5 }]);
make(function (list) { for ([this.first = 'none'] of list); }, [[]]);
make(function (list) { this.r = [this.a, this.b] = list; }, [1, 2]);
make(function (list) { this.r = { a: [this.a] = list, b: this.a + 1 }; }, [1]);
make(function () { this.self = [this]; this.same = this.self[0] === this; this.self = 0; });
make(function () { this.a = this.b = this.c = 3; });
make(function () { this.n = 1; this.n += this.n; this.n **= 3; this.m = this.n++ + ++this.n; });
make(function () { this.x ??= 1; this.x &&= [this.y = 2][0]; this.z ||= this.x; });
make(function () { [this.a, this.b] = [1, 2]; [this.a, this.b] = [this.b, this.a]; });
make(function (list) { try { [this.a, this.b.c] = list; } finally { this.done = true; } }, [1, 2]);

class One { constructor(list) { [this.only] = list; } }
show(new One([3]));
class Two extends One {
  #p; static s;
  constructor(list) { super(list); [this.more, this.#p] = list; ({ x: this.x = this.#p } = {}); }
  static { [this.s, this.t] = [1, 2]; ({ s: this.u } = this); }
  get p() { return this.#p; }
  set w(v) { [this.v, super.q] = v; }
}
const two = new Two([1, 2]);
show([two, two.p, Two.s, Two.t, Two.u]);
two.w = [5, 6];
show(two);
const arrow = function () { (() => { [this.a, ...this.b] = 'xyz'; })(); };
make(arrow);
make(function () { eval('[this.a, this.b] = [1, 2]; for (this.c of [3]);'); });
function* gen() { [this.a, this.b] = yield 1; for (this.c of yield 2) yield this.c; }
{ const o = {}, g = gen.call(o); g.next(); g.next([1, 2]); g.next([3, 4]); g.next(); show(o); }
(async function () { [this.a, this.b] = await [1, 2]; for await (this.c of [3]); show(this); }).call({});

// Others that a fusion could move: appending to a local while the local changes, and by depth.
function append(s, list) { s = s + [...list][0]; s += (s = 'x', s); s = s + (() => s)(); s = s + `${s}`; return s; }
print(append('a', ['b']));
function order(a, o) { let r = a; r = r + o.f(r); r += o.f(r); [r] = [r + 1]; ({ r } = { r: r + 1 }); return r; }
print(order(1, { f(r) { return r * 10; } }));
function sum(list) { let t = 0; for (let i = 0, n = list.length; i < n; i++) { const [a, b = t] = list[i]; t = t + a + b; } return t; }
print(sum([[1], [2, 3], [4]]));
