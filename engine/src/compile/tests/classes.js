class A { #x = 1; static #n = 0; y; ['z' + 1] = this.y; static { A.#n++; } get x() { return this.#x; } set x(v) { this.#x = v; }
  #m() { return #x in this; } static s() { return super.toString(); } }
class B extends A { constructor(a) { super(a); this.b = () => super.x; } }
let C = class extends B { async *gen() {} };
