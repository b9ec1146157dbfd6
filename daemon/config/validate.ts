// From whatever a file holds to a value of the schema, or to all that is wrong with it.

import * as v from "valibot";
import { withOverlooked } from "../base/overlooked.ts";
import { quoted } from "../base/quoted.ts";
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
  return `(found ${quoted(input)})`;
}

/**
 * The issue with what stands at its place in the file, where its reason does not say so already. What is said of an
 * option is about its name as often as about its value, and says itself which.
 */
export function withFound(issue: ConfigIssue, input: unknown): ConfigIssue {
  const { path, reason } = issue;
  if (reason.includes("(found ") || /(^|\.)options\./.test(path)) return issue;
  const value = valueAt(path, input);
  const isShort = ["string", "number", "boolean"].includes(typeof value);
  if (!isShort || mentions(comparable(reason), comparable(String(value)))) return issue;
  return { ...issue, reason: `${reason} ${found(value)}` };
}

/** As a word: 1 is not mentioned by 10. */
function mentions(text: string, word: string): boolean {
  const isWord = (character = "") => /^[a-z0-9]$/.test(character);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isWord(text[at - 1]) && !isWord(text[at + word.length])) return true;
    if (word === "") return true;
  }
  return false;
}

/** Checks say hardware addresses in one spelling, and addresses without their prefix. */
function comparable(text: string): string {
  return text
    .toLowerCase()
    .replaceAll("-", ":")
    .replace(/^([0-9.]+)\/[0-9]+$/, "$1");
}

function valueAt(path: string, input: unknown): unknown {
  let value = input;
  for (const key of path.split(/[.[\]]+/)) {
    if (key === "") continue;
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}

const NAME_SHOWN_MAX = 60;

function pathOf(keys: readonly unknown[]): string {
  let path = "";
  for (const key of keys) {
    path += typeof key === "number" ? `[${key}]` : `${path === "" ? "" : "."}${shown(String(key))}`;
  }
  return path === "" ? "(the whole file)" : path;
}

function shown(name: string): string {
  return name.length > NAME_SHOWN_MAX ? `${name.slice(0, NAME_SHOWN_MAX - 3)}...` : name;
}

function reasonOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === "schema" && issue.type === "strict_object") {
    if (issue.received === "undefined") return "is missing";
    return `must be an object ${found(issue.input)}`;
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
