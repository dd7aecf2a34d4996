//! module
import d, { x as y } from 'a';
import * as ns from 'b' with { type: 'json' };
export { y as z, local, d as 'a b' };
export * from 'c';
export default function () { return local + y; }
export const [p, q] = await ns;
let local = 1, hidden = 2;
hidden++;
