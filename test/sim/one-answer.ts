// To clients that know two boxes as one server, a request has one answer: two might promise different things, and none
// costs a minute. While both are in step a DHCPREQUEST is answered by one box, unless its client had to ask for longer;
// and one that takes an offer is answered.

import { formatMac } from "../../daemon/base/address.ts";
import { equalBytes } from "../../daemon/base/bytes.ts";
import { ACK, NAK, type Reply } from "../support/core-bench.ts";
import { FAIR } from "./lan.ts";
import { QUICK_DISK, type SimBox } from "./sim-box.ts";
import type { Asking } from "./watch.ts";
import type { World } from "./world.ts";

/** What one box has on its way to the other is there by then, and what a box sees of the other is so. */
const SETTLED_MILLISECONDS = 10_000;
/** Nobody takes an offer from before what was the matter any more. */
const CALM_MILLISECONDS = 60_000;
const NEVER = Number.POSITIVE_INFINITY;

interface Request {
  readonly xid: number;
  readonly at: number;
  /** Others than this one may be answered by both. */
  readonly isToOne: boolean;
  /** How it was answered, and by whom. */
  answer: string;
  by: SimBox | undefined;
}

export class OneAnswer {
  readonly #world: World;
  readonly #boxes: readonly SimBox[];
  readonly #requests = new Map<string, Request>();
  /** Whether a box hears at once what the other one tells it. */
  isCableQuick: () => boolean = () => true;
  /** Since when both are in step, and since when nothing keeps them from answering either, in true time. */
  #inStepSince = NEVER;
  #calmSince = NEVER;

  constructor(world: World, boxes: readonly SimBox[]) {
    this.#world = world;
    this.#boxes = boxes;
  }

  /** After each happening. */
  watch(): void {
    const { now } = this.#world;
    const isInStep = this.#boxes.every(serves) && areAlike(this.#boxes);
    this.#inStepSince = isInStep ? Math.min(this.#inStepSince, now) : NEVER;
    const isCalm = isInStep && this.isCableQuick() && this.#boxes.every(isQuick);
    this.#calmSince = isCalm ? Math.min(this.#calmSince, now) : NEVER;
  }

  asks({ mac, xid, secs, namesServer, copies }: Asking): void {
    const { now } = this.#world;
    const before = this.#requests.get(mac);
    const isRepeated = before?.xid === xid;
    if (
      isRepeated &&
      namesServer &&
      !before.by &&
      before.at - this.#calmSince > CALM_MILLISECONDS
    ) {
      this.#world.complain(`the request of ${mac} for what it was offered has no answer`);
    }
    // Whoever asks anybody, and has asked for a while in vain, may be answered by anybody.
    const wasServed = before === undefined || (before.isToOne && before.by !== undefined);
    const isPatient = namesServer || (secs === 0 && wasServed);
    const isToOne = !isRepeated && copies <= 1 && isPatient;
    this.#requests.set(mac, { xid, at: now, isToOne, answer: "", by: undefined });
  }

  answers(box: SimBox, { type, message, yiaddr }: Reply): void {
    if (type !== ACK && type !== NAK) return;
    const mac = formatMac(message.chaddr.subarray(0, 6));
    const request = this.#requests.get(mac);
    if (request?.xid !== message.xid) return;
    const answer = type === ACK ? `ACK of ${yiaddr}` : "NAK";
    const isSettled = request.at - this.#inStepSince >= SETTLED_MILLISECONDS;
    const { by, isToOne } = request;
    if (by && by !== box && isToOne && isSettled && !this.#mayBoth(request, answer)) {
      const before = `${by.name} says ${request.answer}`;
      this.#world.complain(
        `one request of ${mac}, two answers: ${before}, ${box.name} says ${answer}`,
      );
    }
    request.by = box;
    request.answer = answer;
  }

  /**
   * Two refusals promise nothing. Two ACKs of one address are one lease, with the later end; what makes them is a word
   * that a slow disk or a bad wire keeps from the other box.
   */
  #mayBoth({ answer, at }: Request, other: string): boolean {
    return answer === other && (answer === "NAK" || this.#calmSince > at);
  }
}

/** Who changes how the clients are shared, or whom they know, tells one box of it before the other. */
function areAlike(boxes: readonly SimBox[]): boolean {
  const [first, second] = boxes.map(({ life, config }) => {
    const isVirtual = config.networks.some((one) => one.serverId !== one.ownAddress);
    return { isVirtual, buckets: life?.core.pair?.terms.primaryBuckets ?? NOBODYS };
  });
  if (!first || !second) return false;
  return first.isVirtual === second.isVirtual && equalBytes(first.buckets, second.buckets);
}

const NOBODYS = new Uint8Array(0);

function serves({ life, ports }: SimBox): boolean {
  const pair = life?.core.pair;
  if (pair?.state !== "normal" || !pair.isUpdating) return false;
  // Beside a dhcpd nothing is left to the partner but DISCOVERs.
  if (pair.config.dialect === "isc") return false;
  const { sight } = pair.endpoint;
  const isSeen = !sight || (sight.conclusion === "in-step" && sight.lansDown.length === 0);
  return isSeen && ports.every(({ isUp }) => isUp);
}

function isQuick({ journalState, disk, diskDelay, ports }: SimBox): boolean {
  const isWell = journalState.kind === "ok" && disk.fault === undefined;
  const isWritten = isWell && diskDelay === QUICK_DISK;
  return isWritten && ports.every(({ lan }) => lan.weather === FAIR && lan.partOf === undefined);
}
