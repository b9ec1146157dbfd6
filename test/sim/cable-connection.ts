// One TCP connection on the cable: two streams of bytes, and two ends that may disagree on whether it stands.

import type { Cable, CableEnd } from "./cable.ts";

/** Something on its way, or kept by the sender's kernel while nothing gets through. */
type Item =
  | { readonly kind: "open"; readyAt: number }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readyAt: number }
  | { readonly kind: "end"; readonly reason: string; readyAt: number };

interface Side {
  readonly end: CableEnd;
  number: number;
  isOpen: boolean;
  /** Given by the process and not flushed yet. */
  gathered: Uint8Array[];
  /** To the other side, in order. */
  way: Item[];
  isMoving: boolean;
}

export class PeerConnection {
  readonly sides: readonly [Side, Side];
  readonly #cable: Cable;

  /** `from` is the end that dialled. */
  constructor(cable: Cable, from: CableEnd) {
    this.#cable = cable;
    this.sides = [sideOf(from), sideOf(from.other)];
    cable.connections.add(this);
  }

  begin(): void {
    const [dialler] = this.sides;
    this.#put(dialler, { kind: "open", readyAt: 0 });
    this.#open(dialler);
  }

  isOpenAt(end: CableEnd): boolean {
    return this.#at(end).isOpen;
  }

  numberAt(end: CableEnd): number {
    return this.#at(end).number;
  }

  send(end: CableEnd, bytes: Uint8Array): void {
    this.#at(end).gathered.push(bytes);
  }

  flush(end: CableEnd): void {
    const side = this.#at(end);
    if (!side.isOpen || side.gathered.length === 0) return;
    const all = joined(side.gathered);
    side.gathered = [];
    for (const bytes of this.#cutUp(all)) this.#put(side, { kind: "bytes", bytes, readyAt: 0 });
    this.#answerStranger(side);
  }

  close(end: CableEnd): void {
    this.flush(end);
    const side = this.#at(end);
    side.isOpen = false;
    this.#put(side, { kind: "end", reason: "the partner closed it", readyAt: 0 });
    // Some kernels, and our own transport, confirm it to the process.
    const { world, fate } = this.#cable;
    const { number } = side;
    if (fate.chance(0.5)) {
      world.after(0, () => this.#tell(side, number, "this box closed it"));
    }
  }

  /** An end gives up by itself. */
  die(side: Side, reason: string): void {
    if (!side.isOpen) return;
    side.isOpen = false;
    side.gathered = [];
    side.way = [];
    this.#put(side, { kind: "end", reason: "reset", readyAt: 0 });
    this.#tell(side, side.number, reason);
  }

  /** The process at one end is gone. */
  lose(end: CableEnd, isPowerLost: boolean): void {
    const side = this.#at(end);
    const cable = this.#cable;
    const { fate } = cable;
    const wasOpen = side.isOpen;
    side.isOpen = false;
    side.gathered = [];
    if (isPowerLost) {
      if (!cable.passes(end) || fate.chance(0.5)) side.way = [];
      const other = this.#otherOf(side);
      cable.world.after(cable.patience(), () => {
        this.die(other, "nothing was heard for too long");
        cable.connections.delete(this);
      });
    } else if (wasOpen) {
      if (fate.chance(0.5)) side.way = side.way.filter(({ kind }) => kind === "open");
      this.#put(side, { kind: "end", reason: "reset", readyAt: 0 });
    }
  }

  /** The cable is mended: what was kept is sent again some time later. */
  goOn(): void {
    const { world, fate } = this.#cable;
    for (const side of this.sides) {
      if (side.isMoving || side.way.length === 0) continue;
      const readyAt = world.now + fate.between(1, 3000);
      for (const item of side.way) item.readyAt = Math.max(item.readyAt, readyAt);
      this.#move(side);
    }
  }

  #put(side: Side, item: Item): void {
    const { world } = this.#cable;
    const last = side.way.at(-1);
    item.readyAt = Math.max(last?.readyAt ?? 0, world.now + this.#cable.delay());
    side.way.push(item);
    if (!side.isMoving) this.#move(side);
  }

  #move(side: Side): void {
    const [first] = side.way;
    const { world } = this.#cable;
    side.isMoving = first !== undefined;
    if (!first) return;
    world.after(first.readyAt - world.now, () => {
      if (!this.#cable.passes(side.end)) {
        side.isMoving = false;
        return;
      }
      this.#arrive(side);
      this.#move(side);
    });
  }

  #arrive(side: Side): void {
    const item = side.way[0];
    if (!item || item.readyAt > this.#cable.world.now) return;
    side.way.shift();
    const other = this.#otherOf(side);
    if (item.kind === "open") this.#accept(other);
    else if (item.kind === "end") this.#finish(other, item.reason);
    else if (other.isOpen) this.#deliver(other, this.#withMore(side, item.bytes));
  }

  /** The receiver's kernel may hand over several pieces as one. */
  #withMore(side: Side, bytes: Uint8Array): Uint8Array {
    const { world, fate } = this.#cable;
    const pieces = [bytes];
    for (;;) {
      const [next] = side.way;
      if (next?.kind !== "bytes" || next.readyAt > world.now + 1 || fate.chance(0.5)) break;
      side.way.shift();
      pieces.push(next.bytes);
    }
    return joined(pieces);
  }

  #accept(other: Side): void {
    if (other.end.isListening) this.#open(other);
    else if (other.end.box.isPowered)
      this.#put(other, { kind: "end", reason: "reset", readyAt: 0 });
  }

  #open(side: Side): void {
    side.isOpen = true;
    side.number = side.end.nextNumber();
    side.end.box.tellPeer({ kind: "peer-open", connection: side.number });
  }

  #deliver(side: Side, bytes: Uint8Array): void {
    side.end.box.tellPeer({ kind: "peer-bytes", connection: side.number, bytes });
    // They are valid only during the step.
    bytes.fill(0xa5);
  }

  #finish(side: Side, reason: string): void {
    if (side.isOpen) {
      side.isOpen = false;
      this.#tell(side, side.number, reason);
    }
    if (!this.#otherOf(side).isOpen) this.#cable.connections.delete(this);
    // The other end goes on with half a connection only if it does not know yet.
    else if (side.way.length === 0) this.#put(side, { kind: "end", reason: "reset", readyAt: 0 });
  }

  /** A box that is on again knows nothing of connections it had before. */
  #answerStranger(side: Side): void {
    const other = this.#otherOf(side);
    if (other.isOpen || other.number === 0 || !other.end.box.isPowered) return;
    if (other.way.length > 0 || !this.#cable.passes(side.end)) return;
    this.#put(other, { kind: "end", reason: "reset", readyAt: 0 });
  }

  #tell(side: Side, number: number, reason: string): void {
    side.end.box.tellPeer({ kind: "peer-closed", connection: number, reason });
  }

  #cutUp(bytes: Uint8Array): Uint8Array[] {
    const { fate } = this.#cable;
    const pieces: Uint8Array[] = [];
    let from = 0;
    while (from < bytes.length && pieces.length < 3 && fate.chance(0.3)) {
      const to = from + 1 + Math.floor(fate.between(0, bytes.length - from));
      pieces.push(bytes.slice(from, to));
      from = to;
    }
    if (from < bytes.length) pieces.push(bytes.slice(from));
    return pieces;
  }

  #at(end: CableEnd): Side {
    const [first, second] = this.sides;
    return first.end === end ? first : second;
  }

  #otherOf(side: Side): Side {
    const [first, second] = this.sides;
    return first === side ? second : first;
  }
}

function sideOf(end: CableEnd): Side {
  return { end, number: 0, isOpen: false, gathered: [], way: [], isMoving: false };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (only && pieces.length === 1) return only.slice();
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
