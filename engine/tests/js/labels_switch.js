// Labelled statements, switch with scoping and fall-through, comma, conditional chains.
outer: for (var i = 0; i < 3; i++) { for (var j = 0; j < 3; j++) { if (j === 1) continue outer; if (i === 2) break outer; print(i, j); } }
a: { print("in a"); if (true) break a; print("never"); }
l1: l2: for (;;) { break l1; }
b: if (true) { break b; }
c: { c2: { break c; } print("never"); }
foo: while (true) { do { break foo; } while (true); }
let n = 0;
loop: do { n++; if (n < 3) continue loop; break; } while (true);
print(n);
function sw(x) {
  let r = [];
  switch (x) {
    case 1: r.push("one");
    case 2: r.push("two"); break;
    default: r.push("default");
    case 3: r.push("three"); break;
    case "s": { let y = "scoped"; r.push(y); break; }
    case NaN: r.push("never NaN");
  }
  return r.join();
}
print(sw(1), sw(2), sw(3), sw("s"), sw(9), sw(NaN), sw("1"));
var order = [];
switch ((order.push("d"), 2)) { case (order.push("c1"), 1): case (order.push("c2"), 2): case (order.push("c3"), 3): }
print(order.join());
switch (0) { case 0: let z = 1; const k = 2; function h() { return z + k; } print(h()); }
try { switch (1) { case 0: let t = 1; case 1: print(typeof t); } } catch (e) { print(e.name); }
switch (3) { default: print("only default"); }
switch (3) { }
print((function () { switch (1) { case 1: return "ret"; } })());
print((function () { for (const v of [1, 2, 3]) { switch (v) { case 1: continue; case 2: break; default: return v; } } })());
var str = ""; for (var p in { x: 1, y: 2, z: 3 }) { if (p === "y") continue; str += p; } print(str);
for (var e1 = 0, e2 = 10; e1 < e2; e1++, e2--); print(e1, e2);
print(eval("1; if (false) {}"), eval("2; do { 3; break; } while (0)"), eval("l: { 4; break l; }"), eval("switch (1) { case 1: 5; }"), eval("var q = 1"), eval("try { 6 } finally { 7 }"), eval("8; function f() {}"), eval("9; ;;"), eval("10; {}"), eval("for (var i = 0; i < 2; i++) i"), eval("11; while (false);"), eval("12; class K {}"), eval("13; let u = 1;"));
if (0) ; else print("else");
if (1) if (0) print("no"); else print("dangling else");
yield1: { }
var yield1 = 1, let1 = 2, async = 3, of = 4, get = 5, set = 6, static1 = 7; print(async + of + get + set);
print(typeof undefined, typeof null, typeof print, typeof {}, typeof "", typeof 1, typeof true, typeof Symbol(), typeof class {});
print(void 0, (1, 2, 3), !!"" || "or", 0 && "and", null ?? "nullish", 1 ? 2 ? "aa" : "ab" : "b");
