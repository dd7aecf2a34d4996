// events: a tree of components with parent pointers, listeners and bubbling.
//
// Why: user interfaces and servers are graphs of emitters: children know their
//   parents, listeners close over the component that listens to itself. Every
//   discarded screen is one large cycle with closures inside.
// Size: screens shown one after another; small 10, default 150, large 2500
// Result: small 1194481177, default 214945549, large 728945727
// Stresses: cycle collection, closures, parent pointers, method calls
// Needs: classes, collections
// Leaks: no
// Measured: after 2 iterations
globalThis.result = (function () {
  "use strict";
  const screens = typeof SIZE === "number" ? SIZE : 150;

  class Emitter {
    constructor() {
      this.listeners = new Map();
    }
    on(type, listener) {
      let list = this.listeners.get(type);
      if (!list) this.listeners.set(type, (list = []));
      list.push(listener);
      return () => {
        list.splice(list.indexOf(listener), 1);
      };
    }
    emit(type, event) {
      const list = this.listeners.get(type);
      if (list) for (const listener of list) listener.call(this, event);
    }
  }

  class Component extends Emitter {
    constructor(name, parent) {
      super();
      this.name = name;
      this.parent = parent;
      this.children = [];
      this.handled = 0;
      if (parent) parent.children.push(this);
      // The listener holds the component that holds the listener.
      this.on("click", (event) => {
        this.handled++;
        event.path.push(this.name);
      });
    }
    bubble(type, event) {
      for (let at = this; at; at = at.parent) at.emit(type, event);
    }
  }

  class Button extends Component {
    constructor(name, parent, action) {
      super(name, parent);
      this.off = this.on("click", action);
    }
    disable() {
      this.off();
    }
  }

  let clicks = 0;
  let actions = 0;
  let hash = 3;
  let current = null;
  function show(number) {
    const root = new Component("screen" + number, null);
    const buttons = [];
    for (let p = 0; p < 6; p++) {
      const panel = new Component("panel" + p, root);
      for (let b = 0; b < 8; b++) {
        buttons.push(
          new Button("button" + b, panel, () => {
            actions++;
            root.last = p * 8 + b;
          }),
        );
      }
    }
    current = root;
    for (let i = 0; i < buttons.length; i += 5) {
      const event = { path: [], target: buttons[i] };
      buttons[i].bubble("click", event);
      clicks++;
      if (event.path.length !== 3 || event.path[2] !== root.name) throw new Error("events: path " + event.path);
      if (root.last !== i) throw new Error("events: wrong button " + root.last);
      hash = (Math.imul(hash, 31) + event.path.join("/").length + root.last) | 0;
    }
    buttons[0].disable();
    const before = actions;
    buttons[0].bubble("click", { path: [], target: buttons[0] });
    clicks++;
    if (actions !== before) throw new Error("events: a disabled button acts");
    return root;
  }

  for (let i = 0; i < screens; i++) {
    const root = show(i);
    let handled = root.handled;
    if (handled !== 11) throw new Error("events: root handled " + handled);
    for (const panel of root.children) handled += panel.handled;
    hash = (hash + handled) | 0;
  }
  if (current.name !== "screen" + (screens - 1)) throw new Error("events: current screen");
  if (clicks !== screens * 11 || actions !== screens * 10) throw new Error("events: " + clicks + " clicks");
  return hash >>> 0;
})();
