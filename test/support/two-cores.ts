// Two cores as a pair, joined in memory: no driver, no disk, no network, and no time that passes by itself.

import { ipv4 } from "../../daemon/base/address.ts";
import type { NetworkConfig, PairConfig } from "../../daemon/core/config-view.ts";
import type { CoreOptions } from "../../daemon/core/core.ts";
import type { Effect } from "../../daemon/core/effect.ts";
import type { CoreEvent } from "../../daemon/core/event.ts";
import { encodeMessage } from "../../daemon/wire/failover/encode.ts";
import type { FailoverMessage, FailoverRole } from "../../daemon/wire/failover/messages.ts";
import { type ClientMessage, clientFrame } from "./client-frame.ts";
import { CoreBench, network, type Reply, readReply } from "./core-bench.ts";
import { pairedConfig } from "./pair-config.ts";

/** When the boxes start, in monotonic milliseconds. */
const STARTED = 1_000_000;
const STARTED_WALL = Date.UTC(2026, 0, 1);
/** A LAN of which each box has the last byte of its address by its role. */
const OWN_ADDRESS = { primary: "10.77.0.2", secondary: "10.77.0.3" } as const;
const MACS = { primary: "02:00:5e:00:00:f2", secondary: "02:00:5e:00:00:f3" } as const;

/** Messages to and fro without any time passing. */
const TURNS_MAX = 1000;

type Waiting = { readonly sequence: number; readonly leave: () => void };
type ToPeer = Extract<Effect, { kind: "peer-send" | "peer-close" }>;

/** One box of a pair: a core whose effects are performed as the driver does, with a disk that waits to be told. */
export class PairedBox extends CoreBench {
  readonly ownAddress: string;
  override readonly mac: string;
  /** What has left for the partner and not arrived. */
  readonly toPeer: ToPeer[] = [];
  readonly #sent: Reply[] = [];
  #waiting: Waiting[] = [];
  #asked = 0;
  #durable = 0;

  constructor(
    role: FailoverRole,
    pair: Partial<PairConfig> = {},
    options: Partial<CoreOptions> = {},
    changes: Partial<NetworkConfig> = {},
  ) {
    const own = ipv4(OWN_ADDRESS[role]);
    const networks = [network({ ownAddress: own, serverId: own, ...changes })];
    super(networks, {
      config: pairedConfig(networks, role, pair),
      now: { monotonic: STARTED, wall: STARTED_WALL },
      hashSeed: role === "primary" ? 7 : 8,

      ...options,
      linkless: true,
    });
    this.ownAddress = OWN_ADDRESS[role];
    this.mac = MACS[role];
    this.#asked = options.lastSequence ?? 0;
    this.#durable = this.#asked;
    this.link(0, {});
  }

  /** Whether something waits for the disk. */
  get needsDisk(): boolean {
    return this.#asked > this.#durable;
  }

  /** What clients were sent since the last call. */
  replies(): Reply[] {
    return this.#sent.splice(0);
  }

  override step(event: CoreEvent): Effect[] {
    const effects = super.step(event);
    this.#perform(effects);
    return effects;
  }

  /** What waited to be told to the partner together is. */
  endBatch(): void {
    const out: Effect[] = [];
    this.core.endBatch(this.now, out);
    this.#perform(out);
  }

  /** Everything asked for so far is on disk. */
  override durable(): void {
    this.#durable = this.#asked;
    this.step({ kind: "durable", through: this.#durable });
    const ready = this.#waiting;
    this.#waiting = [];
    for (const { leave } of ready) leave();
    this.endBatch();
  }

  /** A client's message that reaches this box alone; what it says shows in `replies`. */
  receive(message: ClientMessage): void {
    this.frame(clientFrame(message));
    this.endBatch();
  }

  /** The partner, which is a script, says something. */
  hear(message: FailoverMessage, connection = 1): void {
    const { dialect } = this.core.pair?.config ?? { dialect: "tandem" };
    this.step({ kind: "peer-bytes", connection, bytes: encodeMessage(message, dialect) });
    this.endBatch();
  }

  #perform(effects: readonly Effect[]): void {
    let dependsOn = 0;
    for (const effect of effects) {
      if (effect.kind === "persist") dependsOn = effect.lease.sequence;
      if (effect.kind === "persist-pair") dependsOn = effect.sequence;
      this.#asked = Math.max(this.#asked, dependsOn);
      if (effect.kind === "send") {
        this.#leave(Math.max(dependsOn, effect.after ?? 0), () => {
          this.#sent.push(readReply(effect.lan, effect.frame));
        });
      }
      if (effect.kind === "peer-send" || effect.kind === "peer-close") {
        const after = effect.kind === "peer-send" ? (effect.after ?? 0) : 0;
        this.#leave(Math.max(dependsOn, after), () => void this.toPeer.push(effect));
      }
    }
  }

  #leave(sequence: number, leave: () => void): void {
    if (sequence > this.#durable) this.#waiting.push({ sequence, leave });
    else leave();
  }
}

/** What the two boxes sent to a client. */
export interface Answers {
  readonly primary: Reply | undefined;
  readonly secondary: Reply | undefined;
}

export class TwoCores {
  readonly primary: PairedBox;
  readonly secondary: PairedBox;
  /** Nothing of what the boxes tell each other arrives, and neither knows. */
  isSilent = false;
  #connection = 0;
  #isConnected = false;

  /** Both boxes are new and have nothing in their books; `changes` are to the network of both. */
  constructor(pair: Partial<PairConfig> = {}, changes: Partial<NetworkConfig> = {}) {
    this.primary = new PairedBox("primary", pair, {}, changes);
    this.secondary = new PairedBox("secondary", pair, {}, changes);
  }

  /** Two boxes in NORMAL that have divided their addresses. */
  static inStep(pair: Partial<PairConfig> = {}, changes: Partial<NetworkConfig> = {}): TwoCores {
    const cores = new TwoCores(pair, changes);
    cores.connect();
    cores.pass(5000);
    const states = cores.boxes.map((box) => box.core.pair?.state);
    if (states.some((state) => state !== "normal")) throw new Error(`not in step: ${states}`);
    return cores;
  }

  get boxes(): readonly [PairedBox, PairedBox] {
    return [this.primary, this.secondary];
  }

  box(role: FailoverRole): PairedBox {
    return role === "primary" ? this.primary : this.secondary;
  }

  otherThan(box: PairedBox): PairedBox {
    return box === this.primary ? this.secondary : this.primary;
  }

  connect(): void {
    this.#connection++;
    this.#isConnected = true;
    for (const box of this.boxes) box.step({ kind: "peer-open", connection: this.#connection });
    this.settle();
  }

  cut(): void {
    this.#drop("cut");
    this.settle();
  }

  /** Disks and connections do what waits for them, until nothing does; no time passes. */
  settle(): void {
    let turns = 0;
    for (let isMoving = true; isMoving; ) {
      isMoving = false;
      if (++turns > TURNS_MAX) throw new Error("the boxes never come to an end of what they say");
      for (const box of this.boxes) {
        box.endBatch();
        if (box.needsDisk) {
          box.durable();
          isMoving = true;
        }
        if (this.carry(box)) isMoving = true;
      }
    }
  }

  /** Takes what has left a box to the other one; false when there is nothing. */
  carry(from: PairedBox): boolean {
    if (this.isSilent) return false;
    const effects = from.toPeer.splice(0);
    const to = this.otherThan(from);
    for (const effect of effects) {
      if (effect.connection !== this.#connection || !this.#isConnected) continue;
      if (effect.kind === "peer-close") this.#drop("closed", from);
      else
        to.step({ kind: "peer-bytes", connection: this.#connection, bytes: effect.bytes.slice() });
    }
    if (effects.length > 0) to.endBatch();
    return effects.length > 0;
  }

  /** Lets time pass on both boxes, in pieces of 10 ms or a hundredth of it. */
  pass(milliseconds: number): void {
    const piece = Math.max(10, milliseconds / 100);
    for (let left = milliseconds; left > 0; left -= piece) {
      for (const box of this.boxes) {
        box.monotonic += Math.min(piece, left);
        box.step({ kind: "alarm" });
      }
      this.settle();
    }
  }

  /** A client's message that reaches both boxes, and what comes back in no time at all. */
  broadcast(message: ClientMessage): Answers {
    for (const box of this.boxes) box.receive(message);
    this.settle();
    return this.answers();
  }

  /** What came back since the last call. */
  answers(): Answers {
    const [primary, secondary] = this.boxes.map((box) => {
      const replies = box.replies();
      if (replies.length > 1) throw new Error(`${replies.length} replies of one box`);
      return replies[0];
    });
    return { primary, secondary };
  }

  #drop(reason: string, except?: PairedBox): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    for (const box of this.boxes) {
      if (box === except) continue;
      box.step({ kind: "peer-closed", connection: this.#connection, reason });
    }
  }
}

/** The one answer to a client whom exactly one box may answer, and which box it was. */
export function only({ primary, secondary }: Answers): { role: FailoverRole; reply: Reply } {
  if (primary && secondary) throw new Error("both boxes answered");
  if (primary) return { role: "primary", reply: primary };
  if (secondary) return { role: "secondary", reply: secondary };
  throw new Error("neither box answered");
}
