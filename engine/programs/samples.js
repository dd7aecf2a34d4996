// Texts that several drivers read.

export const sample = `
import def, * as ns from "m";
export default class Shape extends (def || Object) {
  #area = 0; static kinds = ["a", 'b'];
  constructor({ width = 1, height = 2, ...rest } = {}) { super(rest); this.#area = width * height }
  get area() { return this.#area } set area(v) { if (v > 0) this.#area = v; else throw new RangeError("area: " + v) }
  static async *all(n) { for (let i = 0; i < n; i++) yield await Promise.resolve(new Shape({ width: i })) }
}
const pick = (list, test = x => !!x) => list?.filter(test) ?? [];
label: for (const [k, v] of Object.entries({ a: 1, "b-c": 2n })) { if (k === "a") continue label; ns.log(\`\${k}=\${v}\`, /[a-z]+\\/(?<n>\\d)/giu.test(k)) }
function legacy(a, b) { var c = a + b, d; switch (c) { case 1: d = void 0; break; default: d = typeof c } do { c-- } while (c > 0); return d ? [a, , b] : { a, b } }
export { pick, legacy as old };
`;

export const text = `# Title with *emphasis* and \`code\`

A paragraph with **bold**, a [link](http://example.org "t"), an image ![alt](a.png) and
a hard break  
here. "Quotes" -- dashes... <b>html</b> &amp; http://auto.example.org

1. one
2. two
   - nested \\* escaped
   - *more*

> quote
> > deeper

| a | b |
|---|:-:|
| 1 | \`x|y\` |

\`\`\`js
if (a < b) c();
\`\`\`

    indented

[ref]: http://example.org/x
Setext
------
See [ref] and ***both***, été Ā 😀.
`;
