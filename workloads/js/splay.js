// splay: a self-adjusting search tree, large and long-lived, with steady churn.
//
// Why: a big heap that survives while a little of it is replaced all the time
//   is where a collector that looks at everything loses: each full collection
//   scans the whole tree and frees next to nothing.
// Size: nodes kept in the tree; small 100, default 3500, large 40000
// Result: small 4064336497, default 587654081, large 329603368
// Stresses: large live heap, futile collections, pauses
// Needs: classes
// Leaks: no
// Measured: cold, by default
globalThis.result = (function () {
  "use strict";
  const nodes = typeof SIZE === "number" ? SIZE : 3500;
  const PAYLOAD_DEPTH = 3;
  const CHURN = 3;

  let seed = 49734321;
  function random() {
    // Robert Jenkins' style of integer mixing, reduced to xor-shift-multiply.
    seed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d);
    seed = (seed + 0x297a2d39) | 0;
    return (seed ^ (seed >>> 12)) >>> 0;
  }

  function payload(depth, tag) {
    if (depth === 0) return { list: [0, 1, 2, 3, tag], text: "leaf of " + tag };
    return { left: payload(depth - 1, tag), right: payload(depth - 1, tag) };
  }

  class Node {
    constructor(key, value) {
      this.key = key;
      this.value = value;
      this.left = null;
      this.right = null;
    }
  }

  // Top-down splaying: the path is split into a left and a right tree as the
  // search goes down, and joined under the last node reached.
  class SplayTree {
    constructor() {
      this.root = null;
      this.size = 0;
    }
    splay(key) {
      if (!this.root) return;
      const header = new Node(0, null);
      let left = header;
      let right = header;
      let top = this.root;
      for (;;) {
        if (key < top.key) {
          if (!top.left) break;
          if (key < top.left.key) {
            const child = top.left;
            top.left = child.right;
            child.right = top;
            top = child;
            if (!top.left) break;
          }
          right.left = top;
          right = top;
          top = top.left;
        } else if (key > top.key) {
          if (!top.right) break;
          if (key > top.right.key) {
            const child = top.right;
            top.right = child.left;
            child.left = top;
            top = child;
            if (!top.right) break;
          }
          left.right = top;
          left = top;
          top = top.right;
        } else {
          break;
        }
      }
      left.right = top.left;
      right.left = top.right;
      top.left = header.right;
      top.right = header.left;
      this.root = top;
    }
    insert(key, value) {
      if (this.root) {
        this.splay(key);
        if (this.root.key === key) return false;
      }
      const node = new Node(key, value);
      if (this.root) {
        if (key > this.root.key) {
          node.left = this.root;
          node.right = this.root.right;
          this.root.right = null;
        } else {
          node.right = this.root;
          node.left = this.root.left;
          this.root.left = null;
        }
      }
      this.root = node;
      this.size++;
      return true;
    }
    remove(key) {
      this.splay(key);
      if (!this.root || this.root.key !== key) throw new Error("splay: no key " + key);
      const gone = this.root;
      if (!gone.left) {
        this.root = gone.right;
      } else {
        const right = gone.right;
        this.root = gone.left;
        this.splay(key);
        this.root.right = right;
      }
      this.size--;
      return gone;
    }
    greatestBelow(key) {
      this.splay(key);
      if (this.root && this.root.key < key) return this.root;
      let node = this.root && this.root.left;
      while (node && node.right) node = node.right;
      return node;
    }
  }

  const tree = new SplayTree();
  function insertNew() {
    let key;
    do key = random(); while (!tree.insert(key, null));
    tree.root.value = payload(PAYLOAD_DEPTH, key % 1000);
    return key;
  }

  for (let i = 0; i < nodes; i++) insertNew();
  for (let i = 0; i < nodes * CHURN; i++) {
    const key = insertNew();
    const below = tree.greatestBelow(key);
    tree.remove(below ? below.key : key);
  }

  // In-order walk with a stack of our own: keys must ascend.
  let count = 0;
  let hash = 17;
  let last = -1;
  const stack = [];
  let node = tree.root;
  while (node || stack.length) {
    while (node) {
      stack.push(node);
      node = node.left;
    }
    node = stack.pop();
    if (node.key <= last) throw new Error("splay: keys out of order");
    last = node.key;
    hash = (Math.imul(hash, 31) + (node.key | 0)) | 0;
    if (node.value.left.right.left.list[4] !== node.key % 1000) throw new Error("splay: payload lost");
    count++;
    node = node.right;
  }
  if (count !== nodes || tree.size !== nodes) throw new Error("splay: " + count + " nodes left");
  return hash >>> 0;
})();
