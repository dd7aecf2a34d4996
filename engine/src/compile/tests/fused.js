function f(a, b, c) {
  let s = '', n = 0;
  for (let i = 0; i < a.length; i++) { s += a[i]; s = s + b; n = n + 1 | 0; n = (n << 3) ^ (n >>> 2) & 255; c = a + b; }
  for (let i = 0; i <= n; i++) c.x = this.y;
  for (let i = n; i >= 0; i--) this.z = a.b.c(b.d)[n % 7];
  while (a !== b) a = a.next;
  if (typeof a == 'function' && a.kind === 3 || !b) return c - 1;
}
