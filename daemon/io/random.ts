import { closeSync, openSync, readSync } from "node:fs";
import { IoError } from "../base/errors.ts";

/**
 * Random bytes of the kernel, for seeds and salts; node:crypto would bring OpenSSL into memory for
 * them. Throws IoError.
 */
export function randomBytes(count: number, source = "/dev/urandom"): Uint8Array {
  const bytes = new Uint8Array(count);
  try {
    const file = openSync(source, "r");
    try {
      if (readSync(file, bytes) === count) return bytes;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new IoError(`${source} gives no random numbers: ${(error as Error).message}`);
  }
  throw new IoError(`${source} gives too few random numbers`);
}

/** A whole number from 1 to 2^32-1, for seeds and salts that must not be zero. Throws IoError. */
export function randomSeed(): number {
  const [a = 0, b = 0, c = 0, d = 0] = randomBytes(4);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0 || 1;
}
