// JSON Schema of the two configuration files, with what people are told of every setting, and the document of the API.
// Made when they are asked for: nothing that the rest of the daemon uses is imported here, so that all this is a part of
// the bundle that is loaded by itself (schema-source.ts).

import { type DescribedFile, describeSetting } from "./config/describe.ts";
import { type AnySchema, DIALECT, type JsonSchema, toJsonSchema } from "./http/json-schema.ts";
import { type ApiDescription, openApi } from "./http/open-api.ts";

const FILES = {
  "config.json": {
    title: "Configuration of the pair",
    description:
      "What both boxes share: config.json. Beyond what stands here the box checks entries against each other, and against box.json, and names every clash at once.",
  },
  "box.json": {
    title: "Settings of one box",
    description:
      "What is one box's alone: box.json. Beyond what stands here the box checks it against config.json.",
  },
} as const;

export function schemaDocument(file: DescribedFile, schema: AnySchema): JsonSchema {
  const { title, description } = FILES[file];
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
export const BODIES: ApiDescription["bodies"] = {
  "PUT /api/v1/config": "Config",
  "POST /api/v1/config/check": "AnyConfig",
  "POST /api/v1/networks": "Network",
  "PUT /api/v1/networks/{network}": "Network",
  "POST /api/v1/networks/{network}/reservations": "Reservation",
  "PUT /api/v1/networks/{network}/reservations/{address}": "Reservation",
};

/** `config` is the schema of config.json. */
export function apiDocument(
  api: Omit<ApiDescription, "schemas" | "bodies">,
  config: AnySchema,
): JsonSchema {
  return openApi({
    ...api,
    bodies: BODIES,
    schemas: {
      Config: schemaDocument("config.json", config),
      AnyConfig: {
        description: "What is to become a Config: what is wrong with it is what one asks for.",
      },
      Network: { $ref: NETWORK },
      Reservation: { $ref: RESERVATION },
    },
  });
}
