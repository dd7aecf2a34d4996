// npm: pako fflate
import * as pako from "pako"; import { zlibSync, unzlibSync, strToU8, strFromU8, zipSync, unzipSync } from "fflate";
const data = strToU8("the quick brown fox ".repeat(300) + "Āé"); const z = pako.deflate(data, { level: 9 }); print(z.length, [...z.slice(0, 20)].join(), strFromU8(pako.inflate(z)).length, pako.gzip(data).length); const f = zlibSync(data); print(f.length, strFromU8(unzlibSync(f)) === strFromU8(data), Object.keys(unzipSync(zipSync({ "a.txt": data, b: { c: data } }))).join());
