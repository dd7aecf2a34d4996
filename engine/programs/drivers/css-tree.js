// npm: css-tree
import { parse, generate, walk, lexer } from "css-tree/dist/csstree.esm";
const ast = parse("a:not(.b)>c{color:RED;margin:calc(1px + 2%) -3em}@media (min-width:1px){d::before{content:\"x\"}}");
const types = {}; walk(ast, n => { types[n.type] = (types[n.type] || 0) + 1 });
print(generate(ast), JSON.stringify(types), String(lexer.matchProperty("color", "red").error));
