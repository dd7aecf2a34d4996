// npm: chai
import { expect, assert } from "chai";
expect([1, { a: 2 }]).to.deep.equal([1, { a: 2 }]); assert.throws(() => { throw new TypeError("x") }, TypeError);
for (const f of [() => expect({ a: 1, b: [2] }).to.deep.equal({ a: 1, b: [3] }), () => expect("abc").to.match(/x/), () => expect(5).to.be.within(6, 9), () => expect(new Map([[1, 2]])).to.have.key(3)]) try { f(); print("passed"); } catch (e) { print(e.name, e.message); }
