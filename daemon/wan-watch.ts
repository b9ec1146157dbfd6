// The port towards the provider, through the packet helper: asked and listened to for the health of this box.

import { DecodeError } from "./base/errors.ts";
import type { Look } from "./core/gateway/health.ts";
import { WanProber, type WanRules } from "./core/gateway/wan-prober.ts";
import { RawLink } from "./io/link.ts";
import { every } from "./io/ticker.ts";
import { Frame, parseFrame } from "./wire/frame.ts";

const TICK_MILLISECONDS = 250;

export class WanWatch {
  readonly #prober: WanProber;
  readonly #link: RawLink;
  readonly #now: () => number;
  readonly #stopTicks: () => void;
  readonly #frame = new Frame();

  /** `socket`: of the packet helper. `changed`: the cable was pulled, or put in. `now`: monotonic milliseconds. */
  constructor(socket: string, rules: WanRules, changed: () => void, now: () => number) {
    this.#prober = new WanProber(rules);
    this.#now = now;
    const prober = this.#prober;
    this.#link = new RawLink(socket, rules.interfaceName, {
      frame: (bytes, start, end, ready) => this.#heard(bytes, start, end, ready),
      batchEnd: () => {},
      state: ({ present, carrier, mac }) => {
        prober.setLink({ isPresent: present, hasCarrier: carrier, mac: mac.slice() });
        changed();
      },
      helper: (isConnected) => {
        if (!isConnected) prober.setLink(undefined);
      },
      error: () => {},
      drops: () => {},
    });
    this.#link.open();
    this.#stopTicks = every(TICK_MILLISECONDS, () => this.#ask());
  }

  setHolder(isHolder: boolean): void {
    this.#prober.setHolder(isHolder);
  }

  wan(): Look | undefined {
    return this.#prober.wan(this.#now());
  }

  internet(): Look | undefined {
    return this.#prober.internet(this.#now());
  }

  stop(): void {
    this.#stopTicks();
    this.#link.close();
  }

  #ask(): void {
    for (const frame of this.#prober.due(this.#now())) this.#link.send(frame);
    this.#link.flush();
  }

  #heard(bytes: Uint8Array, start: number, end: number, checksumReady: boolean): void {
    try {
      parseFrame(this.#frame, bytes, start, end, checksumReady);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return;
    }
    this.#prober.heard(this.#frame, this.#now());
  }
}
