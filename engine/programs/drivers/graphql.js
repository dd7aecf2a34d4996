// npm: graphql
import { buildSchema, graphql, parse, print as show, validate, introspectionFromSchema } from "graphql";
const schema = buildSchema("type Query { hero(id: Int!): Hero list: [Hero!]! } type Hero { name: String friends(first: Int = 1): [Hero] } "); const root = { hero: ({ id }) => ({ name: "h" + id, friends: ({ first }) => Array.from({ length: first }, (_, i) => ({ name: "f" + i })) }), list: () => [{ name: "l" }, null] };
print(show(parse("query Q($a:Int!){hero(id:$a){...F}} fragment F on Hero{name friends(first:2){name}}")), JSON.stringify(validate(schema, parse("{hero{name nope}}")).map(e => e.message)), JSON.stringify(introspectionFromSchema(schema)).length);
graphql({ schema, source: "query Q($a:Int!){hero(id:$a){...F} list{name}} fragment F on Hero{name friends(first:2){name}}", rootValue: root, variableValues: { a: 4 } }).then(r => print(JSON.stringify(r)));
