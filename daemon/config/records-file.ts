// The file of the small records that both boxes keep: what is damaged in it does not take the rest with it.

import * as v from "valibot";
import { recordFault, type SharedRecord } from "../wire/records-message.ts";

const RecordSchema = v.strictObject({
  key: v.string(),
  /** Not there: it was deleted. */
  value: v.optional(v.string()),
  number: v.number(),
  by: v.string(),
  at: v.number(),
});
const FileSchema = v.strictObject({ version: v.literal(1), records: v.array(v.unknown()) });

export function recordsToJson(records: readonly SharedRecord[]): unknown {
  const file: v.InferOutput<typeof FileSchema> = {
    version: 1,
    records: records.map(({ key, value, number, by, at }) =>
      value === undefined ? { key, number, by, at } : { key, value, number, by, at },
    ),
  };
  return file;
}

/** Those that can be read, and what is wrong with the rest, as a part of a sentence; null is a file that is not there. */
export function recordsFromJson(data: unknown): {
  readonly records: readonly SharedRecord[];
  readonly fault: string | undefined;
} {
  if (data === null) return { records: [], fault: undefined };
  const file = v.safeParse(FileSchema, data);
  if (!file.success) return { records: [], fault: "no such file, or of another version" };
  const records = file.output.records.flatMap((one) => recordOf(one) ?? []);
  const lost = file.output.records.length - records.length;
  return { records, fault: lost > 0 ? `${lost} of its records cannot be read` : undefined };
}

function recordOf(value: unknown): SharedRecord | undefined {
  const result = v.safeParse(RecordSchema, value);
  if (!result.success) return undefined;
  const record = { ...result.output, value: result.output.value };
  return recordFault(record) ? undefined : record;
}
