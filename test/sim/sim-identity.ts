// Who a simulated client is: what it says of itself, and what it can do. Some make up a new hardware address
// each time they come, as phones do.

import { bytes, text } from "../support/client-frame.ts";
import { BANNED, PHONE } from "./configs.ts";
import type { Fate } from "./world.ts";

export class SimIdentity {
  readonly number: number;
  readonly name: string;
  mac: string;
  /** Content of option 61. */
  readonly id: Uint8Array | undefined;
  readonly vendorClass: string;
  readonly isDrifter: boolean;
  /** RFC 4039. */
  readonly wantsRapid: boolean;
  /** RFC 6704. */
  readonly canBeForced: boolean;
  readonly #fate: Fate;

  constructor(fate: Fate, number: number) {
    this.#fate = fate;
    this.number = number;
    this.name = `client${number}`;
    this.isDrifter = fate.chance(0.2);
    const prefix = this.isDrifter ? "02" : "00";
    this.mac = `${prefix}:5e:10:00:00:${number.toString(16).padStart(2, "0")}`;
    this.id = fate.chance(0.3) && !this.isDrifter ? bytes(255, 0, 0, 0, number) : undefined;
    this.vendorClass = fate.pick(["", "", "pc", PHONE, PHONE, BANNED]);
    this.wantsRapid = fate.chance(0.3);
    this.canBeForced = fate.chance(0.4);
  }

  /** Makes up another hardware address. */
  drift(): void {
    const byte = () =>
      Math.floor(this.#fate.random() * 256)
        .toString(16)
        .padStart(2, "0");
    const number = this.number.toString(16).padStart(2, "0");
    this.mac = `02:5e:${byte()}:${byte()}:${number}:${byte()}`;
  }

  /** Options that are in all of its messages. */
  get options(): Record<number, Uint8Array> {
    return {
      12: text(this.name),
      55: bytes(1, 3, 6, 15),
      ...(this.id ? { 61: this.id } : {}),
      ...(this.vendorClass ? { 60: text(this.vendorClass) } : {}),
      ...(this.canBeForced ? { 145: bytes(1) } : {}),
    };
  }
}

/** The port of the relay's switch that a device is plugged into. */
export function circuitOf(mac: string): string {
  return `port-${Number.parseInt(mac.slice(-2), 16) % 4}`;
}
