// From whatever a file holds to a value of the schema, or to all that is wrong with it.

import * as v from "valibot";
import { withOverlooked } from "../base/overlooked.ts";
import { LIMITS } from "../limits.ts";

/** One thing that is wrong, with where it is and the value found there. */
export interface ConfigIssue {
  readonly file: string;
  readonly path: string;
  readonly reason: string;
}

/** Takes down one issue of the file at hand. */
export type Say = (path: string, reason: string) => void;

/** Parses and validates; either the value or all issues at once. Never throws. */
export function validate<T extends v.GenericSchema>(
  schema: T,
  file: string,
  input: unknown,
): { readonly value: v.InferOutput<T> } | { readonly issues: ConfigIssue[] } {
  if (isDeeperThan(input, LIMITS.configDepthMax)) {
    const reason = `nests deeper than ${LIMITS.configDepthMax} levels`;
    return { issues: [{ file, path: "(the whole file)", reason }] };
  }
  const result = v.safeParse(schema, input);
  const said = (result.issues ?? []).map((issue) => ({
    keys: issue.path?.map(({ key }) => key) ?? [],
    reason: reasonOf(issue),
  }));
  const all = withOverlooked(schema, input, said, "is not a known setting");
  if (result.success && all.length === 0) return { value: result.output };
  return { issues: all.map(({ keys, reason }) => ({ file, path: pathOf(keys), reason })) };
}

/** The end of a sentence that quotes what was found. */
export function found(input: unknown): string {
  const text = JSON.stringify(input) ?? "nothing";
  return `(found ${text.length > 60 ? `${text.slice(0, 57)}...` : text})`;
}

function pathOf(keys: readonly unknown[]): string {
  let path = "";
  for (const key of keys) {
    path += typeof key === "number" ? `[${key}]` : `${path === "" ? "" : "."}${String(key)}`;
  }
  return path === "" ? "(the whole file)" : path;
}

function reasonOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === "schema" && issue.type === "strict_object") {
    if (issue.received === "undefined") return "is missing";
    return `must be an object, not ${issue.received}`;
  }
  return `${issue.message} ${found(issue.input)}`;
}

/** Without recursion: the input may nest as deep as its bytes allow. */
function isDeeperThan(input: unknown, depth: number): boolean {
  let level: unknown[] = [input];
  for (let i = 0; i <= depth; i++) {
    level = level.flatMap((one) =>
      typeof one === "object" && one !== null ? Object.values(one) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}
