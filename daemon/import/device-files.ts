// The files of a device as an importer gets them, and what all importers say of them.

import { LIMITS } from "../limits.ts";
import type { DeviceDraft } from "./device-draft.ts";
import type { Said } from "./device-parts.ts";
import type { ImportedLease } from "./imported.ts";

/** Longer ones are not read: no device has them, and whatever wrote them means harm or something else. */
export const FILE_CHARACTERS_MAX = 16 << 20;
/** Statements of one file; the rest is said to be left out. */
export const STATEMENTS_MAX = 50_000;

/** The text without the mark of its byte order, and without halves of characters; undefined, with a note, when it is too long or binary. */
export function readable(draft: DeviceDraft, file: string, text: string): string | undefined {
  const said = wholeFile(file);
  if (text.length > FILE_CHARACTERS_MAX) {
    draft.unreadable(said, "The file is too long to be one of these.");
    return undefined;
  }
  if (text.includes("\0")) {
    draft.unreadable(said, "The file is not text.");
    return undefined;
  }
  return text.replace(/^\ufeff/, "").toWellFormed();
}

export function wholeFile(file: string): Said {
  return { place: { file, line: 0 }, text: "" };
}

/** Lines with their numbers, from 1 on. */
export function* linesOf(text: string): Generator<readonly [line: number, text: string]> {
  let line = 0;
  for (let at = 0; at <= text.length; ) {
    line++;
    const lf = text.indexOf("\n", at);
    const end = lf < 0 ? text.length : lf;
    yield [line, text.slice(at, end).replace(/\r$/, "")];
    at = end + 1;
  }
}

/** Keeps a lease whose address is of a network that was taken over, or says why not. */
export function addLease(
  draft: DeviceDraft,
  lease: ImportedLease,
  address: number,
  said: Said,
): void {
  const isInside = draft.networks.some(({ subnet }) => {
    return (address & subnet.mask) >>> 0 === subnet.address;
  });
  if (!isInside) {
    draft.leftOut(said, `${lease.address} is in none of the networks that were taken over.`);
  } else if (draft.leases.has(lease.address)) {
    draft.leftOut(said, `There is a lease of ${lease.address} above.`);
  } else if (draft.leases.size >= LIMITS.poolAddressesMax) {
    draft.leftOut(said, `There may be ${LIMITS.poolAddressesMax} leases at most.`);
  } else draft.leases.set(lease.address, lease);
}
