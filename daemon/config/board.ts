// What the box is made of, as its image says: the hardware, not the configuration.

import * as v from "valibot";
import { ConfigError } from "../base/errors.ts";
import { interfaceName } from "./fields.ts";
import { validate } from "./validate.ts";

const plainText = v.pipe(
  v.string("must be a text in quotes"),
  v.regex(/^[\x20-\x7e]{0,64}$/, "must be at most 64 plain characters"),
);

const BoardSchema = v.strictObject({
  version: v.literal(1, "must be 1; this file is of another version"),
  model: v.optional(plainText, ""),
  serial: v.optional(plainText, ""),
  /** The interface towards the provider; none when the box only serves. */
  wanPort: v.optional(interfaceName),
  /** Interfaces that the cable to a second box may be plugged into. */
  pairPorts: v.optional(v.pipe(v.array(interfaceName), v.maxLength(4, "must be 4 at most")), []),
});

export type Board = Omit<v.InferOutput<typeof BoardSchema>, "version">;

/** Nothing is known of the hardware, and no partner is looked for on a cable. */
export const UNKNOWN_BOARD: Board = { model: "", serial: "", wanPort: undefined, pairPorts: [] };

/** The content of a file; null: there is none. Throws ConfigError. */
export function parseBoard(input: unknown): Board {
  if (input === null) return UNKNOWN_BOARD;
  const result = validate(BoardSchema, "board.json", input);
  if ("issues" in result) {
    throw new ConfigError(result.issues.map(({ path, reason }) => `${path} ${reason}`).join("; "));
  }
  const { model, serial, wanPort, pairPorts } = result.value;
  return { model, serial, wanPort, pairPorts };
}
