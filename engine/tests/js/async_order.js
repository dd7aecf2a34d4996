// The order in which jobs run: awaits, thens, thenables, async generators.
const log = [];
const say = (x) => log.push(x);
say("sync 1");
(async () => { say("async start"); await null; say("after await 1"); await undefined; say("after await 2"); })();
Promise.resolve().then(() => say("then 1")).then(() => say("then 2")).then(() => say("then 3"));
(async () => { try { await Promise.reject("R"); } catch (e) { say("caught " + e); } finally { say("finally"); } })();
const thenable = { then(ok) { say("thenable.then called"); ok("T"); } };
(async () => say("thenable " + (await thenable)))();
Promise.resolve(thenable).then((v) => say("resolved thenable " + v));
new Promise((r) => { say("executor"); r(Promise.resolve("inner")); }).then((v) => say("nested " + v));
async function ret() { return Promise.resolve("async-return"); }
ret().then((v) => say(v));
async function plain() { return "plain"; }
plain().then((v) => say(v));
say("sync 2");
queueMicrotask1(() => say("micro"));
function queueMicrotask1(f) { Promise.resolve().then(f); }
async function* ag() { say("ag start"); try { const x = yield 1; say("ag got " + x); yield Promise.resolve(2); return 3; } finally { say("ag finally"); } }
(async () => {
  const it = ag();
  const r = await Promise.all([it.next("a"), it.next("b"), it.next("c"), it.next("d")]);
  say(JSON.stringify(r));
  for await (const x of [Promise.resolve("f1"), "f2"]) say(x);
  const it2 = ag(); await it2.next(); say(JSON.stringify(await it2.return(Promise.resolve("ret"))));
  try { for await (const x of (async function* () { yield 1; throw new Error("in gen"); })()) say("fa " + x); } catch (e) { say(e.message); }
  async function* outer() { const r = yield* ag(); say("delegated " + r); }
  for await (const x of outer()) say("o" + x);
  const syncIt = { [Symbol.iterator]() { let i = 0; return { next() { return { value: Promise.resolve(i), done: i++ > 1 }; }, return() { say("sync return"); return {}; } }; } };
  for await (const x of syncIt) { say("s" + x); if (x === 1) break; }
  say("end");
})().then(() => print(log.join("\n")));
say("sync 3");
