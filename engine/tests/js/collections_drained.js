// Maps and Sets that lose entries while they are gone over, from the front, the back, the middle, and all but some.
const many = Math.ceil(3000 * (typeof SCALE === 'number' ? SCALE : 1));
const kinds = [() => new Map(Array.from({ length: many }, (_, i) => [i, -i])), () => new Set(Array.from({ length: many }, (_, i) => 'k' + i))];
for (const make of kinds) {
  const front = make(); let n = 0, length = 0; for (const k of front.keys()) length += String(k).length;
  while (front.size) { const k = front.keys().next().value; front.delete(k); n += String(k).length; if (n % 5 === 0) { front.delete('added'); } }
  print(n === length, front.size, [...front].length);
  const second = make(); const first = second.keys().next().value;
  while (second.size > 1) for (const k of second.keys()) if (k !== first) { second.delete(k); break; }
  print([...second.keys()].length, second.has(first));
  const back = [...make().keys()].reverse(), whole = make();
  for (const k of back) if (k !== back[7]) whole.delete(k);
  print(whole.size, [...whole.keys()][0] === back[7], whole.has(back[7]), whole.has(back[8]));
  // Iterators in the middle of what is deleted and put in order under them.
  const under = make(); const its = [under.keys(), under.keys(), under.keys()];
  for (let i = 0; i < 10; i++) its[1].next();
  for (let i = 0; i < many / 2; i++) its[2].next();
  let i = 0; for (const k of [...under.keys()]) if (i++ % 10) under.delete(k);
  const rest = its.map(it => [...it].length);
  print(rest.join() === [Math.ceil(many / 10), Math.ceil(many / 10) - 1, Math.ceil(many / 10) - Math.ceil(Math.ceil(many / 2) / 10)].join() || rest, under.size === Math.ceil(many / 10));
  const queue = make(); for (let r = 0; r < many * 3; r++) { const k = queue.keys().next().value; queue.delete(k); kinds[0] === make ? queue.set(k, r) : queue.add(k); }
  print(queue.size === many, queue.keys().next().value === [...make().keys()][0]);
  const visited = []; const self = make();
  self.forEach((_, k) => { visited.push(k); self.delete(k); if (visited.length < 5) { self.delete([...self.keys()][1]); } });
  print(visited.length === many - 4, self.size);
  self.clear(); kinds[0] === make ? self.set('x', 1) : self.add('x'); print([...self.keys()].join());
}
