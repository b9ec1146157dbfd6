// JSON Schema of the two configuration files, with what people are told of every setting, and the document of the API.
// Made when they are asked for.

import { VERSION } from "./base/version.ts";
import { type DescribedFile, describeSetting } from "./config/describe.ts";
import { BoxSchema, SharedSchema } from "./config/schema.ts";
import { DIALECT, type JsonSchema, toJsonSchema } from "./http/json-schema.ts";
import type { ApiDescription } from "./http/open-api.ts";
import type { Route } from "./http/route.ts";
import type { SchemaSource } from "./http/schema-routes.ts";

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

/** Entries of the configuration are told of where they stand in it. */
const CONFIG = "#/components/schemas/Config";
const NETWORK = `${CONFIG}/properties/networks/items`;
const RESERVATION = `${NETWORK}/properties/reservations/items`;

/** What the rows take that leave it to the configuration to say whether it is right. */
const BODIES: ApiDescription["bodies"] = {
  "PUT /api/v1/config": "Config",
  "POST /api/v1/config/check": "AnyConfig",
  "POST /api/v1/networks": "Network",
  "PUT /api/v1/networks/{network}": "Network",
  "POST /api/v1/networks/{network}/reservations": "Reservation",
  "PUT /api/v1/networks/{network}/reservations/{address}": "Reservation",
};

/** What the rows that tell of the API need; `routes` are all rows, theirs among them. */
export function schemaSource(routes: () => readonly Route[], cookie: string): SchemaSource {
  return {
    schemaOf: (file) => schemaDocument(`${file}.json`),
    api: () => ({
      ...{ version: VERSION, cookie, routes: routes(), bodies: BODIES },
      schemas: {
        Config: schemaDocument("config.json"),
        AnyConfig: {
          description: "What is to become a Config: what is wrong with it is what one asks for.",
        },
        Network: { $ref: NETWORK },
        Reservation: { $ref: RESERVATION },
      },
    }),
  };
}
