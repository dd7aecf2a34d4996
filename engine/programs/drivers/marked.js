// npm: marked
import { text } from "../samples.js";
import { marked } from "marked";
print(marked.parse(text));
