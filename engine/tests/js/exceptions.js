// try, catch, finally: every way out, values, nesting.
function run(f) { try { return String(f()); } catch (e) { return "threw " + (e && e.message !== undefined ? e.message : e); } }
print(run(() => { try { return 1; } finally { } }));
print(run(() => { try { return 1; } finally { return 2; } }));
print(run(() => { try { throw "a"; } finally { return 3; } }));
print(run(() => { try { throw "a"; } catch (e) { return e; } finally { } }));
print(run(() => { try { throw "a"; } catch (e) { throw e + "b"; } finally { } }));
print(run(() => { try { throw "a"; } catch (e) { throw e + "b"; } finally { throw "c"; } }));
print(run(() => { for (var i = 0; i < 5; i++) { try { continue; } finally { if (i === 3) break; } } return i; }));
print(run(() => { a: { try { break a; } finally { return "f"; } } }));
print(run(() => { let s = ""; for (const x of [1, 2, 3]) { try { if (x === 2) continue; s += x; } finally { s += "f"; } } return s; }));
print(run(() => { let x = 1; try { return x; } finally { x = 2; } }));
print(run(() => { let o = { x: 1 }; try { return o; } finally { o.x = 2; } return 0; }) === "[object Object]");
print(run(() => { try { try { throw 1; } finally { print("inner finally"); } } catch (e) { return "outer " + e; } }));
print(run(() => { try { null.x; } catch { return "no binding"; } }));
print(run(() => { var e = "outer"; try { throw "inner"; } catch (e) { var e = "assigned"; } return e; }));
print(run(() => { try { throw [1, 2]; } catch ([a, b]) { return a + b; } }));
print(run(() => { let r = []; for (let i = 0; i < 3; i++) { try { try { if (i === 1) throw i; r.push("ok" + i); } finally { r.push("f" + i); } } catch (e) { r.push("c" + e); } } return r; }));
print(run(() => { (function f(n) { if (n === 0) throw new Error("deep"); try { f(n - 1); } finally { n; } })(20); }));
print(run(() => { while (true) { try { return "from loop"; } finally { } } }));
print(run(() => { do { try { throw 1; } catch { continue; } finally { } } while (false); return "dowhile"; }));
print(run(() => { let n = 0; l1: for (;;) { for (;;) { try { break l1; } finally { if (n++ < 2) continue l1; } } } return n; }));
print(run(() => { switch (1) { case 1: try { break; } finally { print("switch finally"); } case 2: print("not here"); } return "sw"; }));
print(run(() => { function f() { try { return g(); } finally { print("cleanup"); } } function g() { print("g"); return "gv"; } return f(); }));
print(run(() => { throw undefined; }), run(() => { throw null; }));
var errs = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError];
for (const E of errs) { const e = new E("m"); print(e.name, String(e), e instanceof Error, E.prototype.message === "", Object.getPrototypeOf(E) === (E === Error ? Function.prototype : Error), E.length); }
const agg = new AggregateError([1, 2], "many", { cause: "c" });
print(agg.errors.join(), agg.message, agg.cause, AggregateError.length, Object.keys(agg).length);
print(new Error("x", { cause: 0 }).cause, "cause" in new Error("x", {}), "cause" in new Error("x", { cause: undefined }), "message" in Object.assign(Object.create(null), new Error()));
print(Error("called").message, Error() instanceof Error, Object.hasOwn(new Error(), "message"), Object.hasOwn(new Error(undefined), "message"));
const odd = new Error("m"); odd.name = ""; print(String(odd)); odd.message = ""; odd.name = "N"; print(String(odd)); print(Error.prototype.toString.call({ name: "A", message: "B" }));
print(JSON.stringify(Object.getOwnPropertyDescriptor(new Error("d"), "message")));
try { undefinedVariable; } catch (e) { print(e.name, e.constructor === ReferenceError); }
try { null.foo; } catch (e) { print(e.name); }
try { (void 0)(); } catch (e) { print(e.name); }
try { new Array(-1); } catch (e) { print(e.name); }
try { decodeURIComponent("%"); } catch (e) { print(e.name); }
try { eval("{"); } catch (e) { print(e.name); }
try { "x".repeat(-1); } catch (e) { print(e.name); }
try { Symbol() + ""; } catch (e) { print(e.name); }
try { [].reduce(() => {}); } catch (e) { print(e.name); }
try { ({}) instanceof 5; } catch (e) { print(e.name); }
try { "a" in "b"; } catch (e) { print(e.name); }
