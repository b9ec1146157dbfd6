// The partner's binding updates: each is judged, taken over durably, and answered
// (draft-ietf-dhc-failover-12 §7.1, §7.2).

import type { Ipv4 } from "../../base/address.ts";
import { LIMITS } from "../../limits.ts";
import type {
  BindingAnswer,
  BindingUpdate,
  Dialect,
  FailoverRole,
  MessageOf,
} from "../../wire/failover/messages.ts";
import type { RejectReason } from "../../wire/failover/numbers.ts";
import type { Bindings } from "../bindings.ts";
import type { PairConfig } from "../config-view.ts";
import type { Effect } from "../effect.ts";
import type { LeaseEntry } from "../lease-book.ts";
import { mayRun, potentialUntil, type Told, toldIn } from "./binding-fields.ts";
import {
  type Binding,
  duelIsc,
  type IncomingBinding,
  judgeIsc,
  judgeLease,
  judgeTandem,
  mergeEnds,
  storedStatus,
  type Verdict,
} from "./binding-rules.ts";
import type { HeldReplies } from "./held-replies.ts";
import { type AddressPlace, extend, take } from "./lease-moves.ts";
import type { Updates } from "./updates.ts";

export interface IntakeOwner {
  readonly role: FailoverRole;
  readonly config: PairConfig;
  readonly isNormal: boolean;
  /** MCLT while a book is learnt anew that was lost, else 0. */
  readonly leadSeconds: number;
  /** The own book is being learnt from the partner's. */
  readonly isRecovering: boolean;
  /** So is the partner's. */
  readonly isPartnerRecovering: boolean;
  /** It recovers beside a partner that has taken its part over. */
  readonly isReplaced: boolean;
  /** Where the address belongs; undefined when it is in no network. */
  placeOf(address: Ipv4): AddressPlace | undefined;
  /** For how long the client of a lease may be told that it has it, as both know it now. */
  safeSeconds(entry: LeaseEntry): number;
  /** The lease is what the partner says from now on. */
  taken(entry: LeaseEntry, out: Effect[]): void;
  /** The partner's word does not count. */
  turnedDown(address: Ipv4, reason: RejectReason, out: Effect[]): void;
  /** A client loses its lease to one of the partner's. */
  conflict(address: Ipv4, out: Effect[]): void;
}

export class Intake {
  taken = 0;
  refused = 0;
  readonly #bindings: Bindings;
  readonly #updates: Updates;
  readonly #held: HeldReplies;
  readonly #owner: IntakeOwner;
  readonly #hashSeed: number;

  constructor(
    bindings: Bindings,
    updates: Updates,
    held: HeldReplies,
    owner: IntakeOwner,
    hashSeed: number,
  ) {
    this.#bindings = bindings;
    this.#updates = updates;
    this.#held = held;
    this.#owner = owner;
    this.#hashSeed = hashSeed;
  }

  /** One answer for each address; they may leave when the records in `out` are durable. */
  receive(message: MessageOf<"BNDUPD">, clockOffset: number, out: Effect[]): BindingAnswer[] {
    return message.bindings.map((update) => {
      const address = update.assignedIpAddress;
      const told = toldIn(update, clockOffset);
      const verdict = told ? this.#judge(update, told, clockOffset, out) : MISSING;
      if (verdict.accept) {
        this.taken++;
        return { assignedIpAddress: address };
      }
      this.refused++;
      if (told) this.#owner.turnedDown(told.address, verdict.reason, out);
      const { reason, text } = verdict;
      return { assignedIpAddress: address, rejectReason: reason, message: text };
    });
  }

  #judge(update: BindingUpdate, told: Told, clockOffset: number, out: Effect[]): Verdict {
    const place = this.#owner.placeOf(told.address);
    if (!place) return UNKNOWN_ADDRESS;
    const entry = this.#bindings.book.at(told.address);
    const mine = entry && bindingOf(entry, this.#owner.config.dialect);
    const incoming = incomingOf(told);
    // Each box would correct the other's times a little differently, and a conflict is decided by both.
    const isCorrected = clockOffset !== 0 && this.#owner.config.dialect === "tandem";
    const asSent = (isCorrected && toldIn(update, 0)) || told;
    const hasHardwareAddress = update.clientHardwareAddress !== undefined;
    const verdict = this.#verdict(entry, mine, { ...incomingOf(asSent), hasHardwareAddress });
    const areLeases = entry?.state === "active" && told.state === "active";
    if (!verdict.accept) {
      if (entry) this.#keep(entry, told, areLeases, out);
      return verdict;
    }
    const recallUntil = this.#recallUntil(told);
    if (recallUntil > 0) {
      // A person may have had this box serve meanwhile: what it promised then it knows, and keeps.
      const own = areLeases && !entry.isAgreed ? entry.expiresAt : 0;
      const until = Math.max(recallUntil, own);
      const lease = take(this.#bindings, this.#hashSeed, told, "active", until, place, out);
      extend(this.#bindings, lease, until, until, out);
      return verdict;
    }
    const heldFor = entry?.packedClient;
    const isLost =
      areLeases &&
      entry.packedClient !== told.packedClient &&
      entry.expiresAt > this.#bindings.clock.seconds;
    // A lease that the partner knew of it has given on when it was over; of one that it did not, two go by it.
    const isUnknown = this.#owner.config.dialect === "isc" || !entry?.isAgreed;
    if (isLost && isUnknown) this.#owner.conflict(told.address, out);
    const state = storedStatus(told.state);
    // Two clients that were promised one address: nobody else gets it while either goes by that.
    const wasLonger = areLeases && mine !== undefined && !entry.isAgreed;
    const ends = wasLonger ? mergeEnds(mine, incoming) : incoming;
    const now = take(this.#bindings, this.#hashSeed, told, state, told.expiresAt, place, out);
    if (wasLonger && ends.endsAt > told.expiresAt) {
      extend(this.#bindings, now, ends.endsAt, ends.potentialUntil, out);
    }
    // Our own update of it is answered by this one: the client may be told, unless it is not its any more.
    if (state !== "active" || heldFor !== told.packedClient) this.#held.drop(now);
    else this.#held.release(now, out, this.#owner.safeSeconds(now));
    now.updateXid = 0;
    this.#owner.taken(now, out);
    return verdict;
  }

  /**
   * Until when this box may have promised a lease that its lost book knew: for MCLT beyond all that the
   * partner can know of. The partner's end of it, or that it has ended, does not count then. 0: it did not.
   */
  #recallUntil({ state, packedClient, expiresAt, potentialUntil }: Told): number {
    const { leadSeconds, config } = this.#owner;
    if (leadSeconds === 0 || !mayRun(state, config.dialect) || packedClient === "") return 0;
    const until = Math.max(potentialUntil, expiresAt) + leadSeconds;
    return until > this.#bindings.clock.seconds ? until : 0;
  }

  #verdict(
    entry: LeaseEntry | undefined,
    mine: Binding | undefined,
    incoming: IncomingBinding,
  ): Verdict {
    const { role, config, isNormal, isRecovering, isPartnerRecovering, isReplaced } = this.#owner;
    const { seconds } = this.#bindings.clock;
    // A partner that was alone for long gave the address to somebody when the lease here was over.
    const isSuccessor = isReplaced && incoming.status === "active";
    // Two that have lost what they knew have nothing that was agreed on: each would take what the other drops.
    const areBothLost = isRecovering && isPartnerRecovering && config.dialect === "tandem";
    const isAgreed = entry === undefined || (entry.isAgreed && !areBothLost) || isSuccessor;
    // One that recovers may have an old disk, and is the one to learn.
    const grace = isRecovering ? Number.POSITIVE_INFINITY : LIMITS.expiryGraceSeconds;
    if (config.dialect === "tandem") {
      return judgeTandem(role, isAgreed, mine, incoming, seconds, grace);
    }
    const verdict = judgeLease(mine, incoming, isAgreed, seconds, grace);
    if (verdict) return verdict;
    const isDuel = mine !== undefined && entry !== undefined && entry.updateXid !== 0;
    if (isDuel && duelIsc(role, mine, incoming) === "mine") return LESS_CRITICAL;
    return judgeIsc(role, isNormal, mine, incoming, seconds);
  }

  /** The partner's word does not count; it shall have ours, and what its client was told is kept. */
  #keep(entry: LeaseEntry, told: Told, areLeases: boolean, out: Effect[]): void {
    if (areLeases && (told.expiresAt > entry.expiresAt || told.potentialUntil > entry.toldUntil)) {
      extend(this.#bindings, entry, told.expiresAt, told.potentialUntil, out);
    } else if (entry.updateXid === 0) {
      entry.isAgreed = false;
      this.#updates.enqueue(entry);
    }
  }
}

function bindingOf(entry: LeaseEntry, dialect: Dialect): Binding {
  return {
    status: entry.state,
    client: entry.packedClient,
    lastTransactionAt: entry.seenAt,
    startsAt: entry.startsAt,
    endsAt: entry.expiresAt,
    potentialUntil: potentialUntil(entry, dialect),
  };
}

function incomingOf(told: Told): Binding {
  return {
    status: told.state,
    client: told.packedClient,
    lastTransactionAt: told.seenAt,
    startsAt: told.startsAt,
    endsAt: told.expiresAt,
    potentialUntil: told.potentialUntil,
  };
}

const MISSING: Verdict = {
  accept: false,
  reason: "missing-binding-information",
  text: "binding update lacks required options",
};
const UNKNOWN_ADDRESS: Verdict = {
  accept: false,
  reason: "illegal-address",
  text: "unknown IP address",
};
const LESS_CRITICAL: Verdict = {
  accept: false,
  reason: "less-critical-binding-information",
  text: "incoming update is less critical than outgoing update",
};
