// npm: showdown
import { text } from "../samples.js";
import showdown from "showdown";
print(new showdown.Converter({ tables: true }).makeHtml(text));
