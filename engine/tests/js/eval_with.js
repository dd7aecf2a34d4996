// Direct and indirect eval, with, Function: scopes in sloppy code.
function run(f) { try { return String(f()); } catch (e) { return e.name; } }
var x = "global";
function local() { var x = "local"; return [eval("x"), (0, eval)("x"), globalThis.eval("x"), eval?.("x"), new Function("return x")()].join(); }
print(local());
function declares() { eval("var created = 1; function fcreated() { return created; }"); return created + fcreated() + typeof delete created; }
print(declares(), typeof created);
function lets() { eval("let hidden = 1; const h2 = 2; class H3 {}"); return typeof hidden + typeof h2 + typeof H3; }
print(lets());
function strictEval() { "use strict"; eval("var s = 1"); return typeof s; } print(strictEval());
function inStrictText() { eval("'use strict'; var s2 = 1"); return typeof s2; } print(inStrictText());
print(eval("1 + 1"), eval(5), eval(), eval({}) + "", eval("var q = 1"), eval("{}"), eval("({})") + "", eval("if (true) 7; else 8"), eval("'use strict'; this === globalThis"), run(() => eval("}")), run(() => eval("let a; let a")));
function conflict() { let c = 1; return run(() => eval("var c = 2")); } print(conflict());
function paramEval(a, b = eval("var a2 = a; a2 + 1")) { return b + typeof a2; } print(paramEval(1));
function arg() { return eval("arguments.length") + eval("(() => arguments[0])()"); } print(arg(5, 6));
function nt() { return eval("new.target") === nt; } print(new (function () { this.r = eval("new.target") !== undefined; })().r, run(() => (0, eval)("new.target")));
class C { m() { return eval("super.toString === Object.prototype.toString"); } f = eval("this instanceof C"); static s = eval("this === C"); } print(new C().m(), new C().f, C.s, run(() => { class D { x = eval("arguments"); } new D(); }));
function closes() { var v = 1; const f = eval("() => v++"); f(); f(); return v; } print(closes());
function nested() { var n = 1; return eval("eval('n + 1') + eval('var inner = 5; inner')") + typeof inner; } print(nested());
function deleteVar() { eval("var d1 = 1"); var d2 = 1; return [delete d1, typeof d1, delete d2, typeof d2].join(); } print(deleteVar());
var indirect = eval; function ind() { var x = "no"; indirect("var viaIndirect = x"); return viaIndirect; } print(ind(), delete globalThis.viaIndirect);
with ({ x: "with", y: 1 }) { print(x, y); y = 2; var z = "hoisted"; print(eval("x + y")); (() => { print(x); })(); function fw() { return x; } print(fw()); }
print(z, fw()); const scope = { a: 1 }; with (scope) { a = 5; var b = 6; c = 7; } print(scope.a, scope.b, b, c, delete globalThis.c);
const o = { m() { return this === o; }, [Symbol.unscopables]: { u: true }, u: "no", v: "yes" }; var u = "outer"; with (o) { print(m(), u, v, typeof m); v = "changed"; u = "changed outer"; } print(o.v, o.u, u);
with ({ get g() { return "getter"; }, set g(x) { print("set", x); } }) { g = g + "!"; } with (Object.create({ inh: "inherited" })) print(inh); run(() => { with (null); }); print(run(() => { with (null); }), run(() => { with (undefined) x; }), (() => { with ("str") return length; })(), (() => { with ([1, 2]) { return map((v) => v * 2).join(); } })());
const gone = { p: 1 }; with (gone) { delete gone.p; print(typeof p); } (function () { with ({ arguments: "shadow" }) print(arguments); })(1); for (var k in { k1: 1 }) with ({ k: "w" }) print(k); with ({ f: function () { return this.mark; }, mark: "base object" }) print(f(), (0, f)()); 
print(new Function("a", "b", "return a * b")(3, 4), new Function("...r", "return r.length")(1, 2), new Function("{ a }, [b]", "return a + b")({ a: 1 }, [2]), new Function("/* c */ a", "// comment\nreturn a")(9), Function("return typeof x")(), new Function("this.made = 1").call({}) === undefined, (function () { return typeof this; }).constructor === Function, Object.getPrototypeOf(function* () {}).constructor("yield 1")().next().value, String(new (Object.getPrototypeOf(async () => {}).constructor)("await 1")).slice(0, 15));
function hoist() { if (true) { function inBlock() { return 1; } } return typeof inBlock; } print(hoist()); function order() { return f(); function f() { return 1; } function f() { return 2; } } print(order()); function shadow(a) { var a; function b() {} var b; return typeof a + typeof b; } print(shadow(1)); function pf(a) { function a() {} return typeof a; } print(pf(1)); print((function () { return typeof early; var early = 1; })(), (function () { { function bf() {} } bf = 5; return typeof bf; })(), (function () { try { return typeof q2; } finally { let q2; } })());
