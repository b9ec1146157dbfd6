// The JSON Schema of the configuration says what the validator says, as far as JSON Schema can.

import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { BoxSchema, SharedSchema } from "../../daemon/config/schema.ts";
import { validate } from "../../daemon/config/validate.ts";
import { toJsonSchema } from "../../daemon/http/json-schema.ts";
import { schemaDocument } from "../../daemon/schema-documents.ts";
import { complaints } from "../support/json-schema-check.ts";
import { damaged, sample } from "../support/json-schema-samples.ts";
import { seeded } from "../support/random.ts";

const COUNT = Number(process.env.FUZZ ?? 1500);
const SEED = Number(process.env.SEED ?? 20261201);

describe.each([
  ["config.json", SharedSchema],
  ["box.json", BoxSchema],
] as const)("%s", (file, schema) => {
  const document = schemaDocument(file);
  const reasonsOf = (value: unknown) => {
    const result = validate(schema, file, value);
    return "issues" in result ? result.issues.map(({ path, reason }) => `${path} ${reason}`) : [];
  };

  test(`${COUNT} files of the schema are taken by both, seed ${SEED}`, () => {
    const random = seeded(SEED);
    for (let i = 0; i < COUNT; i++) {
      const value = sample(document, random);
      expect(complaints(document, value), `file ${i}`).toEqual([]);
      const others = reasonsOf(value).filter((reason) => !isUnsayable(reason));
      expect(others, `file ${i}`).toEqual([]);
    }
  });

  test(`${COUNT} files with one fault are taken or refused by both, seed ${SEED}`, () => {
    const random = seeded(SEED + 1);
    const seen = { taken: 0, refused: 0, unsayable: 0 };
    for (let i = 0; i < COUNT; i++) {
      const value = damaged(sample(document, random), random);
      const reasons = reasonsOf(value);
      const sayable = reasons.filter((reason) => !isUnsayable(reason));
      const found = complaints(document, value);
      const kind = sayable.length > 0 ? "refused" : reasons.length > 0 ? "unsayable" : "taken";
      seen[kind]++;
      // Never refused: what the validator takes. Refused as well: what it refuses for a reason that can be said.
      if (kind === "taken") expect(found, JSON.stringify(value)).toEqual([]);
      if (kind === "refused") expect(found.length, JSON.stringify(reasons)).toBeGreaterThan(0);
    }
    expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(COUNT / 20);
    expect(seen.unsayable).toBeLessThan(COUNT / 20);
  });
});

/** Lengths in bytes and halves of characters: JSON Schema counts characters. */
function isUnsayable(reason: string): boolean {
  return /must be 1 to [0-9]+ bytes of text/.test(reason);
}

describe("a schema of an API", () => {
  test("has its words in JSON Schema", () => {
    const schema = v.strictObject({
      name: v.pipe(v.string(), v.minLength(1), v.maxLength(32), v.title("Name of user")),
      tags: v.optional(v.pipe(v.array(v.pipe(v.string(), v.regex(/^[a-z]+$/))), v.maxLength(3))),
      until: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0))),
      note: v.nullish(v.string(), ""),
      kind: v.optional(v.nullable(v.picklist(["a", "b"]))),
    });
    expect(toJsonSchema(schema)).toEqual({
      type: "object",
      properties: {
        name: { type: "string", minLength: 1, maxLength: 32, title: "Name of user" },
        tags: { type: "array", items: { type: "string", pattern: "^[a-z]+$" }, maxItems: 3 },
        until: { type: ["integer", "null"], minimum: 0 },
        note: { type: ["string", "null"], default: "" },
        kind: { anyOf: [{ enum: ["a", "b"] }, { type: "null" }] },
      },
      required: ["name", "until"],
      additionalProperties: false,
    });
  });

  test("is of what comes in, not of what is made of it", () => {
    const infinite = v.pipe(
      v.literal("infinite"),
      v.transform(() => 7),
      v.maxValue(9),
    );
    expect(toJsonSchema(v.union([v.number(), infinite]))).toEqual({
      anyOf: [{ type: "number" }, { const: "infinite" }],
    });
  });

  test.each([
    ["a pattern with flags", v.pipe(v.string(), v.regex(/a/i)), "/a/i has flags"],
    ["a date", v.strictObject({ at: v.array(v.date()) }), '"at[]" is a date'],
    ["an action of no use here", v.pipe(v.string(), v.ulid()), "has ulid"],
  ])("with %s is refused, saying where", (_, schema, reason) => {
    expect(() => toJsonSchema(schema)).toThrow(reason);
  });
});

test("the checker of these tests lets nothing pass that it does not know", () => {
  expect(() => complaints({ contains: {} }, 1)).toThrow("contains");
  expect(complaints({ type: ["string", "null"], maxLength: 1 }, null)).toEqual([]);
  expect(complaints({ items: { multipleOf: 10 } }, [10, 15])).toEqual(["1/multipleOf: 15"]);
});
