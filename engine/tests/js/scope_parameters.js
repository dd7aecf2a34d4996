// Parameters: their scope, the dead zone in patterns, what the body declares.
function t(f) { try { return String(f()); } catch (e) { return e.name; } }
// Names are in their dead zone until they are bound.
print(t(() => (function ([a] = [a]) { return a; })()));
print(t(() => (({ a } = a) => a)()));
print(t(() => (function ([a] = 1 + a) {})()));
print(t(() => (function ({ c } = class { static x = c }) {})()));
print(t(() => (function (a = (() => eval("a"))()) { return a; })()));
print(t(() => (function (a, b = (() => eval("c"))(), c) { return b; })(1)));
print(t(() => (function (a, b = eval("c"), c) { return b; })(1)));
print(t(() => (function (a, b = eval("typeof c"), c) { return b; })(1)));
print(t(() => (function (a, b = eval("c = 1"), c) { return b; })(1)));
print(t(() => (function ([a = b, b]) { return a; })([])));
print(t(() => (function ({ [b]: a, b }) { return a; })({})));
print(t(() => (function ({ a = () => b, b }) { return a(); })({ b: 5 })));
print(t(() => (function ([[a] = [a]]) { return a; })([])));
print(t(() => (function ({ x: { a } = { a } }) { return a; })({})));
print(t(() => (function ({ x: { a } = { a: 1 }, b = a }) { return b; })({})));
print(t(() => (function (...[a = a]) { return a; })()));
print(t(() => (function (a = rest, ...rest) { return a; })()));
print(t(() => (function (a = (() => rest)(), ...rest) { return a; })()));
print(t(() => (function (a = () => rest, ...rest) { return a(); })(undefined, 3)));
print(t(() => { let [a] = [a]; return a; }));
print(t(() => { let { a } = { a }; return a; }));
print(t(() => { let [[a] = [a]] = []; return a; }));
print(t(() => { const { x: [a] = [a] } = {}; return a; }));
print(t(() => { for (let [[a] = [a]] of [[]]) return a; }));
print(t(() => { for (let [a] of [a]) return a; }));
print(t(() => { for (let [a] = [a]; ;) return a; }));
print(t(() => { for (let { a } in { a }) return a; }));
print(t(() => { try { throw []; } catch ([[a] = [a]]) { return a; } }));
print(t(() => { let [a, b = a] = [1]; return b; }));
print(t(() => { let { [a]: a } = {}; return a; }));
print(t(() => { let { [(() => a)()]: a } = {}; return a; }));
print(t(() => { const { a, b = () => a } = { a: 1 }; return b(); }));
print(t(() => { let [a] = (() => [a])(); return a; }));
print(t(() => { let [a] = [() => a]; return a() === a; }));
// Closures in parameters do not see the body.
function f({ g = () => typeof v }) { var v = 1; return g(); }
print(f({}));
function h(a, [g = () => a]) { var a = 2; return g() + a; }
print(h(1, []));
print(t(() => (function ({ a, g = () => a }) { var a; a = 3; return g() + a; })({ a: 1 })));
print(t(() => (function ({ a, [(() => a)()]: b }) { var a; return a + b; })({ a: 1, 1: 2 })));
print(t(() => (function ({ a, g = () => a }) { function a() {} return g() + typeof a; })({ a: 1 })));
print(t(() => (function (a, { g = () => a }) { var g; return g(); })(1, {})));
print(t(() => (function ([g = () => x]) { let x = 1; return g(); })([])));
print(t(() => (function ([x, g = () => x]) { { function x() {} } return typeof x + g(); })([1])));
print(t(() => (function ({ g = () => arguments }) { var arguments = 1; return typeof g() + arguments; })({})));
print(t(() => (function ({ g = () => arguments }) { var arguments; return g() === arguments; })({})));
print(t(() => (function ({ g = () => typeof arguments }) { function arguments() {} return g() + typeof arguments; })({})));
print(t(() => (function ({ g = () => typeof arguments }) { let arguments = 1; return g() + typeof arguments; })({})));
// Functions of the body replace parameters.
print(typeof (function ({ a }) { function a() {} return a; })({ a: 1 }));
print(typeof (function ([a]) { function a() {} return a; })([1]));
print(typeof (function (...[a]) { function a() {} return a; })(1));
print(typeof (function (...a) { function a() {} return a; })(1));
print(typeof (([a]) => { function a() {} return a; })([1]));
print(typeof (function* ([a]) { function a() {} yield a; })([1]).next().value);
print(typeof ({ m([a]) { function a() {} return a; } }).m([1]));
print(typeof (function ({ a }) { function a() {} var a; return a; })({ a: 1 }));
print(typeof (function ({ a }) { var a; return a; })({ a: 1 }));
print(t(() => (function ({ a }) { function arguments() {} return typeof arguments + a; })({ a: 1 })));
print(t(() => (function ([a, b]) { function a() { return b; } return a(); })([1, 2])));
print(t(() => (function ({ a }, { length }) { function length() {} return typeof length + a; })({ a: 1 }, [])));
print(t(() => (function ({ a = 1 }) { function a() {} return typeof a; })({})));
// Functions in blocks, and the arguments object.
print((function () { { function arguments() {} } return typeof arguments; })());
print((function () { const before = typeof arguments; { function arguments() {} } return before + typeof arguments; })());
print((function (a = 1) { const before = typeof arguments; { function arguments() {} } return before + typeof arguments; })());
print((function (arguments) { { function arguments() {} } return typeof arguments; })(1));
print((function ([arguments]) { { function arguments() {} } return typeof arguments; })([1]));
print((function () { if (0) { function arguments() {} } return typeof arguments; })());
print((function (a) { { function arguments() {} } a = 2; return typeof arguments + a; })(1));
print((function () { "use strict"; { function f() {} } return typeof f; })());
// A function in a block is no var where a parameter has its name, whatever else the body declares.
print((function (a, g = 1) { for (var a in { k: 1 }); { function a() {} } return typeof a; })(1));
print((function (a, g = 1) { { function a() {} } var a; return typeof a; })(1));
print((function (a) { for (var a in { k: 1 }); { function a() {} } return typeof a; })(1));
print((function (a, [g = 1]) { if (1) function a() {} return typeof a; var a; })(1, []));
