// using and await using, DisposableStack, AsyncDisposableStack, SuppressedError (9.5, 14.3.1, 27.3, 27.4).
const log = []; const flush = () => log.splice(0).join(" ");
const r = (name, error) => ({ name, [Symbol.dispose]() { log.push("-" + this.name); if (error) throw error; } });
const a = (name, error) => ({ name, async [Symbol.asyncDispose]() { log.push("-" + this.name); if (error) throw error; } });
const run = (f) => { try { return String(f()); } catch (e) { return show(e); } };
const show = (e) => e instanceof SuppressedError ? `Suppressed(${show(e.error)}, ${show(e.suppressed)})` : e instanceof Error ? e.name : String(e);
{ using x = r("x"), y = r("y"); log.push(x.name + y.name); using z = null; using w = undefined; } print(flush());
print(run(() => { using x = r("x"); return "value"; }), flush(), run(() => { using x = r("x"); throw "e"; }), flush());
print(run(() => { using x = r("x", 1); using y = r("y", 2); throw 3; }), flush(), run(() => { using x = r("x", 1); return 1; }), flush());
print(run(() => { using x = {}; }), run(() => { using x = 1; }), run(() => { using x = { [Symbol.dispose]: 1 }; }), run(() => { using y = r("y"); using x = {}; }), flush(), run(() => { using x = null; x = 1; }));
for (using x of [r("1"), r("2"), r("3"), r("4")]) { if (x.name == 2) continue; if (x.name == 4) break; log.push(x.name); } print(flush());
for (using x = r("head"), y = r("two"), i = { n: 0, [Symbol.dispose]() { log.push("-i" + this.n); } }; i.n < 2; i.n++) log.push(i.n); print(flush());
outer: for (using x of [r("o1"), r("o2")]) { for (using y of [r("i1"), r("i2")]) { continue outer; } } print(flush());
label: { using x = r("labelled"); { using y = r("inner"); break label; } } print(flush());
function* gen() { using x = r("gen"); try { yield 1; yield 2; } finally { log.push("finally"); } } for (const v of gen()) { log.push(v); break; } print(flush()); print([...gen()].join(), flush());
print(run(() => { for (using x of [r("a", "boom")]) { log.push("body"); } }), flush(), run(() => { switch (1) { case 1: { using s = r("case"); log.push("in"); } } return "done"; }), flush());
print(run(() => { try { using x = r("try"); throw 1; } catch { log.push("catch"); } finally { log.push("finally"); } return flush(); }));
class C { static { using s = r("static"); log.push("block"); } } print(flush(), run(() => { if (true) { using q = r("tdz"); { try { w; } catch (e) { log.push(e.name); } using w = r("w"); } } return flush(); }));
for (const text of ["using x = null;", "{ using x; }", "{ using [x] = []; }", "{ using {x} = {}; }", "for (using x in {}) ;", "switch (1) { case 1: using x = null; }", "if (1) using x = null;", "{ using let = null; }", "{ await using x = null; }", "function f() { await using x = null; }", "{ using x = null; var x; }", "for (using x of y, z) ;"]) print(JSON.stringify(text), run(() => (0, eval)(text)));
var using = [5], of = [[1], [2]]; { using
[0]; var ok = using [0]; } for (using of of [0]) ; print(ok, using); for (using of = null; ;) break; { using of = r("of"); using await = r("await"); using using = r("using"); } print(flush());
const s = new DisposableStack(); print(s.use(r("u")).name, s.adopt(1, (v) => log.push("adopt" + v)), s.defer(() => log.push("defer")), s.disposed); const moved = s.move(); print(s.disposed, run(() => s.use(null)), flush()); moved.dispose(); moved.dispose(); print(flush(), moved.disposed, DisposableStack.prototype[Symbol.dispose] === DisposableStack.prototype.dispose, String(moved));
print(run(() => DisposableStack()), run(() => DisposableStack.prototype.disposed), run(() => new DisposableStack().defer(1)), run(() => { const t = new DisposableStack(); t.use(r("p", 1)); t.use(r("q", 2)); t.dispose(); }), flush());
const se = new SuppressedError(1, 2, "m"); print(se.error, se.suppressed, se.message, Object.keys(se).length, SuppressedError.length, se instanceof Error, Object.getPrototypeOf(SuppressedError) === Error);
(async () => {
  { await using x = a("x"), y = r("y"); log.push("body"); } print(flush());
  const error = await (async () => { await using x = a("x", 1); await using y = a("y", 2); using z = r("z", 3); throw 4; })().catch((e) => e); print(show(error), flush());
  for (await using x of [a("1"), r("2"), null]) { log.push(x?.name); } print(flush());
  for await (await using x of [a("3"), r("4")]) { log.push(x.name); if (x.name == 3) continue; break; } print(flush());
  const f = async () => { await using x = a("ret"); return "returned"; }; print(await f(), flush());
  const st = new AsyncDisposableStack(); st.use(a("s1")); st.use(r("s2")); st.defer(async () => { log.push("s3"); }); st.adopt(7, async (v) => { log.push("s" + v); }); await st.disposeAsync(); print(flush(), st.disposed, await AsyncDisposableStack.prototype.disposeAsync.call({}).catch((e) => e.name));
  const order = []; const p = (async () => { { await using n = null; } order.push("after"); })(); for (let i = 0; i < 3; i++) { order.push(i); await 0; } await p; print(order.join());
  async function* ag() { await using x = a("ag"); yield 1; yield 2; } for await (const v of ag()) { log.push(v); break; } print(flush());
  const it = ag(); await it.next(); await it[Symbol.asyncDispose](); print(flush());
})();
