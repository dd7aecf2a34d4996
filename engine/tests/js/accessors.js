// Getters and setters: on objects, classes and prototypes; receivers; strict failures.
const log = [];
const o = { _v: 1, get v() { log.push("get"); return this._v; }, set v(x) { log.push("set " + x); this._v = x; } };
o.v += 5; o.v++; --o.v; o.v ||= 9; o.v &&= 7; o.v ??= 1;
print(o.v, log.join());
const child = Object.create(o);
child.v = 50;
print(child._v, o._v, Object.keys(child).join(), child.v);
const ro = { get r() { return 1; } };
ro.r = 2; print(ro.r);
(function () { "use strict"; try { ro.r = 2; } catch (e) { print(e.name); } })();
const wo = { set w(x) { } }; print(wo.w);
print(Reflect.get(o, "v", { _v: "receiver" }), Reflect.set(o, "v", 3, child), child._v);
Object.defineProperty(Number.prototype, "me", { get() { "use strict"; return typeof this; }, configurable: true });
print((5).me); delete Number.prototype.me;
Object.defineProperty(Number.prototype, "me", { get() { return typeof this; }, configurable: true });
print((5).me); delete Number.prototype.me;
const both = { get a() { return 1; }, a: 2 }; print(both.a);
const both2 = { a: 2, get a() { return 1; } }; print(both2.a);
const merged = { get a() { return 1; }, set a(x) { } }; const d = Object.getOwnPropertyDescriptor(merged, "a"); print(typeof d.get, typeof d.set, d.enumerable, d.configurable);
print(d.get.name, d.set.name, d.get.length, d.set.length, "prototype" in d.get);
const k = "dyn"; const comp = { get [k + 1]() { return "dyn1"; }, set [k + 1](x) { }, get 5() { return "five"; }, get "a b"() { return "ab"; } }; print(comp.dyn1, comp[5], comp["a b"]);
const names = { get: 1, set: 2, async: 3, static: 4, get get() { return "gg"; }, async async() { } }; print(names.get, names.set, typeof names.async, names.static);
o.__defineGetter__("old", () => "legacy"); print(o.old, typeof o.__lookupGetter__("old"), o.__lookupSetter__("old"));
// A getter on a prototype that replaces itself by a value.
class Lazy { get big() { log.push("computed"); Object.defineProperty(this, "big", { value: 42 }); return 42; } }
const lz = new Lazy(); log.length = 0; print(lz.big, lz.big, log.length);
// A property turned into an accessor and back while code has seen both.
function read(x) { return x.p; }
const t = { p: "data" }; print(read(t), read(t));
Object.defineProperty(t, "p", { get: () => "getter" }); print(read(t));
Object.defineProperty(t, "p", { value: "data again" }); print(read(t));
const proto = { p: "on proto" }; const inst = Object.create(proto); print(read(inst)); proto.p = "changed"; print(read(inst)); delete proto.p; print(read(inst)); inst.p = "own"; print(read(inst)); Object.setPrototypeOf(inst, null); delete inst.p; print(read(inst));
Object.defineProperty(Object.prototype, "everywhere", { get() { return "seen"; }, configurable: true }); print((1).everywhere, [].everywhere, print.everywhere); delete Object.prototype.everywhere; print([].everywhere);
const arr = [1, 2, 3]; Object.defineProperty(arr, 1, { get() { return "elem"; }, enumerable: true, configurable: true }); print(arr.join(), arr.map((x) => x).join(), arr.length); arr[1] = 5; print(arr[1]);
const thrower = { get x() { throw new Error("from getter"); } }; try { thrower.x; } catch (e) { print(e.message); } try { ({ ...thrower }); } catch (e) { print(e.message); }
const { v: destructured } = o; print(destructured);
print(JSON.stringify({ get j() { return [1]; } }), Object.values({ get j() { return "val"; } }).join(), Object.assign({}, { get z() { return "copied"; } }).z);
var superGet = { __proto__: { get who() { return "proto of " + this.me; } }, me: "me", get who() { return super.who + "!"; } }; print(superGet.who);
print(typeof Object.getOwnPropertyDescriptor(Object.prototype, "__proto__").get, ({}).__proto__ === Object.prototype, ({ __proto__: null }) instanceof Object, ({ "__proto__": Array.prototype }).length, Object.keys({ ["__proto__"]: 1 }).join(), (() => { var __proto__ = 1; return Object.keys({ __proto__ }).join(); })());
