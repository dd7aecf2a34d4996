// bigint_digits: digits of pi, large factorials and modular powers with BigInt.
//
// Why: numbers that are themselves heap blocks of growing size, made and
//   dropped at each step of the arithmetic.
// Size: digits of pi; small 30, default 1500, large 4000
// Result: small 935157569, default 1015131968, large 2539840457
// Stresses: BigInt arithmetic, BigInt to string, blocks of growing size
// Needs: bigint
// Leaks: no
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const digits = typeof SIZE === "number" ? SIZE : 1500;

  // 1. A streaming spigot: linear fractional maps with BigInt coefficients.
  let q = 1n;
  let r = 0n;
  let t = 1n;
  let k = 1n;
  let n = 3n;
  let l = 3n;
  let pi = "";
  while (pi.length < digits) {
    if (4n * q + r - t < n * t) {
      pi += n;
      const next = 10n * (r - n * t);
      n = (10n * (3n * q + r)) / t - 10n * n;
      q *= 10n;
      r = next;
    } else {
      const next = (2n * q + r) * l;
      n = (q * (7n * k) + 2n + r * l) / (t * l);
      q *= k;
      t *= l;
      l += 2n;
      k += 1n;
      r = next;
    }
  }
  if (!pi.startsWith("314159265358979323846264338327".slice(0, digits))) throw new Error("bigint_digits: pi = " + pi);

  // 2. A factorial, taken apart again by division.
  const top = digits >> 1;
  let factorial = 1n;
  for (let i = 2; i <= top; i++) factorial *= BigInt(i);
  const text = factorial.toString();
  if (BigInt(text) !== factorial) throw new Error("bigint_digits: text round trip");
  if (BigInt("0x" + factorial.toString(16)) !== factorial) throw new Error("bigint_digits: hexadecimal round trip");
  let rest = factorial;
  for (let i = top; i >= 2; i--) {
    if (rest % BigInt(i) !== 0n) throw new Error("bigint_digits: remainder");
    rest /= BigInt(i);
  }
  if (rest !== 1n) throw new Error("bigint_digits: " + rest);

  // 3. Fermat's little theorem with a Mersenne prime.
  const prime = (1n << 127n) - 1n;
  function power(base, exponent, modulus) {
    let out = 1n;
    for (let e = exponent; e > 0n; e >>= 1n) {
      if (e & 1n) out = (out * base) % modulus;
      base = (base * base) % modulus;
    }
    return out;
  }
  let witnesses = 0;
  for (let i = 2; i < 2 + Math.min(20, digits / 10); i++) {
    if (power(BigInt(i), prime - 1n, prime) !== 1n) throw new Error("bigint_digits: witness " + i);
    witnesses++;
  }

  // 4. Two's complement and narrow widths.
  let mixed = 0n;
  for (let i = 0; i < 64; i++) mixed ^= (-1n << BigInt(i)) | BigInt.asUintN(16, -BigInt(i * i));
  if (BigInt.asIntN(64, mixed) !== BigInt.asIntN(64, BigInt.asUintN(64, mixed))) throw new Error("bigint_digits: widths");

  let hash = 37;
  for (let i = 0; i < pi.length; i++) hash = (Math.imul(hash, 31) + pi.charCodeAt(i)) | 0;
  return (hash ^ Number(BigInt.asUintN(20, mixed)) ^ text.length ^ witnesses) >>> 0;
})();
