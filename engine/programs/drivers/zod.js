// npm: zod
import { z } from "zod";
const S = z.object({ a: z.string().min(2).email().optional(), b: z.union([z.number().int(), z.literal("x")]), c: z.array(z.tuple([z.string(), z.coerce.number()])).default([]) }).strict();
for (const v of [{ b: 1 }, { b: "x", c: [["q", "5"]] }, { a: "n", b: 1.5, z: 1 }]) { const r = S.safeParse(v); print(r.success, JSON.stringify(r.success ? r.data : r.error.issues.map(i => [i.path, i.code]))); }
