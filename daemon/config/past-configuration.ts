// The file of a configuration that was in force once: the document, and where it came from.

import * as v from "valibot";
import { documentOf, NoDocument, type SharedDocument } from "../core/sync/shared-document.ts";
import type { Origin } from "../wire/config-message.ts";
import { GenerationSchema, OriginSchema } from "./in-force.ts";

export interface PastConfiguration {
  readonly generation: number;
  /** Undefined: that was not written down. */
  readonly origin: Origin | undefined;
  readonly document: SharedDocument;
}

const PastSchema = v.strictObject({
  version: v.literal(1),
  ...GenerationSchema.entries,
  origin: OriginSchema,
  shared: v.unknown(),
});

export function pastToJson({ generation, origin, document }: PastConfiguration): unknown {
  const file: v.InferOutput<typeof PastSchema> = {
    ...{ version: 1, generation, hash: document.hash, origin: origin ?? null },
    shared: JSON.parse(document.text),
  };
  return file;
}

/** Undefined for anything that is not a whole such file. */
export function pastFromJson(data: unknown): PastConfiguration | undefined {
  const result = v.safeParse(PastSchema, data);
  if (!result.success) return undefined;
  const { generation, hash, origin, shared } = result.output;
  const past = plainPast(generation, shared);
  return past?.document.hash === hash ? { ...past, origin: origin ?? undefined } : undefined;
}

/** Of a file that is the document and nothing else, as earlier versions wrote it. */
export function plainPast(generation: number, data: unknown): PastConfiguration | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  try {
    return { generation, origin: undefined, document: documentOf(data) };
  } catch (error) {
    if (!(error instanceof NoDocument)) throw error;
    return undefined;
  }
}
