// npm: stylis
import { compile, serialize, stringify, middleware, prefixer } from "stylis";
print(serialize(compile("a{&:hover{display:flex;b &{c:d}}@media x{user-select:none}}"), middleware([prefixer, stringify])));
