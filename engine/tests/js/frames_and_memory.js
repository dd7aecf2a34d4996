// Calls with very many arguments, constructors checked after their arguments, what handlers keep alive.
function count(...args) { return args.length; }
function sum(a, b) { return a + b + arguments.length; }
class Many { constructor(...args) { this.n = args.length; this.target = new.target === Many; } }
class More extends Many { constructor(...args) { super(...args); this.more = true; } }
for (const n of [100, 5000, 15000]) {
  const list = Array.from({ length: n }, (_, i) => i);
  print(n, count(...list), count(0, ...list, 0), count.apply(null, list), sum(...list), sum.call(null, ...list));
  print(Math.max(...list), Math.max.apply(null, list), String.fromCharCode(...list.slice(60, 90)), new Many(...list).n, Reflect.construct(Many, list).target);
  const more = new More(...list); print(more.n, more.more, count.bind(null, 1)(...list));
  const target = []; print(target.push(...list), target[n - 1], [...list, ...list].length);
}
const huge = Array(9000).fill("unused"); huge[0] = "huge.length + local";
(function () { const local = 1; print(eval(...huge)); (0, eval)("1"); })();
(function (eval) { print(eval(...huge)); })(count);
try { count(...Array(10000000)); print("so many"); } catch (e) { print(e instanceof RangeError); }
(function nest(k) { if (k) return nest(...[k - 1, ...Array(3000)]); print("nested"); })(20);
try { (function deep(...a) { return deep(...a); })(...Array(3000)); } catch (e) { print(e instanceof RangeError); }

// super(...): the parent is checked after the arguments were evaluated.
const log = [];
class Base { }
class Derived extends Base { constructor() { super(log.push("argument")); } }
Object.setPrototypeOf(Derived, parseInt);
try { new Derived(); } catch (e) { log.push(e.name); }
Object.setPrototypeOf(Derived, null);
try { new Derived(); } catch (e) { log.push(e.name); }
Object.setPrototypeOf(Derived, function () { this.made = true; });
log.push(new Derived().made);
print(log.join());

// Variables of blocks that an exception left are not seen again, and hold nothing.
function blocks(k) {
  const seen = [];
  for (let round = 0; round < 3; round++) {
    try {
      const held = { round };
      let late;
      if (round === k) throw held;
      { let inner = [held]; class Local { } function local() { return inner; } seen.push(local().length, typeof Local); }
      late = "late";
      seen.push(late);
    } catch (held) { seen.push("caught " + held.round); let late; seen.push(late); } finally { let held = "f"; seen.push(held); }
  }
  return seen.join();
}
print(blocks(0), blocks(1), blocks(5));
function closures() {
  const kept = [];
  for (const x of [1, 2]) {
    try { let y = x * 10; kept.push(() => y++); throw y; } catch (e) { kept.push(() => e); try { let y = "inner"; kept.push(() => y); throw 0; } catch { } }
  }
  return kept.map(f => f()).join() + ";" + kept.map(f => f()).join();
}
print(closures());
if (typeof FinalizationRegistry === "function") {
  const gone = [];
  const registry = new FinalizationRegistry(what => gone.push(what));
  const weak = [];
  (function () {
    try { const big = { big: true }; let second = {}; registry.register(big, "big"); weak.push(new WeakRef(big)); (function () { throw new Error("x"); })(); } catch (e) { }
    return new Promise(done => { Promise.resolve().then(() => Promise.resolve()).then(() => { print(weak[0].deref() === undefined, gone.join()); done(); }); });
  })();
}
