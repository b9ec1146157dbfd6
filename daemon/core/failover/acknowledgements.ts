// The partner's answers to this box's updates (draft-ietf-dhc-failover-12 §7.2): what it has acknowledged
// it knows for good, and a client that waited for that is told.

import type { Ipv4 } from "../../base/address.ts";
import type { BindingAnswer } from "../../wire/failover/messages.ts";
import type { Bindings } from "../bindings.ts";
import type { Effect } from "../effect.ts";
import type { LeaseEntry } from "../lease-book.ts";
import { potentialUntil } from "./binding-fields.ts";
import type { HeldReplies } from "./held-replies.ts";
import { isTransitional, settleEnded } from "./lease-moves.ts";
import type { Updates } from "./updates.ts";

export interface AcknowledgementsOwner {
  /** The partner may have promised more than its book says: that something has ended it cannot confirm. */
  readonly isPartnerRecovering: boolean;
  /** Both know that nobody has the address any more. */
  freed(entry: LeaseEntry, out: Effect[]): void;
  /** The partner has given the address to another client. */
  conflict(address: Ipv4, out: Effect[]): void;
}

export class Acknowledgements {
  readonly #bindings: Bindings;
  readonly #updates: Updates;
  readonly #held: HeldReplies;
  readonly #owner: AcknowledgementsOwner;

  constructor(
    bindings: Bindings,
    updates: Updates,
    held: HeldReplies,
    owner: AcknowledgementsOwner,
  ) {
    this.#bindings = bindings;
    this.#updates = updates;
    this.#held = held;
    this.#owner = owner;
  }

  /** `answers` of a BNDACK; those to a BNDUPD that is not under way any more are passed over. */
  receive(xid: number, answers: readonly BindingAnswer[], out: Effect[]): void {
    const entries = this.#updates.answered(xid);
    if (!entries) return;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as LeaseEntry;
      // It changed since: the update of that is on its way.
      if (entry.updateXid !== xid) continue;
      entry.updateXid = 0;
      const answer = answerFor(answers, i, entry);
      if (answer && answer.rejectReason === undefined) this.#accepted(entry, out);
      else this.#refused(entry, answer?.rejectReason, out);
    }
  }

  #accepted(entry: LeaseEntry, out: Effect[]): void {
    this.#updates.acknowledged++;
    entry.isAgreed = true;
    entry.agreedUntil = potentialUntil(entry, this.#updates.dialect);
    this.#held.confirm(entry, out);
    if (!isTransitional(entry.state)) return;
    if (this.#owner.isPartnerRecovering) {
      entry.isAgreed = false;
      return;
    }
    settleEnded(this.#bindings, entry, out);
    this.#owner.freed(entry, out);
  }

  /** A refused update is not sent again until something changes, or the partner asks (§7.2). */
  #refused(entry: LeaseEntry, reason: BindingAnswer["rejectReason"], out: Effect[]): void {
    this.#updates.refused++;
    if (reason !== "fatal-conflict") {
      this.#held.release(entry, out);
      return;
    }
    this.#held.drop(entry);
    this.#owner.conflict(entry.address, out);
  }
}

/** What a BNDACK says about the update at this place of the BNDUPD; undefined: nothing. */
function answerFor(
  answers: readonly BindingAnswer[],
  place: number,
  { address }: LeaseEntry,
): BindingAnswer | undefined {
  const inPlace = answers[place];
  if (inPlace?.assignedIpAddress === address) return inPlace;
  return answers.find((answer) => answer.assignedIpAddress === address);
}
