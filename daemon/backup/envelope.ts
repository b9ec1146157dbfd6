// The bytes of an encrypted backup: a line that says what the file is, salt, nonce, what is sealed, and its tag.
// The line and what follows it are authenticated with the rest, so no byte of the file can be changed unnoticed.

import { concat } from "../base/bytes.ts";
import { ConfigError, DecodeError } from "../base/errors.ts";

export const SALT_BYTES = 16;
/** Of AES-GCM (NIST SP 800-38D §5.2.1.1). */
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/** Each of these has its own numbers for scrypt, so that no file can ask for more memory than there is. */
const VERSION = 1;
const BEGIN = "Tandem backup, encrypted, version ";
const MAGIC = new TextEncoder().encode(`${BEGIN}${VERSION}\n`);

export interface Envelope {
  /** Everything before what is sealed: associated data. */
  readonly header: Uint8Array;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
  readonly tag: Uint8Array;
}

/** By its first bytes; a line of another version is still that of an encrypted backup. */
export function isEncrypted(bytes: Uint8Array): boolean {
  return lineIn(bytes).startsWith(BEGIN);
}

export function headerOf(salt: Uint8Array, nonce: Uint8Array): Uint8Array {
  return concat(MAGIC, salt, nonce);
}

/** Throws ConfigError for another version, and DecodeError for what is too short. */
export function readEnvelope(bytes: Uint8Array): Envelope {
  const line = lineIn(bytes);
  if (line !== `${BEGIN}${VERSION}`) {
    const version = /^[0-9]{1,6}$/.exec(line.slice(BEGIN.length))?.[0] ?? "that cannot be read";
    throw new ConfigError(
      `(the first line) the backup is of version ${version}, and this software knows ${VERSION}: update it first`,
    );
  }
  const begin = MAGIC.length + SALT_BYTES + NONCE_BYTES;
  const end = bytes.length - TAG_BYTES;
  if (end <= begin) throw new DecodeError("sealed content", bytes.length, "the file is cut off");
  return {
    header: bytes.subarray(0, begin),
    salt: bytes.subarray(MAGIC.length, MAGIC.length + SALT_BYTES),
    nonce: bytes.subarray(MAGIC.length + SALT_BYTES, begin),
    sealed: bytes.subarray(begin, end),
    tag: bytes.subarray(end),
  };
}

/** The first line, without its end; "" where there is none so short. */
function lineIn(bytes: Uint8Array): string {
  const end = bytes.subarray(0, 64).indexOf(0x0a);
  return end < 0 ? "" : String.fromCharCode(...bytes.subarray(0, end));
}
