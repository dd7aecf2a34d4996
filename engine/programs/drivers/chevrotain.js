// npm: chevrotain
import { createToken, Lexer, CstParser } from "chevrotain";
const N = createToken({ name: "N", pattern: /\d+/ }), P = createToken({ name: "P", pattern: /[+-]/ }), W = createToken({ name: "W", pattern: /\s+/, group: Lexer.SKIPPED });
class C extends CstParser { constructor() { super([N, P, W]); const $ = this; $.RULE("sum", () => { $.CONSUME(N); $.MANY(() => { $.CONSUME(P); $.CONSUME2(N) }) }); this.performSelfAnalysis() } }
const c = new C(); c.input = new Lexer([W, N, P]).tokenize("1 + 22 - 3").tokens; const t = c.sum(); print(JSON.stringify(Object.entries(t.children).map(([k, v]) => [k, v.map(x => x.image)]))); c.input = new Lexer([W, N, P]).tokenize("1 + +").tokens; c.sum(); print(c.errors.map(e => e.message).join());
