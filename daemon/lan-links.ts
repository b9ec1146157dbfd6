// The LAN interfaces of the box through the packet helper: made when the configuration names others, and what the
// helper says of them told to the core and to people.

import type { ConditionId, LogValues } from "./catalogue.ts";
import { type CoreConfig, interfacesOf } from "./core/config-view.ts";
import type { Driver } from "./driver.ts";
import { type FrameTap, RawLink } from "./io/link.ts";
import { LIMITS } from "./limits.ts";

export interface LanLinksHost {
  setCondition(id: ConditionId, subject: string, values: LogValues | undefined): void;
  /** Frames that never reached the core, or the wire, by reason: totals. */
  setDrops(lan: number, totals: Readonly<Record<string, number>>): void;
  /** A LAN is otherwise than before. */
  changed(): void;
  /** Monotonic milliseconds. */
  now(): number;
}

export class LanLinks {
  readonly #socket: string;
  readonly #driver: Driver;
  readonly #host: LanLinksHost;
  #links: RawLink[] = [];
  #interfaces: readonly string[] = [];
  #tap: FrameTap | undefined;
  #key = "";
  /** When the packet helper last complained, by interface: its complaints are moments. */
  readonly #errorAt = new Map<string, number>();

  /** `socket`: path of the packet helper's. */
  constructor(socket: string, driver: Driver, host: LanLinksHost) {
    this.#socket = socket;
    this.#driver = driver;
    this.#host = host;
  }

  configure(config: CoreConfig | undefined): void {
    const interfaces = config ? interfacesOf(config) : [];
    const key = JSON.stringify(interfaces);
    if (key === this.#key) return;
    this.#key = key;
    this.close();
    this.#interfaces = interfaces;
    this.#links = interfaces.map((name, lan) => this.#make(name, lan));
    this.#tapAll();
    this.#driver.setLinks(this.#links);
    for (const link of this.#links) link.open();
  }

  /** Who looks on at all frames from now on, also when the interfaces are others; undefined: nobody. */
  set tap(tap: FrameTap | undefined) {
    this.#tap = tap;
    this.#tapAll();
  }

  /** The interfaces that are served, in the order of the LANs. */
  get interfaces(): readonly string[] {
    return this.#interfaces;
  }

  /** To be called now and then: complaints of a while ago are over. */
  forgetErrors(): void {
    const now = this.#host.now();
    for (const [interfaceName, at] of this.#errorAt) {
      if (now - at >= LIMITS.helperErrorMilliseconds) this.#forgetError(interfaceName);
    }
  }

  close(): void {
    for (const link of this.#links) link.close();
  }

  #tapAll(): void {
    for (const link of this.#links) link.tap = this.#tap;
  }

  #make(interfaceName: string, lan: number): RawLink {
    const driver = this.#driver;
    const host = this.#host;
    const nothing = { present: false, carrier: false, mac: new Uint8Array(6), mtu: 0 };
    return new RawLink(this.#socket, interfaceName, {
      frame: (bytes, start, end, ready) => driver.frame(lan, bytes, start, end, ready),
      batchEnd: () => driver.batchEnd(),
      state: ({ present, carrier, mac, mtu }) => {
        this.#forgetError(interfaceName);
        driver.event({ kind: "link", lan, helper: true, present, carrier, mac, mtu });
        host.changed();
      },
      helper: (connected) => {
        if (!connected) driver.event({ kind: "link", lan, helper: false, ...nothing });
      },
      error: (text) => {
        this.#errorAt.set(interfaceName, host.now());
        host.setCondition("helper-error", interfaceName, { interface: interfaceName, text });
      },
      drops: (kernel, slow, refused, failed) =>
        host.setDrops(lan, {
          "lost-kernel-buffer": kernel,
          "lost-helper-buffer": slow,
          "send-refused": refused,
          "send-failed": failed,
        }),
    });
  }

  #forgetError(interfaceName: string): void {
    this.#errorAt.delete(interfaceName);
    this.#host.setCondition("helper-error", interfaceName, undefined);
  }
}
