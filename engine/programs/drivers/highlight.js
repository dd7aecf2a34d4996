// npm: highlight.js
import { sample } from "../samples.js";
import hljs from "highlight.js/lib/core"; import js from "highlight.js/lib/languages/javascript"; import rust from "highlight.js/lib/languages/rust"; import py from "highlight.js/lib/languages/python";
hljs.registerLanguage("javascript", js); hljs.registerLanguage("rust", rust); hljs.registerLanguage("python", py);
print(hljs.highlight(sample, { language: "javascript" }).value); print(hljs.highlightAuto("fn main() { let x: &str = \"a\"; println!(\"{}\", x); }").language);
