// npm: @babel/parser
import { sample } from "../samples.js";
import { parse } from "@babel/parser";
const tree = parse(sample, { sourceType: "module", plugins: ["jsx", "typescript"] });
print(JSON.stringify(tree.program).length, tree.program.body.map(n => n.type).join(" "));
print(parse("const a = <b c={1}>x</b>", { plugins: ["jsx"] }).program.body[0].declarations[0].init.children.length);
