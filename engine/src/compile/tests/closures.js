function f() {
  let fs = [];
  for (let i = 0; i < 3; i++) fs.push(() => i);
  for (const v of fs) { let w = v(); fs.push(() => w + v); }
  { function g() { return fs; } }
  return g;
}
