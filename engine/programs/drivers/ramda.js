// npm: ramda
import * as R from "ramda";
print(JSON.stringify(R.pipe(R.filter(R.both(R.lt(1), R.gt(9))), R.map(R.multiply(3)), R.splitEvery(2))([1, 2, 5, 9, 8])), R.toString(R.assocPath(["a", 0, "b"], 1, {})), R.equals(new Map([[1, [2]]]), new Map([[1, [2]]])));
