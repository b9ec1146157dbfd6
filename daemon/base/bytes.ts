/**
 * FNV-1a over the first `length` bytes, started from `seed` so that clients cannot choose their hash
 * bucket. 31 bits.
 */
export function hashBytes(bytes: Uint8Array, seed: number, length: number = bytes.length): number {
  let hash = (0x811c9dc5 ^ seed) | 0;
  for (let i = 0; i < length; i++) {
    hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  }
  hash ^= hash >>> 15;
  return hash & 0x7fffffff;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Less than, equal to or greater than 0, as `a` comes before, is, or comes after `b` of the same length. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** All of them in a row. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Lower-case hex without separators. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}

/**
 * Bytes as a string of characters 0 to 255. The engine keeps such a string in a fifth of the memory
 * of a small Uint8Array, which is what counts where thousands of them stay.
 */
export function packBytes(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** The bytes of a packed string. */
export function unpackBytes(packed: string): Uint8Array {
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  return bytes;
}
