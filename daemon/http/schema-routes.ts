// What the API is, for programs: its OpenAPI document, and the JSON Schema of the configuration. Each is made when
// somebody asks for it first, which takes a few milliseconds, and kept: together they are about 200 kB.

import type { JsonSchema } from "./json-schema.ts";
import { type HttpResponse, jsonResponse } from "./message.ts";
import { type Route, row } from "./route.ts";

export interface SchemaSource {
  /** Of config.json, or box.json. */
  schemaOf(file: "config" | "box"): Promise<JsonSchema>;
  /** Of everything that the API can do by then. */
  document(): Promise<JsonSchema>;
}

export function schemaRoutes(source: SchemaSource): Route[] {
  return [
    row({
      ...{ method: "GET", path: "/api/v1/openapi.json", role: "viewer" },
      summary: "What this API can do, as an OpenAPI document.",
      answers: { 200: "the document" },
      handle: once(() => source.document()),
    }),
    row({
      ...{ method: "GET", path: "/api/v1/schema/config", role: "viewer" },
      summary:
        "What the configuration that both boxes share may be, as JSON Schema with titles and help.",
      answers: { 200: "the JSON Schema" },
      handle: once(() => source.schemaOf("config")),
    }),
    row({
      ...{ method: "GET", path: "/api/v1/schema/box", role: "viewer" },
      summary: "What the settings of this box alone may be, as JSON Schema with titles and help.",
      answers: { 200: "the JSON Schema" },
      handle: once(() => source.schemaOf("box")),
    }),
  ];
}

function once(make: () => Promise<JsonSchema>): () => Promise<HttpResponse> {
  let made: Promise<HttpResponse> | undefined;
  return () => {
    made ??= make().then(jsonResponse);
    return made;
  };
}
