// Direct evals: what they see, where their vars go, what they must not cross.
function t(f) { try { return String(f()); } catch (e) { return e.name; } }
// Code that is read twice: the second reading belongs to another function.
(function () { var f = (a = eval("1")) => a; print(f()); })();
(function () { var k = () => free, o = {}; [o[eval("0")]] = [1]; print(o[0]); })();
var free;
(function () { var f = (a = eval("var z = 1"), b = z) => b; print(f(), typeof z); })();
(function () { var f = async (a = eval("2")) => a; f().then(print); })();
(function () { var f = ([a = eval("3")]) => a; print(f([])); })();
(function () { var f = ({ [eval("'a'")]: a }) => a; print(f({ a: 4 })); })();
(function () { var o = {}; ({ [eval("'a'")]: o[eval("'b'")] } = { a: 5 }); print(o.b); })();
(function () { var o = {}; for ([o[eval("'a'")]] of [[6]]); print(o.a); })();
(function () { var o = {}; for ({ a: o[eval("'a'")] } of [{ a: 7 }]); print(o.a); })();
(function () { var o = {}; [[o[eval("var x = 'a'; x")]]] = [[8]]; print(o.a, x); })();
(function () { (eval("var y = 1")); print(y); })();
(function () { var f = (a = () => eval("this.v")) => a(); print(f.call(0)); }).call({ v: 9 });
(function () { var f = (a = eval("new.target")) => a; print(f()); })();
(class { static f() { var f = (a = eval("super.toString")) => a; print(typeof f()); } }).f();
new (class extends Object { constructor() { var f = (a = eval("super()")) => a; print(typeof f()); } })();
(function () { var f = (a = (b = eval("arguments[0]")) => b) => a(); print(f()); })(10);
(function () { var [a = eval("var x = 1"), b = x] = []; print(b, x); })();
(function () { var f = (a, { b = eval("var q = a; q"), c = q }) => c; print(f(11, {})); })();
(function () { var f = (a = function () { return eval("12") }) => a(); print(f()); })();
(function () { (a = [eval("13"), (b = eval("14")) => b]) => 0; [(x = eval("15"), y = 1)] ; print(x + y); var x, y; })();
// Duplicate parameters: the last counts.
print((function (a, a) { return eval("a"); })(1, 2));
print((function (a, a) { eval("a = 11"); return a; })(1, 2));
print((function (a, b, a) { eval("a = 11"); return a + arguments[2] + arguments[0]; })(1, 2, 3));
print((function (a, a) { return (() => eval("a"))(); })(1, 2));
print((function (a, a) { function a() {} return eval("typeof a"); })(1, 2));
print((function (a, a) { var a; return eval("a"); })(1));
// Vars of an eval must not cross lexical bindings.
function run(s) { return t(() => (0, eval)(s)); }
print(run('{ let b1; eval("var b1"); }'));
print(run('const b2 = eval("var b2");'));
print(run('switch (1) { case 1: let b3; eval("var b3"); }'));
print(run('{ let b4; { eval("function b4() {}"); } }'));
print(run('for (let b5 of [1]) eval("var b5");'));
print(run('for (let b6 = 1; ;) { eval("var b6"); }'));
print(run('for (let b7 in { a: 1 }) { eval("var b7"); }'));
print(run('{ class b8 {} eval("var b8"); }'));
print(run('{ function b9() {} eval("var b9"); }'));
print(run('try { throw 1; } catch (b10) { eval("var b10 = 2"); b10; }'));
print(run('try { throw [1]; } catch ([b11]) { eval("var b11 = 2"); b11; }'));
print(run('{ let b12; eval("{ function b12() {} }"); } typeof globalThis.b12'));
print(run('{ let b13; eval("eval(\'var b13\')"); }'));
print(run('eval("let b14; eval(\'var b14\')")'));
print(run('eval("let b15; { let b16; eval(\'var b15\') }")'));
print(run('{ let b17; (() => { eval("var b17 = 1"); return b17; })(); }'));
print(run('{ let b18; eval("\'use strict\'; var b18 = 1"); }'));
print(run('"use strict"; { let b19; eval("var b19 = 1"); }'));
print(run('{ let b20; (0, eval)("var b20 = 1"); } b20'));
print(run('let b21; { eval("var b21 = 1"); }'));
print(run('(a = 1) => { let b22; eval("var b22"); }'), run('((a = 1) => { let b22; eval("var b22"); })()'));
print(run('with ({}) { let b23; eval("var b23"); }'));
print(run('let b24 = 1; with ({ b24: 2 }) { eval("var b25 = b24"); } b25'));
print(t(() => { { let x; eval("var x"); } }), t(() => { { let x; eval("for (var x of []);"); } }));
print(t(function (x) { { let y; eval("var x = 2"); } return x; }));
print(t(function (x = 1) { eval("var x"); return x; }), t(function ({ x }) { eval("var x"); return x; }.bind(0, { x: 3 })));
print(t(function (x = 1, g = () => x) { eval("var x = 2"); return g() + x; }));
// Of a global lexical binding a function in a block is no var.
let lexical = 1;
const constant = 1;
class klass {}
print(run("{ function lexical() {} }"), lexical, "lexical" in globalThis);
print(run("{ function constant() {} }"), constant);
print(t(() => eval("{ function klass() {} } typeof klass")));
print(run("{ function brandNew() {} } delete brandNew"));
// Functions go to the var scope.
(function () { var o = { a: 1 }; with (o) { eval("function a() {}"); } print(o.a, typeof a); })();
(function () { var o = { a: 1 }; with (o) { eval("{ function a() {} }"); } print(o.a, typeof a); })();
(function (a) { var o = { a: 1 }; with (o) { eval("function a() {}"); } print(o.a, typeof a); })();
(function () { var o = { a: 1 }; with (o) { eval("var a = 2"); } print(o.a, typeof a); })();
(function () { try { throw 1; } catch (a) { eval("function a() {}"); print(a); } print(typeof a); })();
(function () { try { throw 1; } catch (a) { eval("{ function a() {} }"); print(a); } print(typeof a); })();
(function () { var o = { a: 1 }; with (o) { eval("eval('function a() {}')"); } print(o.a, typeof a); })();
(function () { var o = { a: 1 }; with (o) { (() => eval("function a() {} print(typeof a)"))(); } print(o.a, typeof a); })();
var og = { fg: 1 }; with (og) { eval("function fg() {}"); } print(og.fg, typeof fg);
with (og) { eval("{ function fg() {} }"); } print(og.fg, typeof fg);
try { throw 1; } catch (cg) { eval("function cg() {}"); print(cg); } print(typeof cg);
// Evals in parameters have variables of their own, around the parameters.
print(t(function (a = eval("var a = 1")) { return a; }));
print(t(function (a = eval("var arguments = 1")) { return a; }));
print(t(function (a = eval("function arguments() {}")) { return a; }));
print(t(function (a = eval("{ function arguments() {} }")) { return typeof arguments; }));
print(t(function (a = eval("{ function a() {} }")) { return typeof a; }));
print(t(function (a, b = eval("var a = 1")) { return a; }), t(function (b = eval("var a = 1"), a) { return a; }));
print(t(function (a = eval("var b = 1"), c = b) { return c; }));
print(t(function (a = eval("var b = 1"), c = b) { var b; return b; }));
print(t(function (a = eval("var b = 1"), c = b) { return b; }));
print(t(function (a = eval("var b = 1"), c = () => b) { b = 3; return c(); }));
print(t(function (a = eval("var b = 1"), c = () => b) { var b = 3; return c(); }));
print(t(function (a = eval("var b = 1"), c = () => b) { eval("var b = 3"); return c() + b; }));
print(t(function (a = eval("var b = 1; () => b"), c = eval("b++; () => b")) { return a() + c(); }));
print(t(function g(a = eval("var g = 1")) { return typeof g; }));
print(t(() => { "use strict"; return ((a = eval("var a = 1")) => a)(); }));
print(t((a = eval("var arguments = 1; arguments")) => a));
print(t((a = eval("var arguments = 1"), b = () => arguments) => b()));
// An eval within an eval finds the variables of the first before what is further out, and the var scope behind names
// that hide it.
print((function (x = 1, g = () => x) { eval(`eval("var x = 2")`); return [x, g()].join(); })());
print((function x() { eval(`eval("var x = 2")`); return x; })());
print((function x() { (() => eval("eval(`var x = 2; x`)"))(); return typeof x; })());
(function () { try { throw 1; } catch (x) { eval("function x() {}"); } print(typeof x); var x; })();
(function (x) { try { throw 1; } catch (x) { eval("{ function x() {} }"); } print(typeof x); })();
(function () { try { throw 1; } catch (x) { eval("eval('function x() {}')"); } print(typeof x); var x; })();
(function () { try { throw 1; } catch (x) { with ({ x: 2 }) eval("eval('function x() {}'); x = 3"); print(x); } print(typeof x); var x; })();
(function () { var x = 1; with ({ x: 2 }) { eval("eval('x = 3'); eval('var y = x')"); print(x, y); } print(x, y); })();
