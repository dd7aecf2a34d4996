function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
function defaults(a, b = a, { c, d: [e] } = {}, ...rest) { var a; return [a, b, c, e, rest]; }
function outer(x) { let y = x; return function inner() { return () => x + y++ + inner.length; }; }
function args() { return arguments.length + arguments[0]; }
function mapped(a) { a = 1; return arguments; }
const arrow = async (a) => { await a; };
