// log_search: regular expressions over a server log.
//
// Why: matching with captures, replacement by pattern and by function, splitting
//   and global iteration: each match makes an array and strings, and the
//   matcher's own stack is memory too.
// Size: log lines; small 50, default 4000, large 40000
// Result: small 1611407803, default 969828113, large 2204600933
// Stresses: RegExp matching, captures, replace, split
// Needs: regexp
// Leaks: no
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const lines = typeof SIZE === "number" ? SIZE : 4000;

  let seed = 31337;
  function random(limit) {
    seed = (Math.imul(seed, 22695477) + 1) | 0;
    return (seed >>> 8) % limit;
  }
  const LEVELS = ["INFO", "WARN", "ERROR", "debug"];
  const PATHS = ["/index.html", "/api/v1/items?id=42&sort=asc", "/img/logo.png", "/search?q=caf%C3%A9"];

  const log = [];
  const made = { INFO: 0, WARN: 0, ERROR: 0, debug: 0 };
  for (let i = 0; i < lines; i++) {
    const level = LEVELS[random(4)];
    made[level]++;
    const ip = [10, random(256), random(256), 1 + random(254)].join(".");
    const day = String(1 + (i % 28)).padStart(2, "0");
    log.push("2026-11-" + day + "T12:00:" + String(i % 60).padStart(2, "0") + "Z [" + level + "] " + ip +
      ' "GET ' + PATHS[random(4)] + '" ' + (200 + random(4) * 100) + " " + random(5000) + "ms user=" +
      (random(2) ? "ann.lee@example.org" : "-"));
  }

  const LINE = /^(?<date>\d{4}-\d\d-(\d\d))T(\d\d):(\d\d):(\d\d)Z \[(?<level>\w+)\] ((?:\d{1,3}\.){3}\d{1,3}) "(GET|POST) ([^"\s]+)" (\d{3}) (\d+)ms user=(\S+)$/;
  const found = { INFO: 0, WARN: 0, ERROR: 0, debug: 0 };
  let hash = 29;
  let slow = 0;
  for (const line of log) {
    const m = LINE.exec(line);
    if (m === null) throw new Error("log_search: no match for " + line);
    found[m.groups.level]++;
    if (m[2] !== m.groups.date.slice(-2)) throw new Error("log_search: day");
    slow += Number(m[11]);
    const masked = line.replace(/\b(\d+)\.(\d+)\.\d+\.\d+\b/, "$1.$2.x.x");
    if (/\d+\.\d+\.\d+\.\d+/.test(masked)) throw new Error("log_search: address left");
    const query = m[9].split(/[?&=]/);
    const decoded = m[9].replace(/%([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    hash = (Math.imul(hash, 31) + query.length * 7 + decoded.length + masked.length) | 0;
  }
  for (const level of LEVELS) if (made[level] !== found[level]) throw new Error("log_search: " + level);

  const text = log.join("\n");
  let mails = 0;
  for (const match of text.matchAll(/([a-z]+)\.([a-z]+)@([a-z]+\.)+org/g)) mails += match[1].length === 3 ? 1 : 0;
  const users = text.split("ann.lee").length - 1;
  if (mails !== users) throw new Error("log_search: " + mails + " addresses");
  const errors = text.match(/^.*\[ERROR\].*$/gm);
  if ((errors ? errors.length : 0) !== made.ERROR) throw new Error("log_search: error lines");
  const loud = text.match(/\b(?:warn|DEBUG)\b/gi);
  if ((loud ? loud.length : 0) !== made.WARN + made.debug) throw new Error("log_search: ignoring case");
  const sticky = /(\d+)(?=ms)|[^\d]+|\d/y;
  let tokens = 0;
  const first = log[0];
  while (sticky.lastIndex < first.length && sticky.exec(first)) tokens++;
  return (hash ^ Math.imul(slow, 7) ^ tokens) >>> 0;
})();
