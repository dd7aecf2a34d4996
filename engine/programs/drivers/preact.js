// npm: preact preact-render-to-string
import { h, createContext } from "preact"; import { useState, useContext, useMemo } from "preact/hooks"; import { render } from "preact-render-to-string";
const C = createContext("def"); const L = ({ n }) => { const [x] = useState(() => n * 2); const c = useContext(C); return h("li", { class: c, style: { marginTop: x } }, useMemo(() => x + c, [x])) };
print(render(h("ul", null, h(C.Provider, { value: "<v>" }, [1, 2].map(n => h(L, { n, key: n }))), h(L, { n: 3 }), h("p", { dangerouslySetInnerHTML: { __html: "<b>" } }))));
