// npm: @babel/standalone
import { sample } from "../samples.js";
import { transform } from "@babel/standalone";
print(transform(sample, { presets: [["env", { targets: "ie 11", modules: "commonjs" }]], sourceType: "module" }).code);
