// Evals whose functions capture their lexical variables; hidden variables of functions that were read twice; fields before parameters.
function run(f) { try { return String(f()); } catch (e) { return e.name; } }
eval(`let foo = 42; const kay = foo; var bar = 84; function f() { return foo + kay; }`); print(typeof foo, f(), bar);
(0, eval)(`let foo2 = 1; class K2 {} function g2() { return foo2 + typeof K2; }`); print(typeof foo2, g2());
function inner() { eval(`let a = 1; function h() { return a++; }`); return [h(), h(), typeof a].join(); } print(inner());
function strict() { "use strict"; eval(`let a = 1; function h() { return a; } globalThis.kept = h;`); return kept(); } print(strict());
function withEval() { var log = g(); function g() { return "outer "; } with ({ g() { return "with "; } }) { eval(`{ function g() { return "eval "; } }`); log += g(); } return log + g(); } print(withEval());
print((function () { const before = typeof arguments; { function arguments() {} } return before + " " + typeof arguments; })(), (function (arguments) { { function arguments() {} } return typeof arguments; })(1), (function () { { let arguments; { function arguments() {} } } return typeof arguments; })());
class C {}
for (const body of ["var [a = super()] = [];", "var a; [a = super()] = [];", "(([a = super()] = []) => 0)();", "for (var [a = super()] of [[]]) ;", "for ([this.x = super()] of [[]]) ;", "({ a: this.y = super() } = {});", "var a; ({ a = super() } = {});", "try { throw []; } catch ([a = super()]) {}", "[super().z] = [1];", "[() => super()][0]();"]) print(body, run(() => typeof new ((0, eval)(`(class extends C { constructor() { ${body} } })`))()));
class A { #x = "field"; y = this.#x + "!"; constructor(o = this.#x, p = () => this.y) { this.value = o + p(); } } print(new A().value);
print(run(() => { class B { x = (() => { throw new RangeError(); })(); constructor(o = (() => { throw new URIError(); })()) {} } new B(); }));
// What Annex B's object that is like undefined leaves alone here: order and copies in builtins.
const deleted = []; new Proxy([, , 0], { deleteProperty(t, k) { deleted.push(k); return delete t[k]; } }).sort(); print(deleted.join());
const set = new Set([1, 2, 3]); const seen = []; print([...set.difference({ size: 9, has(v) { seen.push(v); set.clear(); set.add(7); return v > 1; }, keys() {} })].join(), seen.join(), [...set].join());
const ab = new ArrayBuffer(16); print(run(() => new DataView(ab, 8, { valueOf() { ab.transfer(); return 8; } })), ab.byteLength);
print(Math.acosh(1.0000014305114746), Math.acosh(1), Math.acosh(0.5), Math.acosh(1e300), Math.atanh(-0.9999983310699463), Math.atanh(0.25), Object.is(Math.atanh(-0), -0), Math.atanh(1), Math.atanh(2));
