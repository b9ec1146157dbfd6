// From a valibot schema to JSON Schema (draft 2020-12) of what it takes. There is a package for it
// (@valibot/to-json-schema, 14 kB): it refuses checks, which most of our formats are, so that what it would leave to be
// written is about what stands here.

import type * as v from "valibot";
import { UNUSABLE_NAMES } from "../base/overlooked.ts";

export type AnySchema = v.GenericSchema;

/** An object of keywords. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Keywords for the setting at a path; a list has `[]` behind its name, and `.*` stands for any name. */
export type Describe = (path: string, shape: JsonSchema) => JsonSchema;

export const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/**
 * Takes at least what the schema takes: checks, which only code can say, are left out, but for the keywords that
 * their metadata has as `jsonSchema`. Throws an Error for what no API or file of ours has a use for.
 */
export function toJsonSchema(schema: v.GenericSchema, describe: Describe = () => ({})): JsonSchema {
  return convert(schema, "", describe);
}

/** The parts that schemas and actions of valibot have; which of them is told by `type`. */
interface Part {
  readonly type: string;
  readonly kind: "schema" | "validation" | "transformation" | "metadata";
  readonly entries?: Readonly<Record<string, Part>>;
  readonly item?: Part;
  readonly key?: Part;
  readonly value?: Part;
  readonly wrapped?: Part;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly default?: unknown;
  readonly pipe?: readonly Part[];
  readonly requirement?: unknown;
  readonly title?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly metadata?: Readonly<Record<string, unknown>>;
}

type Convert = (part: Part, path: string, describe: Describe) => JsonSchema;

/** Schemas that may be left out of an object. */
const LEAVABLE = ["optional", "exact_optional", "nullish"];

const SCHEMAS: Readonly<Record<string, Convert>> = {
  string: () => ({ type: "string" }),
  number: () => ({ type: "number" }),
  boolean: () => ({ type: "boolean" }),
  null: () => ({ type: "null" }),
  unknown: () => ({}),
  any: () => ({}),
  literal: ({ literal }) => ({ const: literal }),
  picklist: ({ options }) => ({ enum: options }),
  array: ({ item }, path, describe) => ({
    type: "array",
    items: convert(item, `${path}[]`, describe),
  }),
  strict_object: (part, path, describe) => ({
    ...objectOf(part, path, describe),
    additionalProperties: false,
  }),
  object: objectOf,
  record: ({ key, value }, path, describe) => ({
    type: "object",
    propertyNames: {
      ...withoutType(convert(key, path, () => ({}))),
      not: { enum: UNUSABLE_NAMES },
    },
    additionalProperties: convert(value, `${path}.*`, describe),
  }),
  union: ({ options }, path, describe) => ({
    anyOf: (options as readonly Part[]).map((one) => convert(one, path, describe)),
  }),
  optional: wrapped,
  exact_optional: wrapped,
  nullable: orNull,
  nullish: orNull,
};

const ACTIONS: Readonly<Record<string, (action: Part, shape: JsonSchema) => JsonSchema>> = {
  regex: ({ requirement }) => ({ pattern: patternOf(requirement as RegExp) }),
  integer: () => ({ type: "integer" }),
  min_value: ({ requirement }) => ({ minimum: requirement }),
  max_value: ({ requirement }) => ({ maximum: requirement }),
  multiple_of: ({ requirement }) => ({ multipleOf: requirement }),
  min_length: ({ requirement }, { type }) => ({ [`min${lengthOf(type)}`]: requirement }),
  max_length: ({ requirement }, { type }) => ({ [`max${lengthOf(type)}`]: requirement }),
  length: ({ requirement }, { type }) => ({
    [`min${lengthOf(type)}`]: requirement,
    [`max${lengthOf(type)}`]: requirement,
  }),
  non_empty: (_, { type }) => ({ [`min${lengthOf(type)}`]: 1 }),
  iso_timestamp: () => ({ format: "date-time" }),
  check: () => ({}),
  title: ({ title }) => ({ title }),
  description: ({ description }) => ({ description }),
  examples: ({ examples }) => ({ examples }),
  metadata: ({ metadata }) => (metadata?.jsonSchema ?? {}) as JsonSchema,
};

function convert(part: Part | undefined, path: string, describe: Describe): JsonSchema {
  if (!part) throw new Error(`the schema at "${path}" lacks a part`);
  const [first, ...actions] = part.pipe ?? [];
  const read = SCHEMAS[part.type];
  if (!read) throw new Error(`"${path}" is a ${part.type}, which has no words in JSON Schema here`);
  let shape = first ? convert(first, path, describe) : read(part, path, describe);
  for (const action of actions) {
    // What comes behind a transformation is about what was made of the value, not about the value.
    if (action.kind === "transformation" || action.kind === "schema") break;
    const say = ACTIONS[action.type];
    if (!say)
      throw new Error(`"${path}" has ${action.type}, which has no words in JSON Schema here`);
    shape = { ...shape, ...say(action, shape) };
  }
  return shape;
}

function objectOf({ entries = {} }: Part, path: string, describe: Describe): JsonSchema {
  const required = Object.keys(entries).filter(
    (name) => !LEAVABLE.includes(entries[name]?.type ?? ""),
  );
  const properties = Object.entries(entries).map(([name, entry]) => {
    const at = path === "" ? name : `${path}.${name}`;
    const shape = convert(entry, at, describe);
    return [name, { ...shape, ...describe(at, shape) }];
  });
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
  };
}

function wrapped({ wrapped: inner, default: value }: Part, path: string, describe: Describe) {
  const shape = convert(inner, path, describe);
  return value === undefined || typeof value === "function" ? shape : { ...shape, default: value };
}

/** `type` takes a list, which people read better than `anyOf`. */
function orNull(part: Part, path: string, describe: Describe): JsonSchema {
  const shape = wrapped(part, path, describe);
  const hasType = typeof shape.type === "string" && !("enum" in shape) && !("anyOf" in shape);
  return hasType ? { ...shape, type: [shape.type, "null"] } : { anyOf: [shape, { type: "null" }] };
}

/** A name is always a text. */
function withoutType({ type: _, ...rest }: JsonSchema): JsonSchema {
  return rest;
}

function lengthOf(type: unknown): string {
  return type === "array" ? "Items" : "Length";
}

/** JSON Schema has no flags; without them a pattern of JavaScript is one of JSON Schema. */
function patternOf(pattern: RegExp): string {
  if (pattern.flags === "") return pattern.source;
  throw new Error(`${pattern} has flags, for which JSON Schema has no words`);
}
