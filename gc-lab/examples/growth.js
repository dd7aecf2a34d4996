// What `growth` measures: a row for each builtin and each form of the syntax, with work in proportion to n.
//
// A row makes its input for n, and then runs: either one call on all of it, or n calls on it. In both the time must
// grow as n does. `uncovered()` lists the builtins of the engine that no row names.
'use strict';
globalThis.rows = [];
const add = (title, covers, make, run) => rows.push({ title, covers: covers.split(' ').filter(Boolean), make, run });
/// One call on an input of size n.
const whole = (covers, make, run, title = covers) => add(title, covers, make, run);
/// n calls on something of size n.
const each = (covers, make, run, title = covers) =>
  add(title + ', n times', covers, make, (s, n) => { for (let i = 0; i < n; i++) run(s, i, n); });

const list = n => Array.from({ length: n }, (_, i) => i);
const holey = n => { const a = []; for (let i = 0; i < n; i++) a[2 * i] = i; return a; };
const sparse = n => { const a = []; for (let i = 0; i < n; i++) a[1000 * i] = i; return a; };
const text = n => 'ab '.repeat(n);
const wide = n => 'a\u20acb'.repeat(n);
const words = n => list(n).map(i => 'w' + i);
const object = n => { const o = {}; for (let i = 0; i < n; i++) o['k' + i] = i; return o; };
const bytes = n => new Uint8Array(n).fill(7);
const map = n => new Map(list(n).map(i => [i, i]));
const set = n => new Set(list(n));
const objects = n => list(n).map(i => ({ i }));
const none = () => 0;

// ----- Arrays, and the same on arrays with holes and with gaps -----
for (const [form, make] of [['', list], [', holes', holey], [', gaps', sparse]]) {
  const w = (name, run) => whole('Array.prototype.' + name, make, run, name + form);
  w('concat', a => a.concat(a)); w('every', a => a.every(() => true)); w('filter', a => a.filter(() => true));
  w('flat', a => a.flat()); w('flatMap', a => a.flatMap(x => [x])); w('forEach', a => a.forEach(() => {}));
  w('indexOf', a => a.indexOf(-1)); w('lastIndexOf', a => a.lastIndexOf(-1)); w('map', a => a.map(x => x));
  w('reduce', a => a.reduce((x, y) => x + y)); w('reduceRight', a => a.reduceRight((x, y) => x + y));
  w('reverse', a => a.reverse()); w('slice', a => a.slice()); w('some', a => a.some(() => false)); w('sort', a => a.sort((x, y) => y - x));
  w('splice', a => a.splice(1, 1, 2, 3)); w('includes', a => a.includes(-1)); w('join', a => form === ', gaps' ? 0 : a.join());
  whole('Object.keys', make, a => Object.keys(a), 'keys of an array' + form);
  whole('', make, a => { for (const k in a); }, 'for-in over an array' + form);
  if (form !== ', gaps') {
    w('copyWithin', a => a.copyWithin(1, 0)); w('fill', a => a.fill(0)); w('find', a => a.find(() => false)); w('findIndex', a => a.findIndex(() => false));
    w('findLast', a => a.findLast(() => false)); w('findLastIndex', a => a.findLastIndex(() => false)); w('toLocaleString', a => a.toLocaleString());
    w('toReversed', a => a.toReversed()); w('toSorted', a => a.toSorted()); w('toSpliced', a => a.toSpliced(0, 1)); w('toString', a => a.toString());
    w('with', a => a.with(0, 1)); w('unshift', a => a.unshift(1)); w('entries', a => [...a.entries()]); w('keys', a => [...a.keys()]);
    w('values', a => [...a.values()]); w('[Symbol.iterator]', a => { for (const x of a); });
  }
  each('Array.prototype.at', make, (a, i) => a.at(i), 'at' + form);
  each('Array.prototype.pop', make, a => a.pop(), 'pop' + form);
  each('Array.prototype.push', make, (a, i) => a.push(i), 'push' + form);
  each('', make, (a, i) => { a[i] = i; }, 'stores in order' + form);
  each('', make, (a, i) => { delete a[i]; }, 'delete of elements' + form);
}
each('Array.prototype.shift', n => list(Math.min(n, 1000)), (a, i) => a.push(a.shift()), 'shift of a queue of 1,000');
each('', () => [], (a, i, n) => { a[n - i] = i; }, 'stores from the end');
each('', n => new Array(n), (a, i) => { a[i] = i; }, 'filling new Array(n)');
each('', () => [], (a, i) => { a[i * 60000 % 4e9] = i; }, 'stores at a large stride');
each('', n => list(n), a => { a.length--; }, 'length--');
whole('Array Array.of', none, (s, n) => Array(...list(Math.min(n, 10000))).concat(Array.of(1)), 'Array()');
whole('Array.from', list, a => Array.from(a)); whole('Array.fromAsync', list, a => { Array.fromAsync(a); });
each('Array.isArray get:Array.[Symbol.species]', list, a => Array.isArray(a) && Array[Symbol.species]);
each('%ArrayIteratorPrototype%.next', n => list(n).values(), it => it.next());

// ----- Strings -----
for (const [form, make] of [['', text], [', UTF-16', wide]]) {
  const w = (name, run) => whole('String.prototype.' + name, make, run, name + form);
  const e = (name, run) => each('String.prototype.' + name, make, run, name + form);
  e('at', (s, i) => s.at(i)); e('charAt', (s, i) => s.charAt(i)); e('charCodeAt', (s, i) => s.charCodeAt(i)); e('codePointAt', (s, i) => s.codePointAt(i));
  w('concat', s => s.concat(s)); w('endsWith', s => s.endsWith(s.slice(1))); w('includes', s => s.includes('zz')); w('indexOf', s => s.indexOf('zz'));
  w('isWellFormed', s => s.isWellFormed()); w('lastIndexOf', s => s.lastIndexOf('zz')); w('localeCompare', s => s.localeCompare(s + 'x'));
  w('match', s => s.match(/b/g)); w('matchAll', s => [...s.matchAll(/b/g)]); w('normalize', s => s.normalize('NFD')); w('padEnd', (s, n) => s.padEnd(4 * n, 'xy'));
  w('padStart', (s, n) => s.padStart(4 * n, 'xy')); w('repeat', s => s.repeat(3)); w('replace', s => s.replace(/b/g, '$&x')); w('replaceAll', s => s.replaceAll('b', 'xy'));
  w('search', s => s.search(/zz/)); w('slice', s => s.slice(3, -3)); w('split', s => s.split('b')); w('startsWith', s => s.startsWith(s.slice(0, -1)));
  w('substr', s => s.substr(1)); w('substring', s => s.substring(1)); w('toLocaleLowerCase', s => s.toLocaleLowerCase()); w('toLocaleUpperCase', s => s.toLocaleUpperCase());
  w('toLowerCase', s => s.toLowerCase()); w('toUpperCase', s => s.toUpperCase()); w('toWellFormed', s => s.toWellFormed()); w('trim', s => s.trim());
  w('trimEnd', s => s.trimEnd()); w('trimStart', s => s.trimStart()); w('[Symbol.iterator]', s => { for (const c of s); });
  whole('', make, s => { let t = s; while (t.length) t = t.slice(1); }, 's = s.slice(1)' + form);
  whole('', make, s => { let t = s; while (t.length) t = t.slice(0, -1); }, 's = s.slice(0, -1)' + form);
  whole('', make, s => { let t = '', n = 0; for (const c of s) { t += c; n += t.charCodeAt(t.length - 1); } }, 's += c; s[i]' + form);
  whole('', make, s => { const o = { t: '' }; for (const c of s) { o.t += c; o.t.charCodeAt(0); } }, 'o.s += c; o.s[i]' + form);
  whole('', make, s => { let t = ''; for (const c of s) t = c + t; t.charCodeAt(0); }, 's = c + s' + form);
  whole('', make, s => { const a = []; for (const c of s) a.push(c); a.join(''); }, 'push and join' + form);
}
whole('String.prototype.indexOf', n => 'a'.repeat(n), (s, n) => s.indexOf('a'.repeat(n / 2) + 'b'), 'indexOf of a half');
whole('String.prototype.lastIndexOf', n => 'a'.repeat(n), (s, n) => s.lastIndexOf('b' + 'a'.repeat(n / 2)), 'lastIndexOf of a half');
each('String String.fromCharCode String.fromCodePoint String.prototype.toString String.prototype.valueOf', none, (s, i) => String(i).toString().valueOf() + String.fromCharCode(i & 65535) + String.fromCodePoint(i));
whole('String.raw', n => Object.assign([], { raw: words(n) }), s => String.raw(s));
for (const name of ['anchor', 'big', 'blink', 'bold', 'fixed', 'fontcolor', 'fontsize', 'italics', 'link', 'small', 'strike', 'sub', 'sup']) whole('String.prototype.' + name, n => '"'.repeat(n), s => s[name](s));
each('%StringIteratorPrototype%.next', n => text(n)[Symbol.iterator](), it => it.next());
whole('escape unescape', wide, s => unescape(escape(s))); whole('encodeURI decodeURI', wide, s => decodeURI(encodeURI(s)));
whole('encodeURIComponent decodeURIComponent', wide, s => decodeURIComponent(encodeURIComponent(s)));
whole('parseInt parseFloat Number', n => '1'.repeat(n), s => [parseInt(s), parseFloat(s), Number(s)]);
each('isNaN isFinite Boolean', none, (s, i) => isNaN(i) || isFinite(i) || Boolean(i));

// ----- Objects -----
const oe = (names, run) => each(names, object, run);
whole('Object.assign', object, o => Object.assign({}, o)); whole('Object.create Object.defineProperties', object, (o, n) => Object.create(null, Object.fromEntries(Object.keys(o).map(k => [k, { value: 1 }]))));
whole('Object.entries', object, o => Object.entries(o)); whole('Object.freeze Object.isFrozen', object, o => Object.isFrozen(Object.freeze(o))); whole('Object.seal Object.isSealed', object, o => Object.isSealed(Object.seal(o)));
whole('Object.fromEntries', n => words(n).map(w => [w, w]), a => Object.fromEntries(a)); whole('Object.getOwnPropertyDescriptors', object, o => Object.getOwnPropertyDescriptors(o));
whole('Object.getOwnPropertyNames', object, o => Object.getOwnPropertyNames(o)); whole('Object.getOwnPropertySymbols', n => Object.fromEntries(list(n).map(i => [Symbol(i), i])), o => Object.getOwnPropertySymbols(o));
whole('Object.groupBy', list, a => Object.groupBy(a, x => x)); whole('Map.groupBy', list, a => Map.groupBy(a, x => x)); whole('Object.keys', object, o => Object.keys(o)); whole('Object.values', object, o => Object.values(o));
oe('Object Object.defineProperty Object.getOwnPropertyDescriptor', (o, i) => Object.getOwnPropertyDescriptor(Object(Object.defineProperty(o, 'k' + i, { value: 1 })), 'k' + i));
oe('Object.getPrototypeOf Object.is Object.isExtensible Object.hasOwn', (o, i) => Object.is(Object.getPrototypeOf(o), 1) || Object.isExtensible(o) && Object.hasOwn(o, 'k' + i));
each('Object.preventExtensions Object.setPrototypeOf', none, () => Object.preventExtensions(Object.setPrototypeOf({}, Array.prototype)));
oe('Object.prototype.hasOwnProperty Object.prototype.isPrototypeOf Object.prototype.propertyIsEnumerable Object.prototype.valueOf', (o, i) => o.hasOwnProperty('k' + i) && o.isPrototypeOf(o) || o.propertyIsEnumerable('k' + i) && o.valueOf());
oe('Object.prototype.toString Object.prototype.toLocaleString', o => o.toString() + o.toLocaleString()); oe('get:Object.prototype.__proto__ Object.prototype.__lookupGetter__ Object.prototype.__lookupSetter__', (o, i) => o.__proto__ && o.__lookupGetter__('k' + i) || o.__lookupSetter__('k' + i));
each('Object.prototype.__defineGetter__ Object.prototype.__defineSetter__', () => ({}), (o, i) => { o.__defineGetter__('k' + i, none); o.__defineSetter__('k' + i, none); });
each('', () => ({}), (o, i) => { o['k' + i] = i; delete o['k' + (i - 5)]; }, 'an object as a queue');
each('', object, (o, i) => { delete o['k' + i]; }, 'delete of properties'); whole('', object, o => { for (const k in o); }, 'for-in'); whole('', object, o => ({ ...o }), '{ ...o }'); whole('', object, o => { const { k1, ...rest } = o; }, '{ k1, ...rest }');
whole('JSON.stringify', object, o => JSON.stringify(o)); whole('JSON.parse', n => JSON.stringify(objects(n)), s => JSON.parse(s)); whole('JSON.parse', n => JSON.stringify({ t: wide(n), ...object(n) }), s => JSON.parse(s, (k, v) => v), 'JSON.parse with a reviver, UTF-16');
whole('JSON.rawJSON JSON.isRawJSON', n => '"' + 'x'.repeat(n) + '"', s => JSON.isRawJSON(JSON.rawJSON(s)));
whole('', n => { let s = 'x'; for (let i = 0; i < Math.min(n, 100); i++) s = [s]; return list(n).map(() => s); }, a => JSON.stringify(a).length, 'JSON.stringify, nested');
const handler = {}, target = object(10), proxy = new Proxy(target, handler);
for (const name of Reflect.ownKeys(Reflect)) if (typeof Reflect[name] === 'function') {
  const args = { apply: [none, null, []], construct: [Object, []], defineProperty: [target, 'k1', { value: 1 }], setPrototypeOf: [target, Object.prototype] }[name] || [target, 'k1', 1];
  each('Reflect.' + name, none, () => Reflect[name](...(name === 'preventExtensions' ? [{}] : args)));
}
each('Proxy Proxy.revocable', none, () => [new Proxy({}, {}).x, Proxy.revocable({}, {}).revoke()]); whole('', n => new Proxy(object(n), {}), p => Object.keys(p), 'keys of a proxy');

// ----- Collections -----
for (const [kind, make, fill] of [['Map', map, (m, i) => m.set(i, i)], ['Set', set, (m, i) => m.add(i)]]) {
  each(kind + ' ' + kind + '.prototype.' + (kind === 'Map' ? 'set' : 'add'), () => new globalThis[kind], fill);
  each(`${kind}.prototype.has get:${kind}.prototype.size get:${kind}.[Symbol.species]`, make, (m, i) => m.has(i) && m.size); each(`${kind}.prototype.delete`, make, (m, i) => m.delete(i));
  whole(`${kind}.prototype.clear`, make, m => m.clear()); whole(`${kind}.prototype.forEach`, make, m => m.forEach(none));
  for (const it of ['entries', 'keys', 'values', '[Symbol.iterator]']) whole(`${kind}.prototype.${it}`, make, m => [...(it[0] === '[' ? m : m[it]())]);
  each(`%${kind}IteratorPrototype%.next`, n => make(n).values(), it => it.next());
  whole('', make, m => { while (m.size) m.delete(m.keys().next().value); }, `draining a ${kind} from its front`);
  whole('', make, m => { while (m.size > 1) for (const k of m.keys()) if (k) { m.delete(k); break; } }, `draining a ${kind} from its second`);
  each('', make, (m, i, n) => { m.delete(i); fill(m, n + i); }, `a ${kind} as a queue`);
}
each('Map.prototype.get', map, (m, i) => m.get(i)); each('Map.prototype.getOrInsert Map.prototype.getOrInsertComputed', map, (m, i, n) => m.getOrInsert && [m.getOrInsert(n + i, 1), m.getOrInsertComputed(-1 - i, none)]);
for (const name of ['union', 'intersection', 'difference', 'symmetricDifference', 'isSubsetOf', 'isSupersetOf', 'isDisjointFrom']) whole('Set.prototype.' + name, n => [set(n), new Set(list(n).map(i => i + (n >> 1)))], ([a, b]) => a[name](b));
for (const kind of ['WeakMap', 'WeakSet']) {
  const put = (m, o) => kind === 'WeakMap' ? m.set(o, 1) : m.add(o);
  each(`${kind} ${kind}.prototype.${kind === 'WeakMap' ? 'set' : 'add'}`, n => [new globalThis[kind], objects(n)], ([m, a], i) => put(m, a[i]));
  each(`${kind}.prototype.has ${kind}.prototype.delete WeakMap.prototype.get`, n => { const m = new globalThis[kind], a = objects(n); a.forEach(o => put(m, o)); return [m, a]; }, ([m, a], i) => m.has(a[i]) && (m.get && m.get(a[i]), m.delete(a[i])));
  each('', n => [{}, []], ([o, a]) => a.push(put(new globalThis[kind], o)), `one key of many ${kind}s`);
}
each('WeakMap.prototype.getOrInsert WeakMap.prototype.getOrInsertComputed', n => [new WeakMap, objects(n)], ([m, a], i) => m.getOrInsert && [m.getOrInsert(a[i], 1), m.getOrInsertComputed(a[i], none)]);
each('WeakRef WeakRef.prototype.deref', n => [{}, []], ([o, a]) => a.push(new WeakRef(o)) && a[0].deref(), 'WeakRefs of one target'); each('', objects, (a, i) => new WeakRef(a[i]), 'WeakRefs of many targets');
each('FinalizationRegistry FinalizationRegistry.prototype.register', n => new FinalizationRegistry(none), (r, i) => r.register({ i }, i), 'registrations of what dies at once');
each('', n => [new FinalizationRegistry(none), objects(n)], ([r, a], i) => r.register(a[i], i, a[i]), 'registrations of what lives');
each('FinalizationRegistry.prototype.unregister', n => { const r = new FinalizationRegistry(none), a = objects(n); a.forEach((o, i) => r.register(o, i, o)); return [r, a]; }, ([r, a], i) => r.unregister(a[i]));

// ----- Typed arrays and buffers -----
const TA = '%TypedArray%.prototype.', tw = (name, run) => whole(TA + name, bytes, run, 'typed ' + name);
each(TA + 'at', bytes, (a, i) => a.at(i)); tw('copyWithin', a => a.copyWithin(1, 0)); tw('every', a => a.every(() => true)); tw('fill', a => a.fill(1)); tw('filter', a => a.filter(() => true)); tw('find', a => a.find(none)); tw('findIndex', a => a.findIndex(none));
tw('findLast', a => a.findLast(none)); tw('findLastIndex', a => a.findLastIndex(none)); tw('forEach', a => a.forEach(none)); tw('includes', a => a.includes(1)); tw('indexOf', a => a.indexOf(1)); tw('join', a => a.join()); tw('lastIndexOf', a => a.lastIndexOf(1));
tw('map', a => a.map(x => x)); tw('reduce', a => a.reduce((x, y) => x + y)); tw('reduceRight', a => a.reduceRight((x, y) => x + y)); tw('reverse', a => a.reverse()); tw('set', a => a.set(a.slice(1))); tw('slice', a => a.slice()); tw('some', a => a.some(() => false));
tw('sort', a => a.sort()); tw('toLocaleString', a => a.toLocaleString()); tw('toReversed', a => a.toReversed()); tw('toSorted', a => a.toSorted()); tw('toString', a => a.toString()); tw('with', a => a.with(0, 1));
tw('entries', a => [...a.entries()]); tw('keys', a => [...a.keys()]); tw('values', a => [...a.values()]); tw('[Symbol.iterator]', a => [...a]);
each(TA + `subarray get:${TA}buffer get:${TA}byteLength get:${TA}byteOffset get:${TA}length get:${TA}[Symbol.toStringTag] get:%TypedArray%.[Symbol.species] %TypedArray%`, bytes, (a, i) => a.subarray(i).length + a.byteLength + a.byteOffset + a.buffer.byteLength + a[Symbol.toStringTag].length);
whole('%TypedArray%.from %TypedArray%.of', list, a => Float64Array.from(a).length + Uint8Array.of(1, 2).length);
for (const kind of ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'BigInt64Array', 'BigUint64Array', 'Float16Array', 'Float32Array', 'Float64Array']) if (globalThis[kind]) whole(kind, n => list(n).map(kind.startsWith('Big') ? BigInt : Number), a => new globalThis[kind](a));
whole('Uint8Array.prototype.toBase64 Uint8Array.fromBase64', bytes, a => a.toBase64 && Uint8Array.fromBase64(a.toBase64())); whole('Uint8Array.prototype.toHex Uint8Array.fromHex', bytes, a => a.toHex && Uint8Array.fromHex(a.toHex()));
whole('Uint8Array.prototype.setFromBase64 Uint8Array.prototype.setFromHex', bytes, a => a.toHex && [a.setFromHex(a.toHex()), a.setFromBase64(a.toBase64())]);
const buffers = 'maxByteLength resizable detached immutable byteLength growable'.split(' ');
for (const kind of ['ArrayBuffer', 'SharedArrayBuffer']) {
  whole(`${kind} ${kind}.prototype.slice`, n => new globalThis[kind](n), b => b.slice(0)); each(buffers.map(b => `get:${kind}.prototype.${b}`).join(' ') + ` get:${kind}.[Symbol.species] ArrayBuffer.isView`, n => new globalThis[kind](n), b => ArrayBuffer.isView(b) || b.byteLength + b.maxByteLength);
  whole(`${kind}.prototype.resize ${kind}.prototype.grow`, n => new globalThis[kind](8, { maxByteLength: n + 8 }), (b, n) => (b.resize || b.grow).call(b, n));
}
whole('ArrayBuffer.prototype.transfer ArrayBuffer.prototype.transferToFixedLength', n => new ArrayBuffer(n), b => b.transfer().transferToFixedLength());
whole('ArrayBuffer.prototype.sliceToImmutable ArrayBuffer.prototype.transferToImmutable', n => new ArrayBuffer(n), b => b.sliceToImmutable && [b.sliceToImmutable(0), b.transferToImmutable()]);
for (const name of Reflect.ownKeys(DataView.prototype)) if (/^[gs]et/.test(String(name))) each('DataView.prototype.' + name, n => new DataView(new ArrayBuffer(n + 8)), (v, i) => v[name](i, /Big/.test(name) ? 1n : 1));
each('DataView get:DataView.prototype.buffer get:DataView.prototype.byteLength get:DataView.prototype.byteOffset', n => new DataView(new ArrayBuffer(n)), v => new DataView(v.buffer, 0).byteLength + v.byteOffset);
for (const name of Reflect.ownKeys(Atomics)) if (typeof Atomics[name] === 'function') {
  const waits = /^wait/.test(name), args = name === 'isLockFree' ? [4] : name === 'pause' ? [] : name === 'notify' ? [0, 1] : [0, 1, 2];
  each('Atomics.' + name, n => new Int32Array(new SharedArrayBuffer(8)), v => waits ? Atomics.waitAsync && Atomics.waitAsync(v, 0, 5, 1) : Atomics[name](...(/isLock|pause/.test(name) ? args : [v, ...args])));
}

// ----- Numbers, BigInts, dates, symbols, errors: each call takes constant time on what does not grow -----
const constant = (path, receiver, ...args) => {
  const holder = path.split('.').reduce((o, k) => o[k], globalThis);
  for (const key of Reflect.ownKeys(holder)) {
    const d = Object.getOwnPropertyDescriptor(holder, key), name = typeof key === 'symbol' ? `[${key.description}]` : key;
    if (d.get) each(`get:${path}.${name}`, none, () => d.get.call(receiver));
    if (typeof d.value === 'function' && key !== 'constructor' && !rows.some(r => r.covers.includes(`${path}.${name}`))) each(`${path}.${name}`, none, () => d.value.call(receiver instanceof Date ? new Date(5) : receiver, ...args));
  }
};
whole('Math.max Math.min Math.hypot', list, a => { const s = a.slice(0, 10000); return Math.max(...s) + Math.min(...s) + Math.hypot(...s); }); if (Math.sumPrecise) whole('Math.sumPrecise', list, a => Math.sumPrecise(a));
constant('Math', Math, 0.5, 2); constant('Number', Number, 5); constant('Number.prototype', 1.5, 10); constant('Boolean.prototype', true); constant('Symbol.prototype', Symbol('s'), 'default');
each('Symbol Symbol.for Symbol.keyFor', none, (s, i) => [Symbol(i), Symbol.keyFor(Symbol.for('s' + i))]);
each('Date Date.UTC Date.now', none, (s, i) => new Date(i) - Date.UTC(2000, i) + Date.now()); whole('Date.parse', n => '2020-01-01'.padEnd(n), s => Date.parse(s)); constant('Date.prototype', new Date(5), 'number');
whole('BigInt BigInt.prototype.toString', n => '7'.repeat(n / 8 + 9), s => BigInt(s).toString(16)); constant('BigInt', BigInt, 8, 5n); constant('BigInt.prototype', 5n); whole('', n => 7n ** BigInt(n), b => b + b - 1n, 'BigInt sums'); whole('', n => 7n ** BigInt(n), b => [b << 9n, b >> 9n, b & b, b | 1n, -b], 'BigInt bits');
for (const kind of ['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'InternalError']) if (globalThis[kind]) each(kind, none, () => new globalThis[kind]('x').stack);
each('Error.isError Error.captureStackTrace', none, () => [Error.isError && Error.isError(1), Error.captureStackTrace && Error.captureStackTrace({})]); whole('AggregateError', list, a => new AggregateError(a)); each('SuppressedError', none, () => globalThis.SuppressedError && new SuppressedError(1, 2));
whole('Error.prototype.toString', n => Object.assign(new Error('x'.repeat(n)), { name: 'y'.repeat(n) }), e => e.toString()); constant('Error.prototype', new Error('x'));

// ----- Functions, generators, promises, iterators -----
const fn = function (a) { return a; };
each('Function', none, (s, i) => new Function('a', 'return a + ' + i)); each('Function.prototype.call Function.prototype.apply Function.prototype.toString Function.prototype.[Symbol.hasInstance] Function.prototype', none, (s, i) => fn.call(null, i) + fn.apply(null, [i]) + fn.toString().length + fn[Symbol.hasInstance]({}));
whole('Function.prototype.bind', list, a => { const s = a.slice(0, 5000); return fn.bind(null, ...s)(...s); }); each('get:Function.prototype.caller get:Function.prototype.arguments get:Function.prototype.fileName get:Function.prototype.lineNumber get:Function.prototype.columnNumber', none, () => { try { return fn.fileName; } catch { return 0; } });
whole('eval', n => 'x=1;'.repeat(n), s => (0, eval)('var x;' + s)); each('eval', none, (s, i) => (0, eval)('1'), 'small evals');
const generator = function* (n) { for (let i = 0; i < n; i++) yield i; }, asyncGenerator = async function* (n) { for (let i = 0; i < n; i++) yield i; };
each('%GeneratorPrototype%.next', n => generator(n), g => g.next()); each('%GeneratorPrototype%.return %GeneratorPrototype%.throw', none, () => { generator(1).return(); try { generator(1).throw(1); } catch { } });
each('%AsyncGeneratorPrototype%.next %AsyncGeneratorPrototype%.return %AsyncGeneratorPrototype%.throw', n => asyncGenerator(n), g => { g.next(); asyncGenerator(1).return(); asyncGenerator(1).throw(1).catch(none); });
each('%GeneratorFunction% %AsyncGeneratorFunction% %AsyncFunction%', none, () => generator.constructor('') && asyncGenerator.constructor('') && (async () => 0).constructor(''));
each('', none, async () => { await 0; }, 'async functions'); whole('', list, async a => { for await (const x of a); }, 'for await');
each('Promise Promise.resolve Promise.reject Promise.try Promise.withResolvers get:Promise.[Symbol.species]', none, (s, i) => { new Promise(r => r(i)); Promise.resolve(i); Promise.reject(i).catch(none); Promise.try && Promise.try(none); Promise.withResolvers && Promise.withResolvers(); });
for (const name of ['all', 'allSettled', 'any', 'race']) whole('Promise.' + name, list, a => { Promise[name](a); }); each('Promise.prototype.then Promise.prototype.catch Promise.prototype.finally', () => Promise.resolve(), p => { p.then(none); p.catch(none); p.finally(none); }, 'reactions to one promise'); each('', () => ({ p: Promise.resolve() }), s => { s.p = s.p.then(none); }, 'a chain of promises');
if (globalThis.Iterator && Iterator.from) {
  const it = n => list(n).values(), ip = 'Iterator.prototype.', iw = (name, run) => whole(ip + name, it, run, 'iterator ' + name);
  iw('drop', i => [...i.drop(2)]); iw('every', i => i.every(() => true)); iw('filter', i => [...i.filter(() => true)]); iw('find', i => i.find(none)); iw('flatMap', i => [...i.flatMap(x => [x])]); iw('forEach', i => i.forEach(none));
  iw('map', i => [...i.map(x => x)]); iw('reduce', i => i.reduce((x, y) => x + y)); iw('some', i => i.some(none)); iw('take', (i, n) => [...i.take(n)]); iw('toArray', i => i.toArray());
  if (Iterator.prototype.chunks) iw('chunks', i => [...i.chunks(3)]); if (Iterator.prototype.windows) iw('windows', i => [...i.windows(3)]); if (Iterator.prototype.join) iw('join', i => i.join());
  if (Iterator.prototype.includes) iw('includes', i => i.includes(-1));
  whole('Iterator Iterator.from', list, a => [...Iterator.from(a)]); whole('Iterator.concat', list, a => Iterator.concat && [...Iterator.concat(a, a)]); whole('Iterator.zip Iterator.zipKeyed', list, a => Iterator.zip && [[...Iterator.zip([a, a])], [...Iterator.zipKeyed({ a, b: a })]]);
  each(`${ip}[Symbol.iterator] get:${ip}constructor get:${ip}[Symbol.toStringTag] ${ip}[Symbol.dispose] %AsyncIteratorPrototype%.[Symbol.asyncIterator] %AsyncIteratorPrototype%.[Symbol.asyncDispose]`, () => list(3).values(), i => i[Symbol.iterator]());
  each('%IteratorHelperPrototype%.next %IteratorHelperPrototype%.return', n => it(n).map(x => x), i => i.next()); each('%WrapForValidIteratorPrototype%.next %WrapForValidIteratorPrototype%.return', () => Iterator.from({ next: () => ({ value: 1 }) }), i => i.next());
}
for (const kind of ['DisposableStack', 'AsyncDisposableStack']) if (globalThis[kind]) {
  const k = kind + '.prototype.', disposes = kind[0] === 'A' ? 'disposeAsync' : 'dispose';
  each(`${kind} ${k}use ${k}adopt ${k}defer get:${k}disposed`, () => new globalThis[kind], s => { s.use(null); s.adopt(1, none); s.defer(none); return s.disposed; });
  whole(`${k}move ${k}${disposes} ${k}[Symbol.${kind[0] === 'A' ? 'asyncDispose' : 'dispose'}]`, n => { const s = new globalThis[kind]; for (let i = 0; i < n; i++) s.defer(none); return s; }, s => { s.move()[disposes](); });
}

// ----- Regular expressions -----
whole('RegExp', n => '(a|b)'.repeat(512), (s, n) => { for (let i = 0; i < n / 4096 + 1; i++) RegExp(s + i); }); whole('', n => '(?:a|b)'.repeat(Math.min(n, 1 << 17) / 8 + 1), s => RegExp(s), 'a long RegExp'); whole('RegExp.prototype.test RegExp.prototype.exec', text, s => [/zz/.test(s), /(\w+) /.exec(s)]); whole('RegExp.escape', text, s => RegExp.escape && RegExp.escape(s));
whole('RegExp.prototype.toString get:RegExp.prototype.source', n => RegExp('/'.repeat(n)), r => r.toString() + r.source); each('RegExp.prototype.compile', none, () => /a/.compile('b'));
each('get:RegExp.[Symbol.species] ' + ['flags', 'dotAll', 'global', 'hasIndices', 'ignoreCase', 'multiline', 'sticky', 'unicode', 'unicodeSets'].map(f => 'get:RegExp.prototype.' + f).join(' '), none, () => /a/g.flags + /a/.sticky + /a/.dotAll);
for (const [key, arg] of [['match'], ['matchAll'], ['replace', 'x'], ['search'], ['split']]) whole(`RegExp.prototype.[Symbol.${key}]`, text, s => { const r = /b/g[Symbol[key]](s, arg); return key === 'matchAll' ? [...r] : r; });
each('%RegExpStringIteratorPrototype%.next', n => text(n).matchAll(/b/g), it => it.next()); whole('', text, s => { const r = /b/g; while (r.exec(s)); }, 'exec with g'); whole('', wide, s => { const r = /b/gu; while (r.exec(s)); }, 'exec with gu, UTF-16');
whole('', n => 'a'.repeat(n), s => [/a*b/y.test(s), /^(a|b)*$/.test(s), /a+$/.test(s)], 'quantifiers');
each('RegExp.legacy', () => /(b)/.exec('ab'), () => RegExp.$1);

// ----- Forms of the syntax, in sources of length n -----
const source = (title, make) => { for (const [form, head] of [['', ''], [', non-ASCII', '/*\u20ac*/']]) whole('', n => head + make(n), s => (0, eval)(s), title + form); };
const times = (n, f) => list(n).map(f).join('');
source('vars', n => 'var ' + words(n).join()); source('lets', n => '{ let ' + words(n).join() + '; }'); source('functions', n => times(n, i => `function f${i}(){return ${i}}`)); source('functions in a function', n => `(function(){${times(n, i => `function f${i}(){return ${i}}`)}})()`);
source('arrows', n => `[${times(n, i => `a=>a+${i},`)}]`); source('closures', n => `(function(){${times(Math.min(n, 20000), i => `var v${i}=${i};`)} return function(){${times(Math.min(n, 20000), i => `v${i}++;`)}} })()()`);
source('classes', n => times(n, i => `class C${i}{m(){} static s=1}`).replace(/^/, '{') + '}'); source('one class', n => `(class{${times(n, i => `m${i}(){}`)}})`); source('private names', n => `(class{${times(n, i => `#p${i}=1;`)}})`); source('private accessors', n => `(class{${times(n, i => `get #p${i}(){return 1} set #p${i}(v){}`)}})`);
source('object literal', n => `({${times(n, i => `k${i}:${i},`)}})`); source('object literals', n => `[${times(n, i => `{a:${i},b${i}:1},`)}]`); source('array literal', n => `[${list(n)}]`); source('spreads', n => `[${times(n, () => '...[1],')}]`); source('arguments', n => `(function(){})(${list(Math.min(n, 30000))})`);
source('template', n => '`' + times(Math.min(n, 20000), i => `x\${${i}}`) + '`'); source('strings', n => times(n, i => `'s${i}';`)); source('long string', n => `'${'x'.repeat(n)}'`); source('regexps', n => times(n, i => `/r${i}/;`)); source('numbers', n => times(n, i => i + '.5;')); source('BigInts', n => times(n, i => i + 'n;')); source('long number', n => '1'.repeat(n));
source('comments', n => times(n, () => '// c\n/* d */')); source('one line', n => 'var a=0;' + 'a=a+1;'.repeat(n)); source('lines', n => 'var a=0;\n' + 'a=a+1;\n'.repeat(n)); source('sums', n => '0' + '+1'.repeat(n)); source('commas', n => '0' + ',1'.repeat(n)); source('ifs', n => 'if(0);else '.repeat(Math.min(n, 100)) + ';' + 'if(0);'.repeat(n));
source('switch', n => `switch(-1){${times(n, i => `case ${i}:break;`)}}`); source('loops', n => 'for(;false;);while(false);'.repeat(n)); source('tries', n => 'try{}catch(e){}finally{}'.repeat(n)); source('labels', n => times(n, i => `l${i}:{break l${i};}`)); source('destructuring', n => `var {${times(n, i => `k${i}=0,`)}}={};var [${times(n, i => `a${i},`)}]=[]`);
source('parameters', n => `(function(${words(Math.min(n, 30000))}){})`); source('generators', n => times(n, i => `function*g${i}(){yield ${i}}`)); source('asyncs', n => times(n, i => `async function a${i}(){await ${i}}`)); source('calls', n => 'function f(){}' + 'f();'.repeat(n)); source('properties', n => 'var o={};' + times(n, i => `o.p${i}=1;`)); source('optional chains', n => 'var o={};' + 'o?.a?.b;'.repeat(n));
source('globals', n => times(n, i => `g${i}=1;`)); source('blocks', n => `(function(){${'{let a=1}'.repeat(512)}})();`.repeat(n / 512 + 1)); source('with', n => 'var o={};' + 'with(o){}'.repeat(n)); source('throws', n => 'try{throw 1}catch(e){}'.repeat(n)); source('blanks', n => ' \n\t'.repeat(n)); source('error positions', n => 'var r=0;' + 'try{null.x}catch(e){r+=e.stack.length}'.repeat(n / 10 + 1)); source('eval vars', n => `(function(){eval(${JSON.stringify('var ' + words(n).join())})})()`);
each('', () => ({ C: class { } }), s => { const C = s.C; s.C = class extends C { }; }, 'a chain of classes'); each('', () => ({ o: {} }), s => { s.o = Object.create(s.o); }, 'a chain of prototypes'); each('', () => ({ o: null }), s => { s.o = { next: s.o }; }, 'a linked list');
each('', none, () => { try { null.x; } catch (e) { e.message; } }, 'errors caught'); each('', () => { const o = {}; return o; }, (o, i) => { globalThis['global' + i] = i; delete globalThis['global' + i]; }, 'globals that come and go');
whole('', list, a => { (function () { let n = 0; for (const x of arguments) n += x; return n; })(...a.slice(0, 10000)); }, 'spread arguments'); whole('', n => generator(n), g => [...g], 'spread of a generator'); whole('', list, a => { const [x, ...rest] = a; }, '[x, ...rest]');

// ----- What there is -----
globalThis.uncovered = () => {
  const covered = new Set(rows.flatMap(row => row.covers)), seen = new Set(), missing = [];
  const proto = Object.getPrototypeOf, hidden = {
    '%TypedArray%': proto(Uint8Array), '%ArrayIteratorPrototype%': proto([].values()), '%StringIteratorPrototype%': proto(''[Symbol.iterator]()), '%MapIteratorPrototype%': proto(new Map().keys()), '%SetIteratorPrototype%': proto(new Set().keys()),
    '%RegExpStringIteratorPrototype%': proto(''.matchAll(/a/g)), '%GeneratorPrototype%': proto(generator).prototype, '%AsyncGeneratorPrototype%': proto(asyncGenerator).prototype, '%AsyncIteratorPrototype%': proto(proto(asyncGenerator).prototype), '%GeneratorFunction%': generator.constructor,
    '%AsyncGeneratorFunction%': asyncGenerator.constructor, '%AsyncFunction%': (async () => 0).constructor, '%IteratorHelperPrototype%': proto([].values().map(none)), '%WrapForValidIteratorPrototype%': proto(Iterator.from({ next: none })),
  };
  const own = new Set(['rows', 'uncovered', 'state', 'print', 'console', 'scriptArgs', 'performance', 'navigator', 'queueMicrotask', 'gc']);
  const visit = (holder, path) => {
    if (seen.has(holder)) return;
    seen.add(holder);
    for (const key of Reflect.ownKeys(holder)) {
      if (holder === globalThis && own.has(key) || key === 'constructor' || path === 'RegExp' && /^(\$|input|last|left|right)/.test(String(key))) continue;
      const name = typeof key === 'symbol' ? `[${key.description}]` : key, at = path ? path + '.' + name : name, d = Object.getOwnPropertyDescriptor(holder, key);
      if (d.get && !covered.has('get:' + at)) missing.push('get:' + at);
      if (typeof d.value === 'function' && !seen.has(d.value) && !covered.has(at)) missing.push(at);
      if (Object(d.value) === d.value) visit(d.value, at);
    }
  };
  for (const name in hidden) { if (typeof hidden[name] === 'function' && !covered.has(name)) missing.push(name); visit(hidden[name], name); }
  visit(globalThis, '');
  return missing;
};
