// JSON: places in error messages, rawJSON, the source text that a reviver is given.
function run(f) { try { return String(f()); } catch (e) { return e.name + ": " + e.message; } }
for (const text of ["", "[1,\n 2,]", "{\"a\":tru}", "\"ab\u0001\"", "[1] x", "\"\ud800\u6771", "{\"a\" 1}"]) print(run(() => JSON.parse(text)));
print(JSON.stringify({ big: JSON.rawJSON("12345678901234567890"), list: [JSON.rawJSON('"x"'), JSON.rawJSON("null")] }));
const raw = JSON.rawJSON("1");
print(JSON.isRawJSON(raw), JSON.isRawJSON({ rawJSON: "1" }), Object.isFrozen(raw), Object.getPrototypeOf(raw), raw.rawJSON, Object.keys(raw).join());
for (const text of ["", " 1", "1\n", "{}", "[]", "undefined", "1 2"]) print(run(() => JSON.rawJSON(text)).split(":")[0]);
const seen = [];
JSON.parse('{"a": 1.50, "b": ["x\\n", -0, {"c": null}], "a": 2.0, "5": true}', function (key, value, context) {
  seen.push(key + "=" + (Object.hasOwn(context, "source") ? context.source : Object.keys(context).length));
  return value;
});
print(seen.join(" "));
// What the reviver changed has no source any more.
const changed = [];
JSON.parse('[1, 2, [3, 4], 5]', function (key, value, context) {
  if (key === "0") { this[1] = 20; this[2] = [30]; this[3] = 5; }
  changed.push(key + ":" + context.source);
  return value;
});
print(changed.join(" "));
// Objects with the same keys in a row, more keys than fit inline, keys that repeat.
const many = "[" + Array.from({ length: 3 }, (_, n) => "{" + Array.from({ length: 40 }, (_, i) => `"k${i}":${i * n}`).join() + "}").join() + "]";
print(JSON.stringify(JSON.parse(many)) === many, JSON.stringify(JSON.parse('[{"a":1,"b":2},{"a":3,"b":4},{"a":5,"a":6},{"b":7,"a":8}]')));
// The shape changes while the object is written.
const moving = { a: { toJSON() { delete moving.b; moving.d = 1; return 0; } }, b: 1, c: 2 };
print(JSON.stringify(moving), JSON.stringify(moving));
const DEPTH = 32000 * (globalThis.SCALE ?? 1);
// Deeper than the stack, which is a SMALL_STACK then, but not by as much.
const BEYOND = globalThis.SCALE ? 8000 : 32000;
let deep = []; for (let i = 0; i < BEYOND; i++) deep = [deep];
print(run(() => JSON.stringify(deep)).split(":")[0], run(() => { let d = 0; for (let x = JSON.parse("[".repeat(DEPTH) + "]".repeat(DEPTH)); x; x = x[0]) d++; return d === DEPTH; }));
// A toJSON that appears on a prototype after objects of the shape were written.
class P { constructor() { this.x = 1; } }
const pair = [new P(), { toJSON() { P.prototype.toJSON = () => "late"; return "now"; } }, new P()];
print(JSON.stringify(pair));
