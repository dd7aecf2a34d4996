// npm: chroma-js tinycolor2 color-convert
import chroma from "chroma-js"; import tiny from "tinycolor2"; import convert from "color-convert";
print(chroma.scale(["yellow", "#008"]).mode("lab").colors(5).join(), chroma("teal").darken(1.3).hex(), chroma.contrast("pink", "hotpink").toFixed(5), tiny("hsl(120, 50%, 30%)").complement().toHexString(), tiny.mostReadable("#a00", ["#fff", "#123"]).toHexString(), convert.rgb.lab(12, 200, 90).join(), convert.hsl.cmyk(200, 40, 60).join());
