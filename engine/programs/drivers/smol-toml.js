// npm: smol-toml
import { parse, stringify } from "smol-toml";
print(JSON.stringify(parse("a = 1\n[b.c]\nd = [\"x\", 'y']\ne = 1979-05-27T07:32:00Z\n[[f]]\ng = 1e3\n[[f]]\nh = true")), stringify({ x: { y: [1, 2] }, z: "q" }));
