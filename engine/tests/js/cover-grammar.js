// Shorthands with defaults beside members, calls and each other: what is a literal and what a pattern.
const log = [];
const show = (...list) => print(list.map((x) => JSON.stringify(x)).join(' '));
let a, b, c, d, e, o = {}, k = 'key';
[{ d = 1 }, o.x] = [{}, 2]; show(d, o);
({ e = 3, y: o.z } = { y: 4 }); show(e, o);
[{ a = 1 }, { b = a }, o.f = o.x] = [{}, {}]; show(a, b, o);
[{ a = 1 }, [{ b = 2 }, o[k]], ...o.rest] = [{}, [{}, 3], 4, 5]; show(a, b, o);
({ a = 1, p: { b = 2, q: o.w }, ...o.others } = { p: { q: 7 }, r: 8 }); show(a, b, o);
[{ a = 1 }, (o.x), (b)] = [{}, 'x', 'b']; show(a, b, o.x);
for ([{ a = 1 }, o.x] of [[{}, 5]]) show(a, o.x);
for ({ a = 1, y: o.x } of [{ y: 6 }]) show(a, o.x);
for ([{ length: c = 1 }, o.x] in { xy: 1 }) show(c, o.x);
show(...[[{ a = 1 }, o.x] = [{}, 1], { a } = { a: 9 }], a);
const one = ({ a = 1 }, x = { a }.a) => [a, x];
show(one({}), one({ a: 2 }));
const two = async ({ a = 1, b }) => a + b;
const three = async ({ a = 1 }, [{ b = 2 }], ...[{ c = 3 }]) => [a, b, c];
const four = async (x, { y = x.z }) => y;
const five = async ({ a = async ({ b = 2 }) => b }) => a({});
const async_ = (v) => v;
{
  const async = (...list) => list.length;
  show(async({ a: 1 }), async({ a }, { b }), async(...[{ a }]));
}
const later = [];
two({ b: 2 }).then((v) => later.push(v));
three({}, [{}], {}).then((v) => later.push(v));
four({ z: 1 }, {}).then((v) => later.push(v));
five({}).then((v) => later.push(v));
Promise.resolve().then(() => {}).then(() => {}).then(() => {}).then(() => {}).then(() => {}).then(() => show(later));
const refused = ['({a = 1})', '[{a = 1}]', 'f({a = 1})', 'async({a = 1})', 'async({a = 1}).x', '[{a = 1}].x = 1',
  '[f({a = 1}).x] = v', '[new F({a = 1}).x] = v', '[{a = 1}, b.c]', '({a = 1, b: c.d})', '[{a = 1}] += v',
  'async ({a = 1})\n=> a', '({a = 1}) + 1', '`${{a = 1}}`', '[async({a = 1})] = v', 'x ? {a = 1} : 0',
  '({a = 1}, b) = v', '[{a = 1} = {}, b]; [{a = 1}]', 'super({a = 1})', 'new F({a = 1})', 'for ({a = 1};;);'];
for (const text of refused) {
  try { (0, eval)('if (0) { ' + text + ' }'); print('accepted:', text); } catch (error) { if (error.name !== 'SyntaxError') print(text, error); }
}
