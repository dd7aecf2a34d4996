// raytracer: spheres over a checkered floor, with shadows and reflections.
//
// Why: a program of small vector objects and float arithmetic: doubles in
//   object slots, several short-lived objects for each arithmetic step.
// Size: side of the square picture; small 10, default 70, large 300
// Result: small 83941809, default 2722153883, large 1237227422
// Stresses: float arithmetic, object allocation, method calls
// Needs: classes
// Leaks: no
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const side = typeof SIZE === "number" ? SIZE : 70;

  class Vec {
    constructor(x, y, z) {
      this.x = x;
      this.y = y;
      this.z = z;
    }
    add(o) {
      return new Vec(this.x + o.x, this.y + o.y, this.z + o.z);
    }
    sub(o) {
      return new Vec(this.x - o.x, this.y - o.y, this.z - o.z);
    }
    scale(k) {
      return new Vec(this.x * k, this.y * k, this.z * k);
    }
    dot(o) {
      return this.x * o.x + this.y * o.y + this.z * o.z;
    }
    unit() {
      return this.scale(1 / Math.sqrt(this.dot(this)));
    }
    mirror(normal) {
      return this.sub(normal.scale(2 * this.dot(normal)));
    }
  }

  class Sphere {
    constructor(center, radius, color, shine) {
      this.center = center;
      this.radius = radius;
      this.color = color;
      this.shine = shine;
    }
    hit(origin, direction) {
      const to = this.center.sub(origin);
      const along = to.dot(direction);
      const gap = this.radius * this.radius - (to.dot(to) - along * along);
      if (gap < 0) return Infinity;
      const half = Math.sqrt(gap);
      if (along - half > 1e-6) return along - half;
      return along + half > 1e-6 ? along + half : Infinity;
    }
    normal(point) {
      return point.sub(this.center).unit();
    }
    colorAt() {
      return this.color;
    }
  }

  class Floor {
    constructor(height, light, dark) {
      this.height = height;
      this.light = light;
      this.dark = dark;
      this.shine = 0.1;
    }
    hit(origin, direction) {
      if (direction.y > -1e-6) return Infinity;
      const t = (this.height - origin.y) / direction.y;
      return t > 1e-6 ? t : Infinity;
    }
    normal() {
      return new Vec(0, 1, 0);
    }
    colorAt(point) {
      return (Math.floor(point.x) + Math.floor(point.z)) & 1 ? this.light : this.dark;
    }
  }

  const things = [new Floor(-1, new Vec(0.9, 0.9, 0.8), new Vec(0.1, 0.1, 0.2))];
  for (let i = 0; i < 5; i++) {
    const color = new Vec(0.2 + i * 0.15, 0.9 - i * 0.15, 0.5);
    things.push(new Sphere(new Vec(i * 1.1 - 2.2, (i % 2) * 0.7 - 0.4, 4 + (i % 3)), 0.6, color, 0.3));
  }
  const light = new Vec(4, 6, -2);
  const SKY = new Vec(0.4, 0.6, 0.9);
  let rays = 0;

  function nearest(origin, direction) {
    rays++;
    let best = null;
    let distance = Infinity;
    for (const thing of things) {
      const t = thing.hit(origin, direction);
      if (t < distance) {
        distance = t;
        best = thing;
      }
    }
    return best ? { thing: best, distance: distance } : null;
  }

  function trace(origin, direction, depth) {
    const found = nearest(origin, direction);
    if (!found) return SKY;
    const point = origin.add(direction.scale(found.distance));
    const normal = found.thing.normal(point);
    const toLight = light.sub(point);
    const shadow = nearest(point, toLight.unit());
    const lit = shadow === null || shadow.distance * shadow.distance > toLight.dot(toLight);
    const strength = 0.2 + (lit ? 0.8 * Math.max(0, normal.dot(toLight.unit())) : 0);
    let color = found.thing.colorAt(point).scale(strength);
    if (depth > 0) {
      const seen = trace(point, direction.mirror(normal).unit(), depth - 1);
      color = color.scale(1 - found.thing.shine).add(seen.scale(found.thing.shine));
    }
    return color;
  }

  const eye = new Vec(0, 0.5, -3);
  let hash = 23;
  let sky = 0;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const color = trace(eye, new Vec((x - side / 2) / side, (side / 2 - y) / side, 1).unit(), 3);
      if (!(color.x >= 0 && color.x <= 1 && color.y >= 0 && color.y <= 1)) throw new Error("raytracer: color out of range");
      if (color === SKY) sky++;
      // Seven bits a channel: rounding differences of the last digit do not show.
      hash = (Math.imul(hash, 31) + Math.round(color.x * 127) * 16384 + Math.round(color.y * 127) * 128 + Math.round(color.z * 127)) | 0;
    }
  }
  if (sky === 0 || sky === side * side || rays < side * side) throw new Error("raytracer: " + sky + " pixels of sky");
  return hash >>> 0;
})();
