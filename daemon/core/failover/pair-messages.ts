// What the partner says, once both have agreed on a connection (draft-ietf-dhc-failover-12 §7).

import type { Now } from "../../base/time.ts";
import type {
  BindingUpdate,
  Dialect,
  MessageOf,
  ReceivedMessage,
} from "../../wire/failover/messages.ts";
import { STARTUP_FLAG } from "../../wire/failover/numbers.ts";
import type { Effect } from "../effect.ts";
import { byClockAhead } from "./binding-fields.ts";
import { factsOf } from "./box-facts.ts";
import type { Pair } from "./pair.ts";
import type { PairStateName } from "./pair-state.ts";
import type { Session } from "./session.ts";

export function takeMessage(pair: Pair, message: ReceivedMessage, now: Now, out: Effect[]): void {
  const { session, updates } = pair;
  switch (message.type) {
    case "STATE":
      takeState(pair, message, now, out);
      return;
    case "BNDUPD": {
      const bindings = pair.intake.receive(message, session.offset.seconds, out);
      const { time } = session;
      session.sendBehind({ type: "BNDACK", time, xid: message.xid, bindings }, out);
      return;
    }
    case "BNDACK":
      pair.answers.receive(message.xid, message.bindings, out);
      return;
    case "UPDREQ":
    case "UPDREQALL":
      // This process ends, and may have to learn itself: whoever asks has an answer when it is back.
      if (pair.state === "paused") return;
      updates.request(message.type === "UPDREQ" ? "unacknowledged" : "all", message.xid);
      return;
    case "UPDDONE":
      pair.requestDone(message.xid, now, out);
      return;
    case "POOLREQ": {
      const before = pair.balancer.given;
      pair.balance(now, out);
      const addressesTransferred = pair.balancer.given - before;
      session.post({
        type: "POOLRESP",
        time: session.time,
        xid: message.xid,
        addressesTransferred,
      });
      return;
    }
    case "CONTACT": {
      const facts = factsOf(message.vendorSpecificOptions);
      if (facts) pair.heardOf(facts, out);
      return;
    }
    default:
      return;
  }
}

/** A BNDUPD; returns its xid. A box corrects the times that it hears, a dhcpd does not. */
export function postUpdate(
  session: Session,
  dialect: Dialect,
  bindings: readonly BindingUpdate[],
): number {
  const xid = session.nextXid() || session.nextXid();
  const ahead = dialect === "isc" && !session.isWithBox ? session.offset.seconds : 0;
  const told = ahead === 0 ? bindings : bindings.map((one) => byClockAhead(one, ahead));
  session.post({ type: "BNDUPD", time: session.time, xid, bindings: told });
  return xid;
}

function takeState(pair: Pair, message: MessageOf<"STATE">, now: Now, out: Effect[]): void {
  const { serverState, startTimeOfState, serverFlags } = message;
  // A number without a name: nothing that this box could act on.
  if (typeof serverState !== "string" || serverState === "startup") return;
  const isStartup = ((serverFlags ?? 0) & STARTUP_FLAG) !== 0;
  const since = (startTimeOfState ?? 0) - pair.session.offset.seconds;
  const state = serverState as PairStateName;
  pair.endpoint.partnerSays(state, Math.max(0, since), isStartup, now, out);
}
