import { readFileSync } from "node:fs";
import { IoError } from "../base/errors.ts";
import { randomBytes } from "./random.ts";
import { writeWhole } from "./whole-file.ts";

export const SECRET_BYTES = 32;

/**
 * The random secret of this box, made when the file does not exist or does not hold one. The file is
 * readable by its owner only, whole or not there, and durable. Throws IoError when it can neither be
 * read nor made; a secret from `randomBytes` then does until the next start.
 */
export function loadSecret(file: string): Uint8Array {
  const known = read(file);
  if (known?.length === SECRET_BYTES) return known;
  const secret = randomBytes(SECRET_BYTES);
  writeWhole(file, secret);
  return secret;
}

function read(file: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(readFileSync(file));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new IoError(`${file} cannot be read: ${(error as Error).message}`, codeOf(error));
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}

/** While the disk cannot give or take one, a secret until the next start does. */
export function secretForNow(file: string): Uint8Array {
  try {
    return loadSecret(file);
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    return randomBytes(SECRET_BYTES);
  }
}
