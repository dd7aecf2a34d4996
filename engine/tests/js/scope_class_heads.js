// Class heads are strict code that sees the name of the class, but in the heritage not its private names.
function t(f) { try { return f(); } catch (e) { return e.name; } }
const frozen = Object.freeze({ x: 1 });
print(t(() => { class A extends (frozen.x = 2, Object) {} }));
print(t(() => { class A extends (delete frozen.x, Object) {} }));
print(t(() => { class A { [delete frozen.x]() {} } }));
print(t(() => { class A { [delete frozen["x"]]() {} } }));
print(t(() => { class A { static [frozen.x = 1] = 1 } }));
print(t(() => { class A { get [frozen.x = 1]() {} } }));
print(t(() => { class A { static async *[frozen.x = 1]() {} } }));
print(t(() => { class A { [frozen["x"] = 1] = 1 } }));
print(t(() => { class A { static [frozen.x ||= 1] = 1; static [frozen.x &&= 1] = 1; } }));
print(t(() => { class A { [frozen.x++]() {} } }));
print(t(() => { class A { [typeof undeclared]() {} } frozen.x = 3; return "sloppy again"; }));
print(t(() => { (class { [1]() {} }); undeclared3 = 1; return typeof undeclared3; }));
print(t(() => { class A extends class { [frozen.x = 1]() {} } {} }));
print(t(() => { class A extends (class {}, undeclared4 = 1, Object) {} }));
print(t(() => { class A extends (undeclared4 = class {}) {} }));
print(t(() => { class A { [(() => { undeclared5 = 1 })()]() {} } }));
print(t(() => { class A { [(function () { return this })()]() {} } return Reflect.ownKeys(A.prototype).join(); }));
print(t(() => { class A { [eval("undeclared6 = 1")]() {} } }));
print(t(() => { class A { [eval("var q = 1; typeof q")]() {} } return typeof q; }));
print(t(function g() { class A { [g = 1]() {} } return "no"; }));
print(t(function g() { g = 1; class A { [1]() {} } g = 1; return typeof g; }));
with ({ get w() { return 1 } }) print(t(() => { class A { [w = 2]() {} } return "no"; }));
with (frozen) print(t(() => { class A extends (x = 2) {} return "no"; }));
with (frozen) print(t(() => { x = 2; return x; }));
print(t(() => { const u = 1; class A { [u.x = 1]() {} } }));
print(t(() => { var a = ""; for (const k of [1, 2]) { try { class A { [(a += "i", frozen.x = k)]() {} } } catch (e) { a += e.name } frozen.x = 3; } return a; }));
var it = function* () { try { class A { [yield 1]() {} [frozen.x = 1]() {} } } catch (e) { frozen.x = 2; yield e.name } }(); it.next(); print(it.next("k").value);
print(t(() => { class A { static x = (() => { undeclared7 = 1 })() } }));
print(t(() => { switch (1) { case class { [frozen.x = 1]() {} }: } }));
print(t(() => { var o = { get [class { [frozen.x = 1]() {} }]() {} } }));
print(t((a = class { [frozen.x = 1]() {} }) => 1));
print(t(({ a = class extends (frozen.x = 1) {} } = {}) => 1));
print(t(() => { let s = 0; for (class { [s = "k"]() {} }; s !== "k";); frozen.x = 1; return s; }));
print(t(() => { let s = 0; while (class { [frozen.x = 1]() {} }) break; return s; }));
// Private names.
class O { static #p = 1; static t() { let g; class I extends (g = o => o.#p, Object) { static #p = 2; static own() { return I.#p } } return g(O) + I.own(); } }
print(O.t());
let h; class C1 extends (h = o => eval("o.#a"), Object) { static #a = 42; static g() { return eval("C1.#a") } }
print(t(() => h(C1)), C1.g());
print(t(() => { class D extends D {} }));
print(t(() => { let D = 1; class E extends (() => D, Object) { static #D = 2; static x = D + E.#D; } return E.x; }));
print(t(() => { (class D extends (eval("D"), Object) {}) }));
print(t(() => { let f; const D = class N extends (f = () => N, Object) {}; return f() === D; }));
print(t(() => eval("class A { #x; static t() { return class B extends (a => a.#x, Object) {} } } typeof A.t()")));
print(t(() => eval("class A extends (a => a.#x, Object) { #x }")));
print(t(() => { class A { #x = 7; t() { class B extends (class { static y = a => a.#x }) { #x = 8; } return B.y(this); } } return new A().t(); }));
print(t(() => { class A { static #x = 1; static [(() => 1)()] = A.#x; } return A[1]; }));
print(t(() => { let f; class A { static #x = 1; static [(f = () => A.#x, 1)] = 5; } return f(); }));
