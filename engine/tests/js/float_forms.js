// Integral results of floating-point arithmetic are the same numbers as ints everywhere.
const half = 0.5;
const one = half + half;          // 1
const two = (half + 1.5) * 1.0;   // 2
const minusZero = 0 * -half;
const nan = Infinity - Infinity;
const cases = { one, two, minusZero, nan };
for (const name in cases) {
  const v = cases[name];
  print(name, String(v), JSON.stringify(v), Object.is(v, -0), Object.is(v, NaN), v === v);
}
print(one === 1, 1 === one, one == 1, one !== 1, Object.is(one, 1), [1].includes(one), [1].indexOf(one));
// Property keys.
const list = ["a", "b", "c"];
print(list[one], list[two], list[minusZero], list[one + half], list[nan]);
list[one] = "B";
list[two + one] = "d";
print(list.join(), list.length, one in list, delete list[one], one in list);
const object = {};
object[two] = "two";
object[minusZero] = "zero";
print(Object.keys(object).join(), object[2], object["0"], object.hasOwnProperty(two));
const text = "xyz";
print(text[one], text.charAt(two), text.charCodeAt(one), text.at(-one));
// switch, Map, Set.
switch (one) { case 1: print("case 1"); break; default: print("no case"); }
switch (1) { case one: print("case one"); break; default: print("no case"); }
const map = new Map([[1, "int"], [0, "zero"], [NaN, "nan"]]);
print(map.get(one), map.get(minusZero), map.get(nan), map.has(two));
map.set(two, "two");
print(map.get(2), [...map.keys()].map(k => Object.is(k, -0) ? "-0" : String(k)).join());
print(new Set([1, one, 2, two, NaN, nan, 0, minusZero]).size);
// Typed arrays.
const bytes = new Uint8Array(4);
bytes[one] = two;
bytes[two] = 255.5 + half;
print(bytes.join(), bytes[one], bytes[one + half], bytes[minusZero]);
const floats = new Float64Array([1, -0, NaN, 1.5]);
print(floats[0] === 1, Object.is(floats[1], -0), floats[2], list[floats[0]], floats.indexOf(one));
const bits = new BigUint64Array(floats.buffer);
floats[0] = nan;
floats[1] = -nan;
floats[3] = 0 / 0;
print(bits[0] === bits[2], bits[1] === bits[2], bits[3] === bits[2]);
// Integer operators and loops.
print(one | 0, two << one, 7 % two, -two % two, one & 3, ~one, two ** 31, (two * 1073741824) | 0);
let sum = 0;
for (let i = half + half; i <= two + one; i++) sum += i;
for (let i = 5.5 + half; i > one; i--) sum -= i;
print(sum, 2147483647 + one, -2147483648 - one, 65536 * 65536, -1 * 0, Object.is(-1 * 0, -0));
print(6 / 2, 7 / 2, 0 / -3, Object.is(0 / -3, -0), 1 / (0 / -3), -6 / 3, 2147483647 / 1);
print([3, one, 2].sort().join(), [10, one, 9].sort((a, b) => a * 1.0 - b).join());
print(Math.max(one, 1), Math.floor(two), one.toString(2), (two * 8).toString(16), one.toFixed(1));
print(new Array(two).length, "ab".repeat(two), [1, 2, 3].slice(one).join(), Number.isInteger(two));
let n = half;
n++;
n += half;
n--;
print(n === 1, -n, +n, n + "", `${n}`, typeof n, list[n - 1]);
