// Fields, private names, accessors, static blocks.
function name(f) { try { return String(f()); } catch (e) { return e.name; } }
class P {
  #v = 1;
  static #count = 0;
  static total = 10;
  pub = this.#v + 1;
  ["c" + "f"] = "cf";
  arrow = () => this.#v;
  empty;
  'quoted key' = 1;
  7 = "seven";
  #m(x) { return this.#v + x; }
  get #acc() { return this.#v; }
  set #acc(x) { this.#v = x; }
  static #sm() { return ++P.#count; }
  constructor() { P.#sm(); }
  bump() { this.#v++; this.#v += 2; this.#acc *= 2; return this.#m(100); }
  static count() { return P.#count; }
  static has(o) { return #v in o; }
  static read(o) { return o.#v; }
  static write(o) { o.#m = 1; }
  static opt(o) { return o?.#v; }
  static call(o) { return o.#m(0); }
  swap(o) { [this.#v, o.#v] = [o.#v, this.#v]; }
  static sub = class { peek(p) { return p.#v; } };
}
const p = new P(), q = new P();
print(p.pub, p.cf, p.arrow(), "empty" in p, p[7], P.count(), P.total);
print(p.bump(), P.read(p));
p.swap(q); print(P.read(p), P.read(q));
print(P.has(p), P.has({}), name(() => P.has(1)), name(() => P.read({})), name(() => P.write(p)), P.opt(null), name(() => P.call({})));
print(new P.sub().peek(q));
print(Object.keys(p).join("|"));
class GetOnly { get #g() { return 1; } set #s(v) {} w() { this.#g = 2; } r() { return this.#s; } }
print(name(() => new GetOnly().w()), name(() => new GetOnly().r()));
class Base { constructor() { this.seen = Object.keys(this).join(); this.hook?.(); } }
class Derived extends Base { a = "a"; b = this.seen + "|" + this.a; hook() { this.fromHook = this.a; } }
const d = new Derived();
print(d.b, d.fromHook, Object.keys(d).join());
let log = [];
class St {
  static a = log.push("a");
  static { log.push("block " + this.a + (this === St)); var local = 1; }
  static b = (log.push("b"), typeof local);
  static { try { await1(); } catch (e) { log.push(e.name); } }
}
print(log.join(), St.b, typeof local);
class Returner { constructor(o) { return o; } }
class Stamp extends Returner { #s = "stamped"; static get(o) { return o.#s; } }
const plain = {};
new Stamp(plain);
print(Stamp.get(plain), name(() => new Stamp(plain)));
class Setter { set x(v) { log.push("setter"); } }
class Definer extends Setter { x = 1; }
log = []; print(new Definer().x, log.length);
print(name(() => { class F { static name = 1; } return F.name; }));
class Fn { f = function () {}; static g = () => {}; #h = class {}; hn() { return this.#h.name; } }
print(new Fn().f.name, Fn.g.name, new Fn().hn());
class Acc { static #priv = 1; static test() { return class extends Acc { static r() { return super.constructor === Function && Acc.#priv; } }.r(); } }
print(Acc.test());
class Deep { #x = 1; static nest() { return class { #x = 2; both(o) { return [this.#x, (() => { try { return o.#x; } catch (e) { return e.name; } })()].join(); } }; } }
print(new (Deep.nest())().both(new Deep()));
class Gen { *#g() { yield 1; yield 2; } async #a() { return 1; } all() { return [...this.#g()].join(); } }
print(new Gen().all());
for (const src of ["class A { #a; #a; }", "class A { m() { this.#zz; } }", "class A { constructor() {} constructor() {} }", "class A { #constructor; }", "class A { x = arguments; }", "class A { static prototype() {} }", "class A { get constructor() {} }", "delete this.#a", "class A extends B { x = super(); }", "class A { static { return; } }", "class A { static { await; } }", "class A { #x; m() { delete this.#x; } }"])
  print(name(() => new Function(src)));
