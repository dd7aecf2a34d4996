// npm: parse5
import { parse, serialize, parseFragment } from "parse5";
print(serialize(parse("<p>a<table><tr><td>b</p><b><i>c</b>d</i>&notin;&#x41;")), serialize(parseFragment("<select><option>1<option>2</select><svg><circle/></svg>")));
