import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Ipv4, ipv4 } from "../../daemon/base/address.ts";
import { hashBytes, hex } from "../../daemon/base/bytes.ts";
import { REFUSALS, type RefusalReason } from "../../daemon/catalogue.ts";
import { Decision, History, type PastDecision } from "../../daemon/core/history.ts";
import { LIMITS } from "../../daemon/limits.ts";

const SEED = 0x5eed;

function mac(n: number): Uint8Array {
  return Uint8Array.of(2, 0, (n >> 24) & 255, (n >> 16) & 255, (n >> 8) & 255, n & 255);
}

class Notes {
  readonly history = new History(SEED);
  readonly #decision = new Decision();

  /** Keeps a decision, as the server does with its one object. */
  put(client: Uint8Array, isKnown: boolean, changes: Partial<Omit<Decision, "reset">>): void {
    this.#decision.reset(0);
    Object.assign(this.#decision, changes);
    const hash = hashBytes(client, SEED);
    this.history.record(hash, client, client.length, isKnown, this.#decision);
  }
}

const addresses = (decisions: readonly PastDecision[]) => decisions.map(({ address }) => address);

describe("the history of a client", () => {
  test("keeps all of a decision", () => {
    const notes = new Notes();
    const decision = {
      at: 1_777_800_000_123,
      type: 3,
      sent: 6,
      reason: "address-taken" as const,
      address: ipv4("255.255.255.254"),
      relay: ipv4("10.9.0.1"),
      serverId: ipv4("192.168.255.1"),
      network: "office",
      className: "guests",
    };
    notes.put(mac(1), false, decision);
    notes.put(mac(1), false, { at: 1_777_800_000_200, type: 1 });
    expect(notes.history.of(mac(1))[1]).toEqual({ ...decision, count: 1 });
    expect(notes.history.of(mac(1))[0]).toEqual({
      ...new Decision(),
      at: 1_777_800_000_200,
      type: 1,
      count: 1,
    });
  });

  test.each(Object.keys(REFUSALS) as RefusalReason[])("keeps the reason %s", (reason) => {
    const notes = new Notes();
    notes.put(mac(1), false, { type: 1, reason });
    expect(notes.history.of(mac(1))[0]?.reason).toBe(reason);
  });

  test("the last ones stay, newest first", () => {
    const notes = new Notes();
    for (let i = 1; i <= 20; i++) notes.put(mac(1), true, { type: 1, address: i as Ipv4 });
    expect(addresses(notes.history.of(mac(1)))).toEqual([20, 19, 18, 17, 16, 15, 14, 13]);
  });

  test("the same again is counted, and does not push out what was before", () => {
    const notes = new Notes();
    notes.put(mac(1), true, { at: 1, type: 1, address: 1 as Ipv4 });
    for (let i = 0; i < 100; i++) {
      notes.put(mac(1), true, { at: 2 + i, type: 1, sent: 2, address: 2 as Ipv4 });
      notes.put(mac(1), true, { at: 2 + i, type: 3, sent: 6, address: 2 as Ipv4 });
    }
    expect(notes.history.of(mac(1)).map(({ at, type, count }) => ({ at, type, count }))).toEqual([
      { at: 101, type: 3, count: 100 },
      { at: 101, type: 1, count: 100 },
      { at: 1, type: 1, count: 1 },
    ]);
  });

  test("is that of the whole hardware address", () => {
    const notes = new Notes();
    const long = Uint8Array.of(...mac(1), 0, 0);
    notes.put(mac(1), false, { type: 1 });
    expect(notes.history.of(long)).toEqual([]);
    notes.put(long, false, { type: 3 });
    expect(notes.history.of(long)[0]?.type).toBe(3);
    expect(notes.history.of(mac(1))[0]?.type).toBe(1);
    notes.put(new Uint8Array(0), false, { type: 8 });
    expect(notes.history.of(new Uint8Array(0))).toEqual([]);
  });

  test("moves with a stranger that gets a lease", () => {
    const notes = new Notes();
    notes.put(mac(1), false, { type: 1 });
    notes.put(mac(1), true, { type: 3, sent: 5 });
    for (let n = 10; n < 10 + 2 * LIMITS.historyStrangersMax; n++) notes.put(mac(n), false, {});
    expect(notes.history.of(mac(1)).map(({ type }) => type)).toEqual([3, 1]);
    // Later without a lease it stays among the known ones.
    notes.put(mac(1), false, { type: 7 });
    expect(notes.history.of(mac(1)).map(({ type }) => type)).toEqual([7, 3, 1]);
  });

  test("names of networks and classes do not grow without end", () => {
    const notes = new Notes();
    for (let i = 0; i < 5000; i++) {
      notes.put(mac(1), true, { network: `network-${i}`, className: `class-${i}` });
    }
    expect(notes.history.of(mac(1))[0]).toMatchObject({
      network: "network-4999",
      className: "class-4999",
    });
  });
});

describe("room", () => {
  test("a flood of strangers pushes out only strangers, those heard longest ago", () => {
    const notes = new Notes();
    for (let n = 0; n < LIMITS.historyKnownMax; n++) notes.put(mac(n), true, { type: 3 });
    for (let n = 0; n < 50_000; n++) notes.put(mac(1_000_000 + n), false, { type: 1 });
    for (let n = 0; n < LIMITS.historyKnownMax; n++) {
      expect(notes.history.of(mac(n))).toHaveLength(1);
    }
    const first = 1_050_000 - LIMITS.historyStrangersMax;
    expect(notes.history.of(mac(first))).toHaveLength(1);
    expect(notes.history.of(mac(first - 1))).toHaveLength(0);
  });

  test("all tables together are less than 1 MB", () => {
    expect(new History(SEED).byteLength).toBeLessThan(1_000_000);
  });
});

test("who asked for an address, heard last first", () => {
  const notes = new Notes();
  const address = ipv4("10.77.0.120");
  for (const n of [1, 2, 3]) notes.put(mac(n), false, { type: 1, address });
  notes.put(mac(2), false, { type: 3, address });
  notes.put(mac(4), false, { type: 1, address: ipv4("10.77.0.121") });
  expect(notes.history.about(address).map(hex)).toEqual([mac(2), mac(3), mac(1)].map(hex));
});

test("any sequence is kept as a simple model keeps it", () => {
  const step = fc.record({
    client: fc.integer({ min: 0, max: 3000 }),
    isKnown: fc.boolean(),
    type: fc.integer({ min: 1, max: 12 }),
  });
  const steps = fc.array(step, { minLength: 1, maxLength: 6000, size: "max" });
  fc.assert(
    fc.property(steps, (all) => {
      const notes = new Notes();
      const known = new Model(LIMITS.historyKnownMax);
      const strangers = new Model(LIMITS.historyStrangersMax);
      all.forEach(({ client, isKnown, type }, at) => {
        notes.put(mac(client), isKnown, { at, type });
        const before = strangers.clients.get(client);
        if (isKnown && !known.clients.has(client) && before) {
          strangers.clients.delete(client);
          known.clients.set(client, before);
        }
        (isKnown || known.clients.has(client) ? known : strangers).put(client, type);
      });
      for (const { client } of all) {
        const expected = known.clients.get(client) ?? strangers.clients.get(client) ?? [];
        expect(notes.history.of(mac(client)).map(({ type }) => type)).toEqual(expected);
      }
    }),
    { numRuns: 10 },
  );
});

/** Types of the decisions of each client, newest first; clients in the order of last use. */
class Model {
  readonly clients = new Map<number, number[]>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  put(client: number, type: number): void {
    const types = (this.clients.get(client) ?? []).filter((other) => other !== type);
    this.clients.delete(client);
    this.clients.set(client, [type, ...types].slice(0, LIMITS.historyPerClient));
    const [oldest] = this.clients.keys();
    if (this.clients.size > this.#max && oldest !== undefined) this.clients.delete(oldest);
  }
}
