// Installs npm programs, bundles each driver of `drivers/` with what it imports, runs the bundle on node and on Tare, and
// compares what they print: `node engine/programs/run.mjs [--tare PATH] [--folder TEMP] [--only NAME,NAME]`.
//
// Nothing that is installed or made stays in the repository: it goes to the folder, by default one below the system's
// temporary folder, which later runs use again. `versions.json` holds the versions that the table was made with; without
// an entry the newest is taken and printed. The last line counts; the status says whether all were the same.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const option = (name, otherwise) => {
  const at = process.argv.indexOf("--" + name);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const tare = path.resolve(option("tare", "target/release/tare"));
const folder = path.resolve(option("folder", path.join(os.tmpdir(), "tare-programs")));
const only = option("only", "");

const drivers = fs.readdirSync(path.join(here, "drivers")).filter(name => name.endsWith(".js")).sort()
  .map(file => ({ name: file.slice(0, -3), text: fs.readFileSync(path.join(here, "drivers", file), "utf8") }))
  .filter(driver => !only || only.split(",").includes(driver.name));
const packagesOf = text => /^\/\/ npm: (.+)$/m.exec(text)[1].trim().split(/\s+/);

const pinned = JSON.parse(fs.readFileSync(path.join(here, "versions.json"), "utf8"));
const wanted = [...new Set(["esbuild", ...drivers.flatMap(driver => packagesOf(driver.text))])];
fs.mkdirSync(path.join(folder, "drivers"), { recursive: true });
const dependencies = Object.fromEntries(wanted.map(name => [name, pinned[name] ?? "*"]));
const description = JSON.stringify({ private: true, dependencies });
const file = path.join(folder, "package.json");
if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== description) {
  fs.writeFileSync(file, description);
  const npm = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps"],
    { cwd: folder, encoding: "utf8" });
  if (npm.status !== 0) {
    fs.rmSync(file);
    console.error(npm.stdout + npm.stderr);
    process.exit(2);
  }
}
const version = name => JSON.parse(fs.readFileSync(path.join(folder, "node_modules", name, "package.json"), "utf8")).version;
const installed = Object.fromEntries(wanted.sort().map(name => [name, version(name)]));
if (process.argv.includes("--pin")) fs.writeFileSync(path.join(here, "versions.json"), JSON.stringify(installed, null, 2) + "\n");

// What programs expect of a host beside the language, the same for both engines.
const HOST = `(function () {
  const lines = globalThis.console && console.log, write = typeof print === "function" ? print : (...all) => lines(all.join(" "));
  globalThis.print = (...all) => write(all.map(String).join(" "));
  globalThis.process = undefined; globalThis.self = globalThis.window = undefined; globalThis.navigator = undefined;
  globalThis.console = {}; for (const name of ["log", "warn", "error", "info", "debug", "trace", "time", "timeEnd"]) console[name] = () => {};
  globalThis.setTimeout = (f, ms, ...all) => (Promise.resolve().then(() => Promise.resolve()).then(() => f(...all)), 1);
  globalThis.clearTimeout = () => {}; globalThis.setImmediate = f => setTimeout(f, 0);
  globalThis.queueMicrotask = f => { Promise.resolve().then(f); };
  globalThis.performance = { now: () => 0 }; globalThis.crypto = undefined; globalThis.MessageChannel = class {
    constructor() { this.port1 = {}; this.port2 = { postMessage: () => setTimeout(() => this.port1.onmessage({}), 0) }; }
  };
  globalThis.structuredClone = undefined; globalThis.Intl = undefined; globalThis.WebAssembly = undefined;
  globalThis.EventTarget = class { addEventListener() {} removeEventListener() {} dispatchEvent() {} };
  globalThis.Event = class { constructor(type) { this.type = type; } };
  globalThis.AbortController = class { signal = Object.assign(new EventTarget(), { aborted: false }); abort() { this.signal.aborted = true; } }; globalThis.URL = undefined; globalThis.fetch = undefined;
  const bytes = text => { const out = []; for (const c of encodeURIComponent(text.toWellFormed()).matchAll(/%(..)|./gs)) out.push(c[1] ? parseInt(c[1], 16) : c[0].charCodeAt(0)); return out; };
  globalThis.TextEncoder = class { encode(text = "") { return new Uint8Array(bytes(String(text))); } };
  globalThis.TextDecoder = class { decode(b = []) { let out = ""; for (const x of new Uint8Array(b.buffer ?? b, b.byteOffset ?? 0, b.byteLength)) out += "%" + x.toString(16).padStart(2, "0"); return decodeURIComponent(out); } };
  Math.random = () => 0.5; const now = 1700000000000, D = Date;
  globalThis.Date = class Date extends D { constructor(...all) { all.length ? super(...all) : super(now); } static now() { return now; } };
})();
`;

fs.copyFileSync(path.join(here, "samples.js"), path.join(folder, "samples.js"));
const esbuild = await import(pathToFileURL(path.join(folder, "node_modules/esbuild/lib/main.js")).href);
const environment = { ...process.env, TZ: "UTC" };
const execute = (command, bundle) => {
  const began = Date.now();
  const run = spawnSync(command, [bundle], { encoding: "utf8", timeout: 120_000, env: environment, maxBuffer: 1 << 28 });
  const failed = run.signal ? `signal ${run.signal}` : run.status ? `status ${run.status}: ${run.stderr.trim().split("\n").slice(-4).join(" / ")}` : "";
  return { out: run.stdout, failed, ms: Date.now() - began };
};
let same = 0;
for (const { name, text } of drivers) {
  const source = path.join(folder, "drivers", name + ".js"), bundle = path.join(folder, name + ".bundle.js");
  fs.writeFileSync(source, text);
  const shown = packagesOf(text).map(each => `${each} ${installed[each]}`).join(", ");
  let result;
  try {
    await (esbuild.default ?? esbuild).build({
      entryPoints: [source], outfile: bundle, bundle: true, format: "iife", target: "es2023", platform: "browser",
      mainFields: ["module", "main"], define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
      external: ["stream"], banner: { js: HOST }, logLevel: "silent",
    });
    const node = execute(process.execPath, bundle), own = execute(tare, bundle);
    if (node.failed) result = `node itself failed: ${node.failed}`;
    else if (own.failed) result = `FAILED: ${own.failed}`;
    else if (own.out !== node.out) {
      const [a, b] = [own.out.split("\n"), node.out.split("\n")], at = b.findIndex((line, i) => line !== a[i]);
      result = `DIFFERS at line ${at + 1}: ${JSON.stringify((a[at] ?? "").slice(0, 160))} for ${JSON.stringify((b[at] ?? "").slice(0, 160))}`;
    } else if (!node.out) result = "printed nothing";
    else {
      same++;
      result = `same, ${node.out.length} characters; ${own.ms} ms (node ${node.ms})`;
    }
  } catch (error) {
    result = `no bundle: ${String(error.message).split("\n").slice(0, 3).join(" / ")}`;
  }
  console.log(`${name.padEnd(16)} ${shown.padEnd(44)} ${result}`);
}
console.log(`${same} of ${drivers.length} programs print the same on Tare and node ${process.version}`);
process.exitCode = same === drivers.length ? 0 : 1;
