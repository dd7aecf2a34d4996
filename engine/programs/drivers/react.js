// npm: react react-dom
import React from "react"; import { renderToStaticMarkup, renderToString } from "react-dom/server.browser";
const C = React.createContext(1); function L({ n }) { const [v] = React.useState(n + 1), id = React.useId(); return React.createElement("li", { id, style: { lineHeight: v }, "data-x": React.useContext(C) }, "v", v, " & <") }
print(renderToStaticMarkup(React.createElement(C.Provider, { value: 7 }, [1, 2].map(n => React.createElement(L, { n, key: n }))))); print(renderToString(React.createElement(React.Fragment, null, "a", "b", React.createElement("input", { defaultValue: "q", disabled: true }))));
