// Captured variables: shared, per iteration, in parameters, through eval of nested functions.
var fs = [];
for (let i = 0; i < 3; i++) fs.push(() => i);
print(fs.map((f) => f()).join());
fs = [];
for (var j = 0; j < 3; j++) fs.push(() => j);
print(fs.map((f) => f()).join());
fs = [];
for (let i = 0, add = () => i++; i < 3; i++) { fs.push(() => i); if (i === 0) add(); }
print(fs.map((f) => f()).join());
fs = [];
for (let i = 0; i < 4; fs.push(() => i), i++) i += 0;
print(fs.map((f) => f()).join());
fs = [];
for (const k in { a: 1, b: 2 }) fs.push(() => k);
for (const k of "xy") fs.push(() => k);
print(fs.map((f) => f()).join());
fs = [];
for (let i = 0; i < 3; i++) { if (i === 1) continue; let twice = i * 2; fs.push(() => twice + i); }
print(fs.map((f) => f()).join());
let w = 0;
fs = [];
while (w < 3) { let c = w++; fs.push(() => c++, () => c); }
fs[0](); fs[0]();
print(fs.map((f) => f()).join());

function counter() {
  let n = 0;
  return { up() { return ++n; }, get n() { return n; } };
}
var a = counter(), b = counter();
a.up(); a.up(); b.up();
print(a.n, b.n);

function params(x, y = () => x, z = (v) => { x = v; }) {
  var x;
  x = "body";
  z("param");
  return [x, y()];
}
print(params("arg").join());
function mapped(p) { arguments[0] = 9; return (() => p)(); }
print(mapped(1));
function strictArgs(p) { "use strict"; arguments[0] = 9; return (() => p + arguments[0])(); }
print(strictArgs(1));
print((function fact(n) { return n < 2 ? 1 : n * fact(n - 1); })(10));
print((function self() { try { self = 1; } catch (e) { return "threw"; } return typeof self; })());
print((function self() { "use strict"; try { self = 1; } catch (e) { return e.name; } return typeof self; })());
const deep = (x) => () => () => () => x++;
const d = deep(5)()();
d();
print(d(), d());
function args() { return (() => (() => arguments.length + arguments[1])())(); }
print(args(1, 2, 3));
const o = { v: 1, m() { return (() => (() => this.v)())(); } };
print(o.m(), o.m.call({ v: 2 }));
function Ctor() { this.t = (() => new.target)(); }
print(new Ctor().t === Ctor);
{
  function inner() { return secret; }
  let secret = "s";
  print(inner());
}
try { throw 1; } catch (e) { var caught = () => e; e = 2; }
print(caught());
