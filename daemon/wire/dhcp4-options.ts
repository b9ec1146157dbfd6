// THE option table: every DHCPv4 option this program knows by name, one row each.

import type { Dhcp4Message, Malformed } from "./dhcp4-message.ts";
import { bytesOrEmpty } from "./option-codecs.ts";
import { decodeOption, type OptionRow, row } from "./option-row.ts";
import { EXTENSION_OPTIONS } from "./options-extensions.ts";
import { RFC2132_OPTIONS } from "./options-rfc2132.ts";

export { MALFORMED, type Malformed } from "./dhcp4-message.ts";
export { decodeOption, type OptionRow, type OptionSender } from "./option-row.ts";

export const OPTION = { ...RFC2132_OPTIONS, ...EXTENSION_OPTIONS } as const;

const rows: readonly OptionRow<unknown>[] = Object.values(OPTION);
const byCode = new Map(rows.map((one) => [one.code, one]));
const byName = new Map(rows.map((one) => [one.name, one]));

/** Undefined for a code without a row; `unknownOption` makes one for it. */
export function optionByCode(code: number): OptionRow<unknown> | undefined {
  return byCode.get(code);
}

/** By the name of the table, or "option-224" for any code from 1 to 254 as bare bytes. */
export function optionByName(name: string): OptionRow<unknown> | undefined {
  const known = byName.get(name);
  if (known !== undefined) return known;
  const code = /^option-([1-9][0-9]{0,2})$/.exec(name)?.[1];
  return code === undefined || Number(code) > 254 ? undefined : unknownOption(Number(code));
}

/** A row for an option that has none: its content is bytes. */
export function unknownOption(code: number): OptionRow<Uint8Array> {
  return row(code, `option-${code}`, bytesOrEmpty, "unknown", "both");
}

/**
 * An option of a message: undefined when absent, MALFORMED when its content cannot be what the table
 * says, else its value. Values hold no views, except that they are as fresh as the message.
 */
export function readOption<T>(message: Dhcp4Message, row: OptionRow<T>): T | undefined | Malformed {
  const at = message.contentStart(row.code);
  if (at !== 0) return decodeOption(row, message.bytes, at, at + message.contentLength(row.code));
  const joined = message.raw(row.code);
  return joined === undefined ? undefined : decodeOption(row, joined);
}

/** Content of an option, without its code and length. Throws EncodeError for impossible values. */
export function encodeOption<T>(row: OptionRow<T>, value: T): Uint8Array {
  return row.codec.encode(value);
}
