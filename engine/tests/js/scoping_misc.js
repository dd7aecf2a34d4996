// Automatic semicolons, comments, identifiers, literals, operators precedence, in, delete, comma, typeof.
var a = 1
var b = a
++b
print(a, b)
var c = a
;[1, 2].forEach((x) => c += x)
print(c)
function asi() { return
  42 }
print(asi(), (() => { let i = 0; for (;;) { if (i++ > 2) break
  continue } return i })())
var x = 5 // comment
/* multi
line */ var y = 6 /* inline */ + 1
<!-- html comment
--> another at line start
print(x, y)
var \u0061bc = "escaped", ünïcödé = 1, $ = 2, _ = 3, 变量 = 4, a\u{62}d = 5; print(abc, ünïcödé + $ + _ + 变量 + abd);
print(1 + 2 * 3 - 4 / 2 % 3, (1 + 2) * 3, 2 + 3 + "5", "5" + 2 + 3, 1 - -1, +-+1, - -1, !-1, ~-1, typeof typeof 1, !!"" + 1, void 0 ?? 1);
print(1 < 2 == true, 1 == 1 != 0, 5 & 3 == 3, (5 & 3) == 1, 1 || 0 && 0, true ? false ? 1 : 2 : 3, (1, 2), 3 > 2 >= 1, "a" in { a: 1 } && 1, !("a" in {}), 1 + +"1", "b" + "a" + +"a" + "a", [] == ![], null == false, [1] == 1, ({}) == "[object Object]");
var o = { a: 1, b: { c: 2 } }; print(delete o.a, delete o.zz, "a" in o, delete o.b.c, delete 5, delete o, typeof o, (() => { "use strict"; try { return delete Object.freeze([1])[0]; } catch (e) { return e.name; } })());
var i = 1; i = i++ + ++i; print(i); var arr = [0, 0]; var k = 0; arr[k++] = k++; print(arr.join(), k); arr[k = 0] = (k = 1, 5); print(arr.join()); var p = 1; p += (p = 10, 5); print(p); var q = { v: 1 }; var r = q; q.n = q = { v: 2 }; print(r.n.v, q.n); var e1 = []; function t(v) { e1.push(v); return v; } t(1) + t(2) * t(3); t("l") || t("no"); (t(0) ? t("no") : t("else")); [t("e1"), t("e2")]; ({ [t("k")]: t("v") }); print(e1.join());
print(0.1 + 0.2 === 0.3, 0xAb, 1e1_0 === 1e10, .1e1, 0b1010, 0O17, "\x41\u0041\u{41}\101", '\'"', "\
", "tab\there".length, "\u{1F600}".length, `\``, "\0".length, 'a\
b');
for (const src of ["var 1a", "let let = 1", "a b", "return 1", "break", "continue", "if (1) else", "var x = ;", "({ a = 1 })", "({ a: 1, a: 2 })", "({ __proto__: 1, __proto__: 2 })", "for (let x, y of z);", "for (let of x);", "let [a, a] = []", "const x", "for (const x;;);", "x++++", "++x++", "1 = 2", "(a, b) = 1", "({}) = 1", "[1] = 1", "({ a: 1 } = 1)", "async () => await", "await 1", "async function f() { await }", "function* g() { yield\n* 2 }", "yield = 1", "function* g() { function yield() {} }", "function* g(a = yield) {}", "async function f(a = await 1) {}", "class A { constructor() { super(); } }", "class A extends B { m() { super(); } }", "function f() { super.x }", "({ m() { super.x } })", "({ f: function () { super.x } })", "new.target", "() => new.target", "import.meta", "import x from 'y'", "export var a", "import('x')", "label: label: ;", "a: { continue a; }", "while (1) { a: { continue a; } }", "switch (1) { case 1: default: default: }", "switch (1) { case 1: let a; case 2: let a; }", "try {}", "throw\n1", "var enum", "var await", "'\\u{}'", "'\\x1'", "'\n'", "/a", "/[/", "0b2", "0o8", "1_", "1__0", "_1", "0_1", "3in []", "3x", "\"\u2028\"", "a\u2028b", "if (1) let\nx", "if (1) class C {}", "do x while (0) y", "do x; while (0) y", "x = function () {}()", "function () {}", "(function () {})", "async x => x", "async (x) => x", "async\nx => x", "(a)\n=> a", "a => {}()", "(a => {})()", "a ? b : c => d", "({ get a(b) {} })", "({ set a() {} })", "({ async a() {} })", "({ async *a() {} })", "({ async get a() {} })", "({ get: 1, set, async, await, yield })", "var { a: { b }, ...c } = d", "function f(a,) {}", "f(a,)", "f(,)", "[,]", "(a,) => a", "(...a) => a", "(a, ...b,) => a", "`${a}${`b`}`", "a?.b", "a?.[0]?.(1)", "@dec class A {}", "#x in y", "class A { #x; static { #x in this } }", "using x = y", "with (a) b", "debugger", "{}", ";", "", "/* unterminated", "// fine", "#!/bin/sh", "\\u0061 = 1", "v\\u0061r x", "({ v\\u0061r: 1 })", "let\nlet = 1", "let async", "for (async of x);", "for (async of => 1;;) break;", "for (let in x);", "for (let = 1;;) break;", "for (var i = 0 in x);", "for (let i = 0 in x);", "for (var i, j in x);", "for (x of a, b);", "for (x in a, b);"]) { let r; try { new Function(src); r = "ok"; } catch (e) { r = e.name; } print(JSON.stringify(src), r); }
