// npm: @vue/compiler-dom
import { compile } from "@vue/compiler-dom";
print(compile("<div :class=\"{a: b}\" @click.stop=\"f($event)\"><p v-for=\"(x, i) in list\" :key=\"i\">{{ x | y }} {{ x.y }}</p><slot v-else-if /></div>", { mode: "module", prefixIdentifiers: false, onError: e => print("error", e.code) }).code);
