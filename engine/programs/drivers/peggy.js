// npm: peggy
import peggy from "peggy";
const p = peggy.generate("start = e:sum { return e }\nsum = a:mul _ \"+\" _ b:sum { return a + b } / mul\nmul = a:num _ \"*\" _ b:mul { return a * b } / num\nnum = d:$[0-9]+ { return +d } / \"(\" _ s:sum _ \")\" { return s }\n_ = \" \"*");
print(p.parse("2 * (3 + 4)*5+1")); try { p.parse("2 + "); } catch (e) { print(e.name, e.message, JSON.stringify(e.location.start)); }
