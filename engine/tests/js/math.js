// Math: special values and exact cases.
const neg0 = (x) => Object.is(x, -0) ? "-0" : String(x);
const show = (...xs) => print(xs.map(neg0).join(" "));
show(Math.max(), Math.min(), Math.max(1, NaN), Math.max(-0, 0), Math.min(0, -0), Math.max("3", 2), Math.min(...[]), Math.max(1, { valueOf: () => 9 }));
show(Math.round(0.5), Math.round(-0.5), Math.round(2.5), Math.round(-2.5), Math.round(0.49999999999999994), Math.round(-0.2), Math.round(4503599627370495.5), Math.round(NaN), Math.round(1e20), Math.round(-1.5), Math.round(9007199254740991));
show(Math.floor(-0.5), Math.ceil(-0.5), Math.trunc(-0.9), Math.trunc(1e300), Math.floor(-0), Math.ceil(0.2), Math.floor("7.9"), Math.sign(-0), Math.sign(-3), Math.sign("5"), Math.abs(-0), Math.abs("-4"), Math.abs(-2147483648));
show(Math.sqrt(2), Math.sqrt(-1), Math.sqrt(-0), Math.cbrt(27), Math.cbrt(-8), Math.hypot(3, 4), Math.hypot(), Math.hypot(NaN, Infinity), Math.hypot(1e200, 1e200), Math.hypot(-0));
show(Math.pow(2, 0.5), Math.pow(NaN, 0), Math.pow(1, Infinity), Math.pow(-1, Infinity), Math.pow(-0, -1), Math.pow(-0, -2), Math.pow(-2, 3), Math.pow(0, -1), Math.pow(2, 1023) * 2);
show(Math.imul(0xffffffff, 5), Math.imul(2 ** 31, 2), Math.imul(3.9, 2.9), Math.clz32(1), Math.clz32(0), Math.clz32(-1), Math.clz32(0.9), Math.fround(5.5), Math.fround(5.05), Math.fround(1e40), Math.fround(-0), Math.fround(1e-50));
show(Math.atan2(0, -0), Math.atan2(-0, 0), Math.atan2(1, 0), Math.atan2(-0, -0), Math.atan2(0, -1), Math.sin(0), Math.cos(0), Math.tan(-0), Math.asin(2), Math.acos(1), Math.atan(Infinity), Math.sinh(-0), Math.cosh(0), Math.tanh(Infinity), Math.asinh(-0), Math.acosh(1), Math.atanh(1));
show(Math.exp(0), Math.exp(-Infinity), Math.expm1(-0), Math.log(0), Math.log(-1), Math.log(1), Math.log2(8), Math.log10(1000), Math.log1p(-1), Math.log1p(-0), Math.log2(3) === 1.584962500721156);
print(Math.PI, Math.E, Math.LN2, Math.LN10, Math.LOG2E, Math.LOG10E, Math.SQRT2, Math.SQRT1_2);
print(typeof Math, String(Math), Math.max.length, Math.hypot.length, Math.atan2.length, Math.round.name, Object.keys(Math).length, Object.getOwnPropertyDescriptor(Math, "PI").writable);
let ok = true; for (let i = 0; i < 1000; i++) { const r = Math.random(); if (!(r >= 0 && r < 1)) ok = false; } print(ok, Math.random() !== Math.random());
let order = []; Math.max({ valueOf() { order.push(1); return NaN; } }, { valueOf() { order.push(2); return 1; } }); Math.hypot({ valueOf() { order.push(3); return Infinity; } }, { valueOf() { order.push(4); return 1; } }); print(order.join());
try { Math.max(Symbol()); } catch (e) { print(e.name); } try { Math(); } catch (e) { print(e.name); } try { new Math.max(1); } catch (e) { print(e.name); }
