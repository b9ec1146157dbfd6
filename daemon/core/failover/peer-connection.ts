// One TCP connection with the partner, agreed on or not, and what its two ends need of the box.

import type { Now } from "../../base/time.ts";
import { MessageStream } from "../../wire/failover/message-stream.ts";
import type { ReceivedMessage } from "../../wire/failover/messages.ts";
import type { Effect } from "../effect.ts";
import type { BoxFacts } from "./box-facts.ts";

export class Connection {
  readonly id: number;
  readonly stream = new MessageStream();
  readonly openedAt: number;
  /** Next number of a message of ours (§6.1). */
  xid = 0;
  /** Of our CONNECT, while it has no answer; -1 otherwise. */
  connectXid = -1;
  /** What tells one life of the partner from another; 0 when it does not say. */
  boot = 0;

  constructor(id: number, openedAt: number) {
    this.id = id;
    this.openedAt = openedAt;
  }
}

/** What the session needs to know of the box, and tells it. */
export interface SessionOwner {
  readonly mcltSeconds: number;
  /** Clock of the box, in milliseconds since 1970. */
  readonly wall: number;
  facts(): BoxFacts;
  /** Both agree on a connection; STATE is to be sent. `mclt`: the primary's, if it told one. */
  established(mclt: number | undefined, facts: BoxFacts | undefined, now: Now, out: Effect[]): void;
  lost(reason: string, now: Now, out: Effect[]): void;
  received(message: ReceivedMessage, now: Now, out: Effect[]): void;
  refused(reason: string, out: Effect[]): void;
}
