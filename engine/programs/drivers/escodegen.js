// npm: escodegen acorn
import escodegen from "escodegen"; import { parse } from "acorn";
print(escodegen.generate(parse("if(a){b(c=>c**2)}else for(const [x,y=1] of z)class_:while(1)break class_;var s=`t${1}`,r=/x\\/y/g", { ecmaVersion: 2022 }), { comment: true }));
