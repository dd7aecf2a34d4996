// Subclasses of built-in constructors.
class MyArray extends Array {
  sum() { return this.reduce((a, b) => a + b, 0); }
}
const a = MyArray.from([1, 2, 3]);
print(a instanceof MyArray, a.length, a.sum(), a.map((x) => x * 2).sum(), a.filter((x) => x > 1) instanceof MyArray, a.concat([4]).length);
a[5] = 1; print(a.length); a.length = 2; print(a.join());
print(Array.isArray(a), JSON.stringify(a), MyArray.of(7).sum(), new MyArray(3).length);
class NoSpecies extends Array { static get [Symbol.species]() { return Array; } }
print(new NoSpecies(1, 2).map((x) => x) instanceof NoSpecies);
class MyError extends TypeError { constructor(m, code) { super(m); this.code = code; } get name() { return "MyError"; } }
const e = new MyError("bad", 7);
print(e instanceof TypeError, e instanceof Error, String(e), e.code, Object.prototype.toString.call(e), Object.keys(e).join(), typeof e.stack);
class MyMap extends Map { get(k) { return super.get(k) ?? "none"; } }
const m = new MyMap([["a", 1]]);
print(m.get("a"), m.get("b"), m.size, Object.prototype.toString.call(m));
class MyPromise extends Promise { tag() { return "tagged"; } }
print(MyPromise.resolve(1).tag(), MyPromise.resolve(1).then((x) => x) instanceof MyPromise, MyPromise.all([]) instanceof MyPromise);
class MyFn extends Function { twice(...x) { return this(...x) + this(...x); } }
print(new MyFn("x", "return x + 1").twice(3));
class MyNum extends Number { double() { return this * 2; } }
print(new MyNum(4).double(), new MyNum(4) + 1, typeof new MyNum(1));
class MyStr extends String { shout() { return this.toUpperCase() + "!"; } }
print(new MyStr("hey").shout(), new MyStr("hey").length, new MyStr("hey")[1]);
class MySet extends Set { constructor(it) { super(it); this.extra = 1; } add(x) { return super.add(x * 2); } }
print([...new MySet([1, 2])].join(), new MySet().extra);
class MyBool extends Boolean {}
print(new MyBool(false) ? "truthy" : "falsy", new MyBool(false).valueOf());
class MyTyped extends Uint8Array { sum() { return this.reduce((x, y) => x + y); } }
print(MyTyped.of(1, 2, 3).sum(), new MyTyped(4).subarray(1) instanceof MyTyped, MyTyped.BYTES_PER_ELEMENT);
class MyDate extends Date { year() { return this.getUTCFullYear(); } }
print(new MyDate(0).year());
class MyObj extends Object { constructor() { super(1, 2); this.a = 1; } }
print(JSON.stringify(new MyObj()), new MyObj() instanceof MyObj);
function Old(x) { this.x = x; }
Old.prototype.get = function () { return this.x; };
class New extends Old { get() { return "new " + super.get(); } }
print(new New(5).get());
print(Reflect.construct(Array, [3], MyArray) instanceof MyArray, Reflect.construct(Error, ["x"], Array) instanceof Array);
