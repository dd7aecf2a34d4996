// npm: htmlparser2
import { parseDocument, DomUtils } from "htmlparser2";
const dom = parseDocument("<ul class=x><li>one<li>two &eacute;<br></ul><script>if (a<b) c()</script>");
print(DomUtils.getOuterHTML(dom), DomUtils.textContent(dom), DomUtils.getElementsByTagName("li", dom).length);
