// What two of our boxes tell each other in vendor-specific-options (draft-ietf-dhc-failover-12 §12.29), so
// that one that comes back with an older disk than it had finds out before it serves.

import type { Ipv4 } from "../../base/address.ts";
import type { VendorOption } from "../../wire/failover/codecs.ts";
import { readU32 } from "../../wire/reader.ts";

export interface BoxFacts {
  /** Differs from start to start of a process; never 0. */
  readonly boot: number;
  /** The highest record of its journal that is on stable storage. */
  readonly sequence: number;
  /** How often one of the boxes has lost what it knew, as far as the sender knows. */
  readonly epoch: number;
  /** The highest record of the receiver's journal that the sender has ever heard of; 0: of none. */
  readonly partnerSequence: number;
  /** Addresses by which clients know the sender, and its MACs on the LANs: it is no stranger there. */
  readonly serverIds: readonly Ipv4[];
  readonly macs: readonly Uint8Array[];
}

/** Each is a number of six octets, or addresses one behind the other. */
const CODE = {
  boot: 1,
  sequence: 2,
  partnerSequence: 3,
  epoch: 4,
  serverIds: 5,
  macs: 6,
} as const;
const NUMBERS = ["boot", "sequence", "partnerSequence", "epoch"] as const;
/** With more of them a message would grow too long. */
const ADDRESSES_MAX = 64;
const MAC_BYTES = 6;

export function vendorOptions(facts: BoxFacts): VendorOption[] {
  const serverIds = facts.serverIds.slice(0, ADDRESSES_MAX);
  const macs = facts.macs.slice(0, ADDRESSES_MAX);
  return [
    ...NUMBERS.map((name) => ({ code: CODE[name], content: number48(facts[name]) })),
    { code: CODE.serverIds, content: Uint8Array.from(serverIds.flatMap(bytesOf)) },
    { code: CODE.macs, content: Uint8Array.from(macs.flatMap((mac) => Array.from(mac))) },
  ];
}

/** Undefined when the partner does not say all of it. */
export function factsOf(options: readonly VendorOption[] | undefined): BoxFacts | undefined {
  const numbers: Partial<Record<(typeof NUMBERS)[number], number>> = {};
  for (const name of NUMBERS) {
    const value = read(options, CODE[name]);
    if (value === undefined) return undefined;
    numbers[name] = value;
  }
  return {
    ...(numbers as Required<typeof numbers>),
    serverIds: addressesIn(options),
    macs: macsIn(options),
  };
}

function addressesIn(options: readonly VendorOption[] | undefined): Ipv4[] {
  return piecesOf(options, CODE.serverIds, 4).map((bytes) => readU32(bytes, 0) as Ipv4);
}

function macsIn(options: readonly VendorOption[] | undefined): Uint8Array[] {
  return piecesOf(options, CODE.macs, MAC_BYTES).map((bytes) => bytes.slice());
}

function piecesOf(
  options: readonly VendorOption[] | undefined,
  code: number,
  size: number,
): Uint8Array[] {
  const content = options?.find((option) => option.code === code)?.content;
  const pieces: Uint8Array[] = [];
  if (!content || content.length % size !== 0) return pieces;
  for (let at = 0; at < content.length; at += size) pieces.push(content.subarray(at, at + size));
  return pieces;
}

function bytesOf(address: Ipv4): number[] {
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255];
}

function read(options: readonly VendorOption[] | undefined, code: number): number | undefined {
  const content = options?.find((option) => option.code === code)?.content;
  if (content?.length !== 6) return undefined;
  let value = 0;
  for (const byte of content) value = value * 256 + byte;
  return value;
}

function number48(value: number): Uint8Array {
  const bytes = new Uint8Array(6);
  let rest = value;
  for (let at = 5; at >= 0; at--) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}
