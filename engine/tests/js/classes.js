// Classes: constructors, methods, inheritance, super, statics, names, brands.
function name(f) { try { return String(f()); } catch (e) { return e.name; } }
class A {
  constructor(x) { this.x = x; }
  m() { return "A.m " + this.x; }
  static s() { return "A.s " + this.name; }
  get g() { return this.x * 2; }
  set g(v) { this.x = v; }
  ["comp" + "uted"]() { return "computed"; }
  *gen() { yield this.x; }
  async am() { return this.x; }
}
class B extends A {
  m() { return "B>" + super.m(); }
  static s() { return "B>" + super.s(); }
  get g() { return super.g + 1; }
  set g(v) { super.g = v + 100; }
}
const b = new B(3);
print(b.m(), B.s(), b.g, b.computed(), [...b.gen()].join());
b.g = 1;
print(b.x, b.g);
print(typeof A, A.name, A.length, B.length, new A(1).constructor === A, Object.keys(new A(1)).join());
print(Object.getOwnPropertyNames(A.prototype).join(), Object.getOwnPropertyNames(A).join());
print(name(() => A()), name(() => new (class extends A { constructor() {} })()), name(() => new (class extends A { constructor() { this.x; super(); } })()));
print(name(() => new (class extends A { constructor() { super(); super(); } })()));
print(name(() => new (class extends A { constructor() { return 1; } })()), new (class extends A { constructor() { return { own: 1 }; } })().own);
print(new (class { constructor() { return 1; } })() instanceof Object);
print(name(() => { class N extends null {} new N(); }), Object.getPrototypeOf(class extends null {}.prototype));
print(name(() => { class N extends 5 {} }), name(() => { class N extends (() => {}) {} }), name(() => { var F = function () {}; F.prototype = 3; class N extends F {} }));
print(Object.getPrototypeOf(B) === A, Object.getPrototypeOf(B.prototype) === A.prototype, b instanceof A);
print(name(() => { new b.m(); }), "prototype" in b.m, "prototype" in A.prototype.gen);
const C = class Named { static who() { return Named.name; } };
print(C.name, C.who(), typeof Named);
print(name(() => { class D { static f() { D = 1; } } D.f(); }));
class E2 extends A { constructor(...args) { const f = () => super(...args); f(); this.y = (() => super.m())(); } }
print(new E2(9).y);
const o1 = { m() { return "proto " + this.n; } };
const o2 = { __proto__: o1, n: "o2", m() { return super.m() + "!"; } };
print(o2.m());
const m = o2.m;
print(m.call({ n: "other" }));
class Meth { static async *ag() {} static get [Symbol.species]() { return 1; } static 123() { return "num"; } static "str lit"() { return "str"; } }
print(Meth[123](), Meth["str lit"](), Meth[Symbol.species], Object.getOwnPropertyDescriptor(Meth, Symbol.species).get.name);
print(Object.getOwnPropertyDescriptor(A.prototype, "g").get.name, A.prototype.m.name);
print(JSON.stringify(Object.getOwnPropertyDescriptor(A, "prototype")), Object.getOwnPropertyDescriptor(A.prototype, "m").enumerable);
class T { constructor() { this.t = new.target; } }
class U extends T {}
print(new T().t === T, new U().t === U, Reflect.construct(T, [], U).t === U);
class Deflt extends A {}
print(new Deflt(4).x);
print(name(() => { class X { constructor() { super.nope(); } } new X(); }));
var order = [];
class Ord extends (order.push("heritage"), A) { static [(order.push("key1"), "a")]() {} [(order.push("key2"), "b")] = order.push("field"); static z = order.push("static"); }
print(order.join());
new Ord(); print(order.join());
class Sup { static set v(x) { this._v = x; } }
class Sub extends Sup { static go() { super.v = 5; super.fresh = 6; return [this._v, this.fresh, Object.hasOwn(Sup, "fresh")].join(); } }
print(Sub.go());
print(class { static name() {} }.name.constructor === Function, (class { static name = "own"; }).name);
print(String(class Q { m() { return 1; } }), String(A.prototype.m));
