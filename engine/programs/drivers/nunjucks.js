// npm: nunjucks
import nunjucks from "nunjucks/browser/nunjucks.js";
print(nunjucks.renderString("{% for x in list %}{{ loop.index }}={{ x | upper }}{% if not loop.last %}, {% endif %}{% endfor %}{{ missing | default('none') }}", { list: ["a", "b"] }));
