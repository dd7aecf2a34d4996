function attempt(f){ try { let r = f(); return 'ok ' + typeof r; } catch (e) { return e.name + ': ' + e.message; } }
function f(n){ return 1 + f(n+1); } print(attempt(()=>f(0)));