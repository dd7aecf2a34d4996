// npm: prettier
import { sample } from "../samples.js";
import { format } from "prettier/standalone";
import * as babel from "prettier/plugins/babel";
import * as estree from "prettier/plugins/estree";
import * as css from "prettier/plugins/postcss";
format(sample, { parser: "babel", plugins: [babel, estree.default ?? estree] }).then(print, e => print("failed", e.message)).then(() => format("a{b:c;d:e}@media x{f{g:h}}", { parser: "css", plugins: [css] })).then(print, e => print("failed", e.message));
