// npm: diff
import { diffChars, diffLines, createPatch, applyPatch, diffWords } from "diff";
print(JSON.stringify(diffChars("kitten sitting", "sitting kitten").map(p => [p.added ? "+" : p.removed ? "-" : "=", p.value]))); const patch = createPatch("f", "a\nb\nc\nd\n", "a\nB\nc\ne\nd\n"); print(patch, applyPatch("a\nb\nc\nd\n", patch), diffWords("the été sun", "the sun set").length);
