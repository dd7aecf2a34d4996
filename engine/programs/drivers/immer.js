// npm: immer
import { produce, enablePatches, produceWithPatches } from "immer";
enablePatches();
const base = { list: [1, { deep: true }], map: { a: 1 } };
const [next, patches, inverse] = produceWithPatches(base, d => { d.list.push(3); d.list[1].deep = false; delete d.map.a; });
print(JSON.stringify([base, next, patches, inverse]), Object.isFrozen(next), next.map === base.map);
