// npm: ajv
import Ajv from "ajv";
const validate = new Ajv({ allErrors: true }).compile({ type: "object", required: ["a"], properties: { a: { type: "integer", minimum: 3 }, b: { type: "array", items: { enum: ["x", "y"] }, uniqueItems: true }, c: { pattern: "^\\p{L}+$" } }, additionalProperties: false });
for (const v of [{ a: 3 }, { a: 1, b: ["x", "x", "q"], z: 0 }, { b: 1 }, { a: 4, c: "été" }]) print(validate(v), JSON.stringify((validate.errors || []).map(e => [e.instancePath, e.keyword, e.message])));
