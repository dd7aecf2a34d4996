// Template literals, tags, raw strings, caching, substitutions.
const a = 1, b = { toString() { return "B"; } };
print(`plain`, `a${a}b${b}c`, `${a}${a}`, `${`nested ${a + 1}`}`, `line1
line2`, `\u0041\x42\n`.length, `\${}`, `$`, `$a`, `{}`, `${"}"}`, ``);
function tag(strings, ...values) { return JSON.stringify(strings) + JSON.stringify(strings.raw) + JSON.stringify(values); }
print(tag`x${1}y${2}z`);
print(tag``, tag`${1}`, tag`\n\u{41}\\`);
function raw(s) { return [s[0], s.raw[0]].map(String).join("|"); }
print(raw`\unicode`, raw`\xerxes \u{110000000}`, raw`\01`, raw`ok`);
let cache = []; function keep(s) { cache.push(s); return s; }
function site() { return keep`s${1}`; }
site(); site(); keep`s${1}`;
print(cache[0] === cache[1], cache[0] === cache[2], Object.isFrozen(cache[0]), Object.isFrozen(cache[0].raw), Array.isArray(cache[0].raw), Object.keys(cache[0]).join());
const o = { m(s) { return this === o; }, get t() { return () => "getter tag"; }, n: { x: (s, v) => v } };
print(o.m`x`, o.t`x`, o["m"]`y`, o.n.x`${5}`, new (class { static t(s) { return this.name; } static r = 1; })().constructor.t`x`);
print((() => (s) => s.raw[0])()`curried`, ((s) => (t) => s[0] + t[0])`one``two`);
print(String.raw`\n${1}\t`, String.raw({ raw: "abc" }, 1, 2, 3), String.raw({ raw: [] }), String.raw({ raw: { length: 2, 0: "x", 1: "y" } }, "-"));
try { `${Symbol("s")}`; } catch (e) { print(e.name); }
print(`${[1, 2]}`, `${null} ${undefined} ${true} ${-0} ${1e21} ${{}}`, `${{ valueOf: () => 1, toString: () => "ts" }}`, "" + { valueOf: () => 1, toString: () => "ts" });
print(`a
b`.length, raw`
`.length, typeof `${1}`, `${1}` + 1, `${(() => `${(() => "deep")()}`)()}`);
for (const src of ["`${}`", "`\\01`", "`\\u{110000}`", "`\\xg`", "`unterminated", "`${a", "a?.`x`", "`${a}` = 1"]) { try { new Function(src); print("ok"); } catch (e) { print(e.name); } }
var order = []; `${order.push(1)}${order.push(2)}${{ toString() { order.push("ts"); return ""; } }}${order.push(3)}`; print(order.join());
print(`\
continued`, `${"a"}${"b"}${"c"}`.length, ((...x) => x.length)`${1}${2}${3}`, new Function`return 7`(), `\0`.charCodeAt(0), `a\r\nb`.length);
