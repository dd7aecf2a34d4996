// npm: papaparse
import Papa from "papaparse";
print(JSON.stringify(Papa.parse("a,b\n1,\"x, \"\"y\"\"\"\n2,\n", { header: true, dynamicTyping: true })), Papa.unparse([{ a: 1, b: "x,y" }, { a: null, b: 'q"' }]));
