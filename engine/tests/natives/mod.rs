//! Calls of natives that are one long piece of work, for tests and measurements of how often they ask the interrupt
//! handler.

/// Natives that go over something long: what is made first, and the call, which has no loop of its own. What goes
/// over text in vectors is given more of it.
pub const LONG: &[(&str, &[&str])] = &[
    (
        // Text: narrow, wide, blank, and ropes that the calls flatten.
        "const S = [...Array(N / 2)].map(() => 'ab').join(''), W = '\\u6642'.repeat(N), BLANK = ' '.repeat(N);
         const ASCENT = '\\u00e9'.repeat(N), LONE = '\\ud800'.repeat(N), UPPER = S.toUpperCase();
         const PERCENT = '%41'.repeat(N), SAME = 'x'.repeat(16 * N), ALSO = 'x'.repeat(16 * N);
         const rope = () => { let r = ''; for (let i = 0; i < 64; i++) r += SAME.slice(0, N / 2); return r; };
         const A = 'a'.repeat(N), NEEDLE = 'a'.repeat(N / 2) + 'b', TAIL = 'b' + 'a'.repeat(N / 2);
         const AAA = 'a'.repeat(16 * N), MIDDLE = 'a'.repeat(N / 2) + 'b' + 'a'.repeat(N / 2), LARGE = ' '.repeat(16 * N), DIGITS = '1'.repeat(16 * N), HUGE = S.repeat(16), WIDE = W.repeat(16);",
        &[
            "SAME.repeat(8).indexOf('c')", "HUGE.indexOf('bb')", "HUGE.lastIndexOf('bb')", "HUGE.includes('aa')",
            "AAA.indexOf(NEEDLE)", "AAA.lastIndexOf(TAIL)", "AAA.includes(MIDDLE)", "AAA.split(MIDDLE)",
            "AAA.replaceAll(MIDDLE, '')", "WIDE.indexOf('x')", "WIDE.lastIndexOf('\\u6642x')", "WIDE.indexOf(W + 'x' + W)",
            "S.split('b')", "S.split('')", "S.split(/b/)", "S.replaceAll('b', 'cc')", "S.replaceAll('b', '$&$&')",
            "HUGE.replace('bb', 'x')", "S.replace(/b/g, 'cc')", "S.replace(/b/g, String)", "S.match(/b/g)",
            "HUGE.search(/c/)", "/[cd]/.test(HUGE)", "/^(?:a|b)*c/.test(HUGE)", "/^[^c]*$/.exec(HUGE)", "/^.*c/s.test(WIDE)",
            "/(?<=c)b/.test(S)", "/^a+c/.test(AAA)", "/^(a)\\1*$/.test(A)", "RegExp.escape(S)", "HUGE.matchAll(/c/g).next()",
            "UPPER.toUpperCase() + S.toUpperCase()", "S.toLowerCase()", "W.toUpperCase()", "ASCENT.toUpperCase()",
            "'\\u03a3'.concat(`'`.repeat(N)).toLowerCase()", "BLANK.trim()", "BLANK.trimStart()",
            "BLANK.trimEnd()", "S.padEnd(40 * N, 'xy')", "S.padStart(40 * N)", "W.normalize('NFD')", "ASCENT.normalize('NFD')", "ASCENT.normalize('NFKC')", "HUGE.localeCompare(HUGE + 'c')",
            "W.isWellFormed()", "LONE.toWellFormed()", "W.toWellFormed()", "S.anchor(BLANK)",
            "rope() === SAME", "rope() < SAME",
            "rope().toUpperCase()", "SAME === ALSO", "SAME == ALSO", "SAME <= ALSO", "SAME.startsWith(ALSO)",
            "SAME.endsWith(ALSO)", "[SAME, ALSO].join()", "encodeURIComponent(W)", "encodeURI(S)", "decodeURIComponent(PERCENT)", "decodeURI(S)", "escape(W)",
            "unescape(PERCENT)", "JSON.stringify(S)", "JSON.stringify(W)", "JSON.parse('\"' + S + '\"')",
            "JSON.parse(BLANK + '1')", "JSON.parse('\"' + '\\\\n'.repeat(N) + '\"')", "new RegExp('a|'.repeat(N / 4))", "new RegExp('(?:'.repeat(200) + '[a-c]'.repeat(N / 8) + ')'.repeat(200))",
            "(0, eval)('var a;'.repeat(N / 8))", "(0, eval)(';'.repeat(N))", "Function('x;'.repeat(N / 8))",
            "Object.keys(new String(S))", "[...S]", "Array.from(S)", "new Set(S)", "BigInt('1'.repeat(N))",
            "BigInt('0x' + 'f'.repeat(N))", "BigInt('0b' + '1'.repeat(N))", "BigInt(LARGE + '1')", "Number(DIGITS)", "+DIGITS", "parseFloat(DIGITS)", "parseFloat('.' + DIGITS)",
            "parseInt(DIGITS)", "parseInt(DIGITS, 36)", "Number('0x' + DIGITS)", "Number(LARGE)", "Number(LARGE + '1' + LARGE)", "parseFloat(LARGE)", "isNaN(DIGITS)", "DIGITS == 5",
            "Number('1e' + DIGITS)", "Number('0'.repeat(16 * N))",
        ],
    ),
    (
        "const L = Array.from({ length: N }, (_, i) => i % 1000), H = [1, , ...L], D = L.map((i) => i + 0.5);
         const PAIRS = L.map((i, j) => ['k' + j % 2000, i]), TEXTS = L.map((i) => 'k' + i), O = Object.fromEntries(L.map((i, j) => ['k' + j, i]));
         const BIG = { length: N, __proto__: { 5: 1 } }, J = JSON.stringify(L), JO = JSON.stringify(O), one = [[...L]];",
        &[
            "L.fill(2)", "new Array(N).fill(1)", "[...L].unshift(1)", "[...L].splice(1, 1)", "[...L].splice(1, 0, 1)", "L.reverse()", "L.join()", "L.toString()", "L.toLocaleString()", "L.indexOf(-5)", "L.lastIndexOf(-5)",
            "L.includes(-5)", "L.slice()", "[...L].splice(0, N / 2)", "L.concat(L)", "[].concat(H)", "[...L].sort()",
            "[...D].sort()", "[...TEXTS].sort()", "[...H].sort()", "L.toSorted()", "L.toReversed()", "L.toSpliced(1, 1)", "L.with(0, 1)",
            "one.flat()", "L.flatMap(Array.of)", "L.map(Math.abs)", "L.filter(isNaN)", "L.every(isFinite)", "L.some(isNaN)",
            "L.find(isNaN)", "L.findLastIndex(isNaN)", "L.forEach(Math.abs)", "L.reduce(Object)", "L.reduceRight(Object)",
            "L.copyWithin(0, 1)", "Array.from(L)", "Array.from(BIG)", "Array.from(L, Math.abs)", "[...L]", "Math.max(...L)",
            "Math.max.apply(null, L.slice(0, Math.min(N / 4, 5e4)))", "[].push.apply([], L.slice(0, Math.min(N / 4, 5e4)))", "(([a, ...rest]) => rest)(L)",
            "({ ...L })", "Object.keys(L)", "Object.values(L)", "Object.entries(L)", "Object.assign({}, L)", "Object.keys(O)",
            "Object.entries(O)", "Object.assign({}, O)", "({ ...O })", "Object.freeze([...L])", "Object.getOwnPropertyDescriptors(O)", "Object.defineProperties({}, Object.getOwnPropertyDescriptors(O))",
            "Object.fromEntries(PAIRS)", "Object.groupBy(L, String)", "Reflect.ownKeys(L)", "Object.keys(new Proxy(O, {}))", "JSON.stringify(L)", "JSON.stringify(O)", "JSON.stringify(L, null, 2)", "JSON.stringify(O, TEXTS)",
            "JSON.parse(J)", "JSON.parse(JO)", "JSON.parse(J, Array.of)", "[].fill.call(BIG, 1)", "[].reverse.call(BIG)",
            "[].indexOf.call(BIG, 7)", "[].slice.call(BIG)", "[].splice.call(BIG, 0, 1)", "[].unshift.call(BIG, 1)",
            "[].shift.call(BIG)", "[].join.call(BIG)", "[].sort.call(BIG)", "[].copyWithin.call(BIG, 0, 1)",
            "[].includes.call(BIG, 7)", "[].lastIndexOf.call(BIG, 7)", "[].every.call(L, Boolean, 0) + [].every.call(D, Boolean)",
            "new Set(L)", "new Map(PAIRS)", "new WeakSet(PAIRS)", "Map.groupBy(L, String)", "Promise.all(L)", "Promise.any(L)",
            "L.values().drop(N).next()", "L.values().toArray()", "L.values().map(Math.abs).some(isNaN)", "L.values().reduce(Object)",
            "Iterator.concat(L).drop(N).next()", "Iterator.zip([L, L]).toArray()", "L.keys().find(isNaN)", "Array.fromAsync(BIG)",
            "String.fromCharCode(...L)", "String.raw({ raw: L })", "Object.create(null, Object.getOwnPropertyDescriptors(O))",
        ],
    ),
    (
        "const numbers = Array.from({ length: N }, (_, i) => i), A = new Set(numbers), B = new Set(numbers.map((i) => i + 1));
         const M = new Map(numbers.map((i) => [i, i]));",
        &[
            "A.union(B)", "A.intersection(B)", "A.difference(B)", "A.symmetricDifference(B)", "A.isSubsetOf(A)", "A.isSupersetOf(A)",
            "new Set(A).isDisjointFrom(new Set(numbers.map(String)))", "new Set(A)", "new Map(M)", "[...A]", "[...M]", "Array.from(M.keys())",
            "A.forEach(Math.abs)", "M.forEach(Math.abs)", "Math.max(...A)",
        ],
    ),
    (
        "const T = new Uint8Array(N), F = new Float64Array(N).map((_, i) => -i), G = new BigInt64Array(N), X = 'ff'.repeat(N), Y = 'AAAA'.repeat(N);
         const big = new Uint8Array(64 * N);",
        &[
            "T.fill(1)", "F.fill(1)", "T.reverse()", "T.join()", "F.toString()", "T.includes(9)", "T.indexOf(9)", "T.lastIndexOf(9)",
            "F.slice().sort()", "F.toSorted()", "G.sort()", "T.toReversed()", "T.with(0, 1)", "big.slice()", "big.copyWithin(0, 1)",
            "big.copyWithin(1, 0)", "big.set(big.subarray(1))", "T.set(F)", "F.set(new Uint16Array(F.buffer, 0, N))", "T.set({ length: N })",
            "new Uint8Array(F)", "new Uint8Array([...T])", "Uint8Array.from(T)", "Uint8Array.from({ length: N })", "new Float64Array({ length: N })",
            "T.map(Math.abs)", "T.filter(isNaN)", "T.every(isFinite)", "T.reduce(Object)", "T.findLast(isNaN)", "T.forEach(isNaN)",
            "big.buffer.slice(1)", "new ArrayBuffer(64 * N).transfer(32 * N + 1)", "T.toBase64()", "T.toHex()", "Uint8Array.fromBase64(Y)", "Uint8Array.fromHex(X)",
            "T.setFromBase64(Y)", "T.setFromHex(X)", "Object.keys(T)", "Array.from(T)", "[...F]", "JSON.stringify(T)", "T.slice.call(F)",
            "G.includes(1n)", "G.join()",
        ],
    ),
    (
        // Two long BigInts for what is linear, shorter ones for what is not.
        "const P = (1n << BigInt(512 * N)) - 1n, Q = P - (1n << BigInt(256 * N)), p = P >> BigInt(508 * N), q = p - 7n;
         const text = p.toString(), same = P + 1n - 1n, odd = (p << 7n) + 5n;",
        &[
            "P * 3n", "P / 3n", "P % 7n", "P + Q", "P - Q", "P + -Q", "Q - P", "P << 70n", "P >> 70n", "-P >> 70n", "1n << BigInt(512 * N)", "P & Q", "P | Q",
            "P ^ -Q", "-P & -Q", "~P", "-P", "P < Q", "P === same", "P == same", "P > same",
            "p * q", "p * p", "(p * q) / odd", "(p * q) % odd", "p ** 3n", "p.toString()", "p.toString(16)", "P.toString(2)", "p.toString(36)",
            "BigInt(text)", "p == text",
        ],
    ),
];
