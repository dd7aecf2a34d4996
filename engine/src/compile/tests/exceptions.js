function f(a) {
  for (const x of a) {
    try { if (x) return x; if (a) continue; g(); } catch ({ message }) { break; } finally { h(); }
  }
  try { throw 1 } catch { return 2 }
  try { return g() } finally { for (;;) break; }
}
