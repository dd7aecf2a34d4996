// npm: acorn
import { sample } from "../samples.js";
import * as acorn from "acorn";
const tree = acorn.parse(sample, { ecmaVersion: 2022, sourceType: "module", locations: true });
print(JSON.stringify(tree, (k, v) => typeof v === "bigint" ? String(v) : v).length, tree.body.map(n => n.type).join(" "));
print([...acorn.tokenizer("a ??= `x${1}`", { ecmaVersion: 2022 })].map(t => t.type.label).join(" "));
try { acorn.parse("let let = 1", { ecmaVersion: 2022 }); } catch (e) { print(e.name, e.message); }
