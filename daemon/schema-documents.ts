// JSON Schema of the two configuration files, with what people are told of every setting. Made when they are asked for.

import { type DescribedFile, describeSetting } from "./config/describe.ts";
import { BoxSchema, SharedSchema } from "./config/schema.ts";
import { DIALECT, type JsonSchema, toJsonSchema } from "./http/json-schema.ts";

const FILES = {
  "config.json": {
    schema: SharedSchema,
    title: "Configuration of the pair",
    description:
      "What both boxes share: config.json. Beyond what stands here the box checks entries against each other, and against box.json, and names every clash at once.",
  },
  "box.json": {
    schema: BoxSchema,
    title: "Settings of one box",
    description:
      "What is one box's alone: box.json. Beyond what stands here the box checks it against config.json.",
  },
} as const;

export function schemaDocument(file: DescribedFile): JsonSchema {
  const { schema, title, description } = FILES[file];
  return {
    $schema: DIALECT,
    title,
    description,
    ...toJsonSchema(schema, (path, shape) => describeSetting(file, path, shape)),
  };
}
