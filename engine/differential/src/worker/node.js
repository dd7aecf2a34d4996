// Runs programs in node, each in a fresh context; the protocol is the worker's: a line of JSON in, one out.
"use strict";
const vm = require("vm");
const LINES = 20000;
function className(error) {
  try {
    const name = error && error.constructor && error.constructor.name;
    return Object.prototype.toString.call(error) === "[object Error]" && /^[A-Z]\w*Error$/.test(name) ? name : "value";
  } catch {
    return "value";
  }
}
function run(job) {
  const lines = [];
  const context = vm.createContext({}, { microtaskMode: "afterEvaluate" });
  const print = (...values) => { if (lines.length < LINES) lines.push(values.join(" ")); };
  // A function of the context's own, so that nothing of the outer realm is in reach.
  vm.runInContext("(function (write) { globalThis.print = function print() {" +
    " let text = ''; for (let i = 0; i < arguments.length; i++) text += (i ? ' ' : '') + arguments[i]; write(text); }; })",
    context)(print);
  let end = "ok";
  try {
    for (const script of job.scripts) vm.runInContext(script, context, { timeout: job.limit_ms });
  } catch (error) {
    end = error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT" ? "timeout" : "threw " + className(error);
  }
  return { lines, end };
}
process.on("unhandledRejection", () => {});
let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", text => {
  rest += text;
  for (let at; (at = rest.indexOf("\n")) >= 0; rest = rest.slice(at + 1)) {
    process.stdout.write(JSON.stringify(run(JSON.parse(rest.slice(0, at)))) + "\n");
  }
});
