// for-of: the protocol, and when the iterator is closed.
let log;
function make(n, opts = {}) {
  let i = 0;
  return {
    [Symbol.iterator]() { return this; },
    next() { if (opts.nextThrows) throw "next threw"; return { value: i, done: i++ >= n }; },
    return(v) { log.push("return"); if (opts.returnThrows) throw "return threw"; return opts.returnValue === undefined ? {} : opts.returnValue; },
  };
}
function run(label, f) { log = []; let r; try { r = f(); } catch (e) { r = e && e.name ? e.name : e; } print(label + ":", String(r), "[" + log.join() + "]"); }
run("exhausted", () => { let s = 0; for (const x of make(4)) s += x; return s; });
run("break", () => { for (const x of make(4)) if (x === 1) break; return "after"; });
run("continue", () => { let s = ""; for (const x of make(4)) { if (x % 2) continue; s += x; } return s; });
run("return", () => { for (const x of make(4)) if (x === 2) return "returned " + x; });
run("throw", () => { for (const x of make(4)) throw "body threw"; });
run("throw, return throws", () => { for (const x of make(4, { returnThrows: true })) throw "body threw"; });
run("break, return throws", () => { for (const x of make(4, { returnThrows: true })) break; });
run("break, return not object", () => { for (const x of make(4, { returnValue: 1 })) break; });
run("throw, return not object", () => { for (const x of make(4, { returnValue: 1 })) throw "body"; });
run("next throws", () => { for (const x of make(4, { nextThrows: true })); });
run("outer continue", () => { let s = ""; out: for (const y of [1, 2]) for (const x of make(3)) { s += y + "" + x + " "; if (x) continue out; } return s; });
run("outer break", () => { out: for (const y of make(2)) for (const x of make(3)) break out; return "out"; });
run("try in body", () => { for (const x of make(3)) { try { if (x === 1) break; } finally { log.push("finally" + x); } } return "end"; });
run("not iterable", () => { for (const x of {}); });
run("null", () => { for (const x of null); });
run("next not callable", () => { for (const x of { [Symbol.iterator]() { return {}; } }); });
run("result not object", () => { for (const x of { [Symbol.iterator]() { return { next() { return 1; } }; } }); });
run("iterator not object", () => { for (const x of { [Symbol.iterator]() { return 1; } }); });
run("string", () => { let s = []; for (const c of "a\u{1F600}b") s.push(c.length); return s; });
run("array grows", () => { const a = [1, 2]; let s = 0; for (const x of a) { s += x; if (a.length < 5) a.push(10); } return s; });
run("holes", () => { let s = []; for (const x of [1, , 3]) s.push(x); return s.map(String); });
run("target is a property", () => { const o = {}; for (o.x of [1, 2]); return o.x; });
run("target throws", () => { for ((() => { throw "target threw"; })().x of make(3)); });
run("destructuring throws", () => { for (const { a: { b } } of make(3)); });
run("next read once", () => { let reads = 0; const it = { [Symbol.iterator]() { return { get next() { reads++; let i = 0; return () => ({ done: i++ > 2 }); } }; } }; for (const x of it); return reads; });
run("value not read when done", () => { for (const x of { [Symbol.iterator]() { return { next() { return { done: true, get value() { log.push("value"); } }; } }; } }); return "ok"; });
run("map while deleting", () => { const m = new Map([[1, 1], [2, 2], [3, 3]]); const s = []; for (const [k] of m) { s.push(k); if (k === 1) { m.delete(2); m.set(4, 4); } } return s; });
run("generator finally", () => { function* g() { try { yield 1; yield 2; } finally { log.push("gen closed"); } } for (const x of g()) return "r" + x; });
run("closure per turn", () => { const fs = []; for (let x of [1, 2, 3]) fs.push(() => x); return fs.map((f) => f()); });
run("async is a name", () => { var async; for (async of => {}; false;); return "ok"; });
run("let as array", () => { let r = []; for (let [a, b] of [[1, 2], [3, 4]]) r.push(a * b); return r; });
run("spread closes not", () => [...make(3)]);
run("var survives", () => { for (var last of [1, 2, 3]); return last; });
run("function in finally", () => { f: { try { return "no"; } finally { break f; } } return "yes"; });
