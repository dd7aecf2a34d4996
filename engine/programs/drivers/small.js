// npm: json5 qs semver he validator
import JSON5 from "json5"; import qs from "qs"; import semver from "semver"; import he from "he"; import validator from "validator";
print(JSON5.stringify(JSON5.parse("{a: .5, 'b': [+1, 0xF, Infinity,], /* c */ c: 'x\\\ny',}"), null, 1), qs.stringify({ a: { b: [1, { c: "é" }] } }), JSON.stringify(qs.parse("a[b][]=1&a[b][]=2&c=%C3%A9&d.e=1")));
print(semver.satisfies("1.2.3-beta.2", ">=1.2.3-alpha <2"), semver.inc("1.2.3", "prerelease", "rc"), semver.sort(["1.10.0", "1.9.0", "1.9.0-x"]).join());
print(he.encode("a<é😀>", { useNamedReferences: true }), he.decode("&notit;&amp;&#x1F600;&Aacute"), validator.isEmail("a@b.co"), validator.isURL("http://x..y"), validator.isISO8601("2024-02-30", { strict: true }));
