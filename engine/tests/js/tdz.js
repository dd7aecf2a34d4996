// let, const and class bindings cannot be used before their declaration has run.
function name(f) { try { return String(f()); } catch (e) { return e.name; } }

print(name(() => { x; let x = 1; }));
print(name(() => { x = 2; let x; return x; }));
print(name(() => { typeof x; let x; }));
print(name(() => typeof undeclared));
print(name(() => { const c = c + 1; }));
print(name(() => { C; class C {} }));
print(name(() => { class C extends C {} }));
print(name(() => { let f = () => y; let y = 3; return f(); }));
print(name(() => { let f = () => y; const r = f(); let y = 3; return r; }));
print(name(() => { function f(a = b, b) {} f(); }));
print(name(() => { function f(a, b = a) { return b; } return f(5); }));
print(name(() => { function f(a = a) {} f(); }));
print(name(() => { for (let i = i; ;) {} }));
print(name(() => { for (const k of [k]) {} }));
print(name(() => { let [a, b = a, c = b] = [1]; return [a, b, c]; }));
print(name(() => { let [a = b, b] = []; }));
print(name(() => { const k = 1; k = 2; }));
print(name(() => { const k = 1; k++; }));
print(name(() => { for (const i = 0; i < 1; i++) {} }));
print(name(() => { for (const i of [1, 2]) { i; } return "fresh"; }));
print(name(() => { switch (1) { case 0: let z; case 1: z = 1; } }));
print(name(() => { { g(); function g() {} } return "hoisted"; }));
print(name(() => { let undef; return undef; }));
print(name(() => { try { throw 1; } catch ([e = f, f]) {} }));
let top1 = 1;
const top2 = 2;
class Top3 {}
print(typeof globalThis.top1, typeof globalThis.top2, typeof globalThis.Top3, top1 + top2);
var v1 = 1;
function f1() {}
print(typeof globalThis.v1, typeof globalThis.f1, delete globalThis.v1);
