// Spread and rest in calls, arrays and objects.
function run(f) { try { return String(f()); } catch (e) { return e.name; } }
const f = (...a) => a.length + ":" + a.join();
print(f(...[]), f(...[1, 2], 3, ...[4]), f(..."ab", ...new Set([1, 1, 2])), f(...[, 1]), f(...new Map([[1, 2]])));
print([...[1, 2], ..."x", ...[]].join(), [..."a\u{1F600}"].length, [...[,]].length, 0 in [...[,]], [, ...[1]].length);
print(Math.max(...[3, 7, 5]), new Array(...[1, 2, 3]).join(), new Date(...[2020, 0, 1]).getMonth(), String.fromCharCode(...[72, 105]));
print(JSON.stringify({ ...{ a: 1, b: 2 }, b: 3, ...{ c: 4 } }), JSON.stringify({ ..."hi", ...[9], ...null, ...1, ...true }), JSON.stringify({ a: 0, ...{ a: 1 } }));
const sym = Symbol("s"); const src = Object.create({ inherited: 1 }, { hidden: { value: 1, enumerable: false }, shown: { get() { return "computed"; }, enumerable: true }, [sym]: { value: "sym", enumerable: true } });
const copy = { ...src }; print(Object.keys(copy).join(), copy[sym], typeof Object.getOwnPropertyDescriptor(copy, "shown").get);
print(run(() => f(...null)), run(() => f(...{})), run(() => [...5]), run(() => f(...undefined)));
const o = { m(...a) { return this === o && a.join(); } }; print(o.m(...[1, 2]), o["m"](...[3]), o?.m(...[4]));
class A { constructor(...a) { this.a = a; } } class B extends A { constructor(...a) { super(...a, "end"); } } print(new B(1, 2).a.join(), new A(...[1], ...[2]).a.length);
function r(a, b = 2, ...c) { return [a, b, c.length, arguments.length, r.length].join(); } print(r(), r(1), r(1, undefined, 3, 4));
print(((...[a, b]) => a + b)(1, 2), ((a, ...{ length }) => length)(1, 2, 3));
let order = []; const it = (n) => ({ *[Symbol.iterator]() { order.push("start" + n); yield n; order.push("end" + n); } }); f(order.push("first"), ...it(1), order.push("mid"), ...it(2)); print(order.join());
function* g() { yield 1; throw "gen threw"; } try { f(...g()); } catch (e) { print(e); } try { [...g()]; } catch (e) { print(e); }
const big = Array.from({ length: 5000 }, (_, i) => i); print(f(...big).length, Math.max(...big), [...big, ...big].length, Array.of(...big).length);
Array.prototype[Symbol.iterator] = new Proxy(Array.prototype[Symbol.iterator], {}); print(f(...[1, 2]));
const odd = [1, 2]; odd[Symbol.iterator] = function* () { yield "own"; }; print(f(...odd), [...odd].join());
for (const src of ["f(...)", "(...a, b) => 1", "function f(...a = []) {}", "[...a, b] = c", "({ ...{ a } } = {})", "({ ...a, b } = {})", "...a", "function f(...a, ) {}", "f(...a, )", "({ ...[a] } = {})", "[...a, ] = b", "({...a, })"]) print(src, run(() => { new Function(src); return "parses"; }));
const { x, ...others } = { x: 1, y: 2, z: 3 }; print(x, JSON.stringify(others)); const [p, ...[q, ...s]] = [1, 2, 3, 4]; print(p, q, s.join());
print(eval("[..." + JSON.stringify([1, 2]) + "].length"), ((a, b) => [a, b])(...[1]).length, Reflect.apply(f, null, [...[1]]), f.apply(null, { length: 2, 0: "x" }), f.call(...[null, 5, 6]));
