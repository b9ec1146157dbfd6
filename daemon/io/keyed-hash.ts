import type { KeyedHash } from "../ports.ts";

/**
 * HMAC-MD5, which RFC 3118 and RFC 6704 name and no other. OpenSSL is loaded at the first use only: a
 * box whose clients never ask for it saves some 3.5 MB.
 */
export const hmacMd5: KeyedHash = (key, data) => {
  const { createHmac } = process.getBuiltinModule("node:crypto");
  return Uint8Array.from(createHmac("md5", key).update(data).digest());
};
