// What follows from the resolvers of both boxes, where clients are told that the gateway is the one to ask for names. A
// box whose resolver alone is silent has a fault of its own. Where both are silent it lies beyond them, most likely at
// the provider, and moving the gateway would help nobody.

import type { Look } from "./health.ts";

export type ResolverState =
  | "answers"
  /** It did, and does no more. */
  | "silent"
  /** It was asked in vain, and has never answered. */
  | "never";

/** Undefined: it is not known, or there is nobody to ask. */
export interface Resolvers {
  /** Of this box, on the LAN; "" while nobody is asked. */
  readonly address: string;
  readonly own: ResolverState | undefined;
  /** Of the partner, as it is seen from here. */
  readonly partner: ResolverState | undefined;
}

export const NO_RESOLVERS: Resolvers = { address: "", own: undefined, partner: undefined };

/**
 * Undefined: there is no resolver. One that has never answered is none, and nothing is missed; but where the partner
 * has one and could be the gateway, this box needs one as well.
 */
export function resolverLook(resolvers: Resolvers): Look | undefined {
  const { address, own, partner } = resolvers;
  if (own === "answers")
    return { isGood: true, detail: `${address} answers${PARTNER[partner ?? "never"]}` };
  if (!isMissed(resolvers, "own")) return undefined;
  if (partner === "silent") {
    const detail = `neither ${address} nor the resolver of the partner answers`;
    return { isGood: false, isCommon: true, detail };
  }
  const past = own === "silent" ? "does not answer" : "has not answered yet";
  const rest = partner === "answers" ? ", and the resolver of the partner does" : "";
  return { isGood: false, detail: `${address} ${past}${rest}` };
}

const PARTNER: Readonly<Record<ResolverState, string>> = {
  answers: ", and so does the resolver of the partner",
  silent: ", and the resolver of the partner does not",
  never: "",
};

/** As far as it is seen from here. */
export function isMissed({ own, partner }: Resolvers, at: "own" | "partner"): boolean {
  if (at === "partner") return partner === "silent";
  return own === "silent" || (own === "never" && partner !== undefined && partner !== "never");
}

/** Behind what will happen; "": devices find names where the gateway goes. `box`: name of this box. */
export function namesWarning(resolvers: Resolvers, isToPartner: boolean, box: string): string {
  const [there, here] = isToPartner ? (["partner", "own"] as const) : (["own", "partner"] as const);
  if (!isMissed(resolvers, there)) return "";
  if (isMissed(resolvers, here)) {
    return "; devices find no names, neither before nor after it: neither resolver answers";
  }
  const whose = isToPartner ? "its partner" : `box ${box}`;
  return `; but devices find no names after it: the resolver of ${whose} does not answer`;
}
