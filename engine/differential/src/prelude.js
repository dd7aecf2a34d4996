// What programs use to write their log. All that it needs is taken before a program can change it.
var log, show, attempt, traced, call, finish;
(function () {
  "use strict";
  const write = print;
  const { apply, ownKeys, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
  const uncurry = f => (self, ...rest) => apply(f, self, rest);
  const { isArray } = Array;
  const join = uncurry(Array.prototype.join), push = uncurry(Array.prototype.push);
  const slice = uncurry(String.prototype.slice), codeAt = uncurry(String.prototype.charCodeAt);
  const className = uncurry(Object.prototype.toString);
  const numberText = uncurry(Number.prototype.toString), bigText = uncurry(BigInt.prototype.toString);
  const symbolText = uncurry(Symbol.prototype.toString);
  const mapEach = uncurry(Map.prototype.forEach), setEach = uncurry(Set.prototype.forEach);
  const dateValue = uncurry(Date.prototype.getTime);
  const Typed = getPrototypeOf(Uint8Array);
  const typedName = uncurry(getOwnPropertyDescriptor(Typed.prototype, Symbol.toStringTag).get);
  const typedLength = uncurry(getOwnPropertyDescriptor(Typed.prototype, "length").get);
  const bufferLength = uncurry(getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get);
  const toText = String, Bytes = Uint8Array, { is } = Object;
  const errors = ["Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "EvalError", "URIError",
    "AggregateError", "InternalError", "SuppressedError"];
  const quote = text => {
    let out = '"';
    for (let i = 0; i < text.length && i < 200; i++) {
      const c = codeAt(text, i);
      out += c === 34 || c === 92 ? "\\" + text[i] : c >= 32 && c < 127 ? text[i] : "\\u" + slice("000" + numberText(c, 16), -4);
    }
    return out + '"' + (text.length > 200 ? "+" + text.length : "");
  };
  const tryTo = f => { try { return f(); } catch { return undefined; } };
  const errorName = e => {
    if (tryTo(() => className(e)) !== "[object Error]") return undefined;
    const name = tryTo(() => e.constructor.name);
    for (let i = 0; i < errors.length; i++) if (errors[i] === name) return name;
    return "Error";
  };
  // Well-known objects are shown by their names: the order of their properties is each engine's own.
  const known = [], knownNames = [];
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const d = getOwnPropertyDescriptor(globalThis, name);
    if (typeof d.value === "function" && typeof d.value.prototype === "object" && d.value.prototype) {
      push(known, d.value.prototype); push(knownNames, name + ".prototype");
    }
    if (typeof d.value === "object" && d.value) { push(known, d.value); push(knownNames, name); }
  }
  const flags = d => (d.writable === false ? "!w" : "") + (d.enumerable ? "" : "!e") + (d.configurable ? "" : "!c");
  const property = (o, k, depth, seen) => {
    const d = getOwnPropertyDescriptor(o, k);
    if (!d) return "(gone)";
    const text = "get" in d ? (d.get ? "get" : "") + (d.set ? "set" : "") : inner(d.value, depth + 1, seen);
    return text + flags(d);
  };
  const members = (o, depth, seen, skip) => {
    const parts = [], keys = ownKeys(o);
    for (let i = 0; i < keys.length; i++) {
      const k = keys[i];
      if (skip && skip(k)) continue;
      if (parts.length > 30) { push(parts, "..."); break; }
      push(parts, (typeof k === "symbol" ? "[" + symbolText(k) + "]" : k) + ": " + property(o, k, depth, seen));
    }
    return join(parts, ", ");
  };
  const inner = (v, depth, seen) => {
    switch (typeof v) {
      case "string": return quote(v);
      case "number": return is(v, -0) ? "-0" : numberText(v);
      case "bigint": return bigText(v) + "n";
      case "symbol": return quote(symbolText(v));
      case "function": return "function " + quote(toText(tryTo(() => v.name))) + tryTo(() => v.length);
      case "object": break;
      default: return toText(v);
    }
    if (v === null) return "null";
    for (let i = 0; i < seen.length; i++) if (seen[i] === v) return "(^" + (seen.length - i) + ")";
    for (let i = 0; i < known.length; i++) if (known[i] === v) return "%" + knownNames[i] + "%";
    if (depth > 4) return "(deep)";
    const name = errorName(v);
    if (name) return name;
    push(seen, v);
    try {
      const tag = typedName(v);
      if (tag) {
        const length = typedLength(v), parts = [];
        for (let i = 0; i < length && i < 40; i++) push(parts, inner(v[i], depth, seen));
        return tag + length + "[" + join(parts, ", ") + "]";
      }
      let length = tryTo(() => bufferLength(v));
      if (length !== undefined) return "ArrayBuffer" + length + "[" + join(tryTo(() => [...new Bytes(v, 0, length < 32 ? length : 32)]) || [], " ") + "]";
      let parts = [];
      if (tryTo(() => (mapEach(v, (value, key) => push(parts, inner(key, depth + 1, seen) + " => " + inner(value, depth + 1, seen))), true))) return "Map{" + join(parts, ", ") + "}";
      parts = [];
      if (tryTo(() => (setEach(v, value => push(parts, inner(value, depth + 1, seen))), true))) return "Set{" + join(parts, ", ") + "}";
      const time = tryTo(() => dateValue(v));
      if (time !== undefined) return "Date(" + numberText(time) + ")";
      if (isArray(v)) {
        length = v.length;
        for (let i = 0; i < length && i < 40; i++) push(parts, getOwnPropertyDescriptor(v, i) ? property(v, i, depth, seen) : "hole");
        const rest = members(v, depth, seen, k => k === "length" || (typeof k === "string" && codeAt(k, 0) >= 48 && codeAt(k, 0) <= 57 && +k < 40));
        return "[" + join(parts, ", ") + (length > 40 ? ", +" + length : "") + "]" + (rest ? "{" + rest + "}" : "");
      }
      return slice(className(v), 8, -1) + "{" + members(v, depth, seen) + "}";
    } catch (e) {
      return "(showing threw " + (errorName(e) || typeof e) + ")";
    } finally {
      seen.length--;
    }
  };
  show = v => inner(v, 0, []);
  let lines = 0;
  log = (tag, ...values) => {
    if (++lines > 2000) { if (lines === 2001) write("(more lines than are kept)"); return; }
    let text = tag;
    for (let i = 0; i < values.length; i++) text += " " + show(values[i]);
    write(text);
  };
  attempt = (tag, f) => {
    let value;
    try { value = f(); } catch (e) { log(tag + " threw", e); return undefined; }
    log(tag, value);
    return value;
  };
  // A call of a builtin by its path; peers that do not have it abstain.
  call = (tag, f, self, ...args) => {
    if (typeof f !== "function") { write(tag + " (absent)"); return undefined; }
    return attempt(tag, () => apply(f, self, args));
  };
  // An object whose every trap is logged.
  traced = (target, name, answers = {}) => {
    const handler = { __proto__: null };
    const traps = ["getPrototypeOf", "setPrototypeOf", "isExtensible", "preventExtensions", "getOwnPropertyDescriptor",
      "defineProperty", "has", "get", "set", "deleteProperty", "ownKeys", "apply", "construct"];
    for (let i = 0; i < traps.length; i++) {
      const trap = traps[i];
      handler[trap] = (t, ...rest) => {
        const key = typeof rest[0] === "string" || typeof rest[0] === "symbol" ? " " + toText(rest[0]) : "";
        log(name + "." + trap + key);
        if (answers[trap]) return answers[trap](t, ...rest);
        return Reflect[trap](t, ...rest);
      };
    }
    return new Proxy(target, handler);
  };
})();
