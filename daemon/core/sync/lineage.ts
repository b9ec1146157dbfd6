// Which of two configurations was made from the other.
//
// A box keeps, with the configuration in force, the generations that it was made from. When the partner's is
// among them, the partner has missed something and nothing else; when neither is among those of the other,
// both were changed and only a person can say which one is meant.
//
// A hash alone does not tell that: somebody may take a change back, and the older hash is in force again while
// the partner goes on from it. So one's hash counts as an ancestor only where the other had it at least as late.

import { ANCESTORS_MAX, type Generation, type Lineage } from "../../wire/config-message.ts";
import { NO_DOCUMENT } from "./shared-document.ts";

/** How one's own lineage stands to the partner's. */
export type Relation = "same" | "newer" | "older" | "diverged";

/** Generation 0 is what the factory put there. */
export const BLANK: Lineage = { generation: 0, hash: NO_DOCUMENT.hash, ancestors: [] };

export function relationOf(own: Lineage, partners: Lineage, isPrimary: boolean): Relation {
  if (own.hash === partners.hash) return "same";
  const isNewer = isAncestor(partners, own);
  const isOlder = isAncestor(own, partners);
  // Nobody wrote either: nothing can be lost.
  if (isNewer && isOlder) return isPrimary ? "newer" : "older";
  if (isNewer) return "newer";
  return isOlder ? "older" : "diverged";
}

function isAncestor(one: Lineage, of: Lineage): boolean {
  if (of.hash === BLANK.hash) return false;
  if (one.generation === 0) return true;
  return of.ancestors.some(
    ({ generation, hash }) => hash === one.hash && generation >= one.generation,
  );
}

/** What a change makes of it. `agreed` is kept among the ancestors, however many there are. */
export function successor(
  own: Lineage,
  hash: string,
  agreed: Generation | undefined,
  isFactory: boolean,
): Lineage {
  if (own.hash === BLANK.hash) return { generation: isFactory ? 0 : 1, hash, ancestors: [] };
  const ancestors = keepNewest([generationOf(own), ...own.ancestors], agreed);
  return { generation: own.generation + 1, hash, ancestors };
}

/** What follows on both, so that no box can take it for anything but newer. */
export function union(own: Lineage, partners: Lineage, hash: string): Lineage {
  return {
    generation: Math.max(own.generation, partners.generation) + 1,
    hash,
    ancestors: keepNewest([
      ...[generationOf(own), generationOf(partners)],
      ...[...own.ancestors, ...partners.ancestors],
    ]),
  };
}

/** Two of the same hash become one, the same at both ends. */
export function levelled(own: Lineage, partners: Lineage): Lineage {
  return {
    generation: Math.max(own.generation, partners.generation),
    hash: own.hash,
    ancestors: keepNewest([...own.ancestors, ...partners.ancestors]),
  };
}

export function generationOf({ generation, hash }: Generation): Generation {
  return { generation, hash };
}

/** Each hash as late as it was in force, the newest first. */
function keepNewest(all: readonly Generation[], agreed?: Generation): Generation[] {
  const order = (a: Generation, b: Generation) =>
    b.generation - a.generation || (a.hash < b.hash ? -1 : 1);
  const latest = new Map<string, Generation>();
  for (const one of all.toSorted(order)) {
    if (!latest.has(one.hash) && one.hash !== BLANK.hash) latest.set(one.hash, one);
  }
  const sorted = Array.from(latest.values());
  const kept = sorted.slice(0, ANCESTORS_MAX);
  const pinned = agreed && sorted.slice(ANCESTORS_MAX).find(({ hash }) => hash === agreed.hash);
  return pinned ? [...kept.slice(0, -1), pinned] : kept;
}
