function f(a, n) {
  for (var i = 0; i < n; i++) { if (i === 3) continue; a += i; }
  outer: for (;;) { while (a.length > 2) { if (a) break outer; else continue outer; } }
  do { a--; } while (a > 0 && n || !i);
  switch (a) { case 1: n = 2; case 'x': break; default: n = 3; case 4: i = a ?? n; }
  for (var k in a) if (k) break;
  return a ? n : i;
}
