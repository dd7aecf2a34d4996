// npm: d3-array d3-scale d3-shape d3-format d3-hierarchy d3-interpolate
import * as A from "d3-array"; import { scaleLinear, scaleLog, scaleBand } from "d3-scale"; import { line, curveBasis, arc, pie } from "d3-shape"; import { format } from "d3-format"; import { hierarchy, tree, pack } from "d3-hierarchy"; import { interpolateRgb, interpolateString } from "d3-interpolate";
print(A.quantile([3, 1, 2, 9], 0.4), A.ticks(0, 7.3, 5).join(), JSON.stringify([...A.rollup([1, 2, 3], v => v.length, d => d % 2)]));
print(scaleLinear([0, 10], [5, -5])(3), scaleLog().ticks(3).join(), scaleBand(["a", "b"], [0, 100]).bandwidth(), line().curve(curveBasis)([[0, 0], [1, 5], [2, 3], [4, 4]]));
print(format(",.3~s")(1234567), format("+e")(0.00012), arc()({ innerRadius: 1, outerRadius: 2, startAngle: 0, endAngle: 2 }), JSON.stringify(pie()([1, 2, 3]).map(p => p.endAngle)));
const root = hierarchy({ v: 1, children: [{ v: 2 }, { v: 3, children: [{ v: 4 }] }] }).sum(d => d.v); print(JSON.stringify(tree().size([9, 9])(root).descendants().map(n => [n.x, n.y])), pack()(root).r, interpolateRgb("red", "#00f")(0.3), interpolateString("1px 2em", "3px 9em")(0.5));
