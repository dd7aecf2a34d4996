function* g(a) { const b = yield a; try { yield* b; } finally { yield 1; } return 2; }
async function* h(s) { for await (const x of s) yield x; yield* s; return 1; }
async function k() { try { await 1; } catch (e) { return e; } }
