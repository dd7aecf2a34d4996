// interpreter: a tokenizer, a parser and an evaluator for a small language.
//
// Why: the shape of many real programs: text to tokens, tokens to a tree, and
//   a recursive walk over the tree with environments, dispatch by kind, and
//   short strings everywhere.
// Size: how far the interpreted program counts; small 20, default 250, large 4000
// Result: small 54248, default 3886514, large 30228119
// Stresses: string scanning, recursion, dynamic dispatch, Map lookups, closures
// Needs: classes, collections
// Leaks: no
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const limit = typeof SIZE === "number" ? SIZE : 250;

  const PROGRAM = `
    fn gcd(a, b) { while b != 0 { let t = a % b; a = b; b = t; } return a; }
    fn collatz(n) {
      let steps = 0;
      while n != 1 {
        if n % 2 == 0 { n = n / 2; } else { n = 3 * n + 1; }
        steps = steps + 1;
      }
      return steps;
    }
    fn make_counter() { let n = 0; return fn () { n = n + 1; return n; }; }
    fn fib(n) { if n < 2 { return n; } return fib(n - 1) + fib(n - 2); }
    let total = 0;
    let next = make_counter();
    let i = 1;
    while i <= limit {
      total = (total + collatz(i) * gcd(i, 360) + next()) % 1000003;
      if i % 50 == 0 { total = total + fib(8); }
      i = i + 1;
    }
    total;
  `;

  // --- text to tokens
  const KEYWORDS = new Set(["fn", "let", "if", "else", "while", "return"]);
  const isDigit = (c) => c >= "0" && c <= "9";
  const isLetter = (c) => (c >= "a" && c <= "z") || c === "_";
  function tokenize(text) {
    const tokens = [];
    let at = 0;
    while (at < text.length) {
      const c = text[at];
      if (c === " " || c === "\n") {
        at++;
      } else if (isDigit(c)) {
        const start = at;
        while (at < text.length && isDigit(text[at])) at++;
        tokens.push({ kind: "number", text: text.slice(start, at) });
      } else if (isLetter(c)) {
        const start = at;
        while (at < text.length && isLetter(text[at])) at++;
        const word = text.slice(start, at);
        tokens.push({ kind: KEYWORDS.has(word) ? word : "name", text: word });
      } else {
        const two = text.slice(at, at + 2);
        const op = two === "==" || two === "!=" || two === "<=" ? two : c;
        tokens.push({ kind: op, text: op });
        at += op.length;
      }
    }
    tokens.push({ kind: "end", text: "" });
    return tokens;
  }

  // --- tokens to a tree
  const PRECEDENCE = { "==": 1, "!=": 1, "<": 2, "<=": 2, "+": 3, "-": 3, "*": 4, "/": 4, "%": 4 };
  class Parser {
    constructor(tokens) {
      this.tokens = tokens;
      this.at = 0;
    }
    get kind() {
      return this.tokens[this.at].kind;
    }
    take(kind) {
      const token = this.tokens[this.at];
      if (token.kind !== kind) throw new SyntaxError("expected " + kind + ", found " + token.text);
      this.at++;
      return token.text;
    }
    skip(kind) {
      if (this.kind !== kind) return false;
      this.at++;
      return true;
    }
    program() {
      const body = [];
      while (this.kind !== "end") body.push(this.statement());
      return { type: "block", body };
    }
    block() {
      const body = [];
      this.take("{");
      while (!this.skip("}")) body.push(this.statement());
      return { type: "block", body };
    }
    statement() {
      if (this.skip("let")) {
        const name = this.take("name");
        this.take("=");
        const value = this.expression(0);
        this.take(";");
        return { type: "let", name, value };
      }
      if (this.kind === "fn" && this.tokens[this.at + 1].kind === "name") {
        this.take("fn");
        return { type: "let", name: this.tokens[this.at].text, value: this.fn(this.take("name")) };
      }
      if (this.skip("if")) {
        const test = this.expression(0);
        const yes = this.block();
        return { type: "if", test, yes, no: this.skip("else") ? this.block() : null };
      }
      if (this.skip("while")) return { type: "while", test: this.expression(0), body: this.block() };
      if (this.skip("return")) {
        const value = this.expression(0);
        this.take(";");
        return { type: "return", value };
      }
      const value = this.expression(0);
      if (value.type === "name" && this.skip("=")) {
        const assigned = this.expression(0);
        this.take(";");
        return { type: "set", name: value.name, value: assigned };
      }
      this.take(";");
      return { type: "value", value };
    }
    fn() {
      const names = [];
      this.take("(");
      while (!this.skip(")")) {
        names.push(this.take("name"));
        this.skip(",");
      }
      return { type: "fn", names, body: this.block() };
    }
    expression(floor) {
      let left = this.operand();
      for (;;) {
        const op = this.kind;
        const level = PRECEDENCE[op];
        if (level === undefined || level <= floor) return left;
        this.at++;
        left = { type: "binary", op, left, right: this.expression(level) };
      }
    }
    operand() {
      let node;
      if (this.kind === "number") node = { type: "number", value: Number(this.take("number")) };
      else if (this.kind === "fn") {
        this.take("fn");
        node = this.fn();
      } else if (this.skip("(")) {
        node = this.expression(0);
        this.take(")");
      } else node = { type: "name", name: this.take("name") };
      while (this.skip("(")) {
        const args = [];
        while (!this.skip(")")) {
          args.push(this.expression(0));
          this.skip(",");
        }
        node = { type: "call", target: node, args };
      }
      return node;
    }
  }

  // --- the tree, evaluated
  class Scope {
    constructor(outer) {
      this.outer = outer;
      this.names = new Map();
    }
    find(name) {
      for (let scope = this; scope; scope = scope.outer) if (scope.names.has(name)) return scope;
      throw new ReferenceError(name);
    }
  }
  class Return {
    constructor(value) {
      this.value = value;
    }
  }
  let steps = 0;
  const OPS = {
    "+": (a, b) => a + b,
    "-": (a, b) => a - b,
    "*": (a, b) => a * b,
    "/": (a, b) => Math.floor(a / b),
    "%": (a, b) => a % b,
    "<": (a, b) => a < b,
    "<=": (a, b) => a <= b,
    "==": (a, b) => a === b,
    "!=": (a, b) => a !== b,
  };
  const RUN = {
    number: (node) => node.value,
    name: (node, scope) => scope.find(node.name).names.get(node.name),
    binary: (node, scope) => OPS[node.op](run(node.left, scope), run(node.right, scope)),
    value: (node, scope) => run(node.value, scope),
    fn: (node, scope) => ({ node, scope }),
    let(node, scope) {
      scope.names.set(node.name, run(node.value, scope));
    },
    set(node, scope) {
      scope.find(node.name).names.set(node.name, run(node.value, scope));
    },
    if(node, scope) {
      const branch = run(node.test, scope) ? node.yes : node.no;
      return branch ? run(branch, new Scope(scope)) : undefined;
    },
    while(node, scope) {
      while (run(node.test, scope)) {
        const done = run(node.body, new Scope(scope));
        if (done instanceof Return) return done;
      }
    },
    return: (node, scope) => new Return(run(node.value, scope)),
    block(node, scope) {
      let last;
      for (const statement of node.body) {
        last = run(statement, scope);
        if (last instanceof Return) return last;
      }
      return last;
    },
    call(node, scope) {
      const callee = run(node.target, scope);
      const inner = new Scope(callee.scope);
      const names = callee.node.names;
      for (let i = 0; i < names.length; i++) inner.names.set(names[i], run(node.args[i], scope));
      const done = run(callee.node.body, inner);
      return done instanceof Return ? done.value : undefined;
    },
  };
  function run(node, scope) {
    steps++;
    return RUN[node.type](node, scope);
  }

  const globals = new Scope(null);
  globals.names.set("limit", limit);
  const total = run(new Parser(tokenize(PROGRAM)).program(), globals);

  // The same program in JavaScript itself.
  const gcd = (a, b) => (b === 0 ? a : gcd(b, a % b));
  let expected = 0;
  for (let i = 1; i <= limit; i++) {
    let n = i;
    let count = 0;
    while (n !== 1) {
      n = n % 2 === 0 ? n / 2 : 3 * n + 1;
      count++;
    }
    expected = (expected + count * gcd(i, 360) + i) % 1000003;
    if (i % 50 === 0) expected += 21;
  }
  if (total !== expected) throw new Error("interpreter: " + total + ", expected " + expected);
  return (Math.imul(total, 31) + steps) >>> 0;
})();
