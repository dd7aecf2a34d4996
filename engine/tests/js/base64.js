// Uint8Array and base64, hex (23.3).
const run = (f) => { try { const v = f(); return v instanceof Uint8Array ? `[${v}]` : typeof v === "object" ? JSON.stringify(v) : String(v); } catch (e) { return e.name; } };
const u = new Uint8Array([251, 255, 191, 0, 7]);
print(u.toBase64(), u.toBase64({ alphabet: "base64url" }), u.toBase64({ omitPadding: true }), u.toHex(), new Uint8Array().toBase64() === "", run(() => u.toBase64({ alphabet: "x" })), run(() => u.toBase64(1)));
print(run(() => Uint8Array.fromBase64("+/+/AAc=")), run(() => Uint8Array.fromBase64("-_-_AAc", { alphabet: "base64url" })), run(() => Uint8Array.fromBase64("+/+/", { alphabet: "base64url" })), run(() => Uint8Array.fromBase64(" A Q\n==\t")));
for (const text of ["", "A", "AQ", "AQ=", "AQ==", "AR==", "AQI", "AQI=", "AQID", "AQIDA", "AQ==AQ==", "=", "A=", "AQ= =", "A!", "AQIDBA"]) print(JSON.stringify(text), ["loose", "strict", "stop-before-partial"].map((lastChunkHandling) => run(() => Uint8Array.fromBase64(text, { lastChunkHandling }))).join(" "));
for (const size of [0, 1, 2, 3, 4, 5]) { const t = new Uint8Array(size); print(size, run(() => t.setFromBase64("AQIDBAU=")), run(() => t), run(() => t.setFromHex("0a0b0c")), run(() => t)); }
const part = new Uint8Array(4); print(run(() => part.setFromBase64("AQID!")), run(() => part), run(() => part.setFromHex("0fzz")), run(() => part));
print(run(() => Uint8Array.fromHex("00fF10")), run(() => Uint8Array.fromHex("0")), run(() => Uint8Array.fromHex("0g")), run(() => Uint8Array.fromHex(5)), run(() => Uint8Array.fromBase64(new String(""))));
print(run(() => Uint8Array.prototype.toHex.call(new Int8Array(1))), run(() => { const b = new Uint8Array(2); b.buffer.transfer(); return b.toHex(); }), Uint8Array.fromBase64.length, Uint8Array.prototype.setFromHex.length, Uint8Array.prototype.toBase64.length, Int8Array.fromHex, typeof Int8Array.prototype.toHex);
