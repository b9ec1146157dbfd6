// What a box says of itself, and how what two boxes have differs.

import type { Now } from "../../base/time.ts";
import type { Profile } from "../../wire/introduction-message.ts";
import type { OwnFacts } from "./events.ts";
import { objectOf } from "./free-address.ts";

/** How two shared configurations differ, for people; none: they are the same. */
export type Differences = (mine: unknown, theirs: unknown) => readonly string[];

export function profileOf(facts: OwnFacts, { wall }: Now): Profile {
  const { name, model, serial, software, generation, isServing, pair } = facts;
  return {
    kind: "profile",
    software: plain(software),
    name: plain(name),
    model: plain(model),
    serial: plain(serial),
    ...{ generation, isServing, wall: Math.floor(wall) },
    pair: pair?.partner && { role: pair.role, partner: pair.partner },
  };
}

/** As it can be said on the wire, and shown by the other box. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 64);
}

/** That one of them knows of a pair and the other does not is what pairing is for, and no difference. */
export function differencesOf(
  mine: unknown,
  theirs: unknown,
  differences: Differences,
): readonly string[] {
  const { pair: ofMine, ...restOfMine } = objectOf(mine);
  const { pair: ofTheirs, ...restOfTheirs } = objectOf(theirs);
  return ofMine && ofTheirs ? differences(mine, theirs) : differences(restOfMine, restOfTheirs);
}
