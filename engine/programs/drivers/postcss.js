// npm: postcss
import postcss from "postcss";
const plugin = { postcssPlugin: "p", Declaration(d) { if (d.prop === "color") d.value = "blue"; } };
const r = postcss([plugin]).process("a { color: red; b: c }\n@media x { d { color: green } }", { from: undefined, map: false });
print(r.css);
try { postcss.parse("a {"); } catch (e) { print(e.name, e.reason); }
