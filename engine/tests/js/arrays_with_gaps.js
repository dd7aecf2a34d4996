// Arrays with gaps: their elements behave alike however they are stored, and every method passes holes as it must.
const many = Math.ceil(200 * (typeof SCALE === 'number' ? SCALE : 1));
const line = (...parts) => print(parts.map(String).join(' '));

// The elements as pairs, by asking for each own key.
const pairs = a => Object.keys(a).map(k => k + ':' + a[k]).join(',');
const sum = a => { let n = 0; for (const k in a) n += +k + a[k]; return n; };

// Strides, up and down, and what is left of them after each method.
for (const stride of [2, 3, 7, 9, 64, 100, 1000, 65537, 60000]) {
  for (const down of [false, true]) {
    const make = () => {
      const a = [];
      for (let i = 0; i < many; i++) { const at = down ? many - 1 - i : i; a[at * stride] = at; }
      return a;
    };
    const a = make();
    const expected = (many * (many - 1) / 2) * (stride + 1);
    const right = [
      a.length === (many - 1) * stride + 1, sum(a) === expected, Object.keys(a).length === many,
      Object.keys(a).every((k, i) => +k === i * stride), a.indexOf(many - 1) === (many - 1) * stride,
      a.lastIndexOf(0) === 0, a.includes(many - 1), a.includes(undefined), !(1 in a) || stride === 1,
      a.reduce((x, y) => x + y, 0) === many * (many - 1) / 2, a.reduceRight((x, y) => x + y) === many * (many - 1) / 2,
      a.filter(() => true).length === many, a.some(v => v === many - 1), a.every(v => v >= 0),
      a.map(v => v + 1).length === a.length, sum(a.map(v => v + 1)) === expected + many,
      sum(a.slice(stride)) === expected - (many - 1) * stride - 0, sum(a.concat(a)) > expected,
      a.concat(a).length === 2 * a.length, a.flat().length === many, a.flatMap(v => [v, v]).length === 2 * many,
      a.sort((x, y) => y - x)[0] === many - 1, a[many - 1] === 0, !(many in a), a.length === (many - 1) * stride + 1,
      Object.keys(a).length === many,
    ];
    let seen = 0;
    make().forEach((v, i) => { if (i === v * stride) seen++; });
    right.push(seen === many);
    const b = make();
    right.push(b.shift() === 0, b.length === (many - 1) * stride, b[stride - 1] === 1);
    right.push(b.unshift('x', 'y') === (many - 1) * stride + 2, b[0] === 'x', b[stride + 1] === 1);
    right.push(b.splice(1, stride + 1, 'z').length === stride + 1, b[1] === 'z', b[0] === 'x', Object.keys(b).length === many - 1 + 1);
    b.reverse();
    right.push(b[b.length - 1] === 'x', b[b.length - 2] === 'z', b[0] === many - 1);
    right.push(b.pop() === 'x', b.push(1, 2) === b.length);
    b.length = 3;
    right.push(b.length === 3, Object.keys(b).length <= 3);
    const c = make();
    for (let i = 1; i < many; i++) delete c[i * stride];
    right.push(pairs(c) === '0:0', c.length === (many - 1) * stride + 1);
    c.length = 0;
    for (let i = 0; i < many; i++) c.push(i);
    right.push(c.length === many, c.join('').length === Array.from({ length: many }, (_, i) => i).join('').length);
    line(stride, down, right.every(Boolean) || right.map((r, i) => r ? '' : i).filter(String));
  }
}

// Dense, sparse, dense again: names that are no indices stay, in their order.
const mixed = [];
mixed.name = 'first'; mixed[1e6] = 'far'; mixed.other = 'second';
line(pairs(mixed), mixed.length);
mixed.length = 40;
for (let i = 39; i >= 0; i--) mixed[i] = i;
line(pairs(mixed).length, Object.keys(mixed).slice(-2), mixed.name, mixed.other, mixed.length);
mixed.length = 0; mixed.push('again');
line(pairs(mixed));

// Attributes keep an array as it is.
const guarded = [];
for (let i = 0; i < 20; i++) guarded[i * 100] = i;
Object.defineProperty(guarded, 300, { get() { return 'got'; }, configurable: true, enumerable: true });
Object.defineProperty(guarded, 500, { value: 'fixed', writable: false, configurable: false, enumerable: true });
for (let i = 0; i < 100; i++) if (i !== 3 && i !== 5) guarded[i] = -i;
line(guarded[300], guarded[500], Object.keys(guarded).length, guarded.indexOf('got'), guarded.indexOf('fixed'));
try { 'use strict'; guarded.shift(); line('shifted'); } catch (e) { line(e.name); }
try { guarded.length = 0; line(guarded.length); } catch (e) { line(e.name, guarded.length); }
const frozen = Object.freeze([1, , 3]);
for (const method of ['shift', 'reverse', 'pop', 'sort']) {
  try { frozen[method](); line(method, 'did'); } catch (e) { line(method, e.name); }
}
const sealed = []; sealed[1e5] = 1; Object.preventExtensions(sealed);
try { sealed.reverse(); line('reversed'); } catch (e) { line(e.name, pairs(sealed)); }
try { sealed.unshift(0); line('unshifted'); } catch (e) { line(e.name, pairs(sealed)); }

// What callbacks do to the array that is gone over.
const grows = []; for (let i = 0; i < 5; i++) grows[i * 1000] = i;
let visits = [];
grows.forEach((v, i) => { visits.push(i); if (i === 1000) { grows[1500] = 'new'; delete grows[2000]; grows[5000] = 'late'; } });
line(visits);
visits = [];
const shrinks = []; for (let i = 0; i < 5; i++) shrinks[i * 1000] = i;
shrinks.forEach((v, i) => { visits.push(i); if (i === 1000) shrinks.length = 3001; });
line(visits, shrinks.length);
visits = [];
const turns = [0, , , 3]; turns.forEach((v, i) => { visits.push(i); if (i === 0) { turns[1] = 1; turns[1e7] = 2; } });
line(visits, turns.reduceRight((text, v, i) => { if (i === 1e7) delete turns[3]; return text + i + ';'; }, ''));

// The end of the indices.
const end = []; end[4294967294] = 'last'; end[2147483648] = 'high'; end[7] = 'low';
line(end.length, Object.keys(end), end.indexOf('high'), end.lastIndexOf('low'), end.filter(() => true));
try { end.push(1); } catch (e) { line(e.name, end[4294967295], end.length); }
line(end.splice(8, 4294967280).length, pairs(end), end.length);

// Prototypes with elements are asked, whatever they are.
const holes = [0, , 2]; holes[5] = 5;
const text = a => [a.slice().join('|'), [].concat(a).join('|'), a.map(v => v).join('|'), a.indexOf('p'), a.join('|'),
  a.reverse().join('|'), a.reverse().join('|'), a.includes('p')].join(' ');
line(text(holes.slice()));
Array.prototype[1] = 'p';
line(text(holes.slice()));
line([, ,].shift(), [, , ,].unshift(1));
delete Array.prototype[1];
const inherits = Object.setPrototypeOf([, , ,], new Proxy(Array.prototype, {
  has: (t, k) => k === '1' || k in t, get: (t, k, r) => k === '1' ? 'proxy' : Reflect.get(t, k, r),
}));
line(inherits.map(v => v).join('|'), inherits.indexOf('proxy'), inherits.shift(), inherits.length);
const typed = Object.setPrototypeOf([, , ,], new Uint8Array([7, 8, 9]));
line(Array.prototype.indexOf.call(typed, 8), Array.prototype.join.call(typed, '|'));

// Elisions that are too many for slots, before elements of a literal, and a push.
for (const count of [63, 64, 65, 80, 1000]) {
  const gap = ','.repeat(count);
  for (const form of [`${gap}1`, `${gap}...[1, 2]`, `1,${gap}...[2], 3,,4`, `${gap}...[],${gap}1, 2, ...[3], 4`, gap]) {
    const array = eval(`[${form}]`);
    array.push('end', 'more');
    line(count, array.length, Object.keys(array), array.flat());
  }
}
