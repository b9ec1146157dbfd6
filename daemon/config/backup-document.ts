// What a backup says, as JSON: everything that makes a box what it is. Secrets are in it only when the whole is encrypted.

import * as v from "valibot";
import { ConfigError } from "../base/errors.ts";
import { documentOf, NoDocument } from "../core/sync/shared-document.ts";
import { LIMITS } from "../limits.ts";
import { validate } from "./validate.ts";

export const BACKUP_VERSION = 1;

/** Who put the shared configuration into force, when and from where. */
export interface BackupOrigin {
  readonly by: string;
  readonly from: string;
  readonly box: string;
  /** ISO 8601, by the clock of that box. */
  readonly at: string;
  readonly note: string;
}

/** One of the small records that both boxes keep, such as the name of a device. */
export interface BackupRecord {
  readonly key: string;
  readonly value: string;
}

/** For information: they are not put back. */
export interface BackupLease {
  readonly address: string;
  readonly network: string;
  readonly state: string;
  readonly mac: string;
  readonly clientId: string;
  readonly hostname: string;
  /** ISO 8601, or "never". */
  readonly expires: string;
}

export interface BackupSecrets {
  /** The 32 secret bytes of the box's key, in hex; null: it had none. */
  readonly key: string | null;
  /** Users, tokens and the certificate authority. */
  readonly records: readonly BackupRecord[];
}

export interface BackupDocument {
  /** ISO 8601. */
  readonly madeAt: string;
  /** Who asked for it, "" for nobody who said a name. */
  readonly madeBy: string;
  readonly software: string;
  readonly box: {
    readonly name: string;
    readonly model: string;
    readonly serial: string;
    /** Hash of its key in hex, "" for a box without one. */
    readonly identity: string;
  };
  /** What was in force of config.json; null: nothing. */
  readonly shared: unknown;
  readonly origin: BackupOrigin | null;
  /** What box.json held; null: there was none. */
  readonly boxFile: unknown;
  /** What board.json says, for information. */
  readonly board: unknown;
  /** Those that anybody with the file may read. */
  readonly records: readonly BackupRecord[];
  /** Null: they were not asked for. */
  readonly leases: readonly BackupLease[] | null;
  /** Null: the file is not encrypted. */
  readonly secrets: BackupSecrets | null;
}

const OPEN_STATEMENT =
  "Backup of a Tandem box. It is not encrypted: whoever has this file can read the configuration, the names of devices and their addresses. Passwords, tokens and keys are not in it.";
const SECRET_STATEMENT =
  "Backup of a Tandem box. It holds passwords, tokens and keys, and is to be stored encrypted only.";

const text = (charactersMax: number) =>
  v.pipe(
    v.string("must be a text"),
    v.maxLength(charactersMax, `may have ${charactersMax} characters at most`),
  );
const hexBytes = v.pipe(
  v.string("must be hex digits in quotes"),
  v.regex(/^[0-9a-f]{64}$/, "must be 64 hex digits"),
);
const time = v.pipe(
  v.string("must be a time in quotes"),
  v.isoTimestamp("must be a time such as 2026-05-03T07:12:00.000Z"),
);
const records = v.array(
  v.strictObject({ key: text(200), value: text(LIMITS.backupBytesMax) }),
  "must be a list",
);

const Schema = v.strictObject({
  about: v.optional(text(1000)),
  version: v.literal(BACKUP_VERSION, "is of another version"),
  madeAt: time,
  madeBy: text(200),
  software: text(100),
  box: v.strictObject({
    ...{ name: text(64), model: text(64), serial: text(64) },
    identity: v.union([v.literal(""), hexBytes], "must be 64 hex digits, or empty"),
  }),
  origin: v.nullable(
    v.strictObject({
      ...{ by: text(200), from: text(200), box: text(64), at: time, note: text(1000) },
    }),
  ),
  records,
  leases: v.nullable(
    v.array(
      v.strictObject({
        ...{ address: text(15), network: text(64), state: text(20), mac: text(64) },
        ...{ clientId: text(512), hostname: text(64), expires: text(32) },
      }),
      "must be a list",
    ),
  ),
  secrets: v.nullable(v.strictObject({ key: v.nullable(hexBytes), records })),
});

/** Readable, a line for each lease. Throws ConfigError when it would be too long to be read again. */
export function backupText(document: BackupDocument): string {
  const { leases, ...rest } = document;
  const about = document.secrets ? SECRET_STATEMENT : OPEN_STATEMENT;
  const head = JSON.stringify({ about, version: BACKUP_VERSION, ...rest }, null, 2);
  const lines = leases?.map((lease) => `    ${JSON.stringify(lease)}`).join(",\n");
  const tail = lines === undefined ? "null" : lines === "" ? "[]" : `[\n${lines}\n  ]`;
  const whole = `${head.slice(0, head.lastIndexOf("\n}"))},\n  "leases": ${tail}\n}\n`;
  const { length } = UTF8.encode(whole);
  if (length <= LIMITS.backupBytesMax) return whole;
  const instead = leases === null ? "" : "; without the leases it would be shorter";
  throw new ConfigError(
    `the backup would have ${length} bytes, and ${LIMITS.backupBytesMax} are the most${instead}`,
  );
}

/** Throws ConfigError with all that is wrong, each with its path. */
export function parseBackup(content: string): BackupDocument {
  const { shared, boxFile, board, ...rest } = settingsIn(content);
  const { version, software } = rest;
  if (typeof version === "number" && version > BACKUP_VERSION) {
    const maker = typeof software === "string" ? ` by Tandem ${software.slice(0, 40)}` : "";
    throw new ConfigError(
      `version: the backup was made${maker} in version ${version} of its format, and this software knows ${BACKUP_VERSION}: update it first`,
    );
  }
  const read = validate(Schema, "backup", rest);
  if ("issues" in read) {
    const shown = read.issues.slice(0, ISSUES_MAX).map(({ path, reason }) => `${path} ${reason}`);
    const more = read.issues.length - shown.length;
    throw new ConfigError(`${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}`);
  }
  for (const [path, part] of Object.entries({ shared, boxFile, board })) {
    if (part === undefined) throw new ConfigError(`${path} is missing`);
    const problem = documentProblem(part);
    if (problem) throw new ConfigError(`${path} ${problem}`);
  }
  const { about: _about, version: _version, ...document } = read.value;
  return { ...document, shared, boxFile, board };
}

/** What is compared later on is compared by recursion. */
function documentProblem(part: unknown): string | undefined {
  try {
    documentOf(part);
    return undefined;
  } catch (error) {
    if (!(error instanceof NoDocument)) throw error;
    return error.message;
  }
}

const ISSUES_MAX = 10;
const UTF8 = new TextEncoder();

/** The documents within are looked at one by one: each may nest as deep as a configuration may. */
function settingsIn(content: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw new ConfigError("(the whole file) is no backup of Tandem: it is no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError("(the whole file) is no backup of Tandem: it is no JSON object");
  }
  return value as Record<string, unknown>;
}
