// Certificates that browsers take (RFC 5280): an authority of one's own, and what it signs for a box. Keys are of the
// curve P-256 and signatures ECDSA with SHA-256 (RFC 5758 §3.2); browsers do not take Ed25519. Nothing is reckoned
// here: keys, their hashes and signatures come in as bytes.

import { parseIpv4 } from "../base/address.ts";
import { DecodeError } from "../base/errors.ts";
import {
  ascii,
  bitString,
  boolean,
  bytes,
  contextTag,
  elements,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  TAG,
  tagged,
  time,
  utf8String,
} from "./der.ts";

/** A name that a certificate is for. */
export type ServedName =
  /** In letters, digits, hyphens and dots (RFC 5280 §4.2.1.6). */
  | { readonly kind: "dns"; readonly name: string }
  /** 4 or 16 bytes. */
  | { readonly kind: "address"; readonly bytes: Uint8Array };

/** What both kinds of certificate say. */
export interface Statement {
  /** 1 to 20 bytes of a random number, which is not negative whatever its first bit (§4.1.2.2). */
  readonly serial: Uint8Array;
  /** Milliseconds since 1970; only whole seconds are written. The end is the last moment that counts. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** 20 bytes that stand for that key. */
  readonly keyId: Uint8Array;
}

export interface Issuer {
  /** Its subject, as its own certificate has it: taken over byte by byte. */
  readonly name: Uint8Array;
  readonly keyId: Uint8Array;
}

const VERSION_3 = tagged(contextTag(0, true), integer(bytes(2)));
const ECDSA_SHA256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));
/** RFC 5280, appendix A: ub-common-name and ub-organization-name. */
const NAME_CHARACTERS_MAX = 64;
const SERIAL_BYTES_MAX = 20;
/** RFC 1035 §2.3.4, without the dot at the end. */
const DNS_CHARACTERS_MAX = 253;

/** A distinguished name; what is longer than 64 characters is cut, as longer ones are refused by some. */
export function distinguishedName(organization: string, commonName: string): Uint8Array {
  const part = (type: string, value: string) =>
    tagged(TAG.set, sequence(objectIdentifier(type), utf8String(cut(value))));
  return sequence(part("2.5.4.10", organization), part("2.5.4.3", commonName));
}

/** An authority that signs itself, and may sign for boxes, but make no further authorities. */
export function authorityToBeSigned(statement: Statement, name: Uint8Array): Uint8Array {
  return toBeSigned(statement, name, name, [
    extension("2.5.29.19", true, sequence(boolean(true), integer(bytes(0)))),
    // keyCertSign and cRLSign.
    extension("2.5.29.15", true, bitString(bytes(0b0000_0110), 1)),
    extension("2.5.29.14", false, octetString(statement.keyId)),
  ]);
}

/** What a web server shows. There must be at least one name. */
export function leafToBeSigned(
  statement: Statement,
  name: Uint8Array,
  issuer: Issuer,
  served: readonly ServedName[],
): Uint8Array {
  return toBeSigned(statement, issuer.name, name, [
    extension("2.5.29.19", true, sequence()),
    // digitalSignature: all that TLS 1.3, and 1.2 with ECDHE, do with it.
    extension("2.5.29.15", true, bitString(bytes(0b1000_0000), 7)),
    // serverAuth.
    extension("2.5.29.37", false, sequence(objectIdentifier("1.3.6.1.5.5.7.3.1"))),
    extension("2.5.29.14", false, octetString(statement.keyId)),
    extension("2.5.29.35", false, sequence(tagged(contextTag(0, false), issuer.keyId))),
    extension("2.5.29.17", false, sequence(...served.map(generalName))),
  ]);
}

/** The whole certificate, in DER. `signature` is an ECDSA-Sig-Value (RFC 3279 §2.2.3). */
export function signedCertificate(signed: Uint8Array, signature: Uint8Array): Uint8Array {
  return sequence(signed, ECDSA_SHA256, bitString(signature));
}

/** The subject of a certificate in DER, with tag and length. Throws DecodeError when it is none. */
export function subjectOf(certificate: Uint8Array): Uint8Array {
  const [signed] = elements(elements(certificate)[0]?.content ?? bytes());
  const parts = elements(signed?.content ?? bytes());
  // Version 1 has no version; then the serial number, signature, issuer and validity stand before the subject.
  const subject = parts[parts[0]?.tag === contextTag(0, true) ? 5 : 4];
  if (subject?.tag !== TAG.sequence) throw new DecodeError("subject", 0, "is not there");
  return subject.whole;
}

function toBeSigned(
  statement: Statement,
  issuer: Uint8Array,
  subject: Uint8Array,
  extensions: readonly Uint8Array[],
): Uint8Array {
  const { serial, notBefore, notAfter, publicKey } = statement;
  // One bit less, so that with the zero before a first bit that is set it is never longer than allowed.
  const positive = serial.slice(0, SERIAL_BYTES_MAX);
  positive[0] = (positive[0] ?? 0) & 0x7f;
  return sequence(
    VERSION_3,
    integer(positive.some((byte) => byte !== 0) ? positive : bytes(1)),
    ECDSA_SHA256,
    issuer,
    sequence(time(notBefore), time(notAfter)),
    subject,
    publicKey,
    tagged(contextTag(3, true), sequence(...extensions)),
  );
}

function extension(id: string, isCritical: boolean, value: Uint8Array): Uint8Array {
  const critical = isCritical ? [boolean(true)] : [];
  return sequence(objectIdentifier(id), ...critical, octetString(value));
}

function generalName(served: ServedName): Uint8Array {
  return served.kind === "dns"
    ? tagged(contextTag(2, false), ascii(served.name))
    : tagged(contextTag(7, false), served.bytes);
}

/** From "box-a", "box-a.lan" or "10.77.0.2"; undefined: no certificate can say that, such as a name with _. */
export function servedName(text: string): ServedName | undefined {
  const address = parseIpv4(text);
  if (address !== undefined) {
    const parts = [address >>> 24, address >>> 16, address >>> 8, address];
    return { kind: "address", bytes: bytes(...parts.map((part) => part & 255)) };
  }
  const isName = text.length <= DNS_CHARACTERS_MAX && text.split(".").every(isLabel);
  // The last part of a name is never a number: that would be an address, and a broken one (RFC 1123 §2.1).
  return isName && !/(^|\.)[0-9]+$/.test(text) ? { kind: "dns", name: text } : undefined;
}

function isLabel(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(text);
}

/** Never in the middle of a character. */
function cut(value: string): string {
  return Array.from(value).slice(0, NAME_CHARACTERS_MAX).join("");
}
