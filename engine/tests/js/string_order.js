// What a string method converts, and when.
const log = [];
const arg = (name, value) => ({ toString() { log.push(name); return value; }, valueOf() { log.push(name); return value; } });
function call(f) { log.length = 0; let r; try { r = f(); } catch (e) { r = e.name; } print(JSON.stringify(r) + " " + log.join()); }
for (const pad of ["padStart", "padEnd"]) {
  call(() => "abc"[pad](2, arg("filler", "x")));
  call(() => "abc"[pad](3, arg("filler", "x")));
  call(() => "abc"[pad](4, arg("filler", "x")));
  call(() => "abc"[pad](3, Symbol()));
  call(() => "abc"[pad](4, Symbol()));
  call(() => "abc"[pad](arg("length", 5), arg("filler", "")));
  call(() => "abc"[pad](arg("length", 5), arg("filler", "xyz")));
  call(() => "abc"[pad](-1, Symbol()));
  call(() => "abc"[pad](NaN, Symbol()));
  call(() => "abc"[pad](Infinity, ""));
  call(() => "abc"[pad](Infinity, arg("filler", "x")));
  call(() => "abc"[pad](2 ** 53));
  call(() => ""[pad](3));
  call(() => String.prototype[pad].call(arg("this", "q"), arg("length", 1), arg("filler", "x")));
}
call(() => "abc".repeat(arg("count", 0)));
call(() => "abc".at(arg("index", -1)));
call(() => "abc".startsWith(arg("search", "b"), arg("position", 1)));
call(() => "abc".endsWith(arg("search", "b"), arg("position", 2)));
call(() => "abc".indexOf(arg("search", "c"), arg("position", 1)));
call(() => "abc".lastIndexOf(arg("search", "a"), arg("position", 1)));
call(() => "abc".split(arg("separator", "b"), arg("limit", 0)));
call(() => "abc".split(undefined, arg("limit", 1)).join());
call(() => "abc".replace(arg("pattern", "b"), arg("replacement", "-")));
call(() => "abc".substring(arg("start", 2), arg("end", 1)));
call(() => "abc".substr(arg("start", 1), arg("length", 1)));
call(() => "abc".slice(arg("start", 1), arg("end", -1)));
call(() => "abc".concat(arg("first", 1), arg("second", 2)));
call(() => "abc".normalize(arg("form", "NFC")));
call(() => "abc".localeCompare(arg("other", "abc")));
call(() => "abc".codePointAt(arg("index", 1)));
