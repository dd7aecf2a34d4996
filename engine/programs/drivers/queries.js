// npm: jsonata jmespath
import jsonata from "jsonata"; import jmespath from "jmespath";
const o = { a: [{ n: "x", v: 3 }, { n: "y", v: 5 }, { n: "x", v: 7 }] }; jsonata("a{n: $sum(v)}").evaluate(o).then(r => print(JSON.stringify(r))).then(() => jsonata("$map(a[v > 3], function($x, $i) { $x.n & $i })").evaluate(o)).then(r => print(JSON.stringify(r))); print(JSON.stringify(jmespath.search(o, "a[?v > `3`].{name: n, twice: v} | sort_by(@, &twice)")), JSON.stringify(jmespath.search(o, "max_by(a, &v)")));
