// The JSON Schema of the configuration says what the validator says, as far as JSON Schema can.

import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as fields from "../../daemon/config/fields.ts";
import { BoxSchema, SharedSchema } from "../../daemon/config/schema.ts";
import { validate } from "../../daemon/config/validate.ts";
import { toJsonSchema } from "../../daemon/http/json-schema.ts";
import { complaints } from "../support/json-schema-check.ts";
import { damaged, sample } from "../support/json-schema-samples.ts";
import { seeded } from "../support/random.ts";
import { schemaDocument } from "../support/schema-document.ts";

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

describe("a pattern beside a check takes exactly what the check takes", () => {
  const numbers = Array.from({ length: 302 }, (_, n) => String(n));
  const oddNumbers = ["", "00", "01", "007", "+1", "-1", "1e2", "0x1", " 1", "1 ", "\u0661", "１"];
  const parts = [...numbers, ...oddNumbers];
  const addresses = parts.flatMap((part) => [`${part}.2.3.4`, `1.2.3.${part}`, `1.${part}.2.3`]);
  const prefixes = parts.map((part) => `10.0.0.0/${part}`);
  const macs = [0, 1, 2, 5, 6, 7].flatMap((count) =>
    ["0a", "FF", "g0", "0"].flatMap((byte) =>
      [":", "-", "", "."].map((sign) => [byte, count, sign] as const),
    ),
  );
  const hardware = macs.map(([byte, count, sign]) => Array(count).fill(byte).join(sign));
  const bytes = [
    "0x",
    "0x0",
    "0x01",
    "0X0a:0b",
    "0x0a::0b",
    "0x:0a",
    "0x0a:",
    "x",
    "0",
    "a\nb",
    "",
    "0xzz",
  ];
  const long = [254, 255, 256].flatMap((count) => ["a".repeat(count), `0x${"0a".repeat(count)}`]);
  const lines = [
    "1.2.3.4\n",
    "\n1.2.3.4",
    "10.0.0.0/8\n",
    "02:00:5e:10:00:01\n",
    "1.2.3.4.5",
    "1.2.3",
  ];

  test.each([
    ["address", fields.address],
    ["subnet", fields.subnet],
    ["mac", fields.mac],
    ["macPrefix", fields.macPrefix],
    ["textOrHex", fields.textOrHex],
    ["headerText", fields.headerText(127)],
  ])("%s", (_, schema) => {
    const said = toJsonSchema(schema);
    const all = [...addresses, ...prefixes, ...hardware, ...bytes, ...long, ...lines];
    const differing = all.filter(
      (text) => v.is(schema, text) !== (complaints(said, text).length === 0),
    );
    expect(differing).toEqual([]);
    expect(all.filter((text) => v.is(schema, text)).length).toBeGreaterThan(3);
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
