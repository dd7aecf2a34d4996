// npm: typescript
import ts from "typescript";
const out = ts.transpileModule("enum E { A, B = 5 }\nclass K<T> { constructor(private x: T, readonly y?: number) {} @dec m(): T { return this.x! } }\nexport const f = async <T,>(x: T) => x ?? null;", { compilerOptions: { target: ts.ScriptTarget.ES2015, module: ts.ModuleKind.CommonJS, experimentalDecorators: true }, reportDiagnostics: true });
print(out.outputText);
print(out.diagnostics.length);
