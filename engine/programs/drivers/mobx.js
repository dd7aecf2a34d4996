// npm: mobx
import { observable, computed, autorun, action, makeAutoObservable, configure } from "mobx";
class T { list = [1]; get sum() { return this.list.reduce((a, b) => a + b, 0) } constructor() { makeAutoObservable(this) } add(n) { this.list.push(n) } }
const t = new T(); autorun(() => print("sum", t.sum)); t.add(5); t.add(7); const m = observable.map({ a: 1 }); autorun(() => print([...m.keys()].join())); action(() => { m.set("b", 2); m.delete("a") })();
