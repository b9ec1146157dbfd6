import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { BUSY, BulkLeaseQuery } from "../../daemon/core/bulk-leasequery.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { LeaseBook } from "../../daemon/core/lease-book.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { type Dhcp4Message, decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { makeLease } from "../support/leases.ts";
import { type QueryParts, queryBytes } from "../support/query-message.ts";

const SEED = 7;
const NOW = 1_780_000_500;
const OPTIONS = [[53, [14]]] as const;
const u32 = (value: number) => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];

function bookOf(leases: readonly Lease[]): LeaseBook {
  const book = new LeaseBook(SEED);
  for (const lease of leases) book.apply(lease);
  return book;
}

function session(book: LeaseBook, all: readonly string[] = []): BulkLeaseQuery {
  const parameter = (_: number, code: number) =>
    code === 1 ? Uint8Array.of(255, 0, 0, 0) : undefined;
  const addresses = () => all.map(ipv4);
  const about = { book, hashSeed: SEED, serverId: ipv4("10.77.0.1") };
  return new BulkLeaseQuery({ ...about, addresses, parameter });
}

function framed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([bytes.length >>> 8, bytes.length & 255, ...bytes]);
}

function query(parts: QueryParts = {}): Uint8Array {
  return framed(queryBytes({ ...parts, options: [...OPTIONS, ...(parts.options ?? [])] }));
}

/** Everything that is said now. */
function drain(bulk: BulkLeaseQuery): Dhcp4Message[] {
  const messages: Dhcp4Message[] = [];
  for (;;) {
    const next = bulk.pull(NOW);
    if (next === undefined) return messages;
    if (next === BUSY) continue;
    expect(((next[0] as number) << 8) | (next[1] as number)).toBe(next.length - 2);
    messages.push(decodeDhcp4(next, 2, next.length));
  }
}

function ask(book: LeaseBook, parts: QueryParts = {}): Dhcp4Message[] {
  const bulk = session(book);
  expect(bulk.receive(query(parts))).toBe(true);
  return drain(bulk);
}

const types = (messages: readonly Dhcp4Message[]) => messages.map((one) => one.u8(53));
const addresses = (messages: readonly Dhcp4Message[]) =>
  messages.slice(0, -1).map((one) => one.ciaddr & 255);

describe("RFC 6926 §5 to §8: answers", () => {
  test("all leases, each as what it is, and an end", () => {
    const book = bookOf([
      makeLease(1, 1, {
        startsAt: NOW - 900,
        seenAt: NOW - 50,
        expiresAt: NOW + 50,
        leaseSeconds: 100,
      }),
      makeLease(2, 2, { state: "released", seenAt: NOW - 20, expiresAt: NOW - 20 }),
      makeLease(3, 3, { state: "expired", seenAt: NOW - 90, expiresAt: NOW - 30 }),
      makeLease(4, 4, { state: "abandoned", seenAt: NOW - 10, expiresAt: NOW + 99 }),
      makeLease(5, 5, { seenAt: NOW - 90, expiresAt: NOW - 1 }),
    ]);
    const got = ask(book, { xid: 0xbeef });
    expect(types(got)).toEqual([13, 11, 11, 11, 11, 15]);
    expect(got.map((one) => one.xid)).toEqual(new Array(6).fill(0xbeef));
    expect(got.map((one) => one.u8(156))).toEqual([2, 4, 3, 5, 3, undefined]);
    expect(got.map((one) => one.u32(153))).toEqual([900, 20, 30, 10, 1, undefined]);
    expect(got[0]?.codes()).toEqual([53, 54, 152, 153, 156, 61, 91, 51, 59]);
    expect(got[0]?.u32(152)).toBe(NOW);
    // RFC 6926 §8.3: the server is named once.
    expect(got.map((one) => one.has(54))).toEqual([true, false, false, false, false, false]);
    expect(ask(bookOf([]))[0]?.u32(54)).toBe(ipv4("10.77.0.1"));
    expect(got[0]?.u32(51)).toBe(50);
    expect(got[5]?.has(151)).toBe(false);
  });

  test("RFC 6926 §8.2: every configured address once, those never leased as unassigned", () => {
    const book = bookOf([makeLease(1, 2)]);
    const all = ["10.77.0.1", "10.77.0.2", "10.77.0.3"];
    const asked = (parts: QueryParts) => {
      const bulk = session(book, all);
      bulk.receive(query(parts));
      return drain(bulk);
    };
    const got = asked({});
    expect(types(got)).toEqual([13, 11, 11, 15]);
    expect(addresses(got)).toEqual([2, 1, 3]);
    expect(got[1]?.codes()).toEqual([53, 152, 156]);
    expect([got[1]?.hlen, got[1]?.u8(156), got[1]?.u32(152)]).toEqual([0, 1, NOW]);
    expect(asked({ options: [[55, [1]]] })[1]?.codes()).toEqual([53, 152, 1]);
    expect(addresses(asked({ options: [[61, [1, 2, 0, 0x5e, 0, 0, 2]]] }))).toEqual([2]);
    expect(addresses(asked({ options: [[154, u32(1)]] }))).toEqual([2]);
  });

  test("by MAC, client identifier, remote-id and relay-id", () => {
    const relayAgent = Uint8Array.of(12, 2, 8, 8, 2, 2, 9, 9);
    const book = bookOf([makeLease(1, 1), makeLease(2, 2, { relayAgent }), makeLease(3, 3)]);
    const mac = [2, 0, 0x5e, 0, 0, 2];
    for (const parts of [
      { chaddr: mac },
      { options: [[61, [1, ...mac]]] },
      { options: [[82, [2, 2, 9, 9]]] },
      { options: [[82, [12, 2, 8, 8]]] },
    ] satisfies QueryParts[]) {
      expect(addresses(ask(book, parts))).toEqual([2]);
    }
    expect(types(ask(book, { options: [[82, [12, 2, 8, 7]]] }))).toEqual([15]);
  });

  test("only what changed between two times", () => {
    const at = (number: number, seenAt: number) => makeLease(number, number, { seenAt });
    const book = bookOf([at(1, NOW - 300), at(2, NOW - 200), at(3, NOW - 100)]);
    for (const lease of book.leases()) lease.startsAt = 0;
    const since = [154, u32(NOW - 200)] as const;
    const until = [155, u32(NOW - 200)] as const;
    expect(addresses(ask(book, { options: [since] }))).toEqual([2, 3]);
    expect(addresses(ask(book, { options: [until] }))).toEqual([1, 2]);
    expect(addresses(ask(book, { options: [since, until] }))).toEqual([2]);
  });

  test("what option 55 names, from the network as well", () => {
    const [lease] = ask(bookOf([makeLease(1, 1)]), { options: [[55, [1, 156, 152]]] });
    expect(lease?.codes()).toEqual([53, 54, 152, 156, 61, 1]);
  });

  test("a refusal with its status", () => {
    const book = bookOf([makeLease(1, 1)]);
    const status = (parts: QueryParts) => ask(book, parts).map((one) => one.raw(151)?.[0]);
    expect(status({ ciaddr: "10.77.0.1" })).toEqual([3]);
    // RFC 6926 §8.2: two primary queries are not allowed, an address in the header is malformed.
    expect(status({ chaddr: [1, 2, 3, 4, 5, 6], options: [[61, [1, 2]]] })).toEqual([4]);
    expect(status({ options: [[82, [2, 1, 1, 12, 1, 1]]] })).toEqual([4]);
    expect(status({ ciaddr: "10.77.0.1", options: [[61, [1, 2]]] })).toEqual([3]);
    expect(status({ yiaddr: "10.77.0.1" })).toEqual([3]);
    expect(status({ siaddr: "10.77.0.1" })).toEqual([3]);
    expect(status({ options: [[61, [1]]] })).toEqual([3]);
    expect(
      status({
        options: [
          [154, u32(NOW)],
          [155, u32(NOW - 1)],
        ],
      }),
    ).toEqual([3]);
    expect(status({ options: [[154, u32(NOW + 1)]] })).toEqual([3]);
    expect(status({ options: [[154, [1, 2]]] })).toEqual([3]);
    expect(status({ options: [[82, [2, 9, 1]]] })).toEqual([3]);
    expect(status({ options: [[221, [0, 65]]] })).toEqual([4]);
    expect(status({ options: [[221, [255]]] })).toEqual([undefined, undefined]);
    const bulk = session(book);
    bulk.receive(framed(queryBytes({ options: [[53, [16]]] })));
    expect(drain(bulk).map((one) => one.raw(151)?.[0])).toEqual([4]);
  });
});

describe("the connection", () => {
  test("queries come in any pieces and are answered in their order", () => {
    const book = bookOf([makeLease(1, 1), makeLease(2, 2)]);
    const all = Uint8Array.from([...query({ xid: 1 }), ...query({ xid: 2 }), ...query({ xid: 3 })]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 })), (cuts) => {
        const bulk = session(book);
        let at = 0;
        for (const cut of [...cuts, all.length]) {
          expect(bulk.receive(all.subarray(at, at + cut))).toBe(true);
          at += cut;
          if (at >= all.length) break;
        }
        expect(drain(bulk).map((one) => one.xid)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
      }),
    );
  });

  test("what cannot be a query ends it", () => {
    const book = bookOf([]);
    expect(session(book).receive(Uint8Array.of(0, 0))).toBe(false);
    expect(session(book).receive(Uint8Array.of(0xff, 0xff, 1))).toBe(false);
    const many = session(book);
    for (let i = 0; i < LIMITS.bulkQueriesMax; i++) expect(many.receive(query())).toBe(true);
    expect(many.receive(query())).toBe(false);
    const garbage = session(book);
    expect(garbage.receive(framed(new Uint8Array(300)))).toBe(true);
    expect(() => garbage.pull(NOW)).toThrow("magic cookie");
  });

  test("garbage never does more than end it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: 299 }), (noise, at) => {
        const bytes = query();
        bytes.set(noise.subarray(0, bytes.length - 2 - (at % 200)), 2 + (at % 200));
        const bulk = session(bookOf([makeLease(1, 1)]));
        bulk.receive(bytes);
        try {
          drain(bulk);
        } catch (error) {
          expect((error as Error).name).toBe("DecodeError");
        }
      }),
    );
  });

  test("a large book is gone through in slices, and comes to its end while it changes", () => {
    const book = bookOf(Array.from({ length: 5000 }, (_, at) => makeLease(at + 1, at)));
    const bulk = session(book);
    bulk.receive(query({ chaddr: [2, 0, 0x5e, 0, 0x13, 0x87] }));
    let busy = 0;
    let next = bulk.pull(NOW);
    for (; next === BUSY; next = bulk.pull(NOW)) busy++;
    expect(busy).toBe(Math.floor(4999 / LIMITS.bulkQuerySlice));
    expect(next).toBeInstanceOf(Uint8Array);

    const all = session(book);
    all.receive(query());
    let sequence = 6000;
    let sent = 0;
    for (let said = all.pull(NOW); said !== undefined; said = all.pull(NOW)) {
      sent++;
      book.apply(makeLease(++sequence, sequence));
    }
    expect(sent).toBe(5001);
  });
});
