// One function with more of a thing than 16 bits count: accesses to globals and members, calls, literals, names.
const N = 66000;
// Objects that stay, and calls beside all the globals, each of which takes long where each collects.
const OBJECTS = globalThis.SCALE ? 1000 : N, CALLS = globalThis.SCALE ? 100 : N / 10;
const list = (f, length = N) => Array.from({ length }, (_, i) => f(i)).join('');
const check = (name, f) => { try { print(name, f()); } catch (e) { print(name, e.name, e.message); } };
const run = (text) => (0, eval)(text);
globalThis.o = { x: 1, n: 0, m() { this.n++; }, g: { h: 0 } };
globalThis.count = 0;
check('one global assigned', () => run('count = count + 1;'.repeat(N) + 'count'));
check('members', () => run('var y; ' + 'y = o.x;'.repeat(N) + 'y'));
check('this', () => Function('this.n++; this.g.h = this.n;'.repeat(N / 2) + 'return [this.n, this.g.h]').call(o));
check('typeof', () => run('typeof nothing;'.repeat(N)));
check('variables', () => run(list((i) => 'var v' + i + ' = ' + i + ';') + 'v0 + v65999'));
check('many globals, strict', () => Function('var sum = 0;' + list((i) => 'w' + i + ' = 1;'))() ?? Function('"use strict"; var sum = 0;' + list((i) => 'w' + i + ' = 1; sum += w' + i + ';') + 'return sum')());
check('typeof of many', () => run(list((i) => 'typeof z' + i + ';')));
check('absent beyond the caches', () => run(list((i) => 'w' + i + ';') + 'absent1'));
check('absent in strict code', () => Function('"use strict";' + list((i) => 'w' + i + ';') + 'absent2 = 1;')());
check('literals', () => {
  const x = run('[' + list((i) => '{ k' + i + ': ' + i + ' },', OBJECTS) + ']'), last = OBJECTS - 1;
  return [x.length === OBJECTS, x[last]['k' + last] === last, Object.keys(x[last / 2 | 0])[0] === 'k' + (last / 2 | 0)];
});
check('arguments', () => run('((...a) => a.length)(' + '1,'.repeat(N) + ')'));
check('elements', () => run('[' + '1,'.repeat(N) + '].length'));
check('template', () => run('`' + 'a${o.x}'.repeat(30000) + '`').length);
check('tagged template', () => run('((s, ...a) => [s.length, s.raw[65999], a.length, a[65999]].join())`' + 'a${1}'.repeat(N) + '`'));
check('private names', () => run('class A { #a = 1; m() { ' + 'this.#a = this.#a + 1;'.repeat(N / 2) + ' return this.#a; } } new A().m()'));
check('evals', () => Function('a', 'eval("a++");'.repeat(CALLS) + 'return a')(0) === CALLS);
// What has a limit says so, and the engine goes on.
check('locals', () => Function(list((i) => 'var v' + i + ' = 1;')));
check('parameters', () => Function(list((i) => 'v' + i + ',') + 'z', ''));
