// npm: sucrase
import { transform } from "sucrase";
print(transform("import a, { b as c } from \"d\"; interface I { x: number } export default class K<T> { private y?: T; static z = <p q={1}>r</p> } export const e = a?.b ?? c as any;", { transforms: ["typescript", "jsx", "imports"] }).code);
