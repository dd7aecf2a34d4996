// All combinations of a kind of function, a form of parameter, a use of its name, and what the body declares by that
// name: what the use sees, before and after the body has stored to the name.
const kinds = {
    function: (head, body) => `return function (${head}) { ${body} }`,
    arrow: (head, body) => `return (${head}) => { ${body} }`,
    method: (head, body) => `return { m(${head}) { ${body} } }.m`,
    async: (head, body) => `return async function (${head}) { ${body} }`,
    "async arrow": (head, body) => `return async (${head}) => { ${body} }`,
    generator: (head, body) => `return function* (${head}) { ${body} }`,
    strict: (head, body) => `"use strict"; return class { static m(${head}) { ${body} } }.m`,
};
// How the parameter is written, and the argument that gives it the value 1.
const parameters = {
    simple: ["p", 1],
    default: ["p = 1", undefined],
    pattern: ["{ p }", { p: 1 }],
    "pattern, default": ["{ p: p = 1 }", {}],
    "default of pattern": ["[p] = [1]", undefined],
    "default of default": ["[{ p = 1 } = {}] = []", undefined],
    "rest pattern": ["...[p]", 1],
    rest: ["...p", 1],
};
// What stands in a parameter before or behind it, and in the body.
const uses = {
    nothing: ["", ""],
    closure: ["g = () => p", "see(g());"],
    "closure over the body": ["g = () => typeof q", "var q; see(g());"],
    "closure over arguments": ["g = () => typeof arguments", "see(g());"],
    "eval reads": ["g = eval('typeof p')", "see(g);"],
    "eval makes a closure": ["g = eval('() => p')", "see(g());"],
    "eval in a closure": ["g = () => eval('p')", "see(g());"],
    "eval declares": ["g = eval('var q = 7; () => q')", "see(typeof q, g());"],
    "eval declares the same": ["g = eval('var p = 7')", "see(g);"],
    "eval in the body": ["", "see(eval('p')); eval('p = 8'); see(p);"],
    "eval in the body declares": ["", "eval('var p = 8'); see(p);"],
    "eval in the body, a function": ["", "eval('function p() {}'); see(p);"],
    "eval in the body and a closure": ["g = () => p", "eval('var p = 8'); see(p, g());"],
    with: ["", "var o = { p: 4 }; with (o) { see(p); p = 6; (() => see(p))(); } see(o.p);"],
    "with and eval": ["", "var o = { p: 4 }; with (o) { eval('var p = 6'); see(p); } see(o.p);"],
    arguments: ["", "see(typeof arguments); if (typeof arguments === 'object') { arguments[0] = 3; see(p); }"],
    "catch and eval": ["", "try { throw 5; } catch (p) { eval('var p = 6'); see(p); }"],
    "loop and closure": ["", "for (let p of [0, 1]) { (() => see(p))(); }"],
};
const declarations = ["", "var p;", "var p = 2;", "let p = 2;", "function p() {}", "{ function p() {} }", "class p {}"];

function show(value) {
    if (typeof value === "function") return /^class/.test(value) ? "class" : "function";
    if (Array.isArray(value)) return `[${value.map(show)}]`;
    return typeof value === "object" && value !== null ? "object" : String(value);
}

// What one program does: a promise for the text.
async function outcome(source, before, argument) {
    const seen = [];
    const see = (...values) => seen.push(...values.map(show));
    try {
        const result = Function("see", source)(see).apply(undefined, before ? [undefined, argument] : [argument]);
        if (result && typeof result.next === "function") result.next();
        else await result;
    } catch (error) {
        seen.push(error.name);
    }
    return seen.join(" ");
}

async function all() {
    for (const form in parameters) {
        for (const use in uses) {
            const [text, argument] = parameters[form];
            const [inHead, inBody] = uses[use];
            // What stands before the parameter gets no argument; a rest parameter must be the last.
            const orders = inHead === "" ? [[text, 0]] : [[`${inHead}, ${text}`, 1]];
            if (inHead !== "" && !form.startsWith("rest")) orders.push([`${text}, ${inHead}`, 0]);
            for (const [head, before] of orders) {
                const found = new Map();
                for (const kind in kinds) {
                    if (kind === "strict" && inBody.includes("with")) continue;
                    const results = [];
                    for (const declaration of declarations) {
                        const body = `${declaration} see(p); ${inBody} p = 5; see(p); ${inBody}`;
                        results.push(await outcome(kinds[kind](head, body), before, argument));
                    }
                    const line = results.join(" | ");
                    found.set(line, [...(found.get(line) ?? []), kind]);
                }
                print(`(${head}) ${use}`);
                for (const [line, names] of found) print(`  ${names.join(", ")}: ${line}`);
            }
        }
    }
}

all();
