// npm: ejs
import ejs from "ejs";
print(ejs.render("<% for (const x of list) { %><li><%= x %></li><% } %><%- raw %>", { list: ["<a>", "b"], raw: "<b>" }));
