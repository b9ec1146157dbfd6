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
    for (const [name, type] of TYPE_NAMES) {
      const { received, sent } = this;
      if (isFromClient(type)) view[`received-${name}`] = received[type] ?? 0;
      else view[`sent-${name}`] = sent[type] ?? 0;
    }
    if (this.optionsLeftOut > 0) view["options-left-out"] = this.optionsLeftOut;
    for (const [reason, count] of Object.entries(this.refused)) {
      if (count > 0) view[`refused-${reason}`] = count;
    }
    return view;
  }
}

function isFromClient(type: number): boolean {
  return type !== MESSAGE_TYPE.offer && type !== MESSAGE_TYPE.ack && type !== MESSAGE_TYPE.nak;
}
