// Many weak references: of one target, of one holder, with and without tokens, taken back in every order.
const many = Math.ceil(2000 * (typeof SCALE === 'number' ? SCALE : 1));
const told = [];
const registry = new FinalizationRegistry(held => told.push(held));
const token = {}, other = {};
const kept = Array.from({ length: many }, (_, i) => ({ i }));
kept.forEach((o, i) => registry.register(o, i, i % 3 === 0 ? token : i % 3 === 1 ? other : o));
print(registry.unregister(token), registry.unregister(token), registry.unregister(kept[2]), registry.unregister(kept[2]), registry.unregister({}));
kept.length = 0;
const target = { name: 'target' };
let refs = Array.from({ length: many }, () => new WeakRef(target));
const maps = Array.from({ length: 100 }, (_, i) => new WeakMap([[target, i]]));
const sets = Array.from({ length: 100 }, () => new WeakSet([target]));
print(refs.every(r => r.deref() === target), maps.every((m, i) => m.get(target) === i), sets.every(s => s.has(target)));
refs = refs.filter((_, i) => i % 2); maps.splice(10, 50); sets.length = 20;
print(refs.every(r => r.deref() === target), maps.map(m => m.get(target)).reduce((a, b) => a + b), sets.every(s => s.delete(target)), sets.some(s => s.has(target)));
maps.forEach((m, i) => { if (i % 2) m.delete(target); else m.set(target, 'again'); });
print(maps.filter(m => m.has(target)).length, refs[0].deref().name);
// The same target in one registry several times, as a token of itself and of others.
let a = {}, b = {};
registry.register(a, 'a1'); registry.register(a, 'a2', a); registry.register(b, 'b1', a); registry.register(b, 'b2', b);
print(registry.unregister(a)); 
registry.register(b, 'b3', a);
a = null; b = null;
// Taken back when the target has died already but nobody was told yet.
let late = {}; const lateToken = {}; registry.register(late, 'late', lateToken); late = null;
print(registry.unregister(lateToken));
let symbol = Symbol('s'); const bySymbol = new WeakRef(symbol); print(bySymbol.deref() === symbol);
const own = {}; own.registry = new FinalizationRegistry(() => {}); own.registry.register(own, 1); own.map = new WeakMap([[own, own]]);
Promise.resolve().then(() => 0).then(() => {
  const others = told.filter(t => typeof t === 'number');
  print(others.length === Math.floor((many + 1) / 3) + Math.floor(many / 3) - 1 || others.length, others.some(t => t % 3 === 0), told.filter(t => typeof t === 'string').sort().join());
});
