// The configuration that both boxes share, as text, and what makes two of them the same: not the order of the
// settings or the spaces between them, but what they say.

import { sha256Hex } from "../../base/sha256.ts";
import { LIMITS } from "../../limits.ts";

/** JSON without spaces, in the order in which a person wrote it, and the hash of what it says. */
export interface SharedDocument {
  readonly text: string;
  readonly hash: string;
}

/** Why something is not the document of any configuration, as a part of a sentence. */
export class NoDocument extends Error {
  override readonly name = "NoDocument";
}

/** Any value that JSON can hold. Throws NoDocument for one that nests too deep or is too large. */
export function documentOf(value: unknown): SharedDocument {
  const hash = hashOf(value);
  const text = JSON.stringify(value);
  if (UTF8.encode(text).length > LIMITS.configDocumentBytesMax) {
    throw new NoDocument("is larger than what two boxes can share");
  }
  return { text, hash };
}

/** A document that came as text, with its value. Throws NoDocument. */
export function parseDocument(text: string): SharedDocument & { readonly value: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new NoDocument("is not JSON");
  }
  return { ...documentOf(value), value };
}

/** Whether two values of a configuration mean the same; undefined is one that is not set. */
export function saysTheSame(one: unknown, other: unknown): boolean {
  if (one === undefined || other === undefined) return one === other;
  return canonical(one, LIMITS.configDepthMax) === canonical(other, LIMITS.configDepthMax);
}

/** Of its canonical form: settings in the order of their names, no spaces. Throws NoDocument. */
function hashOf(value: unknown): string {
  return sha256Hex(UTF8.encode(canonical(value, LIMITS.configDepthMax)));
}

function canonical(value: unknown, depth: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (depth === 0) throw new NoDocument(`nests deeper than ${LIMITS.configDepthMax} levels`);
  if (Array.isArray(value)) {
    return `[${value.map((one) => canonical(one, depth - 1)).join(",")}]`;
  }
  const settings = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = settings.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one, depth - 1)}`);
  return `{${parts.join(",")}}`;
}

const UTF8 = new TextEncoder();

/** What a box has that never had a configuration. */
export const NO_DOCUMENT: SharedDocument = { text: "null", hash: hashOf(null) };

/** Whether it is as the factory left it: without any network it serves nobody, so no person has begun it. */
export function isFactory({ text }: SharedDocument): boolean {
  const { networks } = (JSON.parse(text) ?? {}) as { networks?: unknown };
  return Array.isArray(networks) && networks.length === 0;
}
