// leak_native: cycles that pass through a value the host keeps alive.
//
// Why: a host object that holds a script value counts as a reference from
//   outside. When that value can reach the host object again, the cycle is
//   invisible to a cycle collector and stays for ever. The host function
//   `__native(value)` returns a new host object that keeps `value` alive for as
//   long as the object itself lives, and does not tell the collector about it.
//   Without that function a plain object stands in, and nothing leaks.
// Size: handles made; small 100, default 60000, large 600000
// Result: small 2946057887, default 850286813, large 3217273741
// Stresses: host objects, heap growth, cycle collection
// Needs: native-handle
// Leaks: yes
// Measured: cold
globalThis.result = (function () {
  "use strict";
  const handles = typeof SIZE === "number" ? SIZE : 60000;
  const hold = typeof __native === "function" ? __native : (value) => ({ held: value });

  function open(id) {
    const file = { id: id, name: "file" + id, onClose: null, handle: null };
    // The callback closes over the file; the host object keeps the callback.
    file.onClose = () => file.name;
    file.handle = hold(file.onClose);
    return file;
  }

  let hash = 13;
  for (let i = 0; i < handles; i++) {
    const file = open(i);
    if (file.handle === null || typeof file.handle !== "object") throw new Error("leak_native: no handle");
    const name = file.onClose();
    if (name !== "file" + i) throw new Error("leak_native: " + name);
    // Every fourth file is closed properly: the cycle is cut.
    if (i % 4 === 0) file.handle = null;
    hash = (Math.imul(hash, 31) + name.length + file.id) | 0;
  }
  return hash >>> 0;
})();
