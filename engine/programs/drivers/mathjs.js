// npm: mathjs
import { evaluate, parse, derivative, simplify, format, matrix, inv, complex, sqrt, unit, fraction } from "mathjs";
print(String(evaluate("sqrt(-4) + 2^3 * sin(pi/2)")), String(derivative("x^3 + sin(2x)", "x")), String(simplify("2x + 3x - y*0")));
print(format(inv([[1, 2], [3, 4]]), 6), String(evaluate("5 cm + 2 inch to mm")), String(fraction(0.125)), parse("a + b * 2").toTex());
