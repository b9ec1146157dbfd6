// Of two versions of a record both boxes keep the same one, whatever they heard first: the last writer wins.

import type { SharedRecord } from "../../wire/records-message.ts";

/**
 * Greater than 0 when `a` is kept, 0 when they are the same. The number of the change decides; then the box, for both may
 * have made a change while they did not see each other. The rest matters only where a box has counted the same twice,
 * as one with an old disk does. It is an order of all records: however often and in whatever order boxes meet, they come
 * to the same.
 */
export function compareRecords(a: SharedRecord, b: SharedRecord): number {
  return (
    a.number - b.number ||
    compareTexts(a.by, b.by) ||
    a.at - b.at ||
    // Of a deletion and a value the deletion: what was taken away should not come back by chance.
    Number(a.value === undefined) - Number(b.value === undefined) ||
    compareTexts(a.value ?? "", b.value ?? "")
  );
}

/** Whether two boxes have made different changes on the same ground: one of them is lost. */
export function isClash(a: SharedRecord, b: SharedRecord): boolean {
  return a.number === b.number && (a.by !== b.by || a.value !== b.value);
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
