with (o) { x = y; z(); delete w; typeof v; x += 1; x++; var u = 2; }
function f() { eval('1'); return q; }
(function named() { named = 1; this.x; return arguments; });
{ function hoisted() {} }
if (a) function b() {}
