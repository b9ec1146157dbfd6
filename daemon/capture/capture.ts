// One capture: it takes frames until its time is over or its file is full, and never waits for its reader. Frames that
// the reader is too slow for are left out and counted; the counts are the last thing in the file.

import type { Now } from "../base/time.ts";
import type { CaptureWish } from "../http/capture-routes.ts";
import type { BodySink } from "../http/message.ts";
import { LIMITS } from "../limits.ts";
import { concerns } from "./client-filter.ts";
import {
  type Direction,
  interfaceBlock,
  packetBlock,
  type Stamp,
  sectionBlock,
  statisticsBlock,
} from "./pcapng.ts";

export interface CaptureOptions {
  readonly wish: CaptureWish;
  /** Where the file goes. */
  readonly sink: BodySink;
  readonly version: string;
  readonly now: Now;
}

interface Interface {
  readonly number: number;
  seen: number;
  dropped: number;
}

export class Capture {
  readonly #wish: CaptureWish;
  readonly #sink: BodySink;
  readonly #begun: Now;
  readonly #interfaces = new Map<string, Interface>();
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #fileBytes = 0;
  /** Monotonic milliseconds; undefined while frames are taken. */
  #endedAt: number | undefined;
  #isClosed = false;

  constructor({ wish, sink, version, now }: CaptureOptions) {
    this.#wish = wish;
    this.#sink = sink;
    this.#begun = now;
    this.#put(sectionBlock(`Tandem ${version}`));
  }

  /** An interface that will be in the file, whether or not a frame comes by it. */
  announce(name: string, networks: string): Interface {
    const one = { number: this.#interfaces.size, seen: 0, dropped: 0 };
    this.#interfaces.set(name, one);
    this.#put(interfaceBlock(name, networks));
    return one;
  }

  /** A frame that goes by; its bytes are copied. */
  take(
    interfaceName: string,
    direction: Direction,
    bytes: Uint8Array,
    comment: string,
    now: Now,
  ): void {
    if (this.#endedAt !== undefined || !this.#isWanted(interfaceName, bytes)) return;
    const one = this.#interfaces.get(interfaceName) ?? this.announce(interfaceName, "");
    const { number } = one;
    const at = this.#stamp(now);
    const block = packetBlock({ interfaceNumber: number, direction, at, bytes, comment });
    if (this.#fileBytes + block.length > LIMITS.captureBytesMax) {
      this.#end(now, "The file is as long as it may be.");
      return;
    }
    one.seen++;
    if (this.#waitingBytes + block.length > LIMITS.captureWaitingBytesMax) one.dropped++;
    else this.#put(block);
  }

  /** To be called every LIMITS.captureFlushMilliseconds, and when the reader has caught up. */
  tick(now: Now): void {
    if (this.#isClosed) return;
    const isOver = now.monotonic - this.#begun.monotonic >= this.#wish.seconds * 1000;
    if (isOver && this.#endedAt === undefined) this.#end(now, "The time is over.");
    this.#flush();
    if (this.#endedAt === undefined) return;
    if (this.#waitingBytes === 0) {
      this.#isClosed = true;
      this.#sink.end();
    } else if (now.monotonic - this.#endedAt >= LIMITS.captureRestMilliseconds) {
      this.#isClosed = true;
      this.#sink.cut();
    }
  }

  /** The file is whole, or was given up. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get #waitingBytes(): number {
    return this.#partBytes + this.#sink.waitingBytes;
  }

  #isWanted(interfaceName: string, bytes: Uint8Array): boolean {
    const { interfaceName: only, mac } = this.#wish;
    if (only !== undefined && only !== interfaceName) return false;
    return mac === undefined || concerns(mac, bytes, 0, bytes.length);
  }

  #put(block: Uint8Array): void {
    this.#parts.push(block);
    this.#partBytes += block.length;
    this.#fileBytes += block.length;
  }

  #flush(): void {
    if (this.#partBytes === 0) return;
    const all = new Uint8Array(this.#partBytes);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#partBytes = 0;
    this.#sink.write(all);
  }

  #end(now: Now, why: string): void {
    this.#endedAt = now.monotonic;
    for (const { number, ...counts } of this.#interfaces.values()) {
      this.#put(statisticsBlock(number, this.#stamp(now), counts, why));
    }
  }

  /** By the monotonic clock from the beginning on: a clock that is set meanwhile does not disturb the order. */
  #stamp(now: Now): Stamp {
    const passed = now.monotonic - this.#begun.monotonic;
    const wall = Math.floor(this.#begun.wall) + Math.floor(passed);
    const fraction = Math.floor((passed - Math.floor(passed)) * 1e6);
    return {
      seconds: Math.floor(wall / 1000),
      nanoseconds: (wall % 1000) * 1_000_000 + fraction,
    };
  }
}
