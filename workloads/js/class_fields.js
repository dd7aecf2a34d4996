// class_fields: private fields, accessors, statics and deep inheritance.
//
// Why: modern class code leans on private names and super calls; each field is
//   initialised by its own code, and each level adds to the object's layout.
// Size: accounts; small 100, default 10000, large 100000
// Result: small 597146945, default 3499444436, large 1005583800
// Stresses: private fields, inheritance, accessors, object layout
// Needs: classes
// Leaks: no
// Measured: cold, by default
globalThis.result = (function () {
  "use strict";
  const accounts = typeof SIZE === "number" ? SIZE : 10000;

  class Entity {
    static #count = 0;
    #id = ++Entity.#count;
    kind = "entity";
    get id() {
      return this.#id;
    }
    static get count() {
      return Entity.#count;
    }
    static isEntity(x) {
      return #id in x;
    }
    describe() {
      return this.kind + "#" + this.#id;
    }
  }

  class Account extends Entity {
    #balance = 0;
    #history = [];
    kind = "account";
    limit = this.kind.length * 100;
    get balance() {
      return this.#balance;
    }
    set balance(value) {
      if (value < -this.limit) throw new RangeError("limit");
      this.#history.push(value - this.#balance);
      this.#balance = value;
    }
    #audit() {
      let sum = 0;
      for (const change of this.#history) sum += change;
      return sum === this.#balance;
    }
    audit() {
      return this.#audit();
    }
    describe() {
      return super.describe() + "=" + this.#balance;
    }
  }

  class Savings extends Account {
    static rate = 3;
    static {
      Savings.bonus = Savings.rate * 2;
    }
    kind = "savings";
    addInterest() {
      if (this.balance > 0) this.balance += Math.trunc((this.balance * Savings.rate) / 100) + Savings.bonus;
      return this;
    }
    describe() {
      return "[" + super.describe() + "]";
    }
  }

  let seed = 1234567;
  function random(limit) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    return (seed >>> 11) % limit;
  }

  const all = [];
  for (let i = 0; i < accounts; i++) all.push(i % 3 === 0 ? new Savings() : new Account());
  let refused = 0;
  for (let i = 0; i < accounts * 4; i++) {
    const account = all[random(accounts)];
    try {
      account.balance += random(2000) - 900;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      refused++;
    }
    if (account instanceof Savings) account.addInterest();
  }

  let hash = 59;
  for (const account of all) {
    if (!account.audit()) throw new Error("class_fields: audit of " + account.describe());
    if (!Entity.isEntity(account) || Entity.isEntity({})) throw new Error("class_fields: brand");
    const text = account.describe();
    hash = (Math.imul(hash, 31) + account.balance + text.length) | 0;
  }
  if (Entity.count !== accounts || all[accounts - 1].id !== accounts) throw new Error("class_fields: count " + Entity.count);
  if (all[0].limit !== 700 || all[0].kind !== "savings") throw new Error("class_fields: order of fields");
  return (hash ^ refused) >>> 0;
})();
