// churn_acyclic: short-lived records that die by their reference count alone.
//
// Why: most objects of most programs live for a few calls and belong to no
//   cycle. A collector should find nothing to do here; what is measured is the
//   price of one allocation and one free, and of collections that free nothing.
// Size: steps of the simulation; small 1000, default 40000, large 600000
// Result: small 36551216, default 278689031, large 740415276
// Stresses: object allocation, freeing at zero, property reads
// Needs: classes
// Leaks: no
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const steps = typeof SIZE === "number" ? SIZE : 40000;

  let seed = 0x2545f491;
  function random() {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) % 1000;
  }

  class Vec {
    constructor(x, y) {
      this.x = x;
      this.y = y;
    }
    plus(other) {
      return new Vec(this.x + other.x, this.y + other.y);
    }
    times(k) {
      return new Vec(this.x * k, this.y * k);
    }
    wrap(limit) {
      return new Vec(this.x % limit, this.y % limit);
    }
  }

  let made = 0;
  let position = new Vec(1, 1);
  let velocity = new Vec(3, 5);
  let sumX = 0;
  let sumY = 0;
  for (let i = 0; i < steps; i++) {
    const push = { dx: random(), dy: random(), at: i };
    const force = new Vec(push.dx, push.dy);
    velocity = velocity.plus(force).wrap(977);
    position = position.plus(velocity.times(2)).wrap(4096);
    const trail = [position, velocity, push];
    made += trail.length + 4;
    sumX = (sumX + trail[0].x) % 1000003;
    sumY = (sumY + trail[0].y * 3) % 1000003;
  }

  if (made !== steps * 7) throw new Error("churn_acyclic: made " + made + " records");
  if (position.x >= 4096 || position.y >= 4096) throw new Error("churn_acyclic: left the torus");
  return (sumX * 1009 + sumY) >>> 0;
})();
