// The function that makes an error is not part of its trace; natives that call back are.
function f() { return new Error("x"); }
print(f().stack);
class Own extends Error { constructor() { super("q"); } }
function g() { return new Own(); }
print(g().stack);
try { [].reduce(() => 1); } catch (e) { print(e.stack); }
try { [1].map(() => { throw TypeError("in"); }); } catch (e) { print(e.stack); }
print(Error("plain").stack);
if (Error.captureStackTrace) { const o = {}; (function here() { Error.captureStackTrace(o); })(); print(o.stack); }
