// Records what node accepts of the sources that cover.txt stands for: node cover.mjs cover.txt
import fs from 'node:fs';
import vm from 'node:vm';
const path = process.argv[2];
const lines = fs.readFileSync(path, 'utf8').split('\n');
const elements = [];
const out = [];
const accepts = (source) => {
  try { new vm.Script(source); return true; } catch (error) { return false; }
};
for (const line of lines) {
  if (line.startsWith('element ')) elements.push(line.slice(8));
  if (/^(sloppy|strict) /.test(line)) continue;
  out.push(line);
  if (!line.startsWith('place ')) continue;
  const place = line.slice(6);
  for (const mode of ['sloppy', 'strict']) {
    const bits = elements.map((element) => {
      const source = (mode === 'strict' ? '"use strict"; ' : '') + place.replace('@', () => element);
      return accepts(source) ? '1' : '0';
    });
    out.push(`${mode} ${bits.join('')}`);
  }
}
fs.writeFileSync(path, out.join('\n'));
