// What strict code refuses, and what it does differently.
function run(f) { try { return String(f()); } catch (e) { return e.name; } }
function syntax(src) { try { new Function(src); return "ok"; } catch (e) { return e.name; } }
print(run(() => { "use strict"; undeclaredVar = 1; }));
print(run(() => { undeclaredSloppy = 1; return delete globalThis.undeclaredSloppy; }));
print(run(function () { "use strict"; return this; }), run(function () { return typeof this; }), run(() => (function () { "use strict"; return typeof this; }).call(5)), run(() => (function () { return typeof this; }).call(5)), run(() => (function () { "use strict"; return this; }).call(null)));
print(run(() => { "use strict"; delete Object.prototype; }), run(() => delete Object.prototype));
print(run(() => { "use strict"; const o = Object.freeze({ a: 1 }); o.a = 2; }), run(() => { const o = Object.freeze({ a: 1 }); o.a = 2; return o.a; }));
print(run(() => { "use strict"; Object.preventExtensions([]).push(1); }), run(() => { "use strict"; const o = Object.preventExtensions({}); o.x = 1; }));
print(run(() => { "use strict"; "str".length = 5; }), run(() => { "use strict"; "str".foo = 5; }), run(() => { "use strict"; "str"[0] = "x"; }), run(() => { "str".foo = 5; return "sloppy ok"; }));
print(run(() => { "use strict"; NaN = 1; }), run(() => { "use strict"; undefined = 1; }), run(() => { NaN = 1; return NaN; }));
print(run(() => { "use strict"; const o = { get x() { return 1; } }; o.x = 2; }), run(() => { "use strict"; delete [].length; }), run(() => { "use strict"; delete Object.freeze([1])[0]; }));
print(run(() => { "use strict"; return (function (a) { a = 2; return arguments[0]; })(1); }), run(() => (function (a) { a = 2; return arguments[0]; })(1)), run(() => (function (a) { arguments[0] = 3; return a; })(1)), run(() => (function (a, b = 1) { a = 2; return arguments[0]; })(1)), run(() => (function (a) { delete arguments[0]; arguments[0] = 5; return a; })(1)));
print(run(function () { "use strict"; return arguments.callee; }), run(function f() { return arguments.callee === f; }), run(function () { "use strict"; return (function g() {}).caller; }));
print(syntax("'use strict'; with (a) {}"), syntax("with ({}) {}"), syntax("'use strict'; 010"), syntax("010"), syntax("'use strict'; '\\01'"), syntax("'\\01'"), syntax("'use strict'; '\\08'"), syntax("'use strict'; 08"));
print(syntax("'use strict'; delete x"), syntax("delete x"), syntax("'use strict'; var eval"), syntax("'use strict'; arguments = 1"), syntax("'use strict'; eval++"), syntax("'use strict'; function f(a, a) {}"), syntax("function f(a, a) {}"), syntax("(a, a) => 1"), syntax("function f(a, [a]) {}"), syntax("function f(a = 1) { 'use strict'; }"));
print(["implements", "interface", "let", "package", "private", "protected", "public", "static", "yield"].map((w) => syntax("'use strict'; var " + w) + "/" + syntax("var " + w)).join());
print(syntax("'use strict'; if (1) function f() {}"), syntax("if (1) function f() {}"), syntax("label: function f() {}"), syntax("'use strict'; label: function f() {}"), syntax("while (0) function f() {}"));
print(syntax("'use strict'; { function f() {} function f() {} }"), syntax("{ function f() {} function f() {} }"), syntax("{ let x; var x; }"), syntax("let x; let x;"), syntax("try {} catch (e) { let e; }"), syntax("try {} catch (e) { var e; }"), syntax("try {} catch ([e]) { var e; }"), syntax("function f(a) { let a; }"));
print(run(() => { "use strict"; { function blockFn() { return 1; } } return typeof blockFn; }), run(() => { { function blockFn2() { return 1; } } return typeof blockFn2; }), run(() => { typeof later; if (true) { function later() {} } return typeof later; }));
print(run(() => { "use strict"; eval("var leaked = 1"); return typeof leaked; }), run(() => { eval("var leaked2 = 1"); return typeof leaked2; }), run(() => { return eval("'use strict'; var l3 = 1; l3") + typeof l3; }));
print(run(() => { 'use strict'; return (function () { return this === undefined; })(); }), run(() => { ('use strict'); return (function () { return this === undefined; })(); }), run(() => { 'use\x20strict'; return (function () { return this === undefined; })(); }));
print(run(() => { "use strict"; Object.defineProperty({}, "x", { value: 1 }).x = 2; }), run(() => { "use strict"; return Reflect.set(Object.freeze({ a: 1 }), "a", 2); }), run(() => { "use strict"; (1).x = 1; }), run(() => { "use strict"; const s = Symbol(); s.x = 1; }));
class AlwaysStrict { m() { return this; } static t() { undeclaredInClass = 1; } }
print(run(() => (0, new AlwaysStrict().m)()), run(() => AlwaysStrict.t()));
print(run(Function("return this === globalThis")), run(Function("'use strict'; return this")));
