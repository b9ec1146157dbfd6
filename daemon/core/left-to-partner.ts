// Requests that this box left to its partner a moment ago. When the partner is gone they are answered after
// all: their clients would only ask again after four seconds (RFC 2131 §4.1).

import type { CoreEvent } from "./event.ts";

/** A client that was not answered within this time has asked again, or was answered. */
const MILLISECONDS = 2000;
const PLACES = 256;
/** Longer ones are left to their clients. */
const BYTES_MAX = 1024;

type Request = Omit<Extract<CoreEvent, { kind: "frame" }>, "kind">;

interface Left {
  readonly lan: number;
  readonly bytes: Uint8Array;
  readonly checksumReady: boolean;
}

/** A ring; nothing is allocated for a packet. */
export class LeftToPartner {
  readonly #bytes = new Uint8Array(PLACES * BYTES_MAX);
  readonly #lengths = new Uint16Array(PLACES);
  readonly #lans = new Uint16Array(PLACES);
  readonly #ready = new Uint8Array(PLACES);
  readonly #hashes = new Uint32Array(PLACES);
  readonly #at = new Float64Array(PLACES);
  #next = 0;

  /** Copies the request; `hash` is its client's, `now` monotonic milliseconds. */
  note(hash: number, { lan, bytes, start, end, checksumReady }: Request, now: number): void {
    const length = end - start;
    if (length > BYTES_MAX) return;
    const place = this.#next;
    this.#next = (place + 1) % PLACES;
    const to = place * BYTES_MAX;
    for (let i = 0; i < length; i++) this.#bytes[to + i] = bytes[start + i] as number;
    this.#lengths[place] = length;
    this.#lans[place] = lan;
    this.#ready[place] = checksumReady ? 1 : 0;
    this.#hashes[place] = hash;
    this.#at[place] = now;
  }

  /** The client goes on with what it was answered. */
  answered(hash: number): void {
    for (let place = 0; place < PLACES; place++) {
      if (this.#hashes[place] === hash) this.#lengths[place] = 0;
    }
  }

  /** LANs have other numbers now. */
  clear(): void {
    this.#lengths.fill(0);
  }

  /** Those that wait for an answer, the latest of each client, in their order; the ring is empty then. */
  take(now: number): Left[] {
    const left: Left[] = [];
    const seen = new Set<number>();
    for (let back = 1; back <= PLACES; back++) {
      const place = (this.#next - back + PLACES) % PLACES;
      const length = this.#lengths[place] as number;
      const hash = this.#hashes[place] as number;
      const isLate = now - (this.#at[place] as number) > MILLISECONDS;
      this.#lengths[place] = 0;
      if (length === 0 || isLate || seen.has(hash)) continue;
      seen.add(hash);
      const from = place * BYTES_MAX;
      const bytes = this.#bytes.slice(from, from + length);
      const checksumReady = this.#ready[place] === 1;
      left.push({ lan: this.#lans[place] as number, bytes, checksumReady });
    }
    return left.reverse();
  }
}
