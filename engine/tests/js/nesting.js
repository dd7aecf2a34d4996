// Nesting that programs made by programs have parses on the default stack; what is too deep is an error to catch.
const nested = {
  parentheses: (n) => '('.repeat(n) + '1' + ')'.repeat(n),
  arrays: (n) => '['.repeat(n) + ']'.repeat(n),
  objects: (n) => 'x={a:' + '{a:'.repeat(n) + '1' + '}'.repeat(n) + '}',
  calls: (n) => 'f('.repeat(n) + '0' + ')'.repeat(n),
  elements: (n) => 'o['.repeat(n) + '0' + ']'.repeat(n),
  unary: (n) => '!'.repeat(n) + '1',
  blocks: (n) => '{'.repeat(n) + '}'.repeat(n),
  templates: (n) => '`${'.repeat(n) + '1' + '}`'.repeat(n),
  conditions: (n) => '1?'.repeat(n) + '1' + ':0'.repeat(n),
  alternatives: (n) => '1?1:'.repeat(n) + '0',
  patterns: (n) => '['.repeat(n) + 'x' + ']'.repeat(n) + '=v',
  assignments: (n) => 'x='.repeat(n) + '1',
  'else if': (n) => 'if(0){}else '.repeat(n) + '{}',
  'if else': (n) => 'if(0){}else{'.repeat(n) + '}'.repeat(n),
  members: (n) => 'x=o' + '.a'.repeat(n),
  sums: (n) => '1+'.repeat(n) + '1',
  arrows: (n) => 'x=' + '()=>'.repeat(n) + '1',
};
const functions = {
  functions: (n) => '(function(){return '.repeat(n) + '1' + '})'.repeat(n),
  declarations: (n) => 'function f(){'.repeat(n) + '}'.repeat(n),
  methods: (n) => '({m(){return '.repeat(n) + '1' + '}})'.repeat(n),
  classes: (n) => '(class{m(){return '.repeat(n) + '1' + '}})'.repeat(n),
};
const parses = (text) => { try { (0, eval)('throw 7;' + text); } catch (e) { return e === 7 || e.name + ': ' + e.message; } };
for (const name in nested) print(name, parses(nested[name](1000)));
for (const name in functions) print(name, parses(functions[name](300)));
for (const name of ['parentheses', 'arrays', 'calls', 'templates', 'patterns']) print(name, parses(nested[name](1e6)));
print(parses('1'));
