// ?. and ??, logical assignment, exponent.
function run(f) { try { return String(f()); } catch (e) { return e.name; } }
let n = null, u, o = { a: { b: 1, f() { return this === o.a; } }, z: 0, arr: [1, 2], k: null };
print(n?.x, u?.x.y.z, o?.a?.b, o.q?.b.c.d, n?.[1 / 0], o.a?.["b"], o.arr?.[1]);
print(o.a.f?.(), o.a.g?.(), o.q?.f(), n?.f().g.h(), o.a?.f(), (o.a?.f)(), (o?.a).f());
print(run(() => o.q.b), run(() => o.z?.()), run(() => (o.q?.a).b), run(() => n?.a.b.c), run(() => o.a?.g()));
let count = 0; n?.[count++]; n?.x(count++); n?.[count++].y[count++]; print(count);
print(delete o?.a?.b, o.a.b, delete n?.x, delete o.q?.r.s);
print(null ?? "d", undefined ?? "d", 0 ?? "d", "" ?? "d", false ?? "d", NaN ?? "d", (null || undefined) ?? "z");
print(n?.a ?? "dflt", o.z?.toFixed?.(2));
let log = [];
const t = { get p() { log.push("get"); return this._p; }, set p(v) { log.push("set " + v); this._p = v; }, _p: undefined };
t.p ??= 1; t.p ??= 2; t.p ||= 3; t.p &&= 4; t.p &&= 0; t.p ||= 5; print(log.join());
let a = null, b = 1, c = 0; print((a ??= "A"), (b &&= "B"), (c ||= "C"), a, b, c);
const frozen = 1; print(run(() => { frozen ??= 2; return "no write"; }), run(() => { frozen &&= 2; }));
let fn; fn ??= () => {}; print(fn.name); let cls = null; cls ||= class {}; print(cls?.name);
const key = { toString() { log.push("key"); return "kk"; } }; const ob = { kk: null }; log = []; ob[key] ??= "v"; print(ob.kk, log.length);
print(2 ** 10, 2 ** -1, 2 ** 3 ** 2, (-2) ** 2, -(2 ** 2), 0 ** 0, NaN ** 0, 1 ** Infinity, (-8) ** (1 / 3));
let e = 3; e **= 2; print(e, e ** 0.5);
for (const src of ["-1 ** 2", "a ?? b || c", "a && b ?? c", "a?.b = 1", "new a?.b()", "a?.`t`", "a?.b++", "for (a?.b of []);", "(a?.b) = 1", "[a?.b] = []", "a ?? (b || c)", "(-1) ** 2", "a ? .5 : 1", "a?.5:1", "super?.x", "new.target?.x", "import?.x", "a?.#b", "typeof 1 ** 2", "(+1) ** 2", "a ||= b ||= c", "1 ??= 2", "f() ??= 1", "({}) ??= 1", "[a] ||= b"])
  print(src, run(() => { new Function(src); return "parses"; }));
print(true ? .5 : 1, o?.a.f.call(o.a), o.a?.f.name.length);
async function as() { return (await Promise.resolve(null))?.x ?? "async"; } as().then(print);
function* gen() { return (yield 1)?.y ?? (yield 2); } const g = gen(); g.next(); print(g.next(null).value, g.next("end").value);
var proxyLog = []; const px = new Proxy({}, { get(t, k) { proxyLog.push(String(k)); return undefined; } }); px?.a?.b; px.c?.[px.d]; print(proxyLog.join());
print(((a, b = a?.x ?? "p") => b)(null), [...(null ?? [1, 2])].join(), { ...null, ...undefined, ...(0 || { s: 1 }) }.s);
