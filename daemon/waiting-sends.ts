// What waits for the disk: replies to clients, and messages to the partner.

import { LIMITS } from "./limits.ts";
import type { Link, PeerLink } from "./ports.ts";

interface Waiting {
  /** It may leave when the journal is durable through this record. */
  readonly sequence: number;
}

/** In the order in which they came; one that has to wait longer holds up those behind it. */
class Line<T extends Waiting> {
  readonly #items: T[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  add(item: T): void {
    this.#items.push(item);
  }

  /** The next one that may leave. */
  next(through: number): T | undefined {
    const item = this.#items[this.#head];
    if (!item || item.sequence > through) return undefined;
    this.#head++;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head > 1024) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items.length = 0;
    this.#head = 0;
  }
}

interface Reply extends Waiting {
  readonly lan: number;
  readonly frame: Uint8Array;
  /** Monotonic milliseconds; a reply that is too old is not sent. */
  readonly madeAt: number;
}

interface PeerSend extends Waiting {
  readonly connection: number;
  /** Undefined: the connection is to be closed. */
  readonly bytes: Uint8Array | undefined;
}

export class WaitingSends {
  /** Replies whose record became durable too late; their clients ask again. */
  lateDrops = 0;
  readonly #replies = new Line<Reply>();
  readonly #toPeer = new Line<PeerSend>();

  get replies(): number {
    return this.#replies.size;
  }

  addReply(lan: number, frame: Uint8Array, sequence: number, madeAt: number): void {
    this.#replies.add({ lan, frame, sequence, madeAt });
  }

  addToPeer(connection: number, bytes: Uint8Array | undefined, sequence: number): void {
    this.#toPeer.add({ connection, bytes, sequence });
  }

  /** Whether something for the partner waits. */
  get hasForPeer(): boolean {
    return this.#toPeer.size > 0;
  }

  /** Hands over what need not wait any more. */
  release(
    through: number,
    nowMonotonic: number,
    links: readonly Link[],
    peer: PeerLink | undefined,
  ): void {
    const oldest = nowMonotonic - LIMITS.replyWaitMilliseconds;
    for (;;) {
      const reply = this.#replies.next(through);
      if (!reply) break;
      if (reply.madeAt < oldest) this.lateDrops++;
      else links[reply.lan]?.send(reply.frame);
    }
    for (;;) {
      const { connection, bytes } = this.#toPeer.next(through) ?? NOBODY;
      if (connection === 0) return;
      if (bytes) peer?.send(connection, bytes);
      else peer?.close(connection);
    }
  }

  /** The records were lost, or the LANs are others: clients ask again. */
  dropReplies(): void {
    this.#replies.clear();
  }

  /** The records were lost: what waits for the partner is not so, and its connections end. */
  dropForPeer(peer: PeerLink | undefined): void {
    for (;;) {
      const { connection, bytes } = this.#toPeer.next(Number.POSITIVE_INFINITY) ?? NOBODY;
      if (connection === 0) return;
      if (!bytes) peer?.close(connection);
    }
  }
}

const NOBODY: PeerSend = { connection: 0, bytes: undefined, sequence: 0 };
