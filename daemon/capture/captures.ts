// Captures of what comes in and goes out on the LANs, as files for Wireshark that are sent while they are made. When
// nobody captures, nothing of this is on the way of a packet.

import { formatMac } from "../base/address.ts";
import type { Now } from "../base/time.ts";
import type { LogId, LogValues } from "../catalogue.ts";
import type { CaptureControl, CaptureWish } from "../http/capture-routes.ts";
import type { BodySink, StreamBody } from "../http/message.ts";
import type { FrameTap } from "../io/link.ts";
import { LIMITS } from "../limits.ts";
import { Capture } from "./capture.ts";
import type { Direction } from "./pcapng.ts";

export interface CapturesHost {
  /** Of the daemon: it is written into the file. */
  readonly version: string;
  now(): Now;
  /** Calls back every so many milliseconds until the returned call. */
  every(milliseconds: number, callback: () => void): () => void;
  /** Networks of this box with their interfaces; "" for one behind relays. */
  networks(): readonly { readonly name: string; readonly interface: string }[];
  /** Who is shown all frames from now on; undefined: nobody. */
  setTap(tap: FrameTap | undefined): void;
  say(id: LogId, values: LogValues): void;
}

export class Captures implements CaptureControl, FrameTap {
  readonly #host: CapturesHost;
  readonly #open = new Set<Capture>();
  #stopTicker = (): void => {};

  constructor(host: CapturesHost) {
    this.#host = host;
  }

  interfaceOf(network: string): string | undefined {
    return this.#host.networks().find(({ name }) => name === network)?.interface;
  }

  open(wish: CaptureWish): StreamBody | undefined {
    if (this.#open.size >= LIMITS.capturesMax) return undefined;
    return (sink) => this.#begin(wish, sink);
  }

  received(
    interfaceName: string,
    bytes: Uint8Array,
    start: number,
    end: number,
    isChecksumReady: boolean,
  ): void {
    const comment = isChecksumReady ? "" : CHECKSUM_NOT_READY;
    this.#take(interfaceName, "received", bytes.subarray(start, end), comment);
  }

  sent(interfaceName: string, frame: Uint8Array): void {
    this.#take(interfaceName, "sent", frame, "");
  }

  #take(interfaceName: string, direction: Direction, frame: Uint8Array, comment: string): void {
    const now = this.#host.now();
    for (const capture of this.#open) capture.take(interfaceName, direction, frame, comment, now);
  }

  #begin(wish: CaptureWish, sink: BodySink): void {
    const { version } = this.#host;
    const capture = new Capture({ wish, sink, version, now: this.#host.now() });
    for (const [name, networks] of this.#interfaces()) capture.announce(name, networks.join(", "));
    const { by: who, seconds, mac, interfaceName } = wish;
    const place = interfaceName === undefined ? "" : ` on ${interfaceName}`;
    const what = `${mac ? formatMac(mac) : "all devices"}${place}`;
    // Whoever does it sees what devices say: others are to know.
    this.#host.say("capture-began", { who, what, seconds });
    sink.onClose(() => this.#forget(capture));
    sink.onDrain(() => this.#tick(capture));
    this.#open.add(capture);
    if (this.#open.size === 1) {
      this.#host.setTap(this);
      this.#stopTicker = this.#host.every(LIMITS.captureFlushMilliseconds, () => {
        // A box that is just starting had nothing to be looked at.
        this.#host.setTap(this);
        for (const one of this.#open) this.#tick(one);
      });
    }
    this.#tick(capture);
  }

  #tick(capture: Capture): void {
    capture.tick(this.#host.now());
    if (capture.isClosed) this.#forget(capture);
  }

  #interfaces(): Map<string, string[]> {
    const found = new Map<string, string[]>();
    for (const { name, interface: interfaceName } of this.#host.networks()) {
      if (interfaceName === "") continue;
      found.set(interfaceName, [...(found.get(interfaceName) ?? []), name]);
    }
    return found;
  }

  #forget(capture: Capture): void {
    if (!this.#open.delete(capture) || this.#open.size > 0) return;
    this.#host.setTap(undefined);
    this.#stopTicker();
  }
}

const CHECKSUM_NOT_READY =
  "It was sent on this machine, and its UDP checksum was left to the network card.";
