// scheduler: an operating-system kernel in miniature: tasks, packets, queues.
//
// Why: a real program's mix in the manner of the classic Richards benchmark:
//   polymorphic method calls over a few classes, linked queues, state flags,
//   little allocation.
// Size: packets the sender puts through; small 100, default 10000, large 200000
// Result: small 3674830809, default 2346678211, large 619247956
// Stresses: method calls, polymorphism, property writes
// Needs: classes
// Leaks: no
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const packets = typeof SIZE === "number" ? SIZE : 10000;
  const READY = 0;
  const WAITING = 1;
  const DONE = 2;

  class Packet {
    constructor(number, payload) {
      this.number = number;
      this.payload = payload;
      this.hops = 0;
      this.link = null;
    }
  }

  class Queue {
    constructor() {
      this.head = null;
      this.tail = null;
      this.length = 0;
    }
    put(packet) {
      packet.link = null;
      if (this.tail) this.tail.link = packet;
      else this.head = packet;
      this.tail = packet;
      this.length++;
    }
    get() {
      const packet = this.head;
      this.head = packet.link;
      if (!this.head) this.tail = null;
      this.length--;
      return packet;
    }
  }

  class Task {
    constructor(kernel, priority) {
      this.kernel = kernel;
      this.priority = priority;
      this.state = READY;
      this.inbox = new Queue();
      this.runs = 0;
      kernel.add(this);
    }
    send(task, packet) {
      packet.hops++;
      task.inbox.put(packet);
      if (task.state === WAITING) task.state = READY;
    }
    wait() {
      this.state = WAITING;
    }
  }

  class Sender extends Task {
    constructor(kernel, priority, target, count) {
      super(kernel, priority);
      this.target = target;
      this.left = count;
      this.sent = 0;
    }
    run() {
      for (let burst = 0; burst < 4 && this.left > 0; burst++) {
        this.left--;
        this.send(this.target, new Packet(this.sent, Math.imul(this.sent++, 2654435761) & 1023));
      }
      if (this.left === 0) this.state = DONE;
    }
  }

  class Router extends Task {
    constructor(kernel, priority, devices) {
      super(kernel, priority);
      this.devices = devices;
      this.routed = 0;
    }
    run() {
      if (this.inbox.length === 0) return this.wait();
      const packet = this.inbox.get();
      this.routed++;
      this.send(this.devices[packet.payload % this.devices.length], packet);
    }
  }

  class Device extends Task {
    constructor(kernel, priority, sink, cost) {
      super(kernel, priority);
      this.sink = sink;
      this.cost = cost;
      this.busy = 0;
    }
    run() {
      if (this.inbox.length === 0) return this.wait();
      if (this.busy < this.cost) {
        this.busy++;
        return;
      }
      this.busy = 0;
      const packet = this.inbox.get();
      packet.payload = (packet.payload * 3 + this.cost) & 1023;
      this.send(this.sink, packet);
    }
  }

  class Sink extends Task {
    constructor(kernel, priority) {
      super(kernel, priority);
      this.received = 0;
      this.numbers = 0;
      this.sum = 0;
    }
    run() {
      if (this.inbox.length === 0) return this.wait();
      const packet = this.inbox.get();
      if (packet.hops !== 3) throw new Error("scheduler: " + packet.hops + " hops");
      this.received++;
      this.numbers += packet.number;
      this.sum = (Math.imul(this.sum, 31) + packet.payload) | 0;
    }
  }

  class Kernel {
    constructor() {
      this.tasks = [];
      this.switches = 0;
    }
    add(task) {
      this.tasks.push(task);
      this.tasks.sort((a, b) => b.priority - a.priority);
    }
    loop() {
      for (;;) {
        let next = null;
        for (const task of this.tasks) {
          if (task.state === READY && (next === null || task.runs * next.priority < next.runs * task.priority)) next = task;
        }
        if (next === null) return;
        this.switches++;
        next.runs++;
        next.run();
      }
    }
  }

  const kernel = new Kernel();
  const sink = new Sink(kernel, 10);
  const devices = [new Device(kernel, 30, sink, 1), new Device(kernel, 20, sink, 2), new Device(kernel, 25, sink, 0)];
  const router = new Router(kernel, 40, devices);
  const sender = new Sender(kernel, 50, router, packets);
  kernel.loop();

  if (sink.received !== packets || router.routed !== packets) throw new Error("scheduler: " + sink.received + " received");
  if (sink.numbers !== (packets * (packets - 1)) / 2) throw new Error("scheduler: numbers " + sink.numbers);
  if (sender.state !== DONE) throw new Error("scheduler: the sender is not done");
  return (sink.sum ^ kernel.switches) >>> 0;
})();
