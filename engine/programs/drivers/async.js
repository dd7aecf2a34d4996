// npm: async
import async from "async";
async.mapLimit([3, 1, 2], 2, async x => x * 2).then(r => print("map", r.join())); async.waterfall([cb => cb(null, 1), (x, cb) => cb(null, x + 1)], (e, r) => print("waterfall", r)); async.auto({ a: async () => 1, b: ["a", async r => r.a + 1] }).then(r => print("auto", JSON.stringify(r)));
