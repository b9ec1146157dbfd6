// The boxes that announce themselves on the pair ports, and which of them could become the partner.

import { equalBytes, hex } from "../../base/bytes.ts";
import type { Now } from "../../base/time.ts";
import type { LogValues } from "../../catalogue.ts";
import { LIMITS } from "../../limits.ts";
import type { FoundBox, OwnFacts } from "./events.ts";
import type { IntroductionRefusal } from "./refusals.ts";
import type { Introduced } from "./roles.ts";

/** A reason of the table, with what its sentence is filled in with. */
export interface Why {
  readonly reason: IntroductionRefusal;
  readonly values: LogValues;
}

export type Verdict =
  | { readonly kind: "nobody" }
  /** It could be the partner; `why`: it may have to be freed first, which only itself can know. */
  | { readonly kind: "one"; readonly box: FoundBox; readonly foundAt: number; readonly why?: Why }
  | { readonly kind: "refused"; readonly box: FoundBox; readonly why: Why };

interface Candidate {
  readonly box: FoundBox;
  /** Monotonic: of its first and its last hello. */
  readonly foundAt: number;
  readonly heardAt: number;
  /** By how much its clock is ahead, in milliseconds. */
  readonly clockOffset: number;
}

export class Candidates {
  readonly #found = new Map<string, Candidate>();

  heard(box: FoundBox, { monotonic, wall }: Now): void {
    const key = hex(box.identity);
    const known = this.#found.get(key);
    // That there are too many is said of a few as well as of all.
    if (!known && this.#found.size >= LIMITS.introductionBoxesMax) return;
    const foundAt = known?.foundAt ?? monotonic;
    this.#found.set(key, { box, foundAt, heardAt: monotonic, clockOffset: box.wall - wall });
  }

  gone(identity: Uint8Array): void {
    this.#found.delete(hex(identity));
  }

  /** A box that is not heard any more is gone, also when nobody says so. */
  forget({ monotonic }: Now): void {
    for (const [key, { heardAt }] of this.#found) {
      if (monotonic - heardAt > LIMITS.introductionSilenceMilliseconds) this.#found.delete(key);
    }
  }

  verdict(own: OwnFacts): Verdict {
    const strangers = [...this.#found.values()].filter(({ box }) => !isPartner(own, box));
    const [first, ...others] = strangers;
    if (!first) return { kind: "nobody" };
    const { box, foundAt } = first;
    if (others.length > 0) {
      const names = strangers.map((one) => describeBox(one.box)).join(", ");
      return { kind: "refused", box, why: { reason: "too-many", values: { names } } };
    }
    for (const [reason, isSo, values] of RULES) {
      if (isSo(own, first)) {
        return { kind: "refused", box, why: { reason, values: values(own, first) } };
      }
    }
    const isTaken = box.partner !== undefined && !equalBytes(box.partner, own.identity);
    if (!isTaken) return { kind: "one", box, foundAt };
    const values = { name: describeBox(box) };
    return { kind: "one", box, foundAt, why: { reason: "has-partner", values } };
  }
}

/** For a person who looks at the label of the box. */
export function describeBox({ model, serial }: Pick<FoundBox, "model" | "serial">): string {
  return [model, serial].filter((part) => part !== "").join(" ") || "(no name)";
}

/** The partner of this box; one with a partner that is a stranger to it has yet to write so. */
function isPartner({ identity, pair }: OwnFacts, box: FoundBox): boolean {
  const isOurs = pair?.partner !== undefined && equalBytes(pair.partner, box.identity);
  return isOurs && box.partner !== undefined && equalBytes(box.partner, identity);
}

type Rule = readonly [
  reason: IntroductionRefusal,
  isSo: (own: OwnFacts, found: Candidate) => boolean,
  values: (own: OwnFacts, found: Candidate) => LogValues,
];

/** Legend: the refusal, when it is due, what its sentence is filled in with. The first one counts. */
const RULES: readonly Rule[] = [
  ["same-box", ({ identity }, { box }) => equalBytes(identity, box.identity), () => ({})],
  [
    "partner-is-there",
    ({ pair }, { box }) =>
      pair?.isHeard === true && !(pair.partner && equalBytes(pair.partner, box.identity)),
    () => ({}),
  ],
  [
    "has-partner",
    ({ identity, pair }, { box }) =>
      isAnother(pair?.partner, box.identity) && isAnother(box.partner, identity),
    (_, { box }) => ({ name: describeBox(box) }),
  ],
  [
    "other-model",
    ({ model }, { box }) => model !== box.model,
    ({ model }, { box }) => ({ own: model || "(unknown)", theirs: box.model || "(unknown)" }),
  ],
  [
    "clock",
    (_, { clockOffset }) => isClockTooFar(clockOffset),
    (_, { clockOffset }) => ({ seconds: secondsOf(clockOffset) }),
  ],
];

/** The same again, of what the other box says itself. */
export function objectionTo(
  own: Introduced,
  { identity, profile }: Introduced,
  { wall }: Now,
): Why | undefined {
  const theirs = profile.model;
  const { model } = own.profile;
  if (model !== theirs) return { reason: "other-model", values: { own: model, theirs } };
  const offset = profile.wall - wall;
  if (isClockTooFar(offset)) return { reason: "clock", values: { seconds: secondsOf(offset) } };
  const ofOwn = own.profile.pair?.partner;
  if (isAnother(ofOwn, identity) && isAnother(profile.pair?.partner, own.identity)) {
    return { reason: "has-partner", values: { name: profile.name } };
  }
  return undefined;
}

function isClockTooFar(offsetMilliseconds: number): boolean {
  return Math.abs(offsetMilliseconds) > LIMITS.clockDifferenceSeconds * 1000;
}

function isAnother(partner: Uint8Array | undefined, identity: Uint8Array): boolean {
  return partner !== undefined && !equalBytes(partner, identity);
}

function secondsOf(milliseconds: number): number {
  return Math.round(Math.abs(milliseconds) / 1000);
}
