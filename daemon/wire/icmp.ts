// ICMP echo (RFC 792): how an address behind a router is asked whether it is in use.

import { DecodeError } from "../base/errors.ts";
import {
  addWords,
  ETHERNET_HEADER_BYTES,
  foldChecksum,
  IPV4_HEADER_BYTES,
  type Ipv4Addressing,
  isChecksumRight,
  PROTOCOL_ICMP,
  writeIpv4Headers,
} from "./frame.ts";
import { readU16 } from "./reader.ts";

export const ICMP_ECHO_REPLY = 0;
export const ICMP_ECHO_REQUEST = 8;
export const ICMP_HEADER_BYTES = 8;
/** IEEE 802.3: shorter frames are padded; done here, as a raw socket does not do it. */
const ETHERNET_BYTES_MIN = 60;

/** What the sender of an echo recognises the reply by; 0 to 65535 each. */
export interface EchoNumbers {
  readonly identifier: number;
  readonly sequence: number;
}

export interface EchoRequest extends Ipv4Addressing, EchoNumbers {}

/** A whole frame, without echo data. `destinationMac` is one host's: the target's, or the router's. */
export function buildEchoRequest(echo: EchoRequest): Uint8Array {
  const frame = new Uint8Array(ETHERNET_BYTES_MIN);
  const view = new DataView(frame.buffer);
  writeIpv4Headers(view, 0, echo, PROTOCOL_ICMP, ICMP_HEADER_BYTES);
  const icmp = ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES;
  view.setUint8(icmp, ICMP_ECHO_REQUEST);
  view.setUint16(icmp + 4, echo.identifier);
  view.setUint16(icmp + 6, echo.sequence);
  const sum = addWords(frame, icmp, icmp + ICMP_HEADER_BYTES, 0);
  view.setUint16(icmp + 2, foldChecksum(sum) ^ 0xffff);
  return frame;
}

/**
 * Reads the payload of an ICMP frame. Undefined when it is another message than an echo reply. Throws
 * DecodeError when it is cut short or its checksum is wrong.
 */
export function parseEchoReply(
  bytes: Uint8Array,
  start: number,
  end: number,
): EchoNumbers | undefined {
  if (start < 0 || end > bytes.length || end - start < ICMP_HEADER_BYTES) {
    throw new DecodeError("icmp header", 0, `only ${end - start} bytes`);
  }
  if (!isChecksumRight(bytes, start, end, 0)) throw new DecodeError("icmp checksum", 2, "wrong");
  if (bytes[start] !== ICMP_ECHO_REPLY || bytes[start + 1] !== 0) return undefined;
  return { identifier: readU16(bytes, start + 4), sequence: readU16(bytes, start + 6) };
}
