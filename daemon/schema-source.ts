// Where the API has its document and its schemas from: loaded only when somebody asks, as they are texts and tables that
// a box needs seldom.

import { VERSION } from "./base/version.ts";
import { BoxSchema, SharedSchema } from "./config/schema.ts";
import type { Route } from "./http/route.ts";
import type { SchemaSource } from "./http/schema-routes.ts";

const SCHEMAS = { config: SharedSchema, box: BoxSchema } as const;

/** `routes` are all rows of the API, those that tell of it among them; `cookie` is the name of that of a session. */
export function schemaSource(routes: () => readonly Route[], cookie: string): SchemaSource {
  const documents = () => import("./schema-documents.ts");
  return {
    schemaOf: async (file) => (await documents()).schemaDocument(`${file}.json`, SCHEMAS[file]),
    document: async () =>
      (await documents()).apiDocument({ version: VERSION, cookie, routes: routes() }, SharedSchema),
  };
}
