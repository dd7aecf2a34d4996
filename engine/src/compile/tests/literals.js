x = { a: 1, 'b': [1, , 2, ...y], get c() { return 1; }, ['d' + e]: 2, f() { super.g(); }, __proto__: p, 1: 2 };
y = { a: { b: 1 }, c: { b: 2 }, d };
z = `a${b}c${d}` + tag`x${1}\u{41}` + /re/g + 10n + 1.5 + -0 + 1e21 + 0x7fffffff;
w = a?.b?.[c]?.(d) ?? a.b?.();
