// The JSON Schema of a configuration file, as a box tells of it.

import type { DescribedFile } from "../../daemon/config/describe.ts";
import { BoxSchema, SharedSchema } from "../../daemon/config/schema.ts";
import type { JsonSchema } from "../../daemon/http/json-schema.ts";
import * as documents from "../../daemon/schema-documents.ts";

export function schemaDocument(file: DescribedFile): JsonSchema {
  return documents.schemaDocument(file, file === "config.json" ? SharedSchema : BoxSchema);
}
