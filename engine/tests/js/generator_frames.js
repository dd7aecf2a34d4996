// Generators and async functions that bytecode resumes, in every pairing of who asks and what is given.
function* count(n) { for (let i = 0; i < n; i++) yield i; return "end"; }
function* outer(n) { const r = yield* count(n); yield r; return "outer end"; }
function* deep(k, n) { if (k === 0) return yield* outer(n); return yield* deep(k - 1, n); }
function drain(it) { const out = []; let s; while (!(s = it.next()).done) out.push(s.value); out.push("=" + s.value); return out.join(); }
function loop(it) { const out = []; for (const v of it) out.push(v); return out.join(); }
print(drain(count(3)), loop(count(3)), [...count(3)].join(), Array.from(count(2)).join());
print(drain(outer(3)), loop(outer(3)), [...outer(3)].join());
print(drain(deep(5, 3)), loop(deep(5, 3)), [...deep(5, 3)].join());

// Values sent in, through delegation.
function* echo() { let got = "start"; while (got !== "stop") got = yield "<" + got + ">"; return "stopped"; }
function* wrap() { return "wrapped " + (yield* echo()); }
for (const make of [echo, wrap]) {
  const it = make();
  print(JSON.stringify([it.next("lost"), it.next("a"), it.next(), it.next("stop"), it.next("late")]));
}

// Result objects of a foreign iterator pass through yield* as they are.
const log = [];
function foreign() {
  let n = 0;
  return {
    [Symbol.iterator]() { return this; },
    next(v) { const i = n++; log.push("next " + v); return { get done() { log.push("done"); return i > 1; }, get value() { log.push("value"); return i; }, extra: i }; },
    return(v) { log.push("return " + v); return { done: true, value: v }; },
  };
}
function* through() { return yield* foreign(); }
let it = through();
print(it.next().extra, it.next("x").extra, it.next().value, log.join());
log.length = 0;
print(loop(through()), log.join());
log.length = 0;
for (const v of through()) { break; }
print(log.join());

// Exceptions: out of the generator, into the asking function's handlers; finally blocks; states.
function* failing() { try { yield 1; throw new Error("inside"); } finally { log.push("finally"); } }
function tryLoop(g) { const out = []; try { for (const v of g) out.push(v); } catch (e) { out.push("caught " + e.message); } return out.join(); }
function tryNext(g) { const out = []; for (let i = 0; i < 3; i++) { try { const s = g.next(); out.push(s.value + ":" + s.done); } catch (e) { out.push("caught " + e.message); } } return out.join(); }
function* passing() { yield* failing(); }
function* catching() { try { yield* failing(); } catch (e) { yield "c " + e.message; } return "r"; }
log.length = 0;
print(tryLoop(failing()), tryNext(failing()), tryLoop(passing()), tryNext(passing()), tryLoop(catching()), tryNext(catching()), log.join());
function* closing() { try { yield 1; yield 2; } finally { log.push("closed"); yield "cleanup"; } }
log.length = 0;
for (const v of closing()) { if (v === 1) break; }
try { for (const v of closing()) throw new Error("body"); } catch (e) { log.push(e.message); }
it = closing();
print(it.next().value, JSON.stringify(it.return(7)), JSON.stringify(it.next()), log.join());
it = (function* () { try { yield* closing(); } finally { log.push("outer closed"); } })();
log.length = 0;
print(it.next().value, JSON.stringify(it.return(8)), JSON.stringify(it.next()), log.join());
it = catching();
print(it.next().value, it.throw(new Error("sent")).value, JSON.stringify(it.next()));

// Running already: by itself, by its own loop, and done.
let self = (function* () { try { self.next(); } catch (e) { yield e.message; } for (const v of self) yield v; })();
print(self.next().value);
try { self.next(); } catch (e) { print(e.name, e.message); }
print(JSON.stringify(self.next()), JSON.stringify(self.next()));
const twin = (function* () { yield 1; yield* twin; })();
try { loop(twin); } catch (e) { print(e.message); }

// One generator, several askers; a generator let go while suspended; recursion.
const shared = count(6);
print(shared.next().value, loop({ [Symbol.iterator]() { let n = 0; return { next: () => n++ < 2 ? shared.next() : { done: true } }; } }), [shared.next().value, ...shared].join());
function* tree(n) { if (n > 0) { yield* tree(n - 1); yield n; yield* tree(n - 1); } }
print(loop(tree(4)));
let sum = 0;
for (const a of count(20)) for (const b of count(a)) { if (b > 5) break; if (a % 3 === 0) continue; sum += a * b; }
print(sum);
let [p, , q = "default", ...rest] = count(6);
print(p, q, rest.join());
const half = count(4); half.next();
print(Math.max(...half), typeof half.next().value);

// next replaced on the instance, on the prototype, and called with odd receivers.
it = count(3); it.next = () => ({ done: true });
print(loop(it), drain(count(1)));
const GP = Object.getPrototypeOf(Object.getPrototypeOf(count(1)));
const realNext = GP.next;
GP.next = function (v) { const s = realNext.call(this, v); return s.done ? s : { value: s.value * 10, done: false }; };
print(loop(count(3)), loop(outer(2)), drain(count(2)));
GP.next = realNext;
try { realNext.call({}); } catch (e) { print(e.name); }
print(JSON.stringify(realNext.call(count(1))), JSON.stringify(realNext.apply(count(1), [])));

// this, arguments, new.target, parameters.
function* facts(a, b = a + 1, ...more) { yield this && this.name; yield arguments.length; yield new.target; yield a + b + more.length; arguments[0] = 9; yield a; }
const holder = { name: "holder", facts };
print(loop(holder.facts(1)), loop(holder.facts(1, 2, 3, 4)));
function* sloppy(a) { arguments[0] = 5; yield a; a = 6; yield arguments[0]; }
print(loop(sloppy(1)));

// Deep recursion ends in an error that can be caught, whichever way generators call each other. (It
// takes long where all these frames are looked at again and again: hence a SMALL_STACK there.)
function* viaDelegate() { yield* viaDelegate(); }
function* viaLoop() { for (const v of viaLoop()) yield v; }
function* viaNext() { yield viaNext().next().value; }
function* viaSpread() { yield [...viaSpread()]; }
function* viaCall() { yield callIt(); } function callIt() { return viaCall().next(); }
for (const g of [viaDelegate, viaLoop, viaNext, viaSpread, viaCall]) {
  try { g().next(); print("no error"); } catch (e) { print(g.name, e instanceof RangeError || e.name); }
}
print(loop(count(3)), drain(deep(200, 2)));

// Async functions: what a call gives, order, exceptions, deep recursion.
const order = [];
async function plain(v) { order.push("p" + v); return v; }
async function waits(v) { order.push("w" + v); const x = await plain(v); order.push("after " + v); return x + 1; }
async function throws() { order.push("t"); throw new Error("thrown"); }
async function late() { await null; throw new Error("late"); }
async function parameter(a = (() => { throw new Error("parameter"); })()) { return a; }
async function* stream(n) { for (let i = 0; i < n; i++) { await null; yield i; } }
async function forever(n) { return n === 0 ? 0 : 1 + await forever(n - 1); }
async function bottomless() { return await bottomless(); }
const kinds = [plain(1), waits(2), throws(), late(), parameter()];
order.push("sync end");
print(kinds.map(k => k instanceof Promise).join());
(async () => {
  for (const k of kinds) { try { print("value", await k); } catch (e) { print("error", e.message); } }
  print(order.join());
  const seen = []; for await (const v of stream(3)) seen.push(v);
  print(seen.join(), await forever(100));
  try { await throws(); } catch (e) { print("caught", e.message); } finally { print("finally"); }
  try { await bottomless(); } catch (e) { print(e instanceof RangeError); }
  const gen = count(2);
  print(await gen.next().value, await gen.next().value, await gen.next().value);
  return "done";
})().then(print, e => print("failed", e && e.message));
