// Global variables are cached by the address of their slot: it moves when the global object grows, also
// when it has become a dictionary.
var indirect = eval, salt = 0;
function load(i) { return indirect("var g" + i + " = " + salt + "; (function () { return g" + i + " })()"); }
let wrong = 0;
for (let i = 0; i < 3000; i++) {
  salt = i * 7;
  if (load(i) !== i * 7 || globalThis["g" + i] !== i * 7) wrong++;
}
print(wrong, g0, g2999, salt, typeof indirect);
// Lexical bindings beyond those that a shape is shared for; they shadow what was cached.
configurable = "property";
function read() { return configurable; }
for (let i = 0; i < 5; i++) read();
for (let i = 0; i < 1200; i++) (0, eval)("globalThis.d" + i + " = " + i);
for (let i = 0; i < 1200; i++) if ((0, eval)("d" + i) !== i) wrong++;
print(wrong, read());
for (let i = 0; i < 1200; i += 2) delete globalThis["d" + i];
for (let i = 0; i < 1200; i++) if ((0, eval)("typeof d" + i) !== (i & 1 ? "number" : "undefined")) wrong++;
print(wrong, read(), delete globalThis.configurable);
try { read(); } catch (e) { print(e.name); }
