// encodeURI, decodeURI and their component forms, escape, unescape.
function run(f) { try { return f(); } catch (e) { return e.name; } }
const all = String.fromCharCode(...Array.from({ length: 128 }, (_, i) => i));
print(encodeURI(all)); print(encodeURIComponent(all)); print(escape(all));
print(decodeURIComponent(encodeURIComponent(all)) === all, unescape(escape(all + "\u0100\ud800")) === all + "\u0100\ud800");
print(encodeURIComponent("é東\u{1F600}"), decodeURIComponent("%C3%A9%E6%9D%B1%F0%9F%98%80"), decodeURI("%23%24%41%2f%3F"), decodeURIComponent("%23%24%41%2f"));
for (const bad of ["%", "%4", "%zz", "%80", "%C3", "%C3%28", "%C0%80", "%ED%A0%80", "%F4%90%80%80", "%F8%88%80%80%80"]) print(bad, run(() => decodeURIComponent(bad)), run(() => decodeURI(bad)));
print(run(() => encodeURI("\ud800")), run(() => encodeURIComponent("\udc00x")), encodeURI("\ud83d\ude00"), escape("ü東"), unescape("%u6771%FC%u00G0%zz%"), encodeURI(), escape(), decodeURI("plain"));
