// What the records of users and tokens say, as they come from a file and from the partner: both are looked at.

import * as v from "valibot";

/** Most last. */
export const ACCOUNT_ROLES = ["viewer", "operator", "admin"] as const;
export type AccountRole = (typeof ACCOUNT_ROLES)[number];

const role = v.picklist(ACCOUNT_ROLES);
const milliseconds = v.pipe(v.number(), v.integer(), v.minValue(0));

const UserSchema = v.object({
  role,
  /** As io/password.ts has made it. */
  password: v.pipe(v.string(), v.maxLength(200)),
});
const TokenSchema = v.object({
  name: v.string(),
  role,
  /** SHA-256 of the token, in hex. */
  hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** The user who has made it; "": it was made on the box itself. */
  by: v.string(),
  /** Wall clock in ms. */
  createdAt: milliseconds,
  expiresAt: v.nullable(milliseconds),
  /** It is good for these paths, and what is below them; empty: for all. */
  paths: v.array(v.string()),
});

export type UserRecord = Readonly<v.InferOutput<typeof UserSchema>>;
export type TokenRecord = Readonly<v.InferOutput<typeof TokenSchema>>;

/** Undefined for what is none, or of a later version: it is nobody then. */
export function parseUser(text: string): UserRecord | undefined {
  return parsed(UserSchema, text);
}

export function parseToken(text: string): TokenRecord | undefined {
  return parsed(TokenSchema, text);
}

function parsed<T>(schema: v.GenericSchema<unknown, T>, text: string): T | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
