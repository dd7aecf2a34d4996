// live_graph: a large random graph that stays, searched while results are dropped.
//
// Why: objects that point anywhere in a large heap defeat caches and prefetch;
//   a full collection has to follow every edge. The searches in between make
//   short-lived garbage that triggers collections over it.
// Size: vertices; small 200, default 7000, large 40000
// Result: small 3511574873, default 1195636741, large 2082580329
// Stresses: large live heap, random edges, pauses, Map, Set
// Needs: collections
// Leaks: no
// Measured: cold, by default
globalThis.result = (function () {
  "use strict";
  const size = typeof SIZE === "number" ? SIZE : 7000;
  const DEGREE = 4;
  const SEARCHES = 6;

  let seed = 271828;
  function random(limit) {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) % limit;
  }

  const vertices = [];
  for (let i = 0; i < size; i++) vertices.push({ id: i, edges: [], label: { text: "v" + i, weight: 1 + (i % 9) } });
  for (let i = 0; i < size; i++) {
    const from = vertices[i];
    // A ring makes it connected; the other edges go anywhere.
    from.edges.push({ to: vertices[(i + 1) % size], back: from, cost: 10 });
    for (let k = 1; k < DEGREE; k++) from.edges.push({ to: vertices[random(size)], back: from, cost: 1 + random(20) });
  }

  function breadthFirst(start) {
    const parent = new Map([[start, null]]);
    const queue = [start];
    for (let at = 0; at < queue.length; at++) {
      for (const edge of queue[at].edges) {
        if (!parent.has(edge.to)) {
          parent.set(edge.to, queue[at]);
          queue.push(edge.to);
        }
      }
    }
    return parent;
  }

  // Cheapest paths with a binary heap of small records.
  function cheapest(start) {
    const cost = new Array(size).fill(Infinity);
    const heap = [{ vertex: start, cost: 0 }];
    cost[start.id] = 0;
    while (heap.length > 0) {
      const top = heap[0];
      const last = heap.pop();
      if (heap.length > 0) {
        let i = 0;
        for (;;) {
          let child = 2 * i + 1;
          if (child >= heap.length) break;
          if (child + 1 < heap.length && heap[child + 1].cost < heap[child].cost) child++;
          if (heap[child].cost >= last.cost) break;
          heap[i] = heap[child];
          i = child;
        }
        heap[i] = last;
      }
      if (top.cost > cost[top.vertex.id]) continue;
      for (const edge of top.vertex.edges) {
        const next = top.cost + edge.cost;
        if (next < cost[edge.to.id]) {
          cost[edge.to.id] = next;
          let i = heap.length;
          const entry = { vertex: edge.to, cost: next };
          heap.push(entry);
          while (i > 0) {
            const up = (i - 1) >> 1;
            if (heap[up].cost <= next) break;
            heap[i] = heap[up];
            i = up;
          }
          heap[i] = entry;
        }
      }
    }
    return cost;
  }

  let hash = 43;
  for (let s = 0; s < SEARCHES; s++) {
    const start = vertices[random(size)];
    const parent = breadthFirst(start);
    if (parent.size !== size) throw new Error("live_graph: reached " + parent.size);
    let depth = 0;
    for (let v = vertices[random(size)]; v; v = parent.get(v)) depth++;
    hash = (Math.imul(hash, 31) + depth) | 0;
    if (s % 3 === 0) {
      const cost = cheapest(start);
      // No edge may offer a shorter way than the one found.
      for (const v of vertices) {
        for (const edge of v.edges) {
          if (cost[v.id] + edge.cost < cost[edge.to.id]) throw new Error("live_graph: not cheapest at " + v.id);
        }
        hash = (Math.imul(hash, 31) + cost[v.id]) | 0;
      }
    }
    // Rewire a few edges: a little of the old heap becomes garbage.
    for (let k = 0; k < size >> 4; k++) {
      const v = vertices[random(size)];
      v.edges[1 + random(DEGREE - 1)] = { to: vertices[random(size)], back: v, cost: 1 + random(20) };
    }
  }
  return hash >>> 0;
})();
