// BigInts of more limbs than are made on the stack: results are written where they live.
const digest = (x) => {
  const text = x.toString(16);
  let h = 7;
  // In doubles, which are no cells: thousands of digits are gone over.
  for (let i = 0; i < text.length; i++) h = (h * 31 + text.charCodeAt(i)) % 4294967291;
  return `${text.length}:${h.toString(36)}`;
};
const pattern = (n, step) => {
  let x = 0n;
  for (let i = 0n; i < n; i++) x = (x << 61n) ^ (i * step + 12345678901234567n);
  return x;
};
const sizes = [15n, 16n, 17n, 18n, 40n, 90n];
for (const n of sizes) {
  const a = pattern(n, 7919n), b = pattern(n - 3n, 104729n);
  const line = [a + b, a - b, b - a, a * b, a / b, a % b, a & b, a | b, a ^ b, -a & b, a & -b, -a | b, -a ^ -b,
    ~a, -a, a << 777n, a >> 333n, -a >> 333n, a ** 3n, BigInt.asIntN(900, a), BigInt.asUintN(900, -b)];
  print(n, line.map(digest).join(" "));
}
// What shrinks: differences and intersections much shorter than their operands.
const big = 1n << 5000n;
print((big + 5n) - big, (big | 3n) & 7n, (big ^ 9n) ^ big, (big - 1n) / big, big % (big - 1n));
print((big & (big - 1n)) === 0n, (big + 1n) / big, -big / (big + 1n));
// What there is no room for.
for (const f of [() => big ** big, () => 1n << (1n << 62n), () => big / 0n, () => big % 0n]) {
  try { print(typeof f()); } catch (e) { print(e.name); }
}
