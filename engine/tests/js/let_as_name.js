// `let` is a name in sloppy code, but for what let and const declare (14.3.1.1). Functions in blocks, parameters of
// catch clauses, labels and var are no such declarations.
const forms = [
  "{ function let() { return 1 } print(let()); }",
  "{ function l\\u0065t() {} }",
  "{ async function let() {} }",
  "{ function* let() {} }",
  "{ async function* let() {} }",
  "{ function let() {} function let() {} }",
  "switch (1) { case 1: function let() {} }",
  "switch (1) { default: async function let() {} }",
  "if (1) function let() {}",
  "{ function let() {} var let; }",
  "{ function let() {} let let; }",
  "try { throw 1 } catch (let) { print(let) }",
  "try { throw [2] } catch ([let]) { print(let) }",
  "try { throw { let: 3 } } catch ({ let }) { print(let) }",
  "try { throw {} } catch ({ let = 4 }) { print(let) }",
  "var let = 5; print(let)",
  "var { let } = { let: 6 }; print(let)",
  "function f(let, [yield] = [7]) { return let + yield } print(f(1))",
  "for (var let of [8]) print(let)",
  "let let",
  "let [let] = [1]",
  "const let = 1",
  "const { let } = {}",
  "for (let let of []) ;",
  "for (const [let] of []) ;",
  "for (let let = 1; ;) ;",
  "class let {}",
  "'use strict'; { function let() {} }",
];
for (const text of forms) {
  try {
    Function(text)();
    print("yes  " + text);
  } catch (error) {
    print("no   " + text + "  " + error.name);
  }
}
