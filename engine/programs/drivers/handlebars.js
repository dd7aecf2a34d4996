// npm: handlebars
import Handlebars from "handlebars/dist/cjs/handlebars.js";
const h = Handlebars.default ?? Handlebars;
h.registerHelper("up", s => s.toUpperCase());
print(h.compile("{{#each list as |x i|}}{{i}}:{{up x.name}} {{#if x.ok}}yes{{else}}no{{/if}}\n{{/each}}{{{raw}}}{{raw}}")({ list: [{ name: "a", ok: 1 }, { name: "b" }], raw: "<&>" }));
