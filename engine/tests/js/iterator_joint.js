// Iterator.zip, zipKeyed, chunks, windows, includes.
const run = (f) => { try { return JSON.stringify(f()); } catch (e) { return e.name; } };
const log = []; const it = (name, ...v) => ({ __proto__: Iterator.prototype, next() { log.push(name); return v.length ? { value: v.shift(), done: false } : { value: undefined, done: true }; }, return() { log.push("-" + name); return {}; } });
const flush = () => log.splice(0).join("");
print(run(() => [...Iterator.zip([[1, 2], [3, 4, 5]])]), run(() => [...Iterator.zip([])]), run(() => [...Iterator.zip([[1], [2, 3]], { mode: "longest" })]), run(() => [...Iterator.zip([[1], [2, 3]], { mode: "longest", padding: ["p", "q"] })]), run(() => [...Iterator.zip([[1], [2, 3]], { mode: "strict" })]));
print(run(() => [...Iterator.zip([it("a", 1, 2), it("b", 1), it("c", 1, 2)])]), flush());
print(run(() => [...Iterator.zip([it("a", 1), it("b", 1), it("c", 1, 2)], { mode: "strict" })]), flush());
print(run(() => [...Iterator.zip([it("a", 1, 2), it("b", 1), it("c", 1, 2)], { mode: "strict" })]), flush());
const z = Iterator.zip([it("a", 1, 2), it("b", 1, 2)]); print(run(() => z.next()), run(() => z.return()), run(() => z.next()), flush(), run(() => Iterator.zip([it("a"), 5])), flush());
print(run(() => [...Iterator.zipKeyed({ a: [1, 2], b: [3], c: undefined })]), run(() => [...Iterator.zipKeyed({ a: [1, 2], b: [3] }, { mode: "longest", padding: { b: 0 } })]), run(() => Object.getPrototypeOf([...Iterator.zipKeyed({ a: [1] })][0])));
print(run(() => Iterator.zip()), run(() => Iterator.zip([], 1)), run(() => Iterator.zip([], { mode: "x" })), run(() => Iterator.zip([], { mode: "longest", padding: 1 })), run(() => Iterator.zip(["ab"])));
print(run(() => [...[1, 2, 3, 4, 5].values().chunks(2)]), run(() => [...[].values().chunks(2)]), run(() => [...[1, 2, 3].values().windows(2)]), run(() => [...[1].values().windows(2)]), run(() => [...[1].values().windows(2, "allow-partial")]), run(() => [...[1, 2, 3].values().windows(3, "only-full")]));
for (const bad of [0, -1, 1.5, NaN, "1", undefined, 2 ** 32]) print(String(bad), run(() => it("x").chunks(bad)), run(() => it("y").windows(bad)), flush());
print(run(() => it("w").windows(1, "z")), flush(), run(() => { const c = it("c", 1, 2, 3).chunks(2); c.next(); c.return(); return c.next(); }), flush(), run(() => { const c = it("c", 1, 2, 3).chunks(2); c.next(); c.next(); c.return(); return c.next(); }), flush());
print([1, NaN, 3].values().includes(NaN), [1, 2].values().includes(1, 1), [-0].values().includes(0), run(() => it("i", 1, 2).includes(1)), flush(), run(() => it("i").includes(1, -1)), run(() => it("i").includes(1, 0.5)), run(() => it("i").includes(1, Infinity)), flush());
print(run(() => [1].values().take(2 ** 53)), run(() => [1].values().drop(2 ** 53)), run(() => [...[1].values().take(Infinity)]));
