// A shape that no object has any more is freed by a collection; a cached store must not lead to it.
const MANY = 16000 * (globalThis.SCALE ?? 1);
function ring() { let a = {}; a.me = [a]; return 0; }
for (let i = 0; i < MANY; i++) ring();
print('inline');

function far() { let a = { p: 1, q: 2 }; a.r = 3; a.s = 4; a.t = 5; a.me = [a]; return a.t; }
let sum = 0;
for (let i = 0; i < MANY; i++) sum += far();
print('out of line', sum === 5 * MANY);

class Pair { constructor(n) { this.left = [this]; this.right = n; this.third = n; } }
for (let i = 0; i < MANY; i++) sum += new Pair(1).third;
print('instances', sum === 6 * MANY);

let keep = [];
for (let i = 0; i < MANY; i++) { let o = {}; o.x = i; o.self = o; if (i % (MANY / 4) === 0) keep.push(o); }
print(keep.map((o) => o.x / MANY + ' ' + (o.self === o) + ' ' + Object.keys(o)).join('; '));
