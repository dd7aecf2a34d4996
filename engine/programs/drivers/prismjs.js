// npm: prismjs
import { sample } from "../samples.js";
import Prism from "prismjs";
print(Prism.highlight(sample, Prism.languages.javascript, "javascript")); print(Prism.highlight("<a href='x' onclick=\"f(1)\">&amp;</a><style>b{c:d}</style>", Prism.languages.html, "html"));
