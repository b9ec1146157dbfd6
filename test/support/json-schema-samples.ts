// Values that a JSON Schema takes, and values that are nearly so. The keywords are those of json-schema-check.ts.

import type { Schema } from "./json-schema-check.ts";
import { below } from "./random.ts";

export type Random = () => number;

/** What a pattern takes cannot be made of the pattern alone: texts to be tried, besides the examples. */
const TEXTS: readonly string[] = [
  ...["10.77.0.1", "192.168.1.0/24", "02:00:5e:10:00:01", "02:00:5e", "0a0b", "A", "office-2"],
  ...["office.example", "0x0102", "printer", "admin", "12:34", "123 456", "042137"],
  ...[
    "b3a1f0c2d4e5968778695a4b3c2d1e0ff0e1d2c3b4a5968778695a4b3c2d1e0f",
    "a horse and a battery",
    "anna",
  ],
];

const TIMES: readonly string[] = ["2026-05-03T07:12:00Z", "2030-01-31T12:00:00.000Z"];

/** What no schema has in mind. */
export const STRANGE: readonly unknown[] = [
  ...[null, true, false, 0, -1, 0.5, 1e308, 2 ** 53, 4294967296, "", " ", "infinite", "0x", "*"],
  ...[
    "10.77.0.256",
    "10.77.0.0/33",
    "01.2.3.4",
    "\u0000",
    "\ud800",
    "é".repeat(40),
    "a".repeat(300),
  ],
  ...[[], {}, [[]], [null], { constructor: 1 }, JSON.parse('{"__proto__": {"a": 1}}')],
];

/** A value of the schema. `definitions` are what `$ref` names, by its text. */
export function sample(
  schema: Schema,
  random: Random,
  definitions: Readonly<Record<string, Schema>> = {},
): unknown {
  const one = schema as Readonly<{
    $ref?: string;
    const?: unknown;
    enum?: unknown[];
    anyOf?: Schema[];
    examples?: unknown[];
    type?: string | string[];
  }>;
  if (one.$ref !== undefined) return sample(definitions[one.$ref] ?? {}, random, definitions);
  if ("const" in one) return one.const;
  if (one.enum) return pick(one.enum, random);
  if (one.examples && below(random, 2) === 0) return pick(one.examples, random);
  if (one.anyOf) return sample(pick(one.anyOf, random) ?? {}, random, definitions);
  const type = pick([one.type ?? "any"].flat(), random) ?? "any";
  return MAKERS[type]?.(schema as Operands, random, definitions) ?? null;
}

interface Operands {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly examples?: readonly unknown[];
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema | false;
}

type Maker = (
  schema: Operands,
  random: Random,
  definitions: Readonly<Record<string, Schema>>,
) => unknown;

const MAKERS: Readonly<Record<string, Maker>> = {
  any: (_, random) => pick(STRANGE, random),
  null: () => null,
  boolean: (_, random) => below(random, 2) === 0,
  number: numberOf,
  integer: numberOf,
  string: (schema, random) => textOf(schema, random),
  array: ({ items = {}, minItems = 0 }, random, definitions) =>
    Array.from({ length: minItems + below(random, 3) }, () => sample(items, random, definitions)),
  object: objectOf,
};

function numberOf({ minimum = 0, maximum = 2 ** 31, multipleOf = 1 }: Operands, random: Random) {
  const steps = Math.floor((maximum - minimum) / multipleOf);
  const step = pick(
    [0, steps, below(random, steps + 1), below(random, Math.min(steps, 20) + 1)],
    random,
  );
  return minimum + (step ?? 0) * multipleOf;
}

function textOf(
  { pattern, format, examples = [], minLength = 0, maxLength = 1000 }: Operands,
  random: Random,
): unknown {
  const fits = (text: unknown) =>
    pattern === undefined || new RegExp(pattern, "u").test(String(text));
  const texts = [...examples, ...(format === "date-time" ? TIMES : TEXTS)].filter(
    (text) => fits(text) && String(text).length >= minLength && String(text).length <= maxLength,
  );
  return pick(texts, random) ?? "";
}

function objectOf(
  schema: Operands,
  random: Random,
  definitions: Readonly<Record<string, Schema>>,
): unknown {
  const { properties = {}, required = [], propertyNames, additionalProperties } = schema;
  const made: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(properties)) {
    if (required.includes(name) || below(random, 4) === 0)
      made[name] = sample(one, random, definitions);
  }
  if (!additionalProperties) return made;
  for (let left = below(random, 3); left > 0; left--) {
    made[String(textOf((propertyNames ?? {}) as Operands, random))] = sample(
      additionalProperties,
      random,
      definitions,
    );
  }
  return made;
}

/** The value with one part, anywhere in it, replaced, taken away, put in, or changed by a letter. */
export function damaged(value: unknown, random: Random): unknown {
  const root: Holder = { value: structuredClone(value) };
  const places = placesIn(root);
  const [holder, key] = pick(places, random) ?? [root, "value"];
  const old = holder[key];
  const how = below(random, 5);
  if (how === 0 && holder !== root) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  } else if (how === 1 && isHolder(old) && !Array.isArray(old)) {
    old[pick(["colour", "name", "constructor", "", "leaseSecond"], random) ?? ""] = pick(
      STRANGE,
      random,
    );
  } else if (how === 2 && typeof old === "string") {
    const at = below(random, old.length + 1);
    holder[key] =
      old.slice(0, at) + (pick(["", "0", "é", ".", "\n"], random) ?? "") + old.slice(at + 1);
  } else if (how === 3 && typeof old === "number") {
    holder[key] = old + (pick([0.5, 1, -1, 1e6, -1e6], random) ?? 0);
  } else {
    holder[key] = pick(STRANGE, random);
  }
  return root.value;
}

type Holder = Record<string, unknown>;

function placesIn(holder: Holder): [Holder, string][] {
  return Object.keys(holder).flatMap((key): [Holder, string][] => {
    const inner = holder[key];
    return [[holder, key], ...(isHolder(inner) ? placesIn(inner) : [])];
  });
}

function isHolder(value: unknown): value is Holder {
  return typeof value === "object" && value !== null;
}

export function pick<T>(list: readonly T[], random: Random): T | undefined {
  return list[below(random, list.length)];
}
