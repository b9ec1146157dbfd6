// Who may begin a TLS handshake. Each costs the box some milliseconds before anything is known of the other end, and
// devices wait for their addresses meanwhile: so there are so many a second, and no device gets all of them.

import { Allowance } from "../base/allowance.ts";
import { LIMITS } from "../limits.ts";

/** Why a connection was closed unheard. */
export type ClosedUnheard =
  /** It has as many connections as one device may have, or all have as many as there may be. */
  | "device-surplus"
  | "surplus"
  /** More handshakes a second than one device, or all of them, are granted. */
  | "device-too-often"
  | "too-often";

interface Device {
  readonly allowance: Allowance;
  connections: number;
}

export class ConnectionGate {
  readonly #all: Allowance;
  /** In the order in which they came first. */
  readonly #devices = new Map<string, Device>();
  #connections = 0;

  /** Monotonic milliseconds, as everywhere here. */
  constructor(now: number) {
    this.#all = new Allowance(LIMITS.httpsHandshakesPerSecond, now);
  }

  get connections(): number {
    return this.#connections;
  }

  /** Devices that are remembered. */
  get devices(): number {
    return this.#devices.size;
  }

  /** Undefined: it may, and `leave` has to be called when the connection is over. */
  enter(address: string, now: number): ClosedUnheard | undefined {
    const device = this.#device(address, now);
    if (device.connections >= LIMITS.httpsConnectionsPerDevice) return "device-surplus";
    if (this.#connections >= LIMITS.httpsConnectionsMax) return "surplus";
    if (!device.allowance.take(now)) return "device-too-often";
    if (!this.#all.take(now)) return "too-often";
    device.connections++;
    this.#connections++;
    return undefined;
  }

  leave(address: string): void {
    const device = this.#devices.get(address);
    if (device) device.connections--;
    this.#connections--;
  }

  #device(address: string, now: number): Device {
    const known = this.#devices.get(address);
    if (known) return known;
    if (this.#devices.size >= LIMITS.httpsDevicesMax) this.#forgetOne();
    const made = {
      allowance: new Allowance(LIMITS.httpsHandshakesPerDevice, now),
      connections: 0,
    };
    this.#devices.set(address, made);
    return made;
  }

  /** There are more places than connections, so there is always one without any. */
  #forgetOne(): void {
    for (const [address, { connections }] of this.#devices) {
      if (connections > 0) continue;
      this.#devices.delete(address);
      return;
    }
  }
}
