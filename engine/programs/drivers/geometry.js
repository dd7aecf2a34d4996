// npm: delaunator earcut ml-matrix simple-statistics
import Delaunator from "delaunator"; import earcut from "earcut"; import { Matrix, EigenvalueDecomposition, SingularValueDecomposition } from "ml-matrix"; import * as ss from "simple-statistics";
const p = Array.from({ length: 40 }, (_, i) => i * 7919 % 1009 / 10);
print(new Delaunator(p).triangles.join(), earcut([0, 0, 10, 0, 10, 10, 0, 10, 2, 2, 8, 2, 8, 8, 2, 8], [4]).join());
const m = new Matrix([[2, -1, 0], [-1, 2, -1], [0, -1, 2]]);
print(new EigenvalueDecomposition(m).realEigenvalues.map(x => x.toFixed(9)).join(), new SingularValueDecomposition(m).diagonal.map(x => x.toFixed(9)).join(), ss.linearRegression([[0, 1], [1, 3], [2, 4]]).m, ss.quantile(p, 0.3), ss.ckmeans(p.slice(0, 12), 3).map(c => c.length).join());
