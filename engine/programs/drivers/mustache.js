// npm: mustache
import Mustache from "mustache";
print(Mustache.render("{{#list}}{{name}}: {{{raw}}} {{^no}}none{{/no}}\n{{/list}}{{! c }}{{> part}}", { list: [{ name: "a<b", raw: "<i>" }, { name: "c", no: 1 }] }, { part: "[{{list.length}}]" }));
