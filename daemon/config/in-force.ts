// The file of what is in force: the shared document together with where it comes from, so that no cut of the
// power can part the two.

import * as v from "valibot";
import { documentOf, NoDocument, type SharedDocument } from "../core/sync/shared-document.ts";
import type { Standing } from "../core/sync/sync-types.ts";

/** What config.json held when something else came into force, which it is to be replaced with. */
export interface Replaced {
  /** SHA-256 of the bytes of the file in hex, "" for no file. */
  readonly digest: string;
  /** It was in force itself. If not, a person wrote it, and it is kept before it is replaced. */
  readonly wasInForce: boolean;
}

export interface InForce {
  readonly standing: Standing;
  readonly document: SharedDocument;
  /** Undefined: config.json holds what is in force, or what a person wrote after that. */
  readonly replaces: Replaced | undefined;
}

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
export const GenerationSchema = v.strictObject({
  generation: v.pipe(v.number(), v.integer(), v.minValue(0)),
  hash,
});
const objection = v.strictObject({ file: v.string(), path: v.string(), reason: v.string() });

/** A file of an earlier version has none. */
export const OriginSchema = v.optional(
  v.nullable(
    v.strictObject({
      ...{ who: v.string(), from: v.string(), box: v.string(), note: v.string() },
      wall: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    }),
  ),
  null,
);

const InForceSchema = v.strictObject({
  version: v.literal(1),
  ...GenerationSchema.entries,
  ancestors: v.array(GenerationSchema),
  origin: OriginSchema,
  agreed: v.nullable(GenerationSchema),
  refused: v.nullable(v.strictObject({ hash, objections: v.array(objection) })),
  replaces: v.nullable(v.strictObject({ digest: v.string(), wasInForce: v.boolean() })),
  shared: v.unknown(),
});

export function inForceToJson({ standing, document, replaces }: InForce): unknown {
  const { lineage, origin, agreed, refused } = standing;
  const file: v.InferOutput<typeof InForceSchema> = {
    version: 1,
    ...lineage,
    ancestors: [...lineage.ancestors],
    origin: origin ?? null,
    agreed: agreed ?? null,
    refused: refused ? { hash: refused.hash, objections: [...refused.objections] } : null,
    replaces: replaces ?? null,
    shared: JSON.parse(document.text),
  };
  return file;
}

/** Undefined for anything that is not a whole such file. */
export function inForceFromJson(data: unknown): InForce | undefined {
  const result = v.safeParse(InForceSchema, data);
  if (!result.success) return undefined;
  const { generation, hash, ancestors, origin, agreed, refused, replaces, shared } = result.output;
  try {
    const document = documentOf(shared);
    if (document.hash !== hash) return undefined;
    const lineage = { generation, hash, ancestors };
    const standing = {
      lineage,
      origin: origin ?? undefined,
      agreed: agreed ?? undefined,
      refused: refused ?? undefined,
    };
    return { standing, document, replaces: replaces ?? undefined };
  } catch (error) {
    if (!(error instanceof NoDocument)) throw error;
    return undefined;
  }
}
