// What a row of the option table is; the rows stand in options-*.ts, the table in dhcp4-options.ts.

import { DecodeError } from "../base/errors.ts";
import { MALFORMED, type Malformed } from "./dhcp4-message.ts";
import type { Codec } from "./option-codecs.ts";

/**
 * Who puts the option into a message:
 * - "network": the server, from the configuration of a LAN;
 * - "server": the server, from what it decided in this exchange; clients may send it as a wish;
 * - "client": the client, about itself or what it wants;
 * - "both": client and server, each with a meaning of its own; configuration may set the server's;
 * - "relay": a relay agent, echoed by the server;
 * - "leasequery": the two sides of RFC 4388 and RFC 6926.
 */
export type OptionSender = "network" | "server" | "client" | "both" | "relay" | "leasequery";

export interface OptionRow<T> {
  readonly code: number;
  /** The name in its RFC, as configuration writes it: "subnet-mask". */
  readonly name: string;
  readonly codec: Codec<T>;
  /** RFC and section that define it. */
  readonly reference: string;
  readonly sender: OptionSender;
  /** Bounds of the content in bytes, both inclusive. */
  readonly min: number;
  readonly max: number;
}

export function row<T>(
  code: number,
  name: string,
  codec: Codec<T>,
  reference: string,
  sender: OptionSender,
): OptionRow<T> {
  return { code, name, codec, reference, sender, min: codec.min, max: codec.max };
}

/** Reads content by a row: MALFORMED when the length is out of bounds or the codec refuses it. */
export function decodeOption<T>(
  row: OptionRow<T>,
  data: Uint8Array,
  start = 0,
  end = data.length,
): T | Malformed {
  const length = end - start;
  if (length < row.min || length > row.max) return MALFORMED;
  try {
    return row.codec.decode(data, start, end);
  } catch (error) {
    if (error instanceof DecodeError) return MALFORMED;
    throw error;
  }
}
