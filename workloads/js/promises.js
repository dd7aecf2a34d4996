// promises: async functions, chains, races and a bounded worker pool.
//
// Why: each await makes promises, reaction records and a suspended frame. They
//   point at each other in cycles, live until a job runs, and the job queue
//   itself is memory. The result is set when the last job has run.
// Size: tasks; small 100, default 6000, large 60000
// Result: small 2888578893, default 2137180708, large 1356807352
// Stresses: Promise, await, job queue, suspended frames, cycle collection
// Needs: classes, async
// Leaks: no
// Measured: after 2 iterations, by default
(function () {
  "use strict";
  const tasks = typeof SIZE === "number" ? SIZE : 6000;

  let hash = 1;
  const note = (x) => {
    hash = (Math.imul(hash, 31) + x) | 0;
  };

  // A pause of `turns` turns of the job queue.
  const pause = async (turns) => {
    for (let i = 0; i < turns; i++) await null;
    return turns;
  };

  async function task(id) {
    const turns = await pause(id % 4);
    if (id % 7 === 3) throw new RangeError("task " + id);
    const parts = await Promise.all([id, Promise.resolve(id * 2), pause(1)]);
    return parts[0] + parts[1] + parts[2] + turns;
  }

  // At most `width` tasks at a time, results in the order of completion.
  class Pool {
    constructor(width) {
      this.free = width;
      this.waiting = [];
    }
    enter() {
      if (this.free > 0) {
        this.free--;
        return Promise.resolve();
      }
      return new Promise((go) => this.waiting.push(go));
    }
    leave() {
      const go = this.waiting.shift();
      if (go) go();
      else this.free++;
    }
  }

  async function main() {
    const pool = new Pool(8);
    let failed = 0;
    let sum = 0;
    const all = [];
    for (let id = 0; id < tasks; id++) {
      await pool.enter();
      all.push(
        task(id)
          .then(
            (value) => {
              sum += value;
              note(value);
            },
            (error) => {
              if (!(error instanceof RangeError)) throw error;
              failed++;
            },
          )
          .finally(() => pool.leave()),
      );
    }
    const settled = await Promise.allSettled(all);
    for (const one of settled) if (one.status !== "fulfilled") throw one.reason;

    let expectedFailed = 0;
    let expectedSum = 0;
    for (let id = 0; id < tasks; id++) {
      if (id % 7 === 3) expectedFailed++;
      else expectedSum += 3 * id + 1 + (id % 4);
    }
    if (failed !== expectedFailed) throw new Error("promises: " + failed + " failed");
    if (sum !== expectedSum) throw new Error("promises: sum " + sum);

    // A long chain, each link made before the first one settles.
    let chain = Promise.resolve(0);
    for (let i = 0; i < tasks; i++) chain = chain.then((n) => n + 1);
    if ((await chain) !== tasks) throw new Error("promises: chain");
    const first = await Promise.race([pause(5), pause(2), pause(9)]);
    if (first !== 2) throw new Error("promises: race won by " + first);
    return hash >>> 0;
  }

  main().then(
    (value) => {
      globalThis.result = value;
    },
    (error) => {
      globalThis.result = String(error);
    },
  );
})();
