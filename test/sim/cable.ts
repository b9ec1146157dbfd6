// The cable between two boxes and TCP on it, as processes see it: ordered bytes cut anywhere, and ends
// that learn of trouble late, or never of the same.
//
//   what happens                  the other end learns
//   the process closes            after all bytes, at once
//   the process is killed         at once; what was under way may be lost (RST) or not (FIN)
//   the power goes                after 10 to 40 s of silence, or when it sends to the box that is on again
//   the cable is cut, or one way  each end by itself after 10 to 40 s, if it is not mended before

import type { CoreEvent } from "../../daemon/core/event.ts";
import type { PeerLink } from "../../daemon/ports.ts";
import { decodeMessage } from "../../daemon/wire/failover/decode.ts";
import { describeMessage } from "../../daemon/wire/failover/describe.ts";
import { MessageStream } from "../../daemon/wire/failover/message-stream.ts";
import { PeerConnection } from "./cable-connection.ts";
import type { Fate, World } from "./world.ts";

/** A SYN without an answer is sent again after these milliseconds, and then given up. */
const SYN_AGAIN = [1000, 2000, 2000] as const;
const CONNECTIONS_MAX = 4;

export type PeerEvent = Extract<CoreEvent, { kind: `peer-${string}` }>;

/** A box, as far as the cable is concerned. */
export interface Plugged {
  readonly name: string;
  /** Its process runs, and the machine. */
  readonly isOn: boolean;
  readonly isPowered: boolean;
  /** Set while the process has read its journal, and listens. */
  readonly life: object | undefined;
  peer: CableEnd | undefined;
  /** The process performed an effect; it may be its last. */
  touched(): void;
  tellPeer(event: PeerEvent): void;
}

export type DialTrouble = "refused" | "silence";

/** Longest time of a piece on its way when nothing is the matter, in milliseconds. */
export const QUICK_CABLE = 2;

export class Cable {
  readonly world: World;
  readonly fate: Fate;
  readonly ends: CableEnd[] = [];
  /** Longest time of a piece on its way, in milliseconds. */
  latency = QUICK_CABLE;
  dialTrouble: DialTrouble | undefined;
  readonly connections = new Set<PeerConnection>();
  /** Ends whose bytes do not get through. */
  readonly #mute = new Set<CableEnd>();
  /** Raised by every change of that. */
  #turn = 0;

  constructor(world: World, boxes: readonly Plugged[]) {
    this.world = world;
    this.fate = world.fate("cable");
    for (const box of boxes) {
      const end = new CableEnd(this, box);
      this.ends.push(end);
      box.peer = end;
    }
  }

  get isCut(): boolean {
    return this.#mute.size > 0;
  }

  passes(from: CableEnd): boolean {
    return !this.#mute.has(from);
  }

  /** Bytes of these boxes stop. */
  cut(mute: readonly Plugged[]): void {
    this.#mute.clear();
    for (const end of this.ends) if (mute.includes(end.box)) this.#mute.add(end);
    const turn = ++this.#turn;
    for (const connection of this.connections) connection.goOn();
    if (!this.isCut) return;
    for (const connection of this.connections) {
      for (const side of connection.sides) {
        this.world.after(this.patience(), () => {
          if (turn === this.#turn) connection.die(side, "nothing was heard for too long");
        });
      }
    }
  }

  mend(): void {
    this.cut([]);
  }

  /** This box gives every connection up. */
  give(box: Plugged, reason: string): void {
    for (const connection of this.connections) {
      for (const side of connection.sides) {
        if (side.end.box === box) connection.die(side, reason);
      }
    }
  }

  /** Both ends lose every connection at the same time. */
  reset(): void {
    for (const connection of this.connections) {
      for (const side of connection.sides) connection.die(side, "reset");
    }
  }

  /** How long the kernel waits for a sign of life, in milliseconds. */
  patience(): number {
    return this.fate.between(10_000, 40_000);
  }

  delay(): number {
    return this.fate.between(0.1, this.latency);
  }
}

/** What the process of one box has of the cable. */
export class CableEnd implements PeerLink {
  readonly box: Plugged;
  readonly #cable: Cable;
  #lastNumber = 0;
  #isDialling = false;
  #life = 0;

  constructor(cable: Cable, box: Plugged) {
    this.#cable = cable;
    this.box = box;
  }

  get other(): CableEnd {
    const other = this.#cable.ends.find((end) => end !== this);
    if (!other) throw new Error("a cable has two ends");
    return other;
  }

  /** The process listens from when it serves. */
  get isListening(): boolean {
    return this.box.life !== undefined;
  }

  send(connection: number, bytes: Uint8Array): void {
    this.box.touched();
    if (!this.box.isOn) return;
    const { world } = this.#cable;
    if (world.isTraced) {
      for (const text of messagesIn(bytes)) {
        world.tell(this.box.name, `> ${this.other.box.name} (${connection}): ${text}`);
      }
    }
    this.#find(connection)?.send(this, bytes);
  }

  flush(): void {
    if (!this.box.isOn) return;
    for (const connection of this.#cable.connections) connection.flush(this);
  }

  close(connection: number): void {
    this.box.touched();
    if (!this.box.isOn) return;
    this.#find(connection)?.close(this);
  }

  dial(): void {
    this.box.touched();
    if (!this.box.isOn || this.#isDialling) return;
    const cable = this.#cable;
    const life = this.#life;
    if (this.#open() >= CONNECTIONS_MAX) {
      cable.world.after(0, () => this.#dialled(life, "there are too many connections"));
      return;
    }
    this.#isDialling = true;
    this.#knock(life, 0);
  }

  /** A number that this process has not used yet. */
  nextNumber(): number {
    return ++this.#lastNumber;
  }

  /** The process is gone; `isPowerLost`: and nobody says so. */
  down(isPowerLost: boolean): void {
    this.#life++;
    this.#isDialling = false;
    this.#lastNumber = 0;
    for (const connection of this.#cable.connections) connection.lose(this, isPowerLost);
  }

  #knock(life: number, tries: number): void {
    const { world, fate, dialTrouble } = this.#cable;
    const isHeard =
      this.#cable.passes(this) && this.#cable.passes(this.other) && this.other.box.isPowered;
    if (isHeard && dialTrouble !== "silence") {
      const isRefused = dialTrouble === "refused" || !this.other.isListening;
      world.after(this.#cable.delay() + this.#cable.delay(), () => {
        if (isRefused || !this.other.isListening) this.#dialled(life, "refused");
        else this.#dialled(life, undefined);
      });
      return;
    }
    const wait = SYN_AGAIN[tries];
    if (wait === undefined) this.#dialled(life, "timed out");
    else world.after(wait + fate.between(0, 10), () => this.#knock(life, tries + 1));
  }

  #dialled(life: number, failure: string | undefined): void {
    if (life !== this.#life || !this.box.isOn) return;
    this.#isDialling = false;
    if (failure === undefined) new PeerConnection(this.#cable, this).begin();
    else this.box.tellPeer({ kind: "peer-closed", connection: 0, reason: failure });
  }

  #open(): number {
    let count = 0;
    for (const connection of this.#cable.connections) if (connection.isOpenAt(this)) count++;
    return count;
  }

  #find(number: number): PeerConnection | undefined {
    for (const connection of this.#cable.connections) {
      if (connection.isOpenAt(this) && connection.numberAt(this) === number) return connection;
    }
    return undefined;
  }
}

function messagesIn(bytes: Uint8Array): string[] {
  const stream = new MessageStream();
  stream.push(bytes);
  const texts: string[] = [];
  for (let one = stream.next(); one; one = stream.next()) {
    const message = decodeMessage(one, 0, one.length, "tandem");
    if (message.type !== "CONTACT") texts.push(describeMessage(message));
  }
  return texts;
}
