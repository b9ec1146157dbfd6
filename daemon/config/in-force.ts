// The file of what is in force: the shared document together with where it comes from, so that no cut of the
// power can part the two.

import * as v from "valibot";
import { documentOf, NoDocument, type SharedDocument } from "../core/sync/shared-document.ts";
import type { Standing, Trial } from "../core/sync/sync-types.ts";

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

const wall = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const cameFrom = {
  ...GenerationSchema.entries,
  ancestors: v.array(GenerationSchema),
  origin: OriginSchema,
  agreed: v.nullable(GenerationSchema),
};

const TrialSchema = v.strictObject({
  ...{ isMine: v.boolean(), startedWall: wall, untilWall: wall },
  before: v.strictObject({ ...cameFrom, shared: v.unknown() }),
});
type TrialFile = v.InferOutput<typeof TrialSchema>;

const InForceSchema = v.strictObject({
  version: v.literal(1),
  ...cameFrom,
  trial: v.optional(v.nullable(TrialSchema), null),
  refused: v.nullable(v.strictObject({ hash, objections: v.array(objection) })),
  replaces: v.nullable(v.strictObject({ digest: v.string(), wasInForce: v.boolean() })),
  shared: v.unknown(),
});

export function inForceToJson({ standing, document, replaces }: InForce): unknown {
  const { refused, trial } = standing;
  const file: v.InferOutput<typeof InForceSchema> = {
    version: 1,
    ...cameFromToJson(standing),
    refused: refused ? { hash: refused.hash, objections: [...refused.objections] } : null,
    trial: trial ? trialToJson(trial) : null,
    replaces: replaces ?? null,
    shared: JSON.parse(document.text),
  };
  return file;
}

/** Undefined for anything that is not a whole such file. */
export function inForceFromJson(data: unknown): InForce | undefined {
  const result = v.safeParse(InForceSchema, data);
  if (!result.success) return undefined;
  const { refused, trial, replaces } = result.output;
  const now = cameFromJson(result.output);
  const before = trial ? cameFromJson(trial.before) : undefined;
  if (!now || (trial && !before)) return undefined;
  const { document, ...cameFrom } = now;
  const standing: Standing = {
    ...cameFrom,
    refused: refused ?? undefined,
    trial: trial && before ? { ...trial, before } : undefined,
  };
  return { standing, document, replaces: replaces ?? undefined };
}

type CameFrom = Trial["before"];

function trialToJson({ before, ...times }: Trial): TrialFile {
  const shared: unknown = JSON.parse(before.document.text);
  return { ...times, before: { ...cameFromToJson(before), shared } };
}

function cameFromToJson({ lineage, origin, agreed }: Omit<CameFrom, "document">) {
  const ancestors = [...lineage.ancestors];
  return { ...lineage, ancestors, origin: origin ?? null, agreed: agreed ?? null };
}

function cameFromJson(file: TrialFile["before"]): CameFrom | undefined {
  const { generation, hash, ancestors, origin, agreed, shared } = file;
  try {
    const document = documentOf(shared);
    if (document.hash !== hash) return undefined;
    const lineage = { generation, hash, ancestors };
    return { lineage, origin: origin ?? undefined, agreed: agreed ?? undefined, document };
  } catch (error) {
    if (!(error instanceof NoDocument)) throw error;
    return undefined;
  }
}
