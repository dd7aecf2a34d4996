// npm: markdown-it
import { text } from "../samples.js";
import MarkdownIt from "markdown-it";
print(new MarkdownIt({ html: true, linkify: true, typographer: true }).render(text));
