// `apply` with arguments objects and arrays in every state.
const list = (...a) => a.map((x) => x === undefined ? "undefined" : String(x)).join();
function pass() { return list.apply(null, arguments); }
print(pass(1, 2, 3), pass(), pass(undefined, null));
function mapped(a, b) { a = "changed"; arguments[1] = "too"; return list.apply(null, arguments) + "/" + b; }
print(mapped(1, 2, 3), mapped(1));
function shorter(a) { arguments.length = 1; return list.apply(null, arguments); }
print(shorter(1, 2, 3));
function longer(a) { arguments.length = 3; return list.apply(null, arguments); }
print(longer(1));
function odd() { arguments.length = { valueOf() { return 2; } }; return list.apply(null, arguments); }
print(odd("x", "y", "z"));
function holed(a, b) { delete arguments[0]; Object.prototype[0] = "inherited"; const r = list.apply(null, arguments); delete Object.prototype[0]; return r; }
print(holed(1, 2));
function getter(a) { Object.defineProperty(arguments, 0, { get() { return "got"; } }); return list.apply(null, arguments); }
print(getter(1, 2));
function strict(a) { "use strict"; a = 9; try { arguments.callee; } catch (e) { return list.apply(null, arguments) + e.name; } }
print(strict(1, 2));
function more() { arguments.extra = 1; return list.apply(null, arguments) + Object.keys(arguments); }
print(more("m"));
print(list.apply(null, [1, , 3]), list.apply(null, []), Math.max.apply(null, [3, 9, 4]));
(function () { print(Object.getOwnPropertyNames(arguments).join(), arguments.length, typeof arguments.callee, arguments[Symbol.iterator] === Array.prototype.values); })(1, 2);
(function () { "use strict"; print(JSON.stringify(Object.getOwnPropertyDescriptor(arguments, "length")), typeof Object.getOwnPropertyDescriptor(arguments, "callee").get); })(1);
try { list.apply(null, { length: 1e9 }); } catch (e) { print(e.name); }
