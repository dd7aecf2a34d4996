// Garbage in cycles of every kind, made while other objects must survive: the collector may run at any time.
const live = { list: [], map: new Map(), tree: null };
function tree(d) { return d ? { l: tree(d - 1), r: tree(d - 1), up: null } : null; }
function link(t, up) { if (t) { t.up = up; link(t.l, t); link(t.r, t); } return t; }
live.tree = link(tree(6), live);
function count(t) { return t ? 1 + count(t.l) + count(t.r) : 0; }
const kinds = {
  object() { const o = {}; o.self = o; return o; },
  pair() { const a = {}, b = { a }; a.b = b; return a; },
  array() { const a = []; a.push(a, [a]); return a; },
  closure() { let f = () => f; return f; },
  shared() { let x; const f = () => x, g = () => (x = f); g(); return g; },
  method() { class C { constructor() { this.m = () => this; } } return new C(); },
  constructorLoop() { function F() {} F.prototype.me = new F(); return F; },
  classLoop() { class K { static self = K; #p = this; who() { return this.#p; } } return new K(); },
  accessor() { const o = { get g() { return o; } }; return o; },
  bound() { const o = {}; o.f = function () {}.bind(o, o); return o; },
  map() { const m = new Map(); m.set(m, m).set("k", { m }); return m; },
  set() { const s = new Set(); s.add(s); s.add([s]); return s; },
  weak() { const k = {}, w = new WeakMap(); w.set(k, { k, w }); k.w = w; return k; },
  weakRef() { const o = {}; o.r = new WeakRef(o); return o; },
  registry() { const f = new FinalizationRegistry(() => f); f.register({}, f.x = { f }); return f; },
  generator() { function* g() { const me = it; yield me; } const it = g(); it.next(); return it; },
  generatorFresh() { let it; function* g() { yield it; } it = g(); return it; },
  asyncFn() { let p; async function f() { await null; return [p]; } p = f(); return p; },
  asyncGen() { let it; async function* g() { yield it; } it = g(); it.next(); return it; },
  promise() { let r; const p = new Promise((ok) => (r = ok)); r({ p }); p.x = p; return p; },
  pending() { const o = {}; o.p = new Promise((ok, no) => { o.ok = ok; }); o.q = o.p.then(() => o, () => o); return o; },
  iterator() { const a = []; a.it = a[Symbol.iterator](); a.push(a.it); return a.it; },
  proxy() { const t = {}, h = {}; const p = new Proxy(t, h); t.p = p; h.p = p; return p; },
  proto() { const p = {}; p.child = Object.create(p); return p; },
  error() { const e = new Error("x"); e.self = e; e.cause = { e }; return e; },
  symbolKey() { const s = Symbol("s"), o = {}; o[s] = o; return o; },
  args() { return (function () { arguments[0] = arguments; return arguments; })(1); },
  typed() { const t = new Uint8Array(4); t.t = t; t.buffer.owner = t; return t; },
  evalScope() { const f = eval("(() => { let g = () => g; return g; })()"); return f; },
  dict() { const o = {}; for (let i = 0; i < 100; i++) o["k" + i] = i; delete o.k5; o.me = o; return o; },
  string() { let s = ""; for (let i = 0; i < 50; i++) s += "piece" + i; const o = { s }; o[s] = o; return o; },
  mixed() { const a = kinds.object(), b = kinds.map(), c = kinds.closure(); a.b = b; b.set("c", c); c.a = a; return a; },
};
const names = Object.keys(kinds);
let made = 0;
for (let round = 0; round < 40; round++) {
  for (const name of names) { const x = kinds[name](); made++; if (round % 10 === 0) live.list.push(x); if (live.list.length > 100) live.list.shift(); }
  live.map.set("round" + round, { round, back: live });
}
print(made, count(live.tree), live.map.size, live.list.length);
print(live.tree.l.r.up.up === live.tree, live.map.get("round39").back === live, live.map.get("round0").round);
print(names.filter((n) => !kinds[n]()).length);
Promise.resolve().then(() => { for (const name of names) kinds[name](); print("in a job", count(live.tree)); });
