// Methods on arrays that are long and nearly empty: they go by the elements, not by the length, where nothing else can
// be seen, and do what the specification says all the same. `long` is 2^32 - 1 or near it.
const LONG = 2 ** 32 - 1;
const forms = {
  few() { const a = [1, 2, 3]; a.length = LONG; return a; },
  gaps() { const a = [1]; a[2 ** 31] = 2; a[LONG - 1] = 3; return a; },
  fixed() { const a = [1, 2]; Object.defineProperty(a, 1e9, { value: 'fixed', writable: true, enumerable: true, configurable: false }); a.length = LONG; return a; },
};
function show(a) {
  if (!Array.isArray(a)) return String(a);
  return a.length + ':' + Object.keys(a).map((k) => k + '=' + a[k]).join();
}
const calls = {
  copyWithin: (a) => a.copyWithin(2 ** 31, 0, 2 ** 31),
  'copyWithin down': (a) => a.copyWithin(0, 1),
  'copyWithin up': (a) => a.copyWithin(1, 0),
  'copyWithin tail': (a) => a.copyWithin(5, LONG - 2),
  reverse: (a) => a.reverse(),
  shift: (a) => [a.shift(), show(a)].join(' '),
  'unshift nothing': (a) => [a.unshift(), show(a)].join(' '),
  'unshift after pop': (a) => { a.length -= 1; return [a.unshift('new'), show(a)].join(' '); },
  splice: (a) => [show(a.splice(1, 2, 'x')), show(a)].join(' '),
  'splice grow': (a) => { a.length -= 2; return [show(a.splice(2, 0, 'x', 'y')), show(a)].join(' '); },
  slice: (a) => a.slice(1),
  concat: (a) => { a.length = 2 ** 31 + 1; return a.concat([1], 'y'); },
  indexOf: (a) => a.indexOf('none') + ' ' + a.indexOf(3),
  lastIndexOf: (a) => a.lastIndexOf('none') + ' ' + a.lastIndexOf(1),
  'includes undefined': (a) => a.includes(undefined),
  sort: (a) => a.sort(),
  forEach: (a) => { let n = 0; a.forEach(() => n++); return n; },
  map: (a) => a.map((x) => x + '!'),
  filter: (a) => a.filter(() => true),
  reduce: (a) => a.reduce((x, y) => x + ',' + y) + ' ' + a.reduceRight((x, y) => x + ',' + y),
  some: (a) => a.some((x) => x === 'no') + ' ' + a.every((x) => x !== 'no'),
  flat: (a) => a.flat(),
  at: (a) => [a.at(-1), a.at(0), a.at(LONG)].join(' '),
  'pop and push': (a) => [a.pop(), a.push('p'), show(a)].join(' '),
  length: (a) => { a.length = 2; return a; },
  keys: (a) => Object.entries(a),
  assign: (a) => Object.assign({}, a)[0],
};
for (const [name, call] of Object.entries(calls)) {
  for (const form in forms) {
    let text;
    try { text = show(call(forms[form]())); } catch (e) { text = e.name; }
    print(name, form, text);
  }
}

// Where it can be seen they do go by the length, here a short one.
const seen = [];
const watched = new Proxy([1, , 3], { has: (t, k) => (seen.push(k), k in t) });
Array.prototype.copyWithin.call(watched, 0, 1);
print(seen.join());
const inherits = [, 2, , 4];
Object.setPrototypeOf(inherits, Object.create(Array.prototype, { 0: { value: 'inherited', writable: true }, 2: { value: 'too', writable: true } }));
inherits.copyWithin(1, 0, 3);
print(inherits.length, Object.keys(inherits).map((k) => k + '=' + inherits[k]).join());
const accessor = [1, , 3];
Object.defineProperty(accessor, 2, { get: () => (accessor.length, 'got'), configurable: true });
print(show(accessor.copyWithin(0, 1)));
const frozen = Object.freeze([1, , 3]);
try { frozen.copyWithin(0, 1); } catch (e) { print(e instanceof TypeError, show(frozen)); }
