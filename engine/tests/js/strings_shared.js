// Parts of strings that share units with the whole, strings that are read between appends, repeated texts.
const long = 700;
const same = (a, b) => a === b && a.length === b.length && [...a].join('') === b;
for (const unit of ['ab', 'a\u00e9', '\u20ac\u0100', '\u{1F600}x']) {
  const whole = unit.repeat(long);
  const copy = Array.from({ length: long }, () => unit).join('');
  const part = whole.slice(1), inner = part.slice(3, -3), copied = copy.split('').slice(4, -3).join('');
  print(whole === copy, inner.length, inner === copied, copied === inner, inner < whole, inner > copied);
  print(inner.charCodeAt(0), inner.at(-1).charCodeAt(0), inner[long], inner.codePointAt(1), inner.indexOf(unit, 5));
  // As keys, in sets, as what is searched, split, matched, joined and counted.
  const o = { [inner]: 1 }; o[inner]++; o[copied]++;
  const map = new Map([[inner, 'm']]), set = new Set([copied, inner]);
  print(o[inner], Object.keys(o).length, map.get(copied), set.size, Symbol.for(inner) === Symbol.for(copied));
  print(inner.split(unit).length, inner.replace(unit, '').length, inner.lastIndexOf(unit), inner.startsWith(copied));
  print(inner.match(/./gsu).length, inner.toUpperCase().length, encodeURIComponent(inner.slice(0, 300).toWellFormed()).length);
  print(JSON.parse(JSON.stringify(inner)) === copied, inner.trim() === copied, inner.concat(part).length, (inner + inner).slice(1).length);
  print(inner.padEnd(whole.length, '.').slice(-6), inner.normalize().length, inner.localeCompare(copied), inner == new String(copied));
  // Appending to the whole, and to its part, leaves the other as it was.
  let grown = whole; const before = grown.slice(2); grown += '!'; grown += unit;
  print(same(before, copy.slice(2)), grown.endsWith('!' + unit), before.length, grown.length);
  let tail = whole.slice(5); tail += '?'; tail += '?';
  print(tail.length, tail.slice(-3).length, tail[tail.length - 1], whole === copy);
  let left = '<' + whole.slice(7); left = '<' + left; print(left.slice(0, 4).length, left.length, left[2] === whole[7]);
}
// Taken apart from both ends.
let s = 'abcdefgh'.repeat(long), n = 0, turns = 0;
while (s.length > 3) { n = (n * 31 + s.charCodeAt(0)) % 1000003; s = turns++ % 2 ? s.slice(1) : s.substring(0, s.length - 2); }
print(s, turns, n);
// Read after each append, in a local, in a property, in an element, in a captured variable, alternating widths.
let local = '', sum = 0; const holder = { text: '' }, list = [''];
let captured = ''; const add = t => { captured += t; return captured.charCodeAt(captured.length - 1); };
for (let i = 0; i < long; i++) {
  local += 'x'; sum += local.charCodeAt(i);
  holder.text += 'xyz'; sum += holder.text.charCodeAt(3 * i + 1);
  list[0] += i % 100 === 99 ? '\u20ac' : 'e'; sum += list[0].charCodeAt(i);
  sum += add('q' + i % 10);
}
print(local.length, holder.text.length, list[0].length, captured.length, sum % 1000003);
// Who kept an earlier state keeps it.
const states = []; let state = 'start'.repeat(100);
for (let i = 0; i < 20; i++) { states.push(state); state += i; state[0]; states.push(state); state = state + '-' + i; state.indexOf('-'); }
print(states.map(t => t.length).join(), states.every((t, i) => i === 0 || t.startsWith(states[i - 1].slice(0, 500))));
let twice = 'tw'.repeat(400); twice[0]; twice += twice; twice[0]; twice += twice; print(twice.length, twice.slice(798, 803));
// Repeated texts of all widths and counts.
for (const t of ['x', '\u00ff', '\u0100', 'xy', 'x\u0100y']) for (const c of [0, 1, 2, 3, 7, 64, 1000]) {
  const r = t.repeat(c); if (r !== Array(c + 1).join(t) || r.length !== c * t.length) print('repeat', t, c);
}
print('\u0100'.repeat(3), ''.repeat(5) === '', (() => { try { 'xx'.repeat(2 ** 30); } catch (e) { return e.name; } })());
