// Cheap integers about the packets of one LAN, since the start of the daemon.

import { REFUSALS, type RefusalReason } from "../catalogue.ts";
import { MESSAGE_TYPE } from "../wire/dhcp4-message.ts";

/** Names of RFC 2131 message types, in the form of the counters. */
const TYPE_NAMES: readonly (readonly [name: string, type: number])[] = [
  ["discover", MESSAGE_TYPE.discover],
  ["offer", MESSAGE_TYPE.offer],
  ["request", MESSAGE_TYPE.request],
  ["decline", MESSAGE_TYPE.decline],
  ["ack", MESSAGE_TYPE.ack],
  ["nak", MESSAGE_TYPE.nak],
  ["release", MESSAGE_TYPE.release],
  ["inform", MESSAGE_TYPE.inform],
];
/** Those of later RFCs; they are shown when there were any. */
const RARE_TYPES: readonly (readonly [name: string, type: number])[] = [
  ["forcerenew", MESSAGE_TYPE.forceRenew],
  ["leasequery", MESSAGE_TYPE.leaseQuery],
  ["leaseunassigned", MESSAGE_TYPE.leaseUnassigned],
  ["leaseunknown", MESSAGE_TYPE.leaseUnknown],
  ["leaseactive", MESSAGE_TYPE.leaseActive],
];
const FROM_SERVER: readonly number[] = [
  MESSAGE_TYPE.offer,
  MESSAGE_TYPE.ack,
  MESSAGE_TYPE.nak,
  MESSAGE_TYPE.forceRenew,
  MESSAGE_TYPE.leaseUnassigned,
  MESSAGE_TYPE.leaseUnknown,
  MESSAGE_TYPE.leaseActive,
];
const TYPES_MAX = 32;

export class LanCounters {
  /** Messages by type; a type that RFC 2131 does not have counts at 0. */
  readonly received = new Array<number>(TYPES_MAX).fill(0);
  readonly sent = new Array<number>(TYPES_MAX).fill(0);
  /** Packets that got no answer, or a NAK, by reason. */
  readonly refused: Record<RefusalReason, number>;
  /** Frames of any kind, and replies that had no room for an option the client asked for. */
  frames = 0;
  optionsLeftOut = 0;

  constructor() {
    const reasons = Object.keys(REFUSALS) as RefusalReason[];
    this.refused = Object.fromEntries(reasons.map((reason) => [reason, 0])) as Record<
      RefusalReason,
      number
    >;
  }

  countReceived(type: number): void {
    const index = type > 0 && type < TYPES_MAX ? type : 0;
    (this.received[index] as number)++;
  }

  /** `received-discover`, `sent-offer`, `refused-no-free-address` and so on; refusals that never were are left out. */
  view(): Record<string, number> {
    const view: Record<string, number> = { frames: this.frames };
    for (const [name, type] of TYPE_NAMES) this.#show(view, name, type);
    for (const [name, type] of RARE_TYPES) {
      if (this.sent[type] || this.received[type]) this.#show(view, name, type);
    }
    if (this.optionsLeftOut > 0) view["options-left-out"] = this.optionsLeftOut;
    for (const [reason, count] of Object.entries(this.refused)) {
      if (count > 0) view[`refused-${reason}`] = count;
    }
    return view;
  }

  #show(view: Record<string, number>, name: string, type: number): void {
    if (FROM_SERVER.includes(type)) view[`sent-${name}`] = this.sent[type] ?? 0;
    else view[`received-${name}`] = this.received[type] ?? 0;
  }
}

/** The same about one pool: what became of its addresses, and why one of them was refused. */
export class PoolCounters {
  offers = 0;
  acks = 0;
  naks = 0;
  releases = 0;
  declines = 0;
  /** Addresses that answered though nobody had been given them. */
  conflicts = 0;
  readonly refused = new Map<RefusalReason, number>();

  countRefusal(reason: RefusalReason): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1);
  }

  view(): Record<string, number> {
    const { offers, acks, naks, releases, declines, conflicts } = this;
    const view: Record<string, number> = { offers, acks, naks, releases, declines, conflicts };
    for (const [reason, count] of this.refused) view[`refused-${reason}`] = count;
    return view;
  }
}
