// The past of a box as a test writes it down, for questions why a device has no address.

import { expect } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { hashBytes } from "../../daemon/base/bytes.ts";
import type { RefusalReason } from "../../daemon/catalogue.ts";
import type { NetworkConfig } from "../../daemon/core/config-view.ts";
import { Decision, History } from "../../daemon/core/history.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { LeaseBook } from "../../daemon/core/lease-book.ts";
import type { NetworkStatus, WhyView } from "../../daemon/http/api-types.ts";
import { REFUSAL_ADVICE } from "../../daemon/refusal-advice.ts";
import { explain } from "../../daemon/why.ts";
import type { WhySources } from "../../daemon/why-subject.ts";
import { MESSAGE_TYPE } from "../../daemon/wire/dhcp4-message.ts";
import { macBytes } from "./client-frame.ts";
import { network } from "./core-bench.ts";
import { FAKE_NOW, fakeNetwork } from "./fake-box.ts";
import { makeLease } from "./leases.ts";

export const MAC = "02:00:5e:10:00:01";
export const OTHER = "02:00:5e:10:00:02";
/** FAKE_NOW in seconds, as leases count. */
export const SECONDS = FAKE_NOW / 1000;
const START = FAKE_NOW - 3 * 3_600_000;
const SEED = 7;

export type Changes = Omit<Partial<Omit<Decision, "reset">>, "address" | "relay" | "serverId"> & {
  readonly address?: string;
  readonly relay?: string;
  readonly serverId?: string;
};

/** A box with one network, whose past a test writes down. */
export class Past {
  readonly book = new LeaseBook(SEED);
  readonly history = new History(SEED);
  networks: NetworkConfig[] = [network()];
  states: NetworkStatus[] = [fakeNetwork()];
  pair: WhySources["pair"];
  #sequence = 0;

  lease(mac: string, address: string, changes: Partial<Lease> = {}): void {
    const chaddr = mac === "" ? new Uint8Array(0) : macBytes(mac);
    this.book.apply({
      ...makeLease(++this.#sequence, 0),
      address: ipv4(address),
      chaddr,
      client: Uint8Array.of(0, 1, ...chaddr),
      hostname: "",
      startsAt: SECONDS - 60,
      seenAt: SECONDS - 60,
      expiresAt: SECONDS + 43_140,
      ...changes,
    });
  }

  decided(mac: string, type: number, changes: Changes = {}): void {
    const { address = "0.0.0.0", relay = "0.0.0.0", serverId = "0.0.0.0", ...rest } = changes;
    const addresses = { address: ipv4(address), relay: ipv4(relay), serverId: ipv4(serverId) };
    const decision = Object.assign(new Decision(), { at: FAKE_NOW, type, network: "office" });
    Object.assign(decision, addresses, rest);
    const chaddr = macBytes(mac);
    this.history.record(hashBytes(chaddr, SEED), chaddr, chaddr.length, false, decision);
  }

  why(query: string): WhyView {
    const { book, history, networks, states, pair } = this;
    const status = (name: string) => states.find((state) => state.name === name);
    return explain(query, { startedAt: START, networks, book, history, pair, status });
  }

  /** What the verdict on MAC is after one message of it was refused. */
  refusal(
    reason: RefusalReason,
    type: number = MESSAGE_TYPE.discover,
    changes: Changes = {},
  ): string {
    this.decided(MAC, type, { reason, ...changes });
    const { severity, verdict, advice } = this.why(MAC);
    expect(severity).toBe("refused");
    expect(advice).toBe(REFUSAL_ADVICE[reason]);
    expect(verdict).toMatch(/^02:00:5e:10:00:01 gets no address from this box( on office)?: .*\.$/);
    return verdict.slice(verdict.indexOf(": ") + 2);
  }
}
