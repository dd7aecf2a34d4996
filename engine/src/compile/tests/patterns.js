let [a, , b = 1, ...c] = x, { d, e: { f = 2 }, [d]: g, ...h } = y;
[a, o.p, o[q]] = [b, a];
({ a, b: o.r = 1, ...o.rest } = z);
for ([a, b] of c);
