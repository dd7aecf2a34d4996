// leak_listener: sessions that subscribe to a long-lived bus and never leave it.
//
// Why: the listener that is forgotten holds its session, the session holds its
//   buffers. Each session looks finished to its own code. A leak tool has to
//   show the path from `globalThis.leakedBus` through the listener's closure.
// Size: sessions opened; small 100, default 6000, large 60000
// Result: small 2351797445, default 2377952235, large 335397659
// Stresses: heap growth, closures, retained memory
// Needs: classes
// Leaks: yes
// Measured: cold
globalThis.leakedBus = { listeners: [], sent: 0 };
globalThis.result = (function () {
  "use strict";
  const sessions = typeof SIZE === "number" ? SIZE : 6000;

  function subscribe(listener) {
    leakedBus.listeners.push(listener);
    return () => {
      leakedBus.listeners = leakedBus.listeners.filter((other) => other !== listener);
    };
  }
  function publish(value) {
    leakedBus.sent++;
    for (const listener of leakedBus.listeners) listener(value);
  }

  class Session {
    constructor(id) {
      this.id = id;
      this.buffer = [];
      for (let i = 0; i < 16; i++) this.buffer.push({ line: i, text: "session " + id });
      this.received = 0;
      // `this` is captured here; `close` forgets to call what subscribe returned.
      this.unsubscribe = subscribe((value) => {
        this.received += value;
      });
    }
    close(tidy) {
      this.open = false;
      if (tidy) this.unsubscribe();
      return this.received;
    }
  }

  let hash = 11;
  let kept = 0;
  for (let i = 0; i < sessions; i++) {
    const session = new Session(i);
    if (i % (1 + (sessions >> 4)) === 0) publish(1);
    const tidy = i < 64 && i % 4 === 0;
    if (!tidy) kept++;
    hash = (Math.imul(hash, 31) + session.close(tidy) + session.buffer.length) | 0;
  }
  if (leakedBus.listeners.length !== kept) throw new Error("leak_listener: " + leakedBus.listeners.length + " listeners");
  return (hash ^ leakedBus.sent) >>> 0;
})();
