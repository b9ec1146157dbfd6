// Names that clients make up, checked before anything keeps them. What fails the check is "": bytes
// of a client never reach a log line, a file or a page as they came.

import { LIMITS } from "../limits.ts";
import type { Dhcp4Message } from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";

const HOST_NAME = OPTION.hostName.code;
const VENDOR_CLASS = OPTION.vendorClassIdentifier.code;
const HYPHEN = 0x2d;
const DOT = 0x2e;
const NOTHING = new Uint8Array(0);

/**
 * The host name of option 12 up to its first dot, in lower case, when it is a label of RFC 1123 §2.1
 * (letters, digits and hyphens, none of these at an end); else "". `known` is returned as it is when
 * the client sends it again, which saves making a string for every renewal.
 */
export function hostnameOf(message: Dhcp4Message, known: string): string {
  if (!message.has(HOST_NAME)) return "";
  let { bytes } = message;
  const start = message.contentStart(HOST_NAME);
  let end = start + message.contentLength(HOST_NAME);
  if (start === 0) {
    // RFC 3396: it comes in pieces, which are read as one.
    bytes = message.raw(HOST_NAME) ?? NOTHING;
    end = bytes.length;
  }
  let length = 0;
  let isKnown = true;
  for (let at = start; at < end; at++) {
    const byte = lowerCase(bytes[at] as number);
    // RFC 2132 §2: some clients end the text with a NUL.
    if (byte === DOT || byte === 0) break;
    if (!isLetterOrDigit(byte) && byte !== HYPHEN) return "";
    if (known.charCodeAt(length) !== byte) isKnown = false;
    length++;
  }
  if (length === 0 || length > LIMITS.hostnameBytesMax) return "";
  if (bytes[start] === HYPHEN || bytes[start + length - 1] === HYPHEN) return "";
  if (isKnown && known.length === length) return known;
  return textOf(bytes, start, length).toLowerCase();
}

/** Option 60 when all of it is printable ASCII, cut to LIMITS.vendorClassBytesMax; else "". */
export function vendorClassOf(message: Dhcp4Message, known: string): string {
  if (!message.has(VENDOR_CLASS)) return "";
  let { bytes } = message;
  const start = message.contentStart(VENDOR_CLASS);
  let end = start + message.contentLength(VENDOR_CLASS);
  if (start === 0) {
    bytes = message.raw(VENDOR_CLASS) ?? NOTHING;
    end = bytes.length;
  }
  const length = Math.min(end - start, LIMITS.vendorClassBytesMax);
  let isKnown = known.length === length;
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i] as number;
    if (byte < 0x20 || byte > 0x7e) return "";
    if (known.charCodeAt(i) !== byte) isKnown = false;
  }
  return isKnown ? known : textOf(bytes, start, length);
}

function textOf(bytes: Uint8Array, start: number, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += String.fromCharCode(bytes[start + i] as number);
  return text;
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

function isLetterOrDigit(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
}
