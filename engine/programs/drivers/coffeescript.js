// npm: coffeescript
import CoffeeScript from "coffeescript/lib/coffeescript-browser-compiler-modern/coffeescript.js";
const c = CoffeeScript.compile ? CoffeeScript : CoffeeScript.default; print(c.compile("class A extends B\n  constructor: (@x = 1, rest...) -> super rest...\n  m: => @x?.y ? 2\nsquares = (n * n for n in [1..5] when n % 2)\nswitch a\n  when 1, 2 then b\n  else c unless d", { bare: true }));
