import { AssertionError } from "../base/assert.ts";
import { IoError } from "../base/errors.ts";
import type { JournalState } from "../ports.ts";

/** What the journal says about itself after this error. */
export function failing(error: unknown): JournalState {
  return { kind: "failing", reason: reasonOf(error), text: textOf(error) };
}

/** What failed, for people. A lease that cannot be written is no trouble of the disk but our own mistake. */
export function textOf(error: unknown): string {
  if (error instanceof AssertionError) throw error;
  return error instanceof Error ? error.message : String(error);
}

/** Whether two states differ in a way that others should hear of; failing again alike is no news. */
export function differs(a: JournalState, b: JournalState): boolean {
  if (a.kind === "failing" && b.kind === "failing") return a.reason !== b.reason;
  return a.kind !== b.kind || a.kind === "slow";
}

function reasonOf(error: unknown): "full" | "read-only" | "error" {
  const code = error instanceof IoError ? error.code : "";
  if (code === "ENOSPC" || code === "EDQUOT") return "full";
  return code === "EROFS" ? "read-only" : "error";
}
