// Strings are kept in one byte a unit where they can be, in two where they must: nobody may see which.
// Each check runs on a text as it is and on a neighbour that holds a unit beyond U+00FF.
const WIDE = "\u6642";
let checks = 0, failed = 0;
function same(what, a, b) {
  checks++;
  const show = (v) => typeof v === "string" ? JSON.stringify(v) : Object.is(v, -0) ? "-0" : String(v);
  if (!Object.is(a, b)) { failed++; print(what + ": " + show(a) + " and " + show(b)); }
}
function outcome(f) { try { return f(); } catch (e) { return e.name; } }

// ----- JSON: keys, numbers, words, escapes, space; with and without a reviver -----
const documents = [
  '{"2":1,"0":2,"10":3,"a":4}', '{"4294967294":1,"4294967295":2,"2147483647":3,"2147483648":4}',
  '{"01":1,"1.5":2,"-1":3,"":4,"1e3":5}', '{"__proto__":1,"constructor":2,"length":3}',
  '[0,-0,1,-1,12345678,123456789,1234567890,-1234567890,1.5,-1.5e10,1E+2,1e-7,1e400,0.1]',
  '[true,false,null,"",[],{},[[]],[{}]]', '{"a":{"b":{"3":[1,{"7":2}]}}}',
  '["\\u0041\\n\\t\\b\\f\\r\\"\\\\\\/","\\u00e9\u00e9","\\ud83d\\ude00","\\ud800"]', ' \t\n\r{ "1" : [ 1 , 2 ] } ',
  '{"a":1,"a":2,"1":3,"1":4}', '[01]', '[1.]', '[-]', '{"a"}', '{1:2}', '["\u0001"]', '[tru]', '["\\x"]', '[1,]', '',
];
const seen = [];
function reviver(k, v, context) { seen.push(k, typeof v, context.source); return v; }
for (const text of documents) {
  const narrow = () => JSON.parse("[" + text + ',"x"]')[0];
  const wide = () => JSON.parse("[" + text + ',"' + WIDE + '"]')[0];
  same("JSON.parse " + text, outcome(() => JSON.stringify(narrow())), outcome(() => JSON.stringify(wide())));
  const keys = (o) => o && typeof o === "object" ? Reflect.ownKeys(o).join() : typeof o;
  same("keys of " + text, outcome(() => keys(narrow())), outcome(() => keys(wide())));
  const revived = (text) => { seen.length = 0; return outcome(() => JSON.stringify(JSON.parse(text, reviver)[0])) + seen.slice(0, -6).join(); };
  same("reviver of " + text, revived("[" + text + ',"x"]'), revived("[" + text + ',"' + WIDE + '"]'));
}
{
  const o = JSON.parse('{"2":1,"x":"' + WIDE + '"}');
  same("index read", o[2], 1);
  o[2] = 7;
  same("index written", Object.keys(o).join(), "2,x");
  same("delete", delete o[2] && "2" in o, false);
  const array = JSON.parse('[5,"' + WIDE + '"]');
  same("element", array["0"], 5);
}
for (const text of ["a\"b", "\u0000\u001f", "\\", "\u00e9", "/", "\u007f"]) {
  const q = JSON.stringify(text);
  same("quote " + text, JSON.stringify(text + WIDE), q.slice(0, -1) + WIDE + '"');
}

// ----- Numbers: white space beyond U+00FF may surround them -----
const numbers = [
  "0", "-0", "12", "1.5", ".5", "5.", "1e3", "1E-3", "+1", "--1", "0x1F", "0b101", "0o17", "0xG", "Infinity", "-Infinity",
  "infinity", "1_000", "12345678901234567890", "4.9e-324", "1.7976931348623159e308", "9007199254740993", "", " ", "abc", "1 2", "1n",
];
for (const text of numbers) {
  same("Number " + text, Number(text + " "), Number(text + "\u2003"));
  same("Number, space before " + text, Number("\u00a0" + text), Number("\u3000" + text));
  same("parseFloat " + text, parseFloat(text), parseFloat(text + WIDE));
  for (const radix of [undefined, 2, 10, 16, 36]) same("parseInt " + text, parseInt(text, radix), parseInt("\u3000" + text + WIDE, radix));
  same("BigInt " + text, outcome(() => BigInt(text + " ")), outcome(() => BigInt(text + "\u2003")));
  same("== " + text, (text + " ") == 12, (text + "\u2003") == 12);
  same("bigint == " + text, (text + " ") == 12n, (text + "\u2003") == 12n);
}
same("long digits", BigInt("7".repeat(5000) + "\u3000"), BigInt("7".repeat(5000)));

// ----- Dates: a comment may hold anything -----
const dates = [
  "Jan 1 2000 00:00:00 GMT", "Fri, 31 Dec 1999 23:59:59 GMT", "21 Nov 2026 10:00 PM +0200", "1/2/2003 GMT", "2000-01-01T00:00:00Z",
  "nonsense", "Mar 1 -0044 00:00:00 GMT", "Thu Jan 01 1970 00:00:00 GMT+0000",
];
for (const text of dates) same("Date.parse " + text, Date.parse(text + " (x)"), Date.parse(text + " (" + WIDE + ")"));
for (const unit of ["\u00ff", "\u0130", "\uff11"]) same("no digit", Date.parse("Jan " + unit + " 2000"), NaN);

// ----- RegExps: the same matches at the same places -----
const subjects = ["", "a", "abcabc", "aAbB", "xx12yy", "\u00e9\u00c9\u00ff\u00df\u00b5", "a\nb\rc", "foo.bar, baz", "\u00a0 \t", "aaaaab", "0123456789abcdef"];
const patterns = [
  /a/, /A/i, /[a-c]+/, /[^a]/, /\d+/, /\D/, /\w+\b/, /\W/, /\s/, /\S+$/m, /^b/m, /./s, /.+/, /(a)(b)?/, /(?<x>[a-z])\k<x>/, /(?<=a)b/, /(?<!a)b/,
  /(?=b)/, /(?:ab|abc)+/, /[\u00e0-\u00ff]/i, /\u00e9/i, /\xb5/i, /\u00ff/iu, /\p{Lu}/u, /[\p{L}--[a-f]]/v, /a{2,3}?/, /(.)\1/, /$/, /abc|bca/, /x*y*/,
];
for (const subject of subjects) for (const pattern of patterns) {
  const result = (s) => { const m = pattern.exec(s); return m && m.index + ":" + m.join("|"); };
  // A unit no pattern here begins with, after a line that ends before it.
  const neighbour = (s) => { const m = pattern.exec(s); return m && m.index + ":" + m.join("|"); };
  const narrow = result(subject + "\n" + "\u00d7");
  const wide = neighbour(subject + "\n" + "\u2212");
  const folded = (v) => v && v.replace(/[\u00d7\u2212]/g, "?");
  same(pattern + " on " + JSON.stringify(subject), folded(narrow), folded(wide));
  same(pattern + " split " + JSON.stringify(subject), folded((subject + "\n\u00d7").split(pattern).join("|")), folded((subject + "\n\u2212").split(pattern).join("|")));
  const all = new RegExp(pattern.source, pattern.flags + "g");
  same(all + " replace " + JSON.stringify(subject), folded((subject + "\n\u00d7").replace(all, "<$&$1>")), folded((subject + "\n\u2212").replace(all, "<$&$1>")));
}
for (const text of ["abc", "a/b", "[x]", "a\\d"]) same("source", new RegExp(text + "|" + WIDE).source.replace(WIDE, "x"), new RegExp(text + "|x").source);
for (const flags of ["g", "gi", "x", "gg", ""]) same("flags " + flags, outcome(() => RegExp("a", flags).flags), outcome(() => RegExp("a" + "|" + WIDE, flags).flags));
same("wide flags", outcome(() => RegExp("a", "g" + WIDE)), "SyntaxError");
same("groups", JSON.stringify(new RegExp("(?<a>x)|" + WIDE).exec("x").groups), '{"a":"x"}');

// ----- Searching: every pairing of widths -----
const hay = "abcabdabcabe \u00e9\u00ff";
for (const needle of ["", "a", "abe", "abd", "b", "zz", "\u00e9", "\u00ff", "abcabdabcabe \u00e9\u00ff", "e "]) {
  for (const from of [undefined, 0, 3, 7, 100]) {
    same("indexOf " + needle, hay.indexOf(needle, from), (hay + (needle === "" ? "" : WIDE)).indexOf(needle, from));
    same("includes " + needle, hay.includes(needle, from), (hay + WIDE).includes(needle, from === 100 && needle === "" ? 5 : from));
    if (needle !== "") same("lastIndexOf " + needle, hay.lastIndexOf(needle, from), (hay + WIDE).lastIndexOf(needle, from));
  }
  same("startsWith " + needle, hay.startsWith(needle), (hay + WIDE).startsWith(needle));
  same("endsWith " + needle, hay.endsWith(needle), (WIDE + hay).endsWith(needle));
  if (needle !== "") {
    same("split " + needle, hay.split(needle).join("|"), (hay + WIDE).split(needle).join("|").slice(0, -1));
    same("replaceAll " + needle, hay.replaceAll(needle, "<$&>"), (hay + WIDE).replaceAll(needle, "<$&>").slice(0, -1));
  }
  same("wide needle in narrow text " + needle, hay.indexOf(needle + WIDE), -1);
  same("wide needle in wide text " + needle, (hay + needle + WIDE).indexOf(needle + WIDE), (hay + needle + WIDE).length - needle.length - 1);
  same("last wide needle " + needle, (needle + WIDE + hay).lastIndexOf(needle + WIDE), 0);
}

// ----- Parts of wide texts are the narrow texts they look like: as values, keys and atoms -----
const key = (s) => (WIDE + s).slice(1);
for (const text of ["", "a", "7", "x7", "length", "2147483648", "4294967295", "constructor", "\u00e9", "abcdefgh ijklmnop"]) {
  same("===", key(text) === text, true);
  same("compare", key(text) < text || key(text) > text, false);
  same("Map", new Map([[text, 1]]).get(key(text)), 1);
  same("Set", new Set([key(text), text]).size, 1);
  same("object", Object.keys({ [text]: 1, [key(text)]: 2 }).length, 1);
  same("array", JSON.stringify(Object.entries(Object.assign([], { [key(text)]: 1 }))), JSON.stringify(Object.entries(Object.assign([], { [text]: 1 }))));
  same("typed array", key(text) in new Uint8Array(9), text in new Uint8Array(9));
  same("Symbol.for", Symbol.for(key(text)) === Symbol.for(text), true);
  same("joined", [WIDE, text].join("").slice(1) === text, true);
  same("templated", `${WIDE}${text}`.slice(1) === text, true);
  same("appended", (() => { let s = WIDE; for (const c of text) s += c; return s.slice(1) === text; })(), true);
  same("switch", (() => { switch (key(text)) { case text: return true; } return false; })(), true);
  same("sorted", ["b", key(text), "\u0100", "a"].sort().join(), ["b", text, "\u0100", "a"].sort().join());
}
same("order", ["\u00ff" < "\u0100", "\u00ff" < "\u00ff\u0100", "a\u0100" < "b", "a\u0100" > "aa"].join(), "true,true,true,true");

// ----- What works unit by unit -----
const pieces = ["abc XYZ", "\u00e9\u00c9\u00ff\u00df\u00b5", "%41%zz%", "a+b/c?d=e&f#g", "\u0080\u00a0\u00ff", "%u0041%E9", "I\u0307 i\u0307"];
for (const text of pieces) {
  const glued = (what, f) => same(what + " " + text, f(text) + f(WIDE), f(text + WIDE));
  glued("toUpperCase", (s) => s.toUpperCase());
  glued("toLowerCase", (s) => s.toLowerCase());
  glued("encodeURIComponent", encodeURIComponent);
  glued("encodeURI", encodeURI);
  glued("escape", escape);
  glued("unescape", unescape);
  glued("normalize", (s) => s.normalize("NFD"));
  glued("normalize", (s) => s.normalize("NFKC"));
  glued("toWellFormed", (s) => s.toWellFormed());
  glued("code units", (s) => [...s].map((c) => c.charCodeAt(0) + ";").join(""));
  same("decodeURIComponent " + text, outcome(() => decodeURIComponent(text) + WIDE), outcome(() => decodeURIComponent(text + WIDE)));
  same("decodeURI " + text, outcome(() => decodeURI(text) + WIDE), outcome(() => decodeURI(text + WIDE)));
  same("trim " + text, (" " + text + "\u00a0").trim(), ("\u3000" + text + "\u2003").trim());
  same("padEnd " + text, text.padEnd(12, "xy") + WIDE, (text.padEnd(12, "xy") + WIDE).padEnd(3));
  same("padStart " + text, text.padStart(12, "xy"), (WIDE + text).padStart(13, "xy").replace(WIDE, ""));
  same("localeCompare " + text, text.localeCompare(text + "\u0300"), -1);
}
same("final sigma", ("A\u03a3").toLowerCase(), "a\u03c2");
same("base64", outcome(() => Uint8Array.fromBase64("AAAA" + WIDE)), outcome(() => Uint8Array.fromBase64("AAAA\u00e9")));
same("base64 of a part", Uint8Array.fromBase64(key("AQID")).join(), "1,2,3");
same("hex", outcome(() => Uint8Array.fromHex("00" + WIDE + WIDE)), outcome(() => Uint8Array.fromHex("00\u00e9\u00e9")));
// U+0130 and U+0131 have the low bytes of "0" and "1", U+0141 that of "A".
same("low bytes", [Number("\u0131"), parseInt("\u0131"), Number("1\u0130")].join(), "NaN,NaN,NaN");
same("low bytes in base64", outcome(() => Uint8Array.fromBase64("\u0141\u0141\u0141\u0141")), "SyntaxError");
same("low bytes in hex", outcome(() => Uint8Array.fromHex("\u0130\u0130")), "SyntaxError");
same("low bytes as keys", Object.keys({ "\u0131": 1, 1: 2 }).length, 2);
same("low bytes in %", outcome(() => decodeURIComponent("%\u0134\u0131")), "URIError");
same("low bytes in JSON", outcome(() => JSON.parse('{"\u0131":1}')[1]), undefined);
same("low bytes in dates", Date.parse("2000-01-0\u0131T00:00:00Z"), NaN);
same("low bytes in unescape", unescape("%\u0134\u0131"), "%\u0134\u0131");

// ----- Source text -----
const sources = ["1+2", "0x1F", "1e3", "'a\\n\\x41\\u0042'.length", "`a${1}b`", "/a+/.test('aa')", "({2:1,'1':3,a:4})[1]", "[1,,2].length", "var \u00e9=1;\u00e9", "'\u00ff'.length", "10n**20n", "let x='7';({7:1})[x]", "1 +", "'\\u{41}'"];
for (const source of sources) same("eval " + source, outcome(() => String((0, eval)("{" + source + "}//"))), outcome(() => String((0, eval)("{" + source + "}//" + WIDE))));
same("Function", Function("a", "return a//" + WIDE)(3), 3);
same("toString", Function("return 1//" + WIDE).toString().length, Function("return 1//x").toString().length);
print(checks + " checks, " + failed + " failed");
