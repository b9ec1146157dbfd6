// The partner of this box: where it is, and what a person can say of it.

import type { PairLinkConfig } from "./config/pair.ts";
import type { CoreEvent } from "./core/event.ts";
import type { PairView } from "./core/failover/pair-view.ts";
import type { ActionResult } from "./http/box-view.ts";
import type { Identity } from "./io/identity.ts";
import { type PeerAddresses, PeerTcp } from "./io/peer-link.ts";

/** The TCP connections with the partner: what happens on them goes to the core. */
export function makePeer(
  event: (event: CoreEvent) => void,
  problem: (text: string | undefined) => void,
  distrusted: (text: string | undefined) => void,
): PeerTcp {
  return new PeerTcp({
    open: (connection) => event({ kind: "peer-open", connection }),
    bytes: (connection, bytes) => event({ kind: "peer-bytes", connection, bytes }),
    closed: (connection, reason) => event({ kind: "peer-closed", connection, reason }),
    problem,
    distrusted,
  });
}

/** `identity` gives that of this box, once it is needed. */
export function peerAddresses(
  link: PairLinkConfig | undefined,
  identity: () => Identity,
): PeerAddresses | undefined {
  if (!link) return undefined;
  const { address, port, partner, partnerPort, partnerIdentity } = link;
  const security = partnerIdentity && { identity: identity(), partnerId: partnerIdentity };
  return { ownAddress: address, port, partnerAddress: partner, partnerPort, security };
}

/** A person says that the partner is off for certain. `tell` gives the core the event. */
export function declarePartnerDown(
  view: () => PairView | undefined,
  tell: (event: CoreEvent) => void,
): ActionResult {
  const before = view();
  if (!before) return refused("this box is in no pair");
  if (before.state === "partner-down" && !before.isConnected) {
    return { isDone: true, text: "the partner counts as down already" };
  }
  tell({ kind: "pair-command", command: "partner-down" });
  const after = view();
  if (after?.state === "partner-down" && !after.isConnected) {
    return { isDone: true, text: "this box works without its partner from now on" };
  }
  if (after?.isConnected) return refused("the partner answers, so it is not down");
  return refused("this box is stopping");
}

function refused(text: string): ActionResult {
  return { isDone: false, text };
}
