// npm: yaml
import { parse, stringify, parseDocument } from "yaml";
print(JSON.stringify(parse("- a: 1\n  b: >\n    folded\n    text\n- !!set {x, y}\n- 'q'\n")));
print(stringify({ a: [1, { b: null }], long: "x ".repeat(60), "key with: colon": "\ttab" }), parseDocument("a: [").errors.length);
