function attempt(f){ try { let r = f(); return 'ok ' + typeof r; } catch (e) { return e.name + ': ' + e.message; } }
print(attempt(() => (0,eval)('function* g(){'+'yield '.repeat(N)+'1}')));