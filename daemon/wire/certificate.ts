// The certificate that a box shows in TLS. It says nothing but the key: who has the key is known by the hash of
// it, which two people have compared, and by nothing that anybody could have signed. So it names nobody, is signed
// by itself, and is valid for ever (RFC 5280 §4.1; Ed25519: RFC 8410 §3).

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

const TAG = {
  integer: 0x02,
  bitString: 0x03,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
} as const;

const ED25519 = tagged(TAG.sequence, tagged(TAG.objectIdentifier, bytes(0x2b, 0x65, 0x70)));
const COMMON_NAME = tagged(TAG.objectIdentifier, bytes(0x55, 0x04, 0x03));
const NAME = tagged(
  TAG.sequence,
  tagged(TAG.set, tagged(TAG.sequence, COMMON_NAME, tagged(TAG.utf8String, text("tandem")))),
);
/** RFC 5280 §4.1.2.5: the last moment that can be written stands for no end. */
const VALIDITY = tagged(
  TAG.sequence,
  tagged(TAG.generalizedTime, text("19700101000000Z")),
  tagged(TAG.generalizedTime, text("99991231235959Z")),
);
const VERSION_3 = tagged(TAG.version, tagged(TAG.integer, bytes(2)));
const SERIAL = tagged(TAG.integer, bytes(1));

/** What the owner of `key`, the 32 bytes of a public key, has to sign. */
export function toBeSigned(key: Uint8Array): Uint8Array {
  const info = concat(PUBLIC_KEY_PREFIX, key);
  return tagged(TAG.sequence, VERSION_3, SERIAL, ED25519, NAME, VALIDITY, NAME, info);
}

/** The whole certificate, in DER. */
export function certificateOf(signed: Uint8Array, signature: Uint8Array): Uint8Array {
  return tagged(TAG.sequence, signed, ED25519, tagged(TAG.bitString, bytes(0), signature));
}

/** X.690 §8.1: a tag, a length in as few bytes as it needs, and the content. */
function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  const { length } = content;
  const head = length < 0x80 ? bytes(tag, length) : bytes(tag, 0x82, length >> 8, length & 255);
  return concat(length >= 0x80 && length < 0x100 ? bytes(tag, 0x81, length) : head, content);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

function text(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0));
}
