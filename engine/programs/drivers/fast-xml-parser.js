// npm: fast-xml-parser
import { XMLParser, XMLBuilder, XMLValidator } from "fast-xml-parser";
const x = new XMLParser({ ignoreAttributes: false }).parse("<a x=\"1\"><b>t&amp;</b><b/><![CDATA[raw <>]]><!-- c --></a>");
print(JSON.stringify(x), new XMLBuilder({ ignoreAttributes: false, format: true }).build(x), JSON.stringify(XMLValidator.validate("<a><b></a>")));
