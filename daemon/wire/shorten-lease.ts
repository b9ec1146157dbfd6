// Gives less time in a reply that is finished but has not left yet.

import { HEADER } from "./dhcp4-message.ts";
import { OPTION } from "./dhcp4-options.ts";
import { ETHERNET_HEADER_BYTES, foldChecksum, UDP_HEADER_BYTES } from "./frame.ts";
import { readU16, readU32 } from "./reader.ts";

/**
 * Rewrites an own OFFER or ACK, in place: a lease of more than `seconds` (0 to 0xffffffff) becomes one of
 * `seconds`, T1 and T2 at most one half and seven eighths of it (RFC 2131 §4.4.5), and the UDP checksum
 * follows. What was shorter before stays, and a reply without a lease time stays as it is. The frame is
 * one of `ReplyWriter`'s: IPv4 and UDP without fragments, options well-formed.
 */
export function shortenLease(frame: Uint8Array, seconds: number): void {
  const ip = ETHERNET_HEADER_BYTES;
  const udp = ip + ((frame[ip] as number) & 15) * 4;
  const lease = timeAt(frame, udp, LEASE_TIME);
  if (lease === 0 || readU32(frame, lease) <= seconds) return;
  lower(frame, udp, lease, seconds);
  lower(frame, udp, timeAt(frame, udp, RENEWAL_TIME), Math.floor(seconds / 2));
  lower(frame, udp, timeAt(frame, udp, REBINDING_TIME), Math.floor((seconds * 7) / 8));
}

const LEASE_TIME = OPTION.ipAddressLeaseTime.code;
const RENEWAL_TIME = OPTION.renewalTimeValue.code;
const REBINDING_TIME = OPTION.rebindingTimeValue.code;
const OVERLOAD = OPTION.optionOverload.code;
const PAD = 0;
const END = 255;
/** RFC 2132 §9.3: bits of option 52. */
const FILE_OVERLOADED = 1;
const SNAME_OVERLOADED = 2;

/** Where the four bytes of an option's content start, in whichever field it is; 0 when it is absent. */
function timeAt(frame: Uint8Array, udp: number, code: number): number {
  const message = udp + UDP_HEADER_BYTES;
  const options = message + HEADER.options;
  const end = udp + readU16(frame, udp + 4);
  const at = contentAt(frame, options, end, code);
  if (at !== 0) return at;
  const overload = contentAt(frame, options, end, OVERLOAD);
  if (overload === 0) return 0;
  const fields = frame[overload] as number;
  const sname = message + HEADER.sname;
  const file = message + HEADER.file;
  if ((fields & FILE_OVERLOADED) !== 0) {
    const inFile = contentAt(frame, file, message + HEADER.cookie, code);
    if (inFile !== 0) return inFile;
  }
  return (fields & SNAME_OVERLOADED) !== 0 ? contentAt(frame, sname, file, code) : 0;
}

/** Where an option's content starts between `from` and `end`; 0 when it is not there. */
function contentAt(frame: Uint8Array, from: number, end: number, code: number): number {
  let at = from;
  while (at + 1 < end) {
    const found = frame[at];
    if (found === END) return 0;
    if (found === PAD) {
      at++;
      continue;
    }
    if (found === code) return at + 2;
    at += 2 + (frame[at + 1] as number);
  }
  return 0;
}

/** Writes `seconds` at `at` unless less is there already; does nothing when `at` is 0. */
function lower(frame: Uint8Array, udp: number, at: number, seconds: number): void {
  if (at === 0 || readU32(frame, at) <= seconds) return;
  for (let i = 0; i < 4; i++) {
    setByte(frame, udp, at + i, (seconds >>> (24 - 8 * i)) & 0xff);
  }
}

/** RFC 1624: the checksum follows from the old one and from what changed. */
function setByte(frame: Uint8Array, udp: number, at: number, value: number): void {
  const old = frame[at] as number;
  frame[at] = value;
  const checksum = readU16(frame, udp + 6);
  // RFC 768: zero means that there is none.
  if (checksum === 0) return;
  // The first byte of each 16-bit word weighs more; options start anywhere.
  const shift = ((at - udp) & 1) === 0 ? 8 : 0;
  const sum = foldChecksum((checksum ^ 0xffff) + (value << shift) + ((old << shift) ^ 0xffff));
  // A checksum that comes out as zero is sent as all ones.
  const next = sum === 0xffff ? 0xffff : sum ^ 0xffff;
  frame[udp + 6] = next >>> 8;
  frame[udp + 7] = next & 0xff;
}
