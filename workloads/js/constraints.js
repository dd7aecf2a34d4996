// constraints: a one-way constraint solver that plans and replans its graph.
//
// Why: an object-oriented program in the manner of the DeltaBlue benchmark:
//   variables and constraints point at each other both ways, every change
//   walks the graph, and each finished network is a large cycle.
// Size: length of the chain of equalities; small 50, default 500, large 3000
// Result: small 89569, default 4213037, large 141433662
// Stresses: method calls, arrays of objects, cycle collection
// Needs: classes, collections
// Leaks: no
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const length = typeof SIZE === "number" ? SIZE : 500;
  // Smaller is stronger.
  const REQUIRED = 0;
  const PREFERRED = 2;
  const WEAK = 5;
  const NONE = 9;

  class Variable {
    constructor(name, value) {
      this.name = name;
      this.value = value;
      this.constraints = [];
      this.setBy = null;
      this.strength = NONE; // of what determines this variable
    }
  }

  class Constraint {
    constructor(strength) {
      this.strength = strength;
      this.output = null;
    }
    attach(solver) {
      for (const variable of this.variables()) variable.constraints.push(this);
      solver.incremental(this);
    }
    detach(solver) {
      for (const variable of this.variables()) variable.constraints.splice(variable.constraints.indexOf(this), 1);
      if (this.output) solver.release(this);
    }
    // The weakest variable that this constraint may overwrite, if it is strong enough.
    choose() {
      let best = null;
      for (const variable of this.outputs()) {
        if (variable.strength > this.strength && (best === null || variable.strength > best.strength)) best = variable;
      }
      return best;
    }
    inputStrength() {
      let weakest = this.strength;
      for (const variable of this.variables()) {
        if (variable !== this.output && variable.strength > weakest) weakest = variable.strength;
      }
      return weakest;
    }
  }

  class Stay extends Constraint {
    constructor(variable, strength) {
      super(strength);
      this.variable = variable;
    }
    variables() {
      return [this.variable];
    }
    outputs() {
      return [this.variable];
    }
    execute() {}
  }

  class Edit extends Stay {
    constructor(variable, strength, value) {
      super(variable, strength);
      this.value = value;
    }
    execute() {
      this.variable.value = this.value;
    }
  }

  class Equal extends Constraint {
    constructor(left, right, strength) {
      super(strength);
      this.left = left;
      this.right = right;
    }
    variables() {
      return [this.left, this.right];
    }
    outputs() {
      return [this.left, this.right];
    }
    execute() {
      this.output.value = (this.output === this.left ? this.right : this.left).value;
    }
  }

  class Scale extends Constraint {
    constructor(source, factor, offset, target, strength) {
      super(strength);
      this.source = source;
      this.factor = factor;
      this.offset = offset;
      this.target = target;
    }
    variables() {
      return [this.source, this.factor, this.offset, this.target];
    }
    outputs() {
      return [this.source, this.target];
    }
    execute() {
      const k = this.factor.value;
      const d = this.offset.value;
      if (this.output === this.target) this.target.value = this.source.value * k + d;
      else this.source.value = (this.target.value - d) / k;
    }
  }

  class Solver {
    constructor() {
      this.executed = 0;
    }
    // Adds one constraint; what it overrides looks for another output in turn.
    incremental(constraint) {
      let pending = constraint;
      while (pending) pending = this.satisfy(pending);
    }
    satisfy(constraint) {
      const output = constraint.choose();
      if (output === null) {
        if (constraint.strength === REQUIRED) throw new Error("constraints: a required one cannot be met");
        return null;
      }
      const overridden = output.setBy;
      if (overridden) overridden.output = null;
      constraint.output = output;
      output.setBy = constraint;
      this.propagate(constraint);
      return overridden;
    }
    // Runs a constraint and all that follow from its output, in order.
    propagate(first) {
      const queue = [first];
      for (let at = 0; at < queue.length; at++) {
        const constraint = queue[at];
        const output = constraint.output;
        output.strength = constraint.inputStrength();
        constraint.execute();
        this.executed++;
        for (const next of output.constraints) if (next !== constraint && next.output && next.output !== output) queue.push(next);
      }
    }
    release(constraint) {
      const output = constraint.output;
      constraint.output = null;
      output.setBy = null;
      output.strength = NONE;
      const found = new Set();
      const queue = [output];
      for (let at = 0; at < queue.length; at++) {
        for (const next of queue[at].constraints) {
          if (next.output === null) found.add(next);
          else if (next.output !== queue[at]) {
            next.output.strength = next.inputStrength();
            queue.push(next.output);
          }
        }
      }
      for (const next of [...found].sort((a, b) => a.strength - b.strength)) if (!next.output) this.incremental(next);
    }
    change(variable, value) {
      const edit = new Edit(variable, PREFERRED, value);
      edit.attach(this);
      edit.detach(this);
    }
  }

  let hash = 19;

  // 1. A chain of equalities: a change at one end arrives at the other.
  {
    const solver = new Solver();
    const chain = [];
    for (let i = 0; i <= length; i++) chain.push(new Variable("v" + i, 0));
    new Stay(chain[length], WEAK).attach(solver);
    for (let i = 0; i < length; i++) new Equal(chain[i], chain[i + 1], REQUIRED).attach(solver);
    for (let value = 1; value <= 10; value++) {
      solver.change(chain[0], value);
      if (chain[length].value !== value) throw new Error("constraints: chain end is " + chain[length].value);
      if (chain[length >> 1].value !== value) throw new Error("constraints: chain middle");
    }
    hash = (Math.imul(hash, 31) + solver.executed) | 0;
  }

  // 2. Pairs tied by a scale: solved forwards and backwards.
  {
    const solver = new Solver();
    const factor = new Variable("factor", 10);
    const offset = new Variable("offset", 1000);
    new Stay(factor, PREFERRED - 1).attach(solver);
    new Stay(offset, PREFERRED - 1).attach(solver);
    const pairs = [];
    const count = length >> 2;
    for (let i = 0; i < count; i++) {
      const source = new Variable("src", i);
      const target = new Variable("dst", i);
      new Stay(source, WEAK).attach(solver);
      new Scale(source, factor, offset, target, REQUIRED).attach(solver);
      pairs.push([source, target]);
    }
    for (let i = 0; i < count; i++) if (pairs[i][1].value !== i * 10 + 1000) throw new Error("constraints: projection " + i);
    for (let i = 0; i < count; i++) {
      solver.change(pairs[i][0], 17 + i);
      if (pairs[i][1].value !== (17 + i) * 10 + 1000) throw new Error("constraints: forwards " + i);
      solver.change(pairs[i][1], 1050);
      if (pairs[i][0].value !== 5) throw new Error("constraints: backwards " + pairs[i][0].value);
    }
    hash = (Math.imul(hash, 31) + solver.executed + count) | 0;
  }
  return hash >>> 0;
})();
