// WeakRef and FinalizationRegistry: what holds whatever the collector does.
function run(f) { try { return String(f()); } catch (e) { return e.name; } }
let o = { x: 1 };
const w = new WeakRef(o);
print(w.deref() === o, Object.prototype.toString.call(w), run(() => WeakRef(o)), run(() => new WeakRef(1)), run(() => new WeakRef(Symbol.for("r"))), new WeakRef(Symbol("ok")).deref().description, WeakRef.length, run(() => WeakRef.prototype.deref.call({})));
// A target that was seen alive stays alive until the end of the job.
const temp = new WeakRef({ kept: "until the job ends" });
print(temp.deref().kept);
const fr = new FinalizationRegistry((v) => { });
print(fr.register(o, "held"), fr.unregister(o), fr.register(o, "held", o), fr.unregister(o), fr.unregister(o), Object.prototype.toString.call(fr), FinalizationRegistry.length, FinalizationRegistry.prototype.register.length);
print(run(() => fr.register(1, 1)), run(() => fr.register(o, o)), run(() => fr.register(o, 1, 1)), run(() => fr.unregister(1)), run(() => new FinalizationRegistry()), run(() => FinalizationRegistry(() => {})), run(() => FinalizationRegistry.prototype.register.call({}, o, 1)), fr.register(o, 1, undefined));
class Sub extends WeakRef { get() { return this.deref(); } }
print(new Sub(o).get() === o, new Sub(o) instanceof WeakRef);
const wm = new WeakMap(); (function () { const k = {}; wm.set(k, { k }); print(wm.has(k)); })();
for (let i = 0; i < 1000; i++) { const t = { i }; t.self = t; fr.register(t, i); new WeakRef(t); }
Promise.resolve().then(() => print("job after", w.deref() === o));
print("end");
