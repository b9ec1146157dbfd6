// What a person can have done with the gateway: what will happen, said before; or why it is not to be done.

import type { GatewayRole } from "./coordinator.ts";
import { isMissed, namesWarning, type Resolvers } from "./resolvers.ts";
import type { GatewayWord } from "./word.ts";

export const VERBS = ["handover", "maintenance-on", "maintenance-off", "drill", "unplug"] as const;
export type Verb = (typeof VERBS)[number];

export interface VerbFacts {
  /** Name of this box. */
  readonly box: string;
  /** False: nothing moves. */
  readonly hasGateway: boolean;
  readonly isPaired: boolean;
  readonly role: GatewayRole;
  /** Undefined: it is not heard. */
  readonly partner: GatewayWord | undefined;
  readonly score: number;
  readonly isInMaintenance: boolean;
  /** Both books say the same. */
  readonly isInStep: boolean;
  readonly isDrillUnderWay: boolean;
  readonly resolvers: Resolvers;
  /** Why a connection may break; undefined: both boxes know them all. */
  readonly whyUntracked: string | undefined;
}

/** `text`: a sentence without its full stop. */
export interface Preflight {
  readonly isPossible: boolean;
  readonly text: string;
}

const yes = (text: string): Preflight => ({ isPossible: true, text });
const no = (text: string): Preflight => ({ isPossible: false, text });

export function preflight(verb: Verb, facts: VerbFacts): Preflight {
  return CHECKS[verb](facts);
}

/** Legend: verb, what has to be so for it. The first reason against it is said. */
const CHECKS: Readonly<Record<Verb, (facts: VerbFacts) => Preflight>> = {
  handover: (facts) => whyNoMove(facts) ?? yes(`${moveText(facts)}${namesText(facts)}`),
  "maintenance-on": (facts) => {
    const { box, isInMaintenance, isPaired, partner, hasGateway, isInStep } = facts;
    if (isInMaintenance) return no(`box ${box} is in maintenance already`);
    if (!isPaired) {
      return no(
        "this box has no partner that could do its work; it can be switched off all the same",
      );
    }
    if (!partner) return no("the partner is not heard: nobody would serve while this box is off");
    if (!isInStep)
      return no("the partner does not know all leases yet: wait until both are in step");
    const isHere = hasGateway && facts.role === "active";
    const why = isHere ? whyNoMove(facts) : undefined;
    if (why) return why;
    return yes(
      `box ${box} hands everything over to its partner and answers nobody, also after it was switched off and on, until it is told that the work is done${isHere ? namesText(facts) : ""}`,
    );
  },
  "maintenance-off": ({ box, isInMaintenance }) =>
    isInMaintenance
      ? yes(`box ${box} takes its share of the work again`)
      : no(`box ${box} is not in maintenance`),
  drill: (facts) => whyNoDrill(facts) ?? yes(moveText(facts, ", and gives it back by itself")),
  unplug: (facts) =>
    whyNoDrill(facts) ??
    yes(
      `${holderOf(facts)} acts for 10 seconds as if its power were gone, the other one does everything meanwhile, and gives the gateway back by itself; devices notice half a second of it`,
    ),
};

function holderOf({ box, role }: VerbFacts): string {
  return role === "active" ? `box ${box}` : `the partner of box ${box}`;
}

function moveText(facts: VerbFacts, more = ""): string {
  const to = facts.role === "active" ? "its partner" : `box ${facts.box}`;
  const move = `${holderOf(facts)} hands the gateway over to ${to}, which takes some milliseconds`;
  const { whyUntracked: why } = facts;
  if (why === undefined) return `${move}; connections go on${more}`;
  return `${move}${more}; connections go on, but of those whose addresses are translated some may break, because they are not kept in step: ${why}`;
}

function namesText({ resolvers, role, box }: VerbFacts): string {
  return namesWarning(resolvers, role === "active", box);
}

/** Undefined: the gateway can move between the boxes. */
function whyNoMove(facts: VerbFacts): Preflight | undefined {
  const { hasGateway, isPaired, partner, role, score, isInMaintenance, isDrillUnderWay } = facts;
  if (!hasGateway) return no("there is no gateway section in config.json, so nothing moves");
  if (!isPaired) return no("this box has no partner");
  if (!partner) return no("the partner is not heard");
  if (isDrillUnderWay) return no("a drill is under way; it ends by itself");
  if (role === "active") {
    if (!partner.mayTake) return no("the partner is in maintenance, or cannot be the gateway now");
    if (partner.score + LOSS_MAX < score) {
      const why = isMissed(facts.resolvers, "partner") ? ", and its resolver does not answer" : "";
      return no(`the partner is much worse off (${partner.score} of 100, this box ${score})${why}`);
    }
    return undefined;
  }
  if (isInMaintenance) return no("this box is in maintenance");
  if (role !== "standby") return no(NO_TAKER[role]);
  if (score + LOSS_MAX < partner.score) {
    const why = isMissed(facts.resolvers, "own") ? ", and its resolver does not answer" : "";
    return no(`this box is much worse off (${score} of 100, its partner ${partner.score})${why}`);
  }
  return undefined;
}

/** The gateway would come back by itself with more. */
const LOSS_MAX = 9;

const NO_TAKER: Readonly<Record<Exclude<GatewayRole, "active" | "standby">, string>> = {
  waiting: "no box has the gateway yet",
  released: "the gateway is on its way already",
  maintenance: "this box is in maintenance",
  fault: "this box cannot be the gateway now",
  unknown: "it is not known which box has the gateway",
};

/** A drill shows that all is well, so all has to be well. */
function whyNoDrill(facts: VerbFacts): Preflight | undefined {
  const why = whyNoMove(facts);
  if (why) return why;
  if (!facts.isInStep) return no("the boxes are not in step");
  if (isMissed(facts.resolvers, "own") || isMissed(facts.resolvers, "partner")) {
    return no("one of the resolvers does not answer; a drill would not show what it is to show");
  }
  const worst = Math.min(facts.score, facts.partner?.score ?? 0);
  if (worst < 100)
    return no("one of the boxes is not quite well; a drill would not show what it is to show");
  return undefined;
}
