// Lines about single clients. A flood must not cost a string per packet, so a line is made only when
// it is one of the first of its kind in this second; the next one says how many were left out.

import { formatIpv4, formatMac, type Ipv4 } from "../base/address.ts";
import { hex } from "../base/bytes.ts";
import { LOG, type LogId, REFUSALS, type RefusalReason } from "../catalogue.ts";
import { LIMITS } from "../limits.ts";
import { FOREVER_SECONDS } from "./config-view.ts";
import type { Effect } from "./effect.ts";
import type { LeaseEntry } from "./lease-book.ts";
import type { Packet } from "./packet.ts";

interface Rate {
  windowStart: number;
  lines: number;
  leftOut: number;
}

export class LogLines {
  readonly #rates: Record<LogId, Rate>;
  #now = 0;

  constructor() {
    const ids = Object.keys(LOG) as LogId[];
    this.#rates = Object.fromEntries(
      ids.map((id) => [id, { windowStart: 0, lines: 0, leftOut: 0 }]),
    ) as Record<LogId, Rate>;
  }

  /** Monotonic milliseconds of the event in hand. */
  set now(monotonic: number) {
    this.#now = monotonic;
  }

  granted(entry: LeaseEntry, out: Effect[]): void {
    if (!this.#mayWrite("lease-granted")) return;
    this.#write(out, "lease-granted", {
      address: formatIpv4(entry.address),
      network: entry.network,
      client: nameOf(entry.chaddr, entry.client),
      hostname: entry.hostname === "" ? "" : `(${entry.hostname}) `,
      time: entry.leaseSeconds >= FOREVER_SECONDS ? "good" : `${entry.leaseSeconds} s`,
    });
  }

  released(entry: LeaseEntry, out: Effect[]): void {
    if (!this.#mayWrite("lease-released")) return;
    this.#write(out, "lease-released", {
      address: formatIpv4(entry.address),
      network: entry.network,
      client: nameOf(entry.chaddr, entry.client),
    });
  }

  expired(entry: LeaseEntry, out: Effect[]): void {
    if (!this.#mayWrite("lease-expired")) return;
    this.#write(out, "lease-expired", {
      address: formatIpv4(entry.address),
      client: nameOf(entry.chaddr, entry.client),
    });
  }

  declined(entry: LeaseEntry, out: Effect[]): void {
    if (!this.#mayWrite("lease-declined")) return;
    this.#write(out, "lease-declined", {
      address: formatIpv4(entry.address),
      network: entry.network,
      client: nameOf(entry.chaddr, entry.client),
      seconds: entry.leaseSeconds,
    });
  }

  refused(packet: Packet, address: Ipv4, reason: RefusalReason, out: Effect[]): void {
    if (!this.#mayWrite("request-refused")) return;
    const { message } = packet;
    this.#write(out, "request-refused", {
      client: nameOf(message.chaddr.subarray(0, message.hlen), packet.client.copy()),
      address: address === 0 ? "an address" : formatIpv4(address),
      network: packet.networkName,
      reason: REFUSALS[reason],
    });
  }

  conflict(entry: LeaseEntry, out: Effect[]): void {
    if (!this.#mayWrite("address-conflict")) return;
    this.#write(out, "address-conflict", {
      address: formatIpv4(entry.address),
      network: entry.network,
      mac: entry.chaddr.length > 0 ? formatMac(entry.chaddr) : "a device behind a relay",
      seconds: entry.leaseSeconds,
    });
  }

  back(entry: LeaseEntry, out: Effect[]): void {
    if (!this.#mayWrite("address-back")) return;
    const address = formatIpv4(entry.address);
    this.#write(out, "address-back", { address, network: entry.network });
  }

  /** Any other line, within the same bound. */
  say(id: LogId, values: Record<string, string | number>, out: Effect[]): void {
    if (this.#mayWrite(id)) this.#write(out, id, values);
  }

  #mayWrite(id: LogId): boolean {
    const rate = this.#rates[id];
    if (this.#now - rate.windowStart >= 1000) {
      rate.windowStart = this.#now;
      rate.lines = 0;
    }
    if (rate.lines >= LIMITS.logLinesPerSecond) {
      rate.leftOut++;
      return false;
    }
    rate.lines++;
    return true;
  }

  #write(out: Effect[], id: LogId, values: Record<string, string | number>): void {
    const rate = this.#rates[id];
    if (rate.leftOut > 0) {
      values.leftOut = rate.leftOut;
      rate.leftOut = 0;
    }
    out.push({ kind: "log", id, values });
  }
}

/** The hardware address, or the identity in hex for a client that has none. */
function nameOf(chaddr: Uint8Array, client: Uint8Array): string {
  return chaddr.length > 0 ? formatMac(chaddr) : hex(client);
}
