// DER (X.690), as far as certificates need it: written, and read where a part is taken over as it is.

import { concat } from "../base/bytes.ts";
import { DecodeError } from "../base/errors.ts";

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A place of a structure that is known by its number: [0] to [30]; `constructed` holds other elements. */
export function contextTag(number: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | number;
}

/** X.690 §8.1: a tag, a length in as few bytes as it needs (at most two: 65535), and the content. */
export function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  const { length } = content;
  const head = length < 0x80 ? bytes(tag, length) : bytes(tag, 0x82, length >> 8, length & 255);
  return concat(length >= 0x80 && length < 0x100 ? bytes(tag, 0x81, length) : head, content);
}

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(TAG.sequence, ...parts);
}

/** X.690 §8.3: as few bytes as it needs; the number is never negative, whatever its first bit. */
export function integer(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? bytes(0) : magnitude.subarray(first);
  const isNegative = (digits[0] ?? 0) >= 0x80;
  return tagged(TAG.integer, bytes(...(isNegative ? [0] : [])), digits);
}

/** X.690 §8.19, from "2.5.29.17". */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return tagged(TAG.objectIdentifier, bytes(...[first * 40 + second, ...rest].flatMap(base128)));
}

/** Whole bytes only. */
export function bitString(content: Uint8Array, unusedBits = 0): Uint8Array {
  return tagged(TAG.bitString, bytes(unusedBits), content);
}

export function octetString(content: Uint8Array): Uint8Array {
  return tagged(TAG.octetString, content);
}

export function boolean(value: boolean): Uint8Array {
  return tagged(TAG.boolean, bytes(value ? 0xff : 0));
}

export function utf8String(value: string): Uint8Array {
  return tagged(TAG.utf8String, new TextEncoder().encode(value));
}

/** A moment as certificates have it, to the second: RFC 5280 §4.1.2.5 wants the short form until the end of 2049. */
export function time(milliseconds: number): Uint8Array {
  const digits = new Date(milliseconds).toISOString().replace(/\.\d+Z$|[-:T]/g, "");
  const year = Number(digits.slice(0, 4));
  const isShort = year >= 1950 && year < 2050;
  return isShort
    ? tagged(TAG.utcTime, ascii(`${digits.slice(2)}Z`))
    : tagged(TAG.generalizedTime, ascii(`${digits}Z`));
}

export function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** Of characters below 128. */
export function ascii(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0));
}

/** One element of a structure. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length, to be put into another structure as it is. */
  readonly whole: Uint8Array;
}

/** The elements that stand one behind the other. Throws DecodeError when they do not fill the bytes exactly. */
export function elements(content: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < content.length; ) {
    const { tag, start, end } = headAt(content, at);
    if (end > content.length) throw new DecodeError("element", at, "is longer than what holds it");
    found.push({ tag, content: content.subarray(start, end), whole: content.subarray(at, end) });
    at = end;
  }
  return found;
}

function headAt(all: Uint8Array, at: number): { tag: number; start: number; end: number } {
  const tag = all[at] ?? 0;
  const short = all[at + 1];
  if ((tag & 0x1f) === 0x1f) throw new DecodeError("tag", at, "has more than one byte");
  if (short === undefined) throw new DecodeError("length", at + 1, "is missing");
  if (short < 0x80) return { tag, start: at + 2, end: at + 2 + short };
  const count = short & 0x7f;
  if (count < 1 || count > 3)
    throw new DecodeError("length", at + 1, "is not of one to three bytes");
  const start = at + 2 + count;
  const length = all.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  return { tag, start, end: start + length };
}

/** The highest bit of each byte says that another one follows. */
function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    digits.unshift((rest & 0x7f) | 0x80);
  }
  return digits;
}
