// npm: js-yaml
import * as yaml from "js-yaml";
const doc = yaml.load("a: &x [1, 2.5, ~, true]\nb: *x\nc: |\n  two\n  lines\nd: {e: 2024-02-29, f: 0x1F}\n");
print(JSON.stringify(doc)); print(yaml.dump(doc));
try { yaml.load("a: [1"); } catch (e) { print(e.name, e.reason); }
