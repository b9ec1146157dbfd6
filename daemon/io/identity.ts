// The key of this box: what it signs with, and what it shows in TLS. Its public part, hashed, is who the box is.

import {
  certificateOf,
  PRIVATE_KEY_PREFIX,
  PUBLIC_KEY_PREFIX,
  toBeSigned,
} from "../wire/certificate.ts";

export interface Identity {
  /** SHA-256 of the public key. */
  readonly id: Uint8Array;
  /** The 32 bytes of the public key. */
  readonly key: Uint8Array;
  /** For TLS, both in PEM. */
  readonly certificate: string;
  readonly privateKey: string;
  sign(bytes: Uint8Array): Uint8Array;
}

/** `seed` is the secret of the box: 32 random bytes (RFC 8032 §5.1.5). */
export function identityOf(seed: Uint8Array): Identity {
  const { createPrivateKey, createPublicKey, sign } = openssl();
  const der = Buffer.concat([PRIVATE_KEY_PREFIX, seed]);
  const secret = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const info = createPublicKey(secret).export({ format: "der", type: "spki" });
  const key = Uint8Array.from(info.subarray(PUBLIC_KEY_PREFIX.length));
  const signBytes = (bytes: Uint8Array) => Uint8Array.from(sign(null, bytes, secret));
  const signed = toBeSigned(key);
  return {
    id: idOf(key),
    key,
    certificate: pem("CERTIFICATE", certificateOf(signed, signBytes(signed))),
    privateKey: String(secret.export({ format: "pem", type: "pkcs8" })),
    sign: signBytes,
  };
}

/** Who has this public key. */
export function idOf(key: Uint8Array): Uint8Array {
  return sha256(key);
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(openssl().createHash("sha256").update(bytes).digest());
}

/** Whether the owner of `key` has signed this. Any bytes may be given for any of them. */
export function isSignedBy(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  const { createPublicKey, verify } = openssl();
  try {
    const der = Buffer.concat([PUBLIC_KEY_PREFIX, key]);
    return verify(
      null,
      bytes,
      createPublicKey({ key: der, format: "der", type: "spki" }),
      signature,
    );
  } catch {
    // Not every 32 bytes are a key.
    return false;
  }
}

/** At the first use only: a box without a partner does without its 3.5 MB. */
function openssl(): typeof import("node:crypto") {
  return process.getBuiltinModule("node:crypto");
}

export function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
