import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIpv4, type Ipv4, ipv4 } from "../../daemon/base/address.ts";
import { hashBytes } from "../../daemon/base/bytes.ts";
import { ClientIdentity } from "../../daemon/core/client-identity.ts";
import { NOTHING_SET } from "../../daemon/core/config-view.ts";
import type { BindingState, Lease } from "../../daemon/core/lease.ts";
import { LeaseBook, type LeaseEntry, NOBODY } from "../../daemon/core/lease-book.ts";
import { AddressPool, type PoolRange } from "../../daemon/core/pool.ts";

const SEED = 42;

function client(number: number): ClientIdentity {
  const identity = new ClientIdentity(SEED);
  identity.setHardware(1, Uint8Array.from([2, 0, 0, 0, 0, number]), 6);
  return identity;
}

function record(changes: Partial<Lease>): Lease {
  return {
    address: ipv4("10.0.0.10"),
    network: "office",
    state: "active",
    client: client(1).copy(),
    htype: 1,
    chaddr: Uint8Array.from([2, 0, 0, 0, 0, 1]),
    hostname: "",
    vendorClass: "",
    relayAgent: new Uint8Array(0),
    canForceRenew: false,
    xid: 0,
    startsAt: 0,
    seenAt: 0,
    expiresAt: 100,
    leaseSeconds: 100,
    clockUncertain: false,
    toldUntil: 0,
    agreedUntil: 0,
    fromPartner: false,
    sequence: 1,
    durableExpiresAt: 0,
    ...changes,
  };
}

function poolOf(from: string, to: string, barred: string[] = []): AddressPool {
  const open = { ...NOTHING_SET, allow: [], deny: [], isKnownOnly: false };
  const config = { ...open, from: ipv4(from), to: ipv4(to) };
  return new AddressPool([{ config, network: 0 }], barred.map(ipv4));
}

describe("records", () => {
  test("of two about one address the one with the higher sequence holds, in any order", () => {
    for (const order of [
      [1, 2],
      [2, 1],
    ]) {
      const book = new LeaseBook(SEED);
      for (const sequence of order) book.apply(record({ sequence, expiresAt: sequence * 100 }));
      expect(book.at(ipv4("10.0.0.10"))?.expiresAt).toBe(200);
      expect(book.size).toBe(1);
    }
  });

  test("a client has leases in several networks, each found in its own", () => {
    const book = new LeaseBook(SEED);
    const office = poolOf("10.0.0.10", "10.0.0.20");
    const home = poolOf("10.1.0.10", "10.1.0.20");
    book.apply(record({}));
    book.apply(record({ address: ipv4("10.1.0.10"), sequence: 2 }));
    book.placeAll((address) => (address < ipv4("10.1.0.0") ? office : home));
    expect(book.find(client(1), office)?.address).toBe(ipv4("10.0.0.10"));
    expect(book.find(client(1), home)?.address).toBe(ipv4("10.1.0.10"));
    expect(book.find(client(2), home)).toBeUndefined();
  });

  test("an active lease comes before one that ended, and then the one heard of last", () => {
    const book = new LeaseBook(SEED);
    const pool = poolOf("10.0.0.10", "10.0.0.20");
    const states: [string, BindingState, number][] = [
      ["10.0.0.10", "expired", 50],
      ["10.0.0.11", "released", 70],
      ["10.0.0.12", "expired", 60],
    ];
    states.forEach(([address, state, seenAt], index) => {
      book.apply(record({ address: ipv4(address), state, seenAt, sequence: index + 1 }));
    });
    book.placeAll(() => pool);
    expect(formatIpv4(book.find(client(1), pool)?.address as Ipv4)).toBe("10.0.0.11");
    book.apply(record({ address: ipv4("10.0.0.13"), seenAt: 1, sequence: 9 }));
    book.placeAll(() => pool);
    expect(formatIpv4(book.find(client(1), pool)?.address as Ipv4)).toBe("10.0.0.13");
  });

  test("clients whose hashes collide are told apart by their bytes", () => {
    const book = new LeaseBook(SEED);
    const pool = poolOf("10.0.0.0", "10.0.0.255");
    for (let i = 0; i < 200; i++) {
      const entry = book.create((ipv4("10.0.0.0") + i) as Ipv4, pool, i);
      book.setClient(entry, client(i).copy(), 7);
    }
    for (let i = 0; i < 200; i++) {
      const identity = client(i);
      identity.hash = 7;
      expect(book.find(identity, pool)?.slot).toBe(i);
    }
  });
});

interface ModelEntry {
  client: number;
  state: "active" | "released" | "abandoned";
  end: number;
}

/** The simplest thing that could be right: a map, searched from end to end. */
class Model {
  readonly entries = new Map<number, ModelEntry>();

  activeOf(client: number): number[] {
    return [...this.entries]
      .filter(([, e]) => e.client === client && e.state === "active")
      .map(([slot]) => slot);
  }

  count(state: string): number {
    return [...this.entries.values()].filter((entry) => entry.state === state).length;
  }
}

describe("random operations agree with a simple model", () => {
  const SLOTS = 40;
  const operation = fc.record({
    kind: fc.constantFrom("bind", "release", "abandon", "end", "offer", "withdraw", "remove"),
    slot: fc.nat(SLOTS - 1),
    client: fc.nat(9),
    end: fc.integer({ min: 1, max: 100 }),
  });

  test("leases by address and client, ends, free lists and counts", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
        const book = new LeaseBook(SEED);
        const base = ipv4("10.0.0.0");
        const barred = ["10.0.0.3", "10.0.0.7"];
        const pool = poolOf("10.0.0.0", "10.0.0.39", barred);
        const model = new Model();
        const offered = new Set<number>();
        for (const { kind, slot, client: number, end } of operations) {
          const address = (base + slot) as Ipv4;
          const entry = book.at(address);
          if (kind === "bind") {
            const bound = entry ?? book.create(address, pool, slot);
            const identity = client(number);
            book.setClient(bound, identity.copy(), hashBytes(identity.copy(), SEED));
            bound.state = "active";
            bound.expiresAt = end;
            // Without it the record is of an address that nobody had yet, as the boxes of a pair divide them.
            bound.seenAt = 1;
            book.changed(bound);
            model.entries.set(slot, { client: number, state: "active", end });
          } else if (kind === "release" && entry?.state === "active") {
            entry.state = "released";
            book.changed(entry);
            (model.entries.get(slot) as ModelEntry).state = "released";
          } else if (kind === "abandon" && entry) {
            book.setClient(entry, NOBODY, 0);
            entry.state = "abandoned";
            entry.expiresAt = end;
            book.changed(entry);
            model.entries.set(slot, { client: -1, state: "abandoned", end });
          } else if (kind === "end") {
            for (let ended = book.popEnded(end); ended; ended = book.popEnded(end)) {
              const known = model.entries.get(ended.slot) as ModelEntry;
              expect(known.state).toBe(ended.state);
              expect(known.end).toBeLessThanOrEqual(end);
              ended.state = "released";
              known.state = "released";
              book.changed(ended);
            }
            for (const known of model.entries.values()) {
              if (known.state !== "released") expect(known.end).toBeGreaterThan(end);
            }
          } else if (kind === "offer") {
            pool.setOffered(slot, entry);
            offered.add(slot);
          } else if (kind === "withdraw") {
            pool.clearOffered(slot, entry);
            offered.delete(slot);
          } else if (kind === "remove" && entry) {
            book.remove(entry);
            model.entries.delete(slot);
          }
          agree(book, pool, model, offered);
        }
      }),
      { numRuns: 60 },
    );
  });

  function agree(book: LeaseBook, pool: AddressPool, model: Model, offered: Set<number>): void {
    expect(book.size).toBe(model.entries.size);
    const range = pool.ranges[0] as PoolRange;
    expect(range.active).toBe(model.count("active"));
    expect(range.abandoned).toBe(model.count("abandoned"));
    expect(range.offered).toBe(offered.size);
    const isOpen = (slot: number) => slot !== 3 && slot !== 7 && !offered.has(slot);
    let fresh = 0;
    for (let slot = 0; slot < SLOTS; slot++) {
      if (!model.entries.has(slot) && isOpen(slot)) fresh++;
    }
    const ended = [...model.entries].filter(([slot, e]) => e.state === "released" && isOpen(slot));
    const withClient = ended.filter(([, entry]) => entry.client >= 0);
    expect(range.freed.size).toBe(withClient.length);
    expect(range.rested.size).toBe(ended.length - withClient.length);
    expect(pool.free).toBe(fresh + ended.length);
    expect(range.free).toBe(pool.free);
    expect(pool.find(0) >= 0).toBe(fresh + ended.length > 0);
    for (const list of [range.freed, range.rested]) {
      const seen: LeaseEntry[] = [];
      for (let entry = list.first; entry; entry = entry.next) seen.push(entry);
      expect(seen.length).toBe(list.size);
    }
    for (let number = 0; number < 10; number++) {
      const active = model.activeOf(number);
      const found = book.find(client(number), pool);
      if (active.length > 0) expect(active).toContain(found?.slot);
      else expect(found?.state).not.toBe("active");
    }
  }
});
