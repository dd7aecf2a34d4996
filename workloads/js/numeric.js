// numeric: typed arrays: a Fourier transform, a matrix product, a sieve, n-body.
//
// Why: arithmetic on flat memory allocates next to nothing, so it shows what
//   the engine costs when the memory system is idle, and array buffers are the
//   large blocks that go past every small-object pool.
// Size: scale, the side of the matrices; small 16, default 96, large 256
// Result: small 3990724824, default 3254801421, large 1514263987
// Stresses: float arithmetic, typed-array access, large blocks, integer loops
// Needs: typed-arrays
// Leaks: no
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const side = typeof SIZE === "number" ? SIZE : 96;
  let hash = 7;
  const note = (x) => {
    hash = (Math.imul(hash, 31) + (x | 0)) | 0;
  };

  // 1. Matrix product; the check multiplies by a vector of ones first.
  const a = new Float64Array(side * side);
  const b = new Float64Array(side * side);
  for (let i = 0; i < side * side; i++) {
    a[i] = (i % 13) - 6;
    b[i] = (i % 7) - 3;
  }
  const c = new Float64Array(side * side);
  for (let i = 0; i < side; i++) {
    for (let k = 0; k < side; k++) {
      const aik = a[i * side + k];
      for (let j = 0; j < side; j++) c[i * side + j] += aik * b[k * side + j];
    }
  }
  for (let i = 0; i < side; i++) {
    let direct = 0;
    let product = 0;
    for (let j = 0; j < side; j++) product += c[i * side + j];
    for (let k = 0; k < side; k++) {
      let row = 0;
      for (let j = 0; j < side; j++) row += b[k * side + j];
      direct += a[i * side + k] * row;
    }
    if (direct !== product) throw new Error("numeric: row " + i + " of the product");
    note(product);
  }

  // 2. Fast Fourier transform in place, forward and back.
  function fft(re, im, inverse) {
    const n = re.length;
    for (let i = 1, j = 0; i < n; i++) {
      let bit = n >> 1;
      for (; j & bit; bit >>= 1) j ^= bit;
      j ^= bit;
      if (i < j) {
        let t = re[i];
        re[i] = re[j];
        re[j] = t;
        t = im[i];
        im[i] = im[j];
        im[j] = t;
      }
    }
    for (let length = 2; length <= n; length <<= 1) {
      const angle = ((inverse ? 2 : -2) * Math.PI) / length;
      const half = length >> 1;
      for (let k = 0; k < half; k++) {
        const wr = Math.cos(angle * k);
        const wi = Math.sin(angle * k);
        for (let i = k; i < n; i += length) {
          const xr = re[i + half] * wr - im[i + half] * wi;
          const xi = re[i + half] * wi + im[i + half] * wr;
          re[i + half] = re[i] - xr;
          im[i + half] = im[i] - xi;
          re[i] += xr;
          im[i] += xi;
        }
      }
    }
  }
  let points = 16;
  while (points < side * 16) points <<= 1;
  const re = new Float64Array(points);
  const im = new Float64Array(points);
  for (let i = 0; i < points; i++) re[i] = i % 5;
  fft(re, im, false);
  fft(re, im, true);
  for (let i = 0; i < points; i++) {
    if (Math.abs(re[i] / points - (i % 5)) > 1e-9) throw new Error("numeric: transform at " + i);
  }

  // 3. Sieve in bytes, counted against a second pass by trial division of a sample.
  const limit = side * 1000;
  const composite = new Uint8Array(limit + 1);
  let primes = 0;
  for (let p = 2; p <= limit; p++) {
    if (composite[p] === 0) {
      primes++;
      for (let q = p * p; q <= limit; q += p) composite[q] = 1;
    }
  }
  for (let n = limit - 20; n <= limit; n++) {
    let prime = 1;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = 0;
    if (prime === composite[n]) throw new Error("numeric: sieve at " + n);
  }
  note(primes);

  // 4. Views of one buffer, wrap-around and clamping.
  const bytes = new Uint8Array(side * 8);
  const words = new Uint32Array(bytes.buffer);
  const clamped = new Uint8ClampedArray(bytes.buffer, 0, 8);
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = i * 7;
    crc ^= bytes[i];
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  note(~crc);
  clamped.set([-5, 300, 1.5, 2.5, NaN, 7, 8, 9]);
  if (bytes[0] !== 0 || bytes[1] !== 255 || bytes[2] !== 2 || bytes[3] !== 2) throw new Error("numeric: clamping");
  if (words.length !== side * 2) throw new Error("numeric: view length");
  words.fill(0xffffffff, 2);
  words[2] += 2;
  note(words[2]);
  if (words[2] !== 1) throw new Error("numeric: wrap-around");

  // 5. Bodies under gravity: momentum is kept to the last digits.
  const bodies = 5;
  const state = new Float64Array(bodies * 5); // x, y, vx, vy, mass
  for (let i = 0; i < bodies; i++) {
    state.set([Math.cos(i) * (i + 1), Math.sin(i) * (i + 1), Math.sin(i * 2) / 4, Math.cos(i * 3) / 4, 1 + i / 8], i * 5);
  }
  const momentum = () => {
    let sum = 0;
    for (let i = 0; i < bodies; i++) sum += (state[i * 5 + 2] + state[i * 5 + 3]) * state[i * 5 + 4];
    return sum;
  };
  const before = momentum();
  for (let step = 0; step < side * 8; step++) {
    for (let i = 0; i < bodies; i++) {
      for (let j = i + 1; j < bodies; j++) {
        const dx = state[i * 5] - state[j * 5];
        const dy = state[i * 5 + 1] - state[j * 5 + 1];
        const d2 = dx * dx + dy * dy + 0.25;
        const pull = 0.001 / (d2 * Math.sqrt(d2));
        state[i * 5 + 2] -= dx * pull * state[j * 5 + 4];
        state[i * 5 + 3] -= dy * pull * state[j * 5 + 4];
        state[j * 5 + 2] += dx * pull * state[i * 5 + 4];
        state[j * 5 + 3] += dy * pull * state[i * 5 + 4];
      }
    }
    for (let i = 0; i < bodies; i++) {
      state[i * 5] += state[i * 5 + 2] * 0.001;
      state[i * 5 + 1] += state[i * 5 + 3] * 0.001;
    }
  }
  if (Math.abs(momentum() - before) > 1e-9) throw new Error("numeric: momentum drifts");
  return hash >>> 0;
})();
