// npm: esprima
import * as esprima from "esprima";
print(JSON.stringify(esprima.parseScript("var answer = 6 * 7; function f(a, b) { return a + b }", { range: true })));
print(esprima.tokenize("/re/g.test('x')").map(t => t.type).join());
