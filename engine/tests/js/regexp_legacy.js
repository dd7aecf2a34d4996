// The static properties of old (RegExp.$1 and kin): of the last match in the realm, by any method, told only of
// matches; told of nothing after a match of a subclass, and to nobody but RegExp itself.
const names = ["input", "$_", "lastMatch", "$&", "lastParen", "$+", "leftContext", "$`", "rightContext", "$'", "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9"];
const state = () => names.map((name) => RegExp[name]).join("|");
print("before any match: " + state());
function show(what, f) { let r; try { r = f(); } catch (e) { r = e.name; } print(what + " -> " + String(r) + ": " + state()); }
show("test", () => /(a)(b)/.test("xaby"));
show("a failure changes nothing", () => /(q)/.test("other"));
show("exec", () => /(\d+)-(\d+)/.exec("tel 12-34."));
show("no groups", () => /b/.exec("abc"));
show("groups without part", () => /(x)?(y)?b(z)?/.test("aybc"));
show("last group without part", () => /(a)|(b)/.exec("a"));
show("ten groups", () => /(1)(2)(3)(4)(5)(6)(7)(8)(9)(t)/.test("<123456789t>"));
show("empty match", () => /(?:)/.exec("abc"));
show("empty text", () => /^$/.test(""));
show("sticky", () => { const r = /(b)./y; r.lastIndex = 1; return r.exec("abcabd"); });
show("global exec twice", () => { const r = /(.)b/g; r.exec("abxb"); return r.exec("abxb"); });
show("lookbehind", () => /(?<=(\d))x(?=(y))/.exec("a1xyz"));
show("back reference", () => /(.)\1/.exec("hello"));
show("named", () => /(?<first>h)(?<second>e)/.exec("hehe"));
show("match", () => "k1v2".match(/([a-z])(\d)/));
show("match all", () => "k1v2".match(/([a-z])(\d)/g));
show("match without a match", () => "zz".match(/(\d)/g));
show("matchAll", () => [..."k1v2".matchAll(/([a-z])(\d)/g)].length);
show("search", () => "abc".search(/(c)/));
show("replace", () => "a-b".replace(/(\w)-(\w)/, "$2-$1"));
show("replace all", () => "a-b c-d".replace(/(\w)-(\w)/g, "$2-$1"));
show("replaceAll", () => "aXbX".replaceAll(/(X)/g, "_"));
show("split", () => "1,2;3".split(/([,;])/));
show("split of nothing", () => "".split(/(x)?/));
show("split that finds nothing", () => "abc".split(/(x)/));
show("split limited", () => "a1b2c3".split(/(\d)/, 2));
show("in a callback", () => "p1q2".replace(/([a-z])\d/, (whole, letter) => RegExp.$1 + RegExp["$'"]));
show("of a string pattern", () => "a.b".replace(".", "!") + "a.b".split("."));
show("match of a string pattern", () => "abc".match("(b)(c)"));
show("unicode", () => /(\u{1F600})(.)/u.exec("-\u{1F600}z"));
show("ignoring case", () => /(É)/i.exec("caf\u00e9\u6642"));
show("with own properties", () => { const r = /(o)/; r.extra = 1; return r.test("foo"); });
show("with its own exec", () => { const r = /(o)/; r.exec = () => ({ 0: "no", index: 0 }); return r.test("foo"); });
show("with another's exec", () => { const r = /(f)/; r.exec = (s) => /(o)(o)/.exec(s); return r.test("foo"); });
show("lastIndex that throws", () => { const r = Object.freeze(/(z)/g); return r.test("z"); });
show("after compile", () => /x/.compile("(w)").test("www"));
show("input assigned", () => { RegExp.input = 5; return typeof RegExp.$_; });
show("assigned by the other name", () => { RegExp.$_ = { toString: () => "text" }; return RegExp.input; });
show("the next match takes it back", () => /(n)/.test("next"));
show("input of a symbol", () => { RegExp.input = Symbol(); });
show("read-only", () => { "use strict"; RegExp.$1 = 1; });
show("grown afterwards", () => { let s = "ab"; s += "cd"; /(b)(c)/.test(s); s += "efgh"; return s; });
{
  // The string is kept as it was, whatever becomes of it, and the program whatever becomes of the RegExp.
  let r = /(\w)(\w)$/; let text = "some".concat("thing"); r.exec(text); r.compile("x"); r = text = null;
  show("kept", () => 1);
}
class Sub extends RegExp {}
const outcome = (f) => { try { return f(); } catch (e) { return e.name; } };
/(old)/.test("old");
print(new Sub("(s)").test("s"), names.map((name) => outcome(() => RegExp[name])).join());
RegExp.input = "given";
print(RegExp.input, RegExp.$_, outcome(() => RegExp.$1));
print(new Sub("(s)").test("no"), RegExp.input, /(again)/.test("again"), RegExp.$1);
print("replace of a subclass", "xsx".replace(new Sub("s"), "t"), outcome(() => RegExp.lastMatch));
/(back)/.test("back");
print("made by Reflect", Reflect.construct(RegExp, ["(r)"], Sub).test("r"), outcome(() => RegExp.$1));
/(back)/.test("back");
print("with the prototype of RegExp", Object.setPrototypeOf(new Sub("(p)"), RegExp.prototype).test("p"), outcome(() => RegExp.$1));
/(back)/.test("back");
print("with another prototype", RegExp.prototype.test.call(Object.setPrototypeOf(/(o)/, Sub.prototype), "o"), RegExp.$1);
print("compile of a subclass", outcome(() => new Sub("a").compile("b")));
for (const name of names) {
  const desc = Object.getOwnPropertyDescriptor(RegExp, name);
  const settable = name === "input" || name === "$_";
  const receivers = [undefined, null, 1, "s", {}, /x/, RegExp.prototype, Sub, Object.create(RegExp)];
  const refused = receivers.every((r) => outcome(() => desc.get.call(r)) === "TypeError" && (!settable || outcome(() => desc.set.call(r, "")) === "TypeError"));
  if (!refused || desc.enumerable || !desc.configurable || (desc.set !== undefined) !== settable) print(name, "is wrong");
  if (outcome(() => Sub[name]) !== "TypeError") print(name, "of a subclass");
}
print(Object.keys(RegExp).length, delete RegExp.$1, RegExp.$1);

// Functions' texts are NativeFunctions, also where the name is no identifier.
for (const name of ["$&", "$'", "$2", "input"])
  print(String(Object.getOwnPropertyDescriptor(RegExp, name).get).split("(")[0]);
