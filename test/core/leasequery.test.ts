import { describe, expect, test } from "vitest";
import { type Ipv4, ipv4 } from "../../daemon/base/address.ts";
import type { Now } from "../../daemon/base/time.ts";
import { FOREVER_SECONDS } from "../../daemon/core/config-view.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { LeaseBook } from "../../daemon/core/lease-book.ts";
import { LeaseQueries, type LeaseQueryAnswer } from "../../daemon/core/leasequery.ts";
import { writeLeaseQueryReply } from "../../daemon/core/leasequery-reply.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { HEADERS_BYTES } from "../../daemon/wire/frame.ts";
import { ReplyWriter } from "../../daemon/wire/reply.ts";
import { makeLease } from "../support/leases.ts";
import { type QueryParts, question } from "../support/query-message.ts";

const SEED = 99;
const WALL = 1_780_000_100;
const NOW: Now = { monotonic: 10_000, wall: WALL * 1000 + 700 };
const RELAY = "10.9.0.1";
const REMOTE = [2, 3, 0xaa, 0xbb, 0xcc];
const isManaged = (address: Ipv4) => address >>> 16 === 0x0a4d;

/** Leases of 10.77.0.<number>, each of a client of its own unless said otherwise. */
function bookOf(...leases: readonly Lease[]): LeaseBook {
  const book = new LeaseBook(SEED);
  for (const lease of leases) book.apply(lease);
  return book;
}

function ask(book: LeaseBook, parts: QueryParts, now = NOW) {
  const queries = new LeaseQueries(book, SEED);
  return queries.answer(question({ giaddr: RELAY, ...parts }), isManaged, now);
}

function answered(book: LeaseBook, parts: QueryParts): LeaseQueryAnswer {
  const answer = ask(book, parts);
  if (typeof answer === "string") throw new Error(answer);
  return answer;
}

const mac = (number: number) => [2, 0, 0x5e, 0, 0, number];
const clientId = (number: number) => [61, [1, ...mac(number)]] as const;

describe("what is asked", () => {
  const book = bookOf(makeLease(1, 5, { relayAgent: Uint8Array.from(REMOTE) }));

  test("by address: leased, free, and none of this server", () => {
    expect(answered(book, { ciaddr: "10.77.0.5" })).toMatchObject({
      type: 13,
      address: ipv4("10.77.0.5"),
      lease: { sequence: 1 },
    });
    expect(answered(book, { ciaddr: "10.77.0.6" })).toMatchObject({
      type: 11,
      address: ipv4("10.77.0.6"),
      lease: undefined,
    });
    expect(answered(book, { ciaddr: "10.78.0.5" })).toMatchObject({ type: 12, lease: undefined });
  });

  test("by MAC, client identifier and remote-id", () => {
    for (const parts of [
      { chaddr: mac(5) },
      { options: [clientId(5)] },
      { options: [[82, [1, 1, 9, ...REMOTE]]] },
    ] satisfies QueryParts[]) {
      expect(answered(book, parts)).toMatchObject({ type: 13, address: ipv4("10.77.0.5") });
    }
    for (const parts of [
      { chaddr: mac(6) },
      { chaddr: mac(5), htype: 6 },
      { chaddr: mac(5).slice(0, 5) },
      { options: [clientId(6)] },
      { options: [[82, [2, 3, 0xaa, 0xbb, 0xcd]]] },
      { options: [[82, [2, 2, 0xaa, 0xbb]]] },
    ] satisfies QueryParts[]) {
      expect(answered(book, parts)).toMatchObject({ type: 12, address: 0, lease: undefined });
    }
  });

  test("a relay on the way may have added option 82, and zeros are no hardware address", () => {
    const options = [[82, REMOTE]] as const;
    expect(answered(book, { ciaddr: "10.77.0.6", options })).toMatchObject({ type: 11 });
    expect(answered(book, { ciaddr: "10.77.0.5", chaddr: mac(0).fill(0) })).toMatchObject({
      type: 13,
    });
  });

  test("nothing, two things at once, a broken identifier, or no relay to answer to", () => {
    for (const parts of [
      {},
      { options: [[82, [1, 1, 9]]] },
      { ciaddr: "10.77.0.5", chaddr: mac(5) },
      { ciaddr: "10.77.0.5", options: [clientId(5)] },
      { chaddr: mac(5), options: [clientId(5)] },
      { options: [[61, [1]]] },
      { ciaddr: "10.77.0.5", giaddr: "0.0.0.0" },
    ] satisfies QueryParts[]) {
      expect(ask(book, parts)).toBe("query-malformed");
    }
  });
});

describe("which lease", () => {
  test("only one that is in force", () => {
    for (const more of [
      { state: "released" },
      { state: "abandoned" },
      { expiresAt: WALL },
      { state: "expired", expiresAt: WALL - 5 },
    ] satisfies Partial<Lease>[]) {
      const book = bookOf(makeLease(1, 5, more));
      expect(answered(book, { ciaddr: "10.77.0.5" })).toMatchObject({ type: 11 });
      expect(answered(book, { chaddr: mac(5) })).toMatchObject({ type: 12 });
      expect(answered(book, { options: [clientId(5)] })).toMatchObject({ type: 12 });
    }
    const forever = bookOf(makeLease(1, 5, { leaseSeconds: FOREVER_SECONDS, expiresAt: WALL }));
    expect(answered(forever, { ciaddr: "10.77.0.5" })).toMatchObject({ type: 13 });
  });

  test("of several the one heard of last, the others by their addresses", () => {
    const client = Uint8Array.of(1, 7, 7);
    const book = bookOf(
      makeLease(1, 5, { client, seenAt: 100 }),
      makeLease(2, 6, { client, seenAt: 300 }),
      makeLease(3, 7, { client, seenAt: 400, state: "released" }),
      makeLease(4, 8, { client, seenAt: 200 }),
      makeLease(5, 9),
    );
    const answer = answered(book, { options: [[61, [7, 7]]] });
    expect(answer.address).toBe(ipv4("10.77.0.6"));
    expect(answer.associated).toEqual([ipv4("10.77.0.5"), ipv4("10.77.0.8")]);
    expect(answered(book, { ciaddr: "10.77.0.6" }).associated).toEqual([]);
  });

  test("not more addresses than one option holds", () => {
    const relayAgent = Uint8Array.from(REMOTE);
    const all = Array.from({ length: 200 }, (_, at) => makeLease(at + 1, at, { relayAgent }));
    const { associated } = answered(bookOf(...all), { options: [[82, REMOTE]] });
    expect(associated.length).toBe(LIMITS.associatedAddressesMax);
  });
});

test("questions that look through all leases are few a second, others as many as come", () => {
  const book = bookOf(makeLease(1, 5));
  const queries = new LeaseQueries(book, SEED);
  const rate = LIMITS.leaseQueryScansPerSecond;
  const byMac = question({ giaddr: RELAY, chaddr: mac(5) });
  const byAddress = question({ giaddr: RELAY, ciaddr: "10.77.0.5" });
  const limited = (now: Now) => {
    let answers = 0;
    for (let i = 0; i < 3 * rate; i++) {
      if (queries.answer(byMac, isManaged, now) !== "rate-limited") answers++;
      expect(queries.answer(byAddress, isManaged, now)).toMatchObject({ type: 13 });
    }
    return answers;
  };
  expect(limited(NOW)).toBe(rate);
  expect(limited({ ...NOW, monotonic: NOW.monotonic + 500 })).toBe(rate / 2);
  expect(limited({ ...NOW, monotonic: NOW.monotonic + 60_000 })).toBe(rate);
});

describe("the answer", () => {
  const writer = new ReplyWriter();
  const to = {
    sourceMac: new Uint8Array(6),
    destinationMac: new Uint8Array(6),
    sourceIp: ipv4("10.77.0.1"),
    destinationIp: ipv4(RELAY),
    sourcePort: 67,
    destinationPort: 67,
  };
  const parameters = new Map([
    [1, Uint8Array.of(255, 255, 255, 0)],
    [51, Uint8Array.of(9, 9, 9, 9)],
    [6, Uint8Array.of(10, 77, 0, 1)],
  ]);

  function reply(book: LeaseBook, parts: QueryParts, now = WALL) {
    const asked = question({ giaddr: RELAY, ...parts });
    const answer = new LeaseQueries(book, SEED).answer(asked, isManaged, NOW);
    if (typeof answer === "string") throw new Error(answer);
    const parameter = (code: number) => parameters.get(code);
    const serverId = ipv4("10.77.0.1");
    writeLeaseQueryReply(writer, answer, { query: asked.message, serverId, now, parameter });
    const frame = writer.finish(to);
    return decodeDhcp4(frame, HEADERS_BYTES, frame.length);
  }

  const relayAgent = Uint8Array.from([1, 2, 3, 4, ...REMOTE]);
  const lease = makeLease(1, 5, { relayAgent, seenAt: WALL - 100, leaseSeconds: 1000 });
  const book = bookOf({ ...lease, expiresAt: WALL + 900 });

  test("of a leased address says who, how long, and through whom", () => {
    const got = reply(book, { ciaddr: "10.77.0.5", xid: 0xcafe });
    expect(got).toMatchObject({
      op: 2,
      xid: 0xcafe,
      ciaddr: ipv4("10.77.0.5"),
      yiaddr: 0,
      giaddr: ipv4(RELAY),
      htype: 1,
      hlen: 6,
    });
    expect(Array.from(got.chaddr.subarray(0, 6))).toEqual(mac(5));
    expect(got.codes()).toEqual([53, 54, 61, 91, 51, 58, 59, 82]);
    expect(got.u8(53)).toBe(13);
    expect(got.u32(54)).toBe(ipv4("10.77.0.1"));
    expect(got.raw(61)).toEqual(Uint8Array.of(1, ...mac(5)));
    expect([got.u32(91), got.u32(51), got.u32(58), got.u32(59)]).toEqual([100, 900, 400, 775]);
    expect(got.raw(82)).toEqual(relayAgent);
  });

  test("has what option 55 names and what must be there", () => {
    const got = reply(book, { ciaddr: "10.77.0.5", options: [[55, [51, 6, 6, 3, 54, 61]]] });
    expect(got.codes()).toEqual([53, 54, 61, 51, 6]);
    expect(got.u32(51)).toBe(900);
  });

  test("times that are over are left out, times that never end are said so", () => {
    expect(reply(book, { ciaddr: "10.77.0.5" }, WALL + 500).has(58)).toBe(false);
    expect(reply(book, { ciaddr: "10.77.0.5" }, WALL + 500).u32(59)).toBe(275);
    const forever = bookOf({ ...lease, leaseSeconds: FOREVER_SECONDS });
    const got = reply(forever, { ciaddr: "10.77.0.5" });
    expect(got.u32(51)).toBe(FOREVER_SECONDS);
    expect(got.has(58) || got.has(59)).toBe(false);
    // A clock that was set back: nobody was heard of in the future.
    expect(reply(book, { ciaddr: "10.77.0.5" }, WALL - 500).u32(91)).toBe(0);
  });

  test("of a client by its hardware address has no identifier, and of several all addresses", () => {
    const client = Uint8Array.of(0, 1, ...mac(5));
    const chaddr = Uint8Array.from(mac(5));
    const two = bookOf(makeLease(1, 5, { client, chaddr }), makeLease(2, 6, { client, chaddr }));
    const got = reply(two, { chaddr: mac(5), options: [[55, [1]]] });
    expect(got.codes()).toEqual([53, 54, 92, 1]);
    expect(got.raw(92)).toEqual(Uint8Array.of(10, 77, 0, 6, 10, 77, 0, 5));
  });

  test("of a free address or an unknown one nothing is said (RFC 4388 §6.4.2)", () => {
    const free = reply(book, { ciaddr: "10.77.0.6", options: [[55, [1, 51]]] });
    expect(free).toMatchObject({ ciaddr: ipv4("10.77.0.6"), hlen: 0 });
    expect(free.codes()).toEqual([53, 54]);
    expect(free.u8(53)).toBe(11);
    const unknown = reply(book, { chaddr: mac(77), options: [[55, [1, 51]]] });
    expect(unknown.codes()).toEqual([53, 54]);
    expect(unknown.u8(53)).toBe(12);
    expect(Array.from(unknown.chaddr.subarray(0, 6))).toEqual(mac(77));
  });

  test("fits even when everything is as long as it may be", () => {
    const client = Uint8Array.from([1, ...new Array(200).fill(7)]);
    const long = { client, relayAgent: Uint8Array.from([2, 200, ...new Array(200).fill(5)]) };
    const many = Array.from({ length: 80 }, (_, at) => makeLease(at + 1, at, long));
    const got = reply(bookOf(...many), {
      options: [
        [61, Array.from(client.subarray(1))],
        [57, [5, 0xdc]],
      ],
    });
    expect(got.raw(92)?.length).toBe(4 * (LIMITS.associatedAddressesMax + 1));
    expect(got.raw(82)?.length).toBe(202);
  });
});

describe("what a lease keeps of option 82", () => {
  test("is shared while it stays the same, and cut between sub-options", () => {
    const entry = bookOf(makeLease(1, 5)).at(ipv4("10.77.0.5"));
    if (!entry) throw new Error("no lease");
    expect(entry.relayAgent.length).toBe(0);
    const long = Uint8Array.from([
      1,
      100,
      ...new Array(100),
      2,
      150,
      ...new Array(150),
      9,
      2,
      1,
      1,
    ]);
    entry.relayAgent = long;
    expect(entry.relayAgent).toEqual(long.subarray(0, 254));
    const { packedRelayAgent } = entry;
    entry.relayAgent = long.slice();
    expect(entry.packedRelayAgent).toBe(packedRelayAgent);
    entry.relayAgent = Uint8Array.of(1, 1, 5);
    expect(entry.relayAgent).toEqual(Uint8Array.of(1, 1, 5));
    entry.relayAgent = new Uint8Array(0);
    expect(entry.packedRelayAgent).toBe("");
    entry.relayAgent = Uint8Array.from([1, 255, ...new Array(300).fill(1)]);
    expect(entry.relayAgent.length).toBe(0);
  });
});
