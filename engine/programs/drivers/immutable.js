// npm: immutable
import { Map, List, OrderedSet, Record, fromJS, is } from "immutable";
let m = Map(); for (let i = 0; i < 500; i++) m = m.set("k" + i * 7 % 501, i);
print(m.size, m.hashCode(), m.filter(v => v % 100 === 0).toString());
print(fromJS({ a: [1, { b: 2 }] }).updateIn(["a", 1, "b"], x => x + 1).toString(), is(List([1]), List([1])), OrderedSet([3, 1, 3]).toString(), String(new (Record({ a: 1 }, "R"))({ a: 5 })));
