// Stack texts: function names, file, exact line and column of each frame.
// A frame reads `    at name (file:line:column)`; the position is that of the callee's name in a
// call, of `new` in a construction, of the name of the property in an access or assignment, of the
// name itself for a variable, of the operator in arithmetic.
function frames(e, count = 3) {
  const found = [];
  for (const line of e.stack.split("\n")) {
    let text = line.trim();
    if (!text.startsWith("at ") || !text.includes("error_stacks.js:")) continue;
    text = text.slice(3);
    const open = text.lastIndexOf("(");
    let name = open > 0 ? text.slice(0, open - 1) : "";
    if (name.startsWith("<")) name = ""; // top-level code
    name = name.slice(Math.max(name.lastIndexOf("."), name.lastIndexOf(" ")) + 1);
    const at = text.indexOf("error_stacks.js:") + "error_stacks.js:".length;
    found.push(name + "@" + (text.endsWith(")") ? text.slice(at, -1) : text.slice(at)));
  }
  return found.slice(0, count).join(" < ");
}
function caught(f) { try { f(); } catch (e) { return e.name + " " + frames(e, 2); } }
function inner() {
  throw new Error("boom");
}
function outer() {
  return 1 + inner();
}
try { outer(); } catch (e) { print(frames(e)); }
try { outer(); } catch (e) { print(JSON.stringify(e.stack.split("\n").filter((l) => l.includes("at inner"))[0])); }
print(caught(function readNull() { null.foo; }));
print(caught(function readUndefined() {
  var o = {};
  return o.a
    .b;
}));
print(caught(function computed() { var u; u["k" + 1]; }));
print(caught(function unknownName() { return 1 + undefinedName; }));
print(caught(function notFunction() { let t = 1; t(); }));
print(caught(function missingMethod() { const o = {}; o.missing(1, 2); }));
print(caught(function chain() {
  const o = { a: { b: {} } };
  o.a
    .b
    .nothing();
}));
print(caught(function setNull() { const o = {}; o.a.b = 1; }));
print(caught(function setConst() { const c = 1; c = 2; }));
print(caught(function early() { x; let x; }));
print(caught(function notConstructor() { const o = { m() {} }; new o.m(); }));
print(caught(function symbolAdd() { return 1 + Symbol(); }));
print(caught(function thrower() {
  const e = new TypeError("made here");
  throw e;
}));
class K {
  constructor() { this.go(); }
  go() { throw new RangeError("in a method"); }
  static make() { return new K(); }
}
try { K.make(); } catch (e) { print(frames(e, 4)); }
try {
  [1].map(function callback(x) {
    throw new TypeError("in callback");
  });
} catch (e) { print(frames(e, 1)); }
function* gen() { yield 1; throw new Error("gen"); }
function pull() { const it = gen(); it.next(); it.next(); }
try { pull(); } catch (e) { print(frames(e, 1)); }
(async function asyncFn() { await null; throw new Error("async"); })().catch((e) => print(frames(e, 1)));
const arrow = () => { throw new Error("arrow"); };
try { arrow(); } catch (e) { print(frames(e, 1)); }
function deep(n) { if (n === 0) throw new Error("deep"); deep(n - 1); }
try { deep(3); } catch (e) { print(frames(e, 9)); }
const made = new Error("made"); function later() { throw made; }
try { later(); } catch (e) { print(frames(e)); }
function spaced() { return /* comment */ inner /* comment */ ( ) ; }
try { spaced(); } catch (e) { print(frames(e, 2)); }
function unicode() { "é東\u{1F600}"; throw new Error("after wide characters"); }
try { unicode(); } catch (e) { print(frames(e, 1)); }
try { eval("a b"); } catch (e) { print(e.name, typeof e.stack); }
print(typeof Error().stack, Object.hasOwn(new Error("q"), "message"), Object.keys(new Error("q")).length);
