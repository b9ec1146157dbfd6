// How a backup is encrypted: a key from the passphrase by scrypt (RFC 7914), then AES-256-GCM (NIST SP 800-38D).

import { IoError } from "../base/errors.ts";

/**
 * A quarter of a second of work on a computer, and 128 MB of memory for that long, for each passphrase that somebody
 * tries. Files name a version and no numbers, so none can ask for more.
 */
const COST = { N: 1 << 17, r: 8, p: 1, maxmem: 160 << 20 } as const;
const KEY_BYTES = 32;
const CIPHER = "aes-256-gcm";

export type DeriveKey = (passphrase: string, salt: Uint8Array) => Promise<Uint8Array>;

/** Beside everything else: packets do not wait for it. Rejects with IoError when there is too little memory. */
export function deriveKey(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  // The same letters from another keyboard may be other characters: NFKC makes them one.
  const secret = passphrase.normalize("NFKC");
  return new Promise((resolve, reject) => {
    try {
      openssl().scrypt(secret, salt, KEY_BYTES, COST, (error, key) => {
        if (error) reject(tooLittle(error));
        else resolve(Uint8Array.from(key));
      });
    } catch (error) {
      reject(tooLittle(error as Error));
    }
  });
}

function tooLittle({ message }: Error): IoError {
  return new IoError(`the key cannot be made from the passphrase: ${message}`);
}

export interface Sealed {
  readonly sealed: Uint8Array;
  readonly tag: Uint8Array;
}

/** A nonce is used once with a key: salt and nonce are random for each file. */
export function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  header: Uint8Array,
  content: Uint8Array,
): Sealed {
  const cipher = openssl().createCipheriv(CIPHER, key, nonce).setAAD(header);
  const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
  return { sealed, tag: cipher.getAuthTag() };
}

/** Undefined when the key is another one, or any byte was changed: these cannot be told apart. */
export function unseal(
  key: Uint8Array,
  nonce: Uint8Array,
  header: Uint8Array,
  { sealed, tag }: Sealed,
): Uint8Array | undefined {
  const decipher = openssl().createDecipheriv(CIPHER, key, nonce, { authTagLength: tag.length });
  decipher.setAAD(header).setAuthTag(tag);
  const content = decipher.update(sealed);
  try {
    return Buffer.concat([content, decipher.final()]);
  } catch {
    return undefined;
  }
}

/** At the first use only: 3.5 MB that a box does without until then. */
function openssl(): typeof import("node:crypto") {
  return process.getBuiltinModule("node:crypto");
}
