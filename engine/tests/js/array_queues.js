// Arrays as queues: elements that are taken from the front, put there, and appended, against a list that is copied.
const scale = typeof SCALE === 'undefined' ? 1 : SCALE;

function mixed(seed, steps) {
  let random = seed;
  const next = (below) => (random = (random * 1103515245 + 12345) & 0x7fffffff, random >> 8) % below;
  const queue = [];
  let model = [];
  for (let i = 0; i < steps; i++) {
    switch (next(10)) {
      case 0: case 1: case 2: queue.push(i, 'e' + i); model = [...model, i, 'e' + i]; break;
      case 3: case 4: case 5: {
        const [first, ...rest] = model;
        if (queue.shift() !== first) return 'shift at ' + i;
        model = rest;
        break;
      }
      case 6: queue.unshift(-i); model = [-i, ...model]; break;
      case 7: { const count = next(4); queue.splice(0, count); model = model.slice(count); break; }
      case 8: { const at = next(queue.length + 1); queue.splice(at, 1, i, i); model = [...model.slice(0, at), i, i, ...model.slice(at + 1)]; break; }
      case 9: if (next(12) === 0) { const more = Array.from({ length: 120 }, (_, j) => j); queue.push(...more); model = [...model, ...more]; }
        else if (next(12) === 0) { queue.length >>= 1; model.length >>= 1; }
    }
    if (queue.length !== model.length || i % 16 === 0 && queue.some((value, at) => value !== model[at])) return 'differs at ' + i;
  }
  return 'same ' + (queue.join() === model.join());
}
for (let seed = 1; seed <= 4; seed++) print(mixed(seed, 400 * scale));

// Objects at the front are let go, and those behind them stay.
const objects = Array.from({ length: 100 }, (_, i) => ({ i }));
let sum = 0;
for (let i = 0; i < 60; i++) sum += objects.shift().i;
print(sum, objects.length, objects[0].i, objects[39].i, objects[40]);
objects[45] = 'behind';
print(objects.length, 42 in objects, objects[45]);
print(objects.reverse()[0], objects.indexOf('behind'), objects[45].i);

// Everything that moves elements works on what is left.
const make = () => { const a = Array.from({ length: 80 }, (_, i) => i); for (let i = 0; i < 40; i++) a.shift(); return a; };
print(make().slice(0, 3), make().concat([1]).length, make().sort((a, b) => b - a)[0], make().fill(7, 38).at(-1));
print(make().copyWithin(0, 37)[2], make().map((x) => x + 1)[0], make().toSpliced(0, 39), make().lastIndexOf(40));
let a = make();
a.length = 2;
print(a, a.push(1), a.shift(), a);
a = make();
a.length = 0;
print(a.length, a.shift(), a.push(1), a);
a = make();
a.unshift(...Array.from({ length: 39 }, (_, i) => i));
print(a.length, a[0], a[38], a[39], a.shift(), a.shift());
a = make();
delete a[0];
print(a.shift(), a.shift(), 0 in a);
a = make();
Object.defineProperty(a, 1, { get() { return 'got'; }, set(x) { print('set', x); }, configurable: true });
print(a.shift(), a.length, a[0], a[38]);
a = make();
a.x = 1;
print(a.shift(), a.x, Object.keys(a).length);
a = make();
Object.freeze(a);
try { a.shift(); } catch (e) { print(e instanceof TypeError, a.length, a[0]); }
a = make();
a[1e6] = 1;
print(a.shift(), a.length, a[0], a[1e6 - 1]);
a = make();
for (let i = 0; i < 39; i++) a.shift();
print(a, a.shift(), a.shift(), a.length, a.push(2), a);

// A queue that is always full, and one that is drained.
const steady = Array.from({ length: 64 }, (_, i) => i);
for (let i = 0; i < 5000 * scale; i++) steady.push(steady.shift());
print(steady.length, steady.reduce((x, y) => x + y));
const long = Array.from({ length: 20000 * scale }, (_, i) => i);
let total = 0;
while (long.length) total += long.shift();
print(total === (20000 * scale) * (20000 * scale - 1) / 2, long.length, long.shift());
