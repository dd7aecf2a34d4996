// npm: fuse.js lunr minisearch
import Fuse from "fuse.js"; import lunr from "lunr"; import MiniSearch from "minisearch";
const docs = ["red apple pie", "green apple", "blue sky and red sun", "pâté in croute"].map((t, id) => ({ id, t }));
print(JSON.stringify(new Fuse(docs, { keys: ["t"], includeScore: true }).search("aple").map(r => [r.item.id, r.score.toFixed(6)]))); const ix = lunr(function () { this.ref("id"); this.field("t"); docs.forEach(d => this.add(d)) }); print(JSON.stringify(ix.search("red apple~1 -sky").map(r => [r.ref, r.score.toFixed(6)]))); const ms = new MiniSearch({ fields: ["t"] }); ms.addAll(docs); print(JSON.stringify(ms.search("appel red", { fuzzy: 0.3 }).map(r => [r.id, r.score.toFixed(6)])));
