// What a drill has shown, as it comes from the partner and from a file: both are looked at.

import * as v from "valibot";

const milliseconds = v.nullable(v.pipe(v.number(), v.minValue(0)));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const ReportSchema = v.object({
  id: count,
  kind: v.picklist(["planned", "unplugged"]),
  at: v.pipe(v.string(), v.isoTimestamp()),
  measuredBy: v.pipe(v.string(), v.maxLength(64)),
  detectionMilliseconds: milliseconds,
  gatewayMilliseconds: milliseconds,
  dhcpMilliseconds: milliseconds,
  pingsSent: count,
  pingsLost: count,
  outageMilliseconds: v.pipe(v.number(), v.minValue(0)),
  names: v.nullable(
    v.object({
      ...{ asked: count, answered: count },
      // Not in those of earlier versions.
      afterMilliseconds: v.optional(milliseconds, null),
    }),
  ),
  leases: count,
  revertedMilliseconds: milliseconds,
  sentence: v.pipe(v.string(), v.maxLength(500)),
});

export function parseDrillReport(value: unknown): v.InferOutput<typeof ReportSchema> | undefined {
  const result = v.safeParse(ReportSchema, value);
  return result.success ? result.output : undefined;
}
