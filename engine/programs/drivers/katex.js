// npm: katex
import katex from "katex";
print(katex.renderToString("\\frac{a}{\\sqrt{b_1^2}} + \\sum_{i=0}^n \\alpha_i \\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}")); try { katex.renderToString("\\frac{"); } catch (e) { print(e.name, e.message); }
