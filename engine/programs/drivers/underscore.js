// npm: underscore
import _ from "underscore";
print(JSON.stringify(_.countBy("hello".split(""), c => c)), _.range(0, 20, 3).join(), _.isEqual([1, [2]], [1, [2]]), JSON.stringify(_.zip([1, 2], [3, 4])));
