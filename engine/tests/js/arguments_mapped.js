// Mapped arguments objects (10.4.4): an element stays its parameter until it is made an accessor, read-only, or deleted.
function run(f) { try { return f(); } catch (e) { return e.constructor.name; } }
print((function (a) { Object.defineProperty(arguments, 0, { configurable: false }); a = 2; return arguments[0]; })(1));
print((function (a) { Object.defineProperty(arguments, 0, { configurable: false }); arguments[0] = 2; return a; })(1));
print((function (a) { Object.defineProperty(arguments, 0, { enumerable: false }); a = 3; return [arguments[0], Object.keys(arguments).length, JSON.stringify(Object.getOwnPropertyDescriptor(arguments, 0))]; })(1).join());
print((function (a) { Object.defineProperty(arguments, 0, { writable: false }); a = 2; return [arguments[0], a]; })(1).join());
print((function (a) { Object.defineProperty(arguments, 0, { configurable: false }); Object.defineProperty(arguments, 0, { writable: false }); a = 9; return [arguments[0], a]; })(1).join());
print((function (a) { Object.defineProperty(arguments, 0, { writable: false, value: 7 }); const before = a; a = 2; return [arguments[0], before, a]; })(1).join());
print((function (a) { Object.defineProperty(arguments, 0, { get() { return "got"; } }); a = 2; return [arguments[0], a]; })(1).join());
print((function (a) { Object.defineProperty(arguments, 0, { configurable: false }); const gone = delete arguments[0]; a = 4; return [gone, arguments[0]]; })(1).join());
print((function (a) { "use strict"; arguments[0] = 5; return a; })(1));
print((function (a) { delete arguments[0]; arguments[0] = 5; return [a, arguments[0]]; })(1).join());
print((function (a, b) { Object.defineProperty(arguments, 1, { configurable: false, value: 8 }); b++; return [arguments[1], b, arguments.length]; })(1, 2).join());
print((function (a) { Object.freeze(arguments); a = 2; return [arguments[0], a, Object.isFrozen(arguments)]; })(1).join());
// Elements beyond 2^31 are indices too, and far ones cost nothing.
const far = []; Object.defineProperties(far, { "4294967294": { value: 100, enumerable: true } });
print(far.length, far.hasOwnProperty("4294967294"), Object.keys(far).join(), Object.keys({ 4294967294: 1, a: 1, 7: 1 }).join());
const powers = []; let k = 1; for (let i = 0; i < 32; i++) { k *= 2; powers[k - 2] = k; } print(powers.length, powers[k - 2] === k, Object.keys(powers).length);
// `caller` of a sloppy function, errors in the caller's realm aside; of others it throws.
print((function () { return typeof (function f() {}).caller; })(), run(() => (() => 0).caller), run(function () { "use strict"; return (function f() {}).caller; }));
class C { static m() {} static async  *  g ( ) { } static get x() { return 1; } } print(C.m.toString(), C.g.toString(), Object.getOwnPropertyDescriptor(C, "x").get.toString());
let order = ""; class Base {} class D extends Base { constructor() { try { super(order += "args"); } catch (e) { order += e.constructor.name; } return {}; } } Object.setPrototypeOf(D, parseInt); new D(); print(order);
