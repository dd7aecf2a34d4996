// Generators: next, return, throw, yield*, finally, laziness, parameters.
function* g() { const a = yield 1; try { const b = yield a + 1; return b; } finally { yield "cleanup"; print("done"); } }
function show(r) { return JSON.stringify(r); }
let it = g();
print(show(it.next("ignored")), show(it.next(10)), show(it.next("b")), show(it.next()), show(it.next()));
it = g(); it.next(); it.next(1);
print(show(it.return("early")), show(it.next()), show(it.next()));
it = g(); it.next(); it.next(1);
print(show(it.throw(new Error("boom"))));
try { it.next(); } catch (e) { print(e.message); }
print(show(it.next()));
it = g(); print(show(it.return(5)), show(it.next()));
it = g(); try { it.throw(new Error("at start")); } catch (e) { print(e.message); } print(show(it.next()));
function* inner() { try { const x = yield "i1"; print("got", x); yield "i2"; } catch (e) { print("inner caught", e); yield "i3"; } finally { print("inner finally"); } return "result"; }
function* outer() { const r = yield* inner(); yield r; }
it = outer();
print(show(it.next()), show(it.next("X")), show(it.throw("T")), show(it.next()), show(it.next()));
it = outer(); it.next(); print(show(it.return("R")));
function* delegate() { return yield* [1, 2, 3]; }
print([...delegate()].join());
const weird = { [Symbol.iterator]() { return { next(v) { return { value: "n" + v, done: v === "stop" }; } }; } };
function* w() { return yield* weird; }
it = w(); print(show(it.next()), show(it.next("a")), show(it.next("stop")));
it = w(); it.next(); print(show(it.return("no return method")));
it = w(); it.next(); try { it.throw(1); } catch (e) { print(e.name); }
function* running() { try { it.next(); } catch (e) { yield e.name; } }
it = running(); print(it.next().value);
function* params(a = print("params evaluated")) { print("body"); }
it = params(); print("created"); it.next();
try { new g(); } catch (e) { print(e.name); }
print(Object.getPrototypeOf(g).constructor.name, g.prototype.constructor === undefined, it instanceof params, typeof g.prototype);
g.prototype.extra = "E"; print(g().extra);
const o = { *m() { yield this.v; }, v: 42, *[Symbol.iterator]() { yield* [1, 2]; } };
print(o.m().next().value, [...o].join());
function* fib() { let [a, b] = [0, 1]; for (;;) { yield a; [a, b] = [b, a + b]; } }
const first = []; for (const x of fib()) { if (x > 50) break; first.push(x); } print(first.join());
function* loop() { for (let i = 0; i < 3; i++) { try { yield i; } finally { print("f" + i); } } }
for (const x of loop()) { if (x === 1) break; }
function* args() { yield arguments.length; yield* arguments; }
print([...args("a", "b")].join());
function* yieldless() {}
print(show(yieldless().next()));
function* exprs() { const a = (yield 1) + (yield 2); print(a); print(`t${yield 3}`); return [yield, yield]; }
it = exprs(); it.next(); it.next(10); it.next(20); it.next("T"); it.next("x"); print(show(it.next("y")));
it = (function* () { try { yield 1; } finally { return "override"; } })(); it.next(); print(show(it.return("r")), show(it.next()));
it = (function* () { try { yield 1; } finally { throw new Error("from finally"); } })(); it.next(); try { it.return(1); } catch (e) { print(e.message); }
print(Object.prototype.toString.call(it), it[Symbol.iterator]() === it, String(it));
function* nested(n) { if (n > 0) { yield n; yield* nested(n - 1); } }
print([...nested(5)].join());
var spreadMid = [0, ...nested(2), 9]; print(spreadMid.join(), Math.max(...nested(4)));
