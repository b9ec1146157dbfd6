// What must hold in a pair at every step, whatever happens: P1 and P2 of two boxes, the lead time that makes
// them possible (MCLT), and that no address is both boxes' to give.

import { formatIpv4, formatMac } from "../../daemon/base/address.ts";
import { equalBytes } from "../../daemon/base/bytes.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { ACK, OFFER, type Reply, readReply } from "../support/core-bench.ts";
import { bookComplaints } from "../support/core-invariants.ts";
import { BLIND, Grants } from "./grants.ts";
import { isUdp, type Lan } from "./lan.ts";
import type { Squatter } from "./neighbours.ts";
import { OneAnswer } from "./one-answer.ts";
import { Promises } from "./promises.ts";
import type { Life, SimBox, SimPort } from "./sim-box.ts";
import type { Holding, SimClient } from "./sim-client.ts";
import type { Asking, Watch } from "./watch.ts";
import type { World } from "./world.ts";

const GRACE_MILLISECONDS = LIMITS.expiryGraceSeconds * 1000;
/** Clocks are compared by whole seconds in messages that take a while. */
const INEXACT_MILLISECONDS = 6000;
const FOREVER = 0xffffffff;
/** How long an answer may wait for the disk, the partner and the wire. */
const WAIT_MILLISECONDS = LIMITS.replyWaitMilliseconds + 1000;
const SILENT: readonly string[] = [
  "recover",
  "recover-wait",
  "potential-conflict",
  "paused",
  "shutdown",
];
/** States in which a box has all that it ever knew, and gives out its own share only. */
const OWNS: readonly (string | undefined)[] = ["normal", "communications-interrupted"];

export class PairChecks implements Watch {
  acks = 0;
  crashes = 0;
  readonly grants: Grants;
  readonly squatters: Squatter[] = [];
  readonly boxes: SimBox[] = [];
  /** Told of every state that a box comes to; a box that starts comes to "startup" first. */
  entered: (box: SimBox, state: string) => void = () => {};
  /** Told of every box that goes down, and of every process that has come up. */
  fell: (box: SimBox) => void = () => {};
  rose: (box: SimBox) => void = () => {};
  readonly #world: World;
  readonly #ends: (box: SimBox) => void;
  readonly #promises = new Map<SimBox, Promises>();
  /** The latest end that a box ever had on stable storage, by box and address, in true time. */
  readonly #known = new Map<SimBox, Map<string, number>>();
  /** State of the box when its last ACK of an address to a client left. */
  readonly #ackedIn = new Map<string, string>();
  /** Since when a box must keep silent, in true time. */
  readonly #silentSince = new Map<SimBox, number>();
  readonly #states = new Map<SimBox, string | undefined>();
  /** Boxes with an older disk that have not learnt what they lost. */
  readonly #emptied = new Set<SimBox>();
  readonly #told = new Map<SimBox, string | undefined>();
  readonly oneAnswer: OneAnswer;

  /** `ends`: told of a process before it is gone. */
  constructor(world: World, ends: (box: SimBox) => void) {
    this.#world = world;
    this.#ends = ends;
    this.grants = new Grants(world);
    this.oneAnswer = new OneAnswer(world, this.boxes);
    world.watch = () => this.#watch();
  }

  get clients(): SimClient[] {
    return this.grants.clients;
  }

  add(box: SimBox): void {
    this.boxes.push(box);
    this.#promises.set(box, new Promises(this.#world));
    this.#known.set(box, new Map());
  }

  isSquatted(lan: Lan, address: string): boolean {
    return this.squatters.some((one) => one.lan === lan && one.uses(address));
  }

  /** A box that has its whole book and may be asked for it. */
  isInService(box: SimBox): boolean {
    const state = stateOf(box);
    if (state === undefined || isStarting(box) || isEnding(box)) return false;
    return !state.startsWith("recover");
  }

  acquired(client: SimClient, holding: Holding): void {
    const box = this.boxes.find(({ ports }) => ports.some(({ mac }) => mac === holding.serverMac));
    const state = this.#ackedIn.get(`${box?.name} ${holding.address} ${client.mac}`);
    this.grants.acquired(client, holding, box?.name ?? "a stranger", state ?? "?");
  }

  persisted(box: SimBox, lease: Lease): void {
    const address = formatIpv4(lease.address);
    const promises = this.#promisesOf(box);
    if (this.#world.isTraced) {
      const { core } = box.life ?? {};
      const left = (at: number) => (at === 0 ? "-" : `${at - (core?.seconds ?? 0)} s`);
      this.#world.tell(
        box.name,
        `record ${lease.sequence}: ${address} ${lease.state} ${formatMac(lease.chaddr)} ends ${left(lease.expiresAt)} told ${left(lease.toldUntil)} agreed ${left(lease.agreedUntil)}${lease.fromPartner ? " (partner's)" : ""}`,
      );
    }
    this.#mayForget(box, lease, promises);
    promises.persisted(box, lease);
  }

  /** A box may not forget what it promised itself, while the client goes by it. */
  #mayForget(box: SimBox, lease: Lease, promises: Promises): void {
    const address = formatIpv4(lease.address);
    const promised = promises.promised(address);
    const soon = this.#world.now + GRACE_MILLISECONDS;
    if (!promised || promised.until <= soon) return;
    const holder = this.clients.find(
      ({ holding, mac }) =>
        holding?.address === address && holding.until > soon && promised.mac === mac,
    );
    // It gave its lease back to the partner, and has a shorter one from there by now.
    const isAnother = (holder?.holding?.until ?? 0) + GRACE_MILLISECONDS < promised.until;
    const wasGivenBack = lease.fromPartner && isAnother;
    if (lease.state === "active" && equalBytes(lease.client, promised.client)) {
      if (wasGivenBack) promises.drop(address);
      return;
    }
    // Where both gave out the same, one has to lose. An address that was declined at the partner is left
    // alone until the lease has ended too, so its client may go on.
    const isLeftAlone = lease.state === "abandoned" && lease.fromPartner;
    if (holder && lease.state === "active") this.grants.lost(address, holder, lease.chaddr);
    const isEnd = wasGivenBack && lease.state === "free";
    if (holder && !isLeftAlone && !isEnd && !this.grants.isTroubled) {
      this.#world.complain(
        `${box.name} makes ${address} ${lease.state}, which ${holder.name} was promised and has`,
      );
    }
    promises.drop(address);
  }

  sends(port: SimPort, frame: Uint8Array): void {
    if (!isUdp(frame) || frame[42] !== 2) return;
    const reply = readReply(port.index, frame);
    const seconds = reply.message.u32(51);
    this.#mayAnswer(port.box, reply);
    this.oneAnswer.answers(port.box, reply);
    if (reply.type !== ACK || reply.yiaddr === "0.0.0.0" || typeof seconds !== "number") return;
    this.acks++;
    const { box } = port;
    const { life } = box;
    if (!life) return;
    const mac = formatMac(reply.message.chaddr.subarray(0, 6));
    const { state, mustWait } = life.core.pairState ?? {};
    const isBlind = state === "partner-down" && (mustWait === true || this.#emptied.has(box));
    this.#ackedIn.set(`${box.name} ${reply.yiaddr} ${mac}`, isBlind ? BLIND : (state ?? "?"));
    this.#promisesOf(box).acknowledges(life, reply, seconds);
    this.#mayLead(box, life, reply, seconds);
  }

  /** Where the state says so a box keeps silent, but for answers that waited for the disk. */
  #mayAnswer(box: SimBox, { type, yiaddr }: Reply): void {
    if ((type !== OFFER && type !== ACK) || yiaddr === "0.0.0.0") return;
    const state = stateOf(box);
    const since = this.#silentSince.get(box);
    if (since === undefined || this.#world.now - since <= WAIT_MILLISECONDS) return;
    this.#world.complain(`${box.name} answers in ${isStarting(box) ? "STARTUP" : state}`);
  }

  /** No client is told an end later than MCLT beyond what the other box has on stable storage, or now. */
  #mayLead(box: SimBox, life: Life, reply: Reply, seconds: number): void {
    const state = life.core.pairState;
    // A box that never had a partner has nobody to agree with.
    if (!state || state.partnerState === undefined) return;
    const { now } = this.#world;
    const other = this.boxes.find((one) => one !== box);
    if (!other) return;
    this.#learn(other);
    const known = this.#known.get(other)?.get(reply.yiaddr) ?? 0;
    // The answer may have waited for the disk since it was decided on.
    const inexact = INEXACT_MILLISECONDS + LIMITS.replyWaitMilliseconds;
    const latest = Math.max(known, now) + state.mcltSeconds * 1000 + inexact;
    if (seconds !== FOREVER && now + seconds * 1000 <= latest) return;
    const mostly = Math.round((known - now) / 1000);
    this.#world.complain(
      `${box.name} (${state.state}) acknowledges ${reply.yiaddr} for ${seconds} s, but ${other.name} knows ${mostly > 0 ? `${mostly} s` : "nothing"} of it and MCLT is ${state.mcltSeconds} s`,
    );
  }

  /** Takes note of what the box has on stable storage by now. */
  #learn(box: SimBox): void {
    const through = box.life?.journal.durableThrough ?? 0;
    const known = this.#known.get(box);
    for (const [address, records] of this.#promisesOf(box).recorded) {
      for (const { sequence, endsAt, potentialUntil, isActive } of records) {
        if (sequence > through) continue;
        const end = Math.max(potentialUntil, isActive ? endsAt : 0, known?.get(address) ?? 0);
        known?.set(address, end);
      }
    }
  }

  crashed(box: SimBox): void {
    this.crashes++;
    this.#learn(box);
    this.#ends(box);
    for (const port of box.ports) port.discard();
    this.fell(box);
  }

  recovered(box: SimBox, life: Life, leases: readonly Lease[]): void {
    this.#learn(box);
    this.#promisesOf(box).recovered(life, leases);
    this.look();
    this.rose(box);
  }

  restored(box: SimBox): void {
    this.#emptied.add(box);
    this.#promisesOf(box).forget();
  }

  configured(): void {}

  asks(request: Asking): void {
    this.oneAnswer.asks(request);
  }

  wrong(complaint: string): void {
    this.#world.complain(complaint);
  }

  /** The books agree with themselves, and do not both offer one address. */
  look(): void {
    for (const box of this.boxes) {
      if (!box.life) continue;
      const { core } = box.life;
      for (const complaint of bookComplaints(core, box.config.networks.length)) {
        // Where the partner says when leases are over, they wait for its word.
        if (complaint.endsWith("never ends") && core.pair?.endsLeases === false) continue;
        this.#world.complain(`${box.name}: ${complaint}`);
      }
    }
    if (!this.grants.isTroubled) this.#compareShares();
  }

  #compareShares(): void {
    const [first, second] = this.boxes.map((box) =>
      OWNS.includes(stateOf(box)) && !isStarting(box) ? box.life?.core : undefined,
    );
    if (!first || !second) return;
    for (const theirs of second.book.leases()) {
      if (theirs.state !== "backup") continue;
      const mine = first.book.at(theirs.address);
      if (!mine || mine.state === "free") {
        this.#world.complain(`${formatIpv4(theirs.address)} is both boxes' to give`);
      }
    }
  }

  #watch(): void {
    const states = this.boxes.map(stateOf);
    this.grants.watch(states);
    this.oneAnswer.watch();
    for (const box of this.boxes) {
      const state = stateOf(box);
      if (state === undefined) this.#silentSince.delete(box);
      else if (isStarting(box)) this.#silentSince.set(box, Number.NEGATIVE_INFINITY);
      else if (!SILENT.includes(state)) this.#silentSince.delete(box);
      else if (!Number.isFinite(this.#silentSince.get(box))) {
        this.#silentSince.set(box, this.#world.now);
      }
    }
    for (const box of this.boxes) {
      const state = isStarting(box) ? "startup" : stateOf(box);
      if (state === "normal" || state === "recover-done") this.#emptied.delete(box);
      if (state !== this.#states.get(box) && box.life && state) this.entered(box, state);
      this.#states.set(box, state);
    }
    if (!this.#world.isTraced) return;
    for (const box of this.boxes) {
      const told = describeState(box);
      if (told !== this.#told.get(box) && told) this.#world.tell(box.name, `is ${told}`);
      this.#told.set(box, told);
    }
  }

  #promisesOf(box: SimBox): Promises {
    const promises = this.#promises.get(box);
    if (!promises) throw new Error(`${box.name} is not watched`);
    return promises;
  }
}

/** The state of its end of the pair; undefined while its process does not run. */
export function stateOf(box: SimBox): string | undefined {
  return box.life?.core.pairState?.state;
}

/** Still in STARTUP: it has not heard of its partner. */
export function isStarting(box: SimBox): boolean {
  return box.life?.core.pair?.endpoint.inStartup ?? true;
}

/** A person has told it to end, which it does soon. */
export function isEnding(box: SimBox): boolean {
  const state = stateOf(box);
  return state === "paused" || state === "shutdown";
}

function describeState(box: SimBox): string | undefined {
  const state = stateOf(box);
  const partner = box.life?.core.pairState?.partnerState ?? "unknown";
  return state && `${state}${isStarting(box) ? " (STARTUP)" : ""}, partner ${partner}`;
}
