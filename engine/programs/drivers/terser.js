// npm: terser
import { sample } from "../samples.js";
import { minify } from "terser";
minify(sample, { module: true }).then(r => print(r.code), e => print("failed", e.message));
