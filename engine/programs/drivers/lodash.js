// npm: lodash
import _ from "lodash";
print(JSON.stringify(_.chain([3, 1, 2, 3]).uniq().sortBy().map(x => x * 2).groupBy(x => x > 3).value()));
print(_.template("<%- a %> <% if (b) { %>${c}<% } %>")({ a: "<", b: 1, c: 2 }), _.camelCase("foo bar-baz été"), _.deburr("déjà vu"));
print(JSON.stringify(_.merge({ a: [1, { b: 2 }] }, { a: [, { c: 3 }], d: new Map([[1, 2]]) })), _.isEqual({ a: new Set([1]) }, { a: new Set([1]) }), _.cloneDeep([/x/g, new Date(5)]).map(String).length);
