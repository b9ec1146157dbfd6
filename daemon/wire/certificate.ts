// The certificate that a box shows to its partner. It says nothing but the key: who has the key is known by the hash of
// it, which two people have compared, and by nothing that anybody could have signed. So it names nobody, is signed
// by itself, and is valid for ever (RFC 5280 §4.1; Ed25519: RFC 8410 §3). Browsers are shown another one: x509.ts.

import { concat } from "../base/bytes.ts";
import {
  ascii,
  bitString,
  bytes,
  contextTag,
  integer,
  objectIdentifier,
  sequence,
  TAG,
  tagged,
  utf8String,
} from "./der.ts";

/** The fixed part of a SubjectPublicKeyInfo (RFC 8410 §4); the 32 bytes of the key follow. */
export const PUBLIC_KEY_PREFIX: Uint8Array = Uint8Array.of(
  ...[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00],
);

/** The fixed part of a OneAsymmetricKey (RFC 8410 §7); the 32 bytes of the seed follow. */
export const PRIVATE_KEY_PREFIX: Uint8Array = Uint8Array.of(
  ...[
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
  ],
);

const ED25519 = sequence(objectIdentifier("1.3.101.112"));
const COMMON_NAME = objectIdentifier("2.5.4.3");
const NAME = sequence(tagged(TAG.set, sequence(COMMON_NAME, utf8String("tandem"))));
/** RFC 5280 §4.1.2.5: the last moment that can be written stands for no end. */
const VALIDITY = sequence(
  tagged(TAG.generalizedTime, ascii("19700101000000Z")),
  tagged(TAG.generalizedTime, ascii("99991231235959Z")),
);
const VERSION_3 = tagged(contextTag(0, true), integer(bytes(2)));
const SERIAL = integer(bytes(1));

/** What the owner of `key`, the 32 bytes of a public key, has to sign. */
export function toBeSigned(key: Uint8Array): Uint8Array {
  const info = concat(PUBLIC_KEY_PREFIX, key);
  return sequence(VERSION_3, SERIAL, ED25519, NAME, VALIDITY, NAME, info);
}

/** The whole certificate, in DER. */
export function certificateOf(signed: Uint8Array, signature: Uint8Array): Uint8Array {
  return sequence(signed, ED25519, bitString(signature));
}
