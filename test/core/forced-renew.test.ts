import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { NOTHING_SET } from "../../daemon/core/config-view.ts";
import {
  canBeForced,
  ForcedRenewals,
  ForceRenewAuth,
  isNonceDue,
  ReplayCounter,
  wantsNonce,
} from "../../daemon/core/forced-renew.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import { LeaseBook, type LeaseEntry } from "../../daemon/core/lease-book.ts";
import { haveParametersChanged } from "../../daemon/core/parameter-change.ts";
import { hmacMd5 } from "../../daemon/io/keyed-hash.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { OPTION, readOption } from "../../daemon/wire/dhcp4-options.ts";
import { Frame, HEADERS_BYTES, parseFrame } from "../../daemon/wire/frame.ts";
import { ReplyWriter } from "../../daemon/wire/reply.ts";
import { network } from "../support/core-bench.ts";
import { makeLease } from "../support/leases.ts";
import { question } from "../support/query-message.ts";

const WALL = 1_780_000_000;
const SECRET = Uint8Array.from({ length: 32 }, (_, at) => at * 7);
const ROUTE = {
  sourceIp: ipv4("10.77.0.1"),
  sourceMac: Uint8Array.of(2, 0, 0, 0, 0, 1),
  serverId: ipv4("10.77.0.1"),
  destinationMac: Uint8Array.of(2, 0, 0x5e, 0, 0, 5),
  now: WALL,
};

function entries(...leases: readonly Lease[]): LeaseEntry[] {
  const book = new LeaseBook(1);
  for (const lease of leases) book.apply(lease);
  return [...book.leases()];
}

function capable(number: number, more: Partial<Lease> = {}): LeaseEntry {
  const [entry] = entries(makeLease(number, number, { canForceRenew: true, ...more }));
  if (!entry) throw new Error("no lease");
  return entry;
}

describe("who takes part", () => {
  const message = (content: readonly number[] | undefined, ciaddr = "0.0.0.0") =>
    question({ ciaddr, options: content ? [[145, content]] : [] }).message;

  test("a client that names HMAC-MD5", () => {
    expect(wantsNonce(message(undefined))).toBe(false);
    expect(wantsNonce(message([]))).toBe(false);
    expect(wantsNonce(message([2]))).toBe(false);
    expect(wantsNonce(message([1]))).toBe(true);
    expect(wantsNonce(message([7, 1]))).toBe(true);
  });

  test("the nonce is not said again to a client that renews", () => {
    expect(isNonceDue(message([1]), false)).toBe(true);
    expect(isNonceDue(message([1]), true)).toBe(true);
    expect(isNonceDue(message([1], "10.77.0.5"), true)).toBe(false);
    expect(isNonceDue(message([1], "10.77.0.5"), false)).toBe(true);
    expect(isNonceDue(message(undefined), false)).toBe(false);
  });

  test("a lease in force of a client that can be reached", () => {
    expect(canBeForced(capable(5))).toBe(true);
    for (const more of [
      { canForceRenew: false },
      { state: "released" },
      { chaddr: new Uint8Array(0) },
      { htype: 32, chaddr: new Uint8Array(16) },
    ] satisfies Partial<Lease>[]) {
      expect(canBeForced(capable(5, more))).toBe(false);
    }
  });
});

test("replay detection rises within a run, with the clock set back, and over a restart", () => {
  const counter = new ReplayCounter();
  const values = [WALL, WALL, WALL + 1, WALL - 5000, WALL - 5000].map((at) => counter.next(at));
  expect(values).toEqual([...values].sort((a, b) => a - b));
  expect(new Set(values).size).toBe(values.length);
  expect(new ReplayCounter().next(WALL + 2)).toBeGreaterThan(values.at(-1) ?? 0);
});

/** The parts of option 90, as the option table reads them. */
function authentication(content: Uint8Array) {
  return OPTION.authentication.codec.decode(content, 0, content.length);
}

describe("what is authenticated", () => {
  test("the nonce: one for each client and each box, the same after a restart", () => {
    const auth = new ForceRenewAuth(hmacMd5, SECRET);
    const client = Uint8Array.of(1, 1, 2, 3);
    const first = auth.nonceOption(client, WALL);
    expect(first.length).toBe(28);
    const parts = authentication(first);
    expect(parts).toMatchObject({ protocol: 3, algorithm: 1, replayMethod: 0 });
    expect(new DataView(parts.replayDetection.buffer).getBigUint64(0)).toBe(BigInt(WALL) << 16n);
    expect(parts.information[0]).toBe(1);
    const nonce = (secret: Uint8Array, who: Uint8Array) =>
      new ForceRenewAuth(hmacMd5, secret).nonceOption(who, WALL + 9).subarray(12);
    expect(nonce(SECRET, client)).toEqual(first.subarray(12));
    expect(nonce(SECRET, Uint8Array.of(1, 1, 2, 4))).not.toEqual(first.subarray(12));
    expect(nonce(SECRET.with(0, 1), client)).not.toEqual(first.subarray(12));
  });

  test.each([
    ["with an identifier", Uint8Array.of(1, 1, 2, 0, 0x5e, 0, 0, 5)],
    ["without one", Uint8Array.of(0, 1, 2, 0, 0x5e, 0, 0, 5)],
  ])("the message to a client %s", (_, client) => {
    const auth = new ForceRenewAuth(hmacMd5, SECRET);
    const nonce = auth.nonceOption(client, WALL).subarray(12);
    const lease = capable(5, { client, xid: 0xabcdef01 });
    const bytes = auth.frame(new ReplyWriter(), lease, ROUTE);
    const frame = new Frame();
    parseFrame(frame, bytes, 0, bytes.length, true);
    expect(frame).toMatchObject({
      kind: "udp",
      sourcePort: 67,
      destinationPort: 68,
      sourceIp: ROUTE.sourceIp,
      destinationIp: lease.address,
    });
    expect(frame.dstMac).toEqual(ROUTE.destinationMac);
    const message = decodeDhcp4(bytes, HEADERS_BYTES, bytes.length);
    expect(message).toMatchObject({ op: 2, xid: 0xabcdef01, hops: 0, giaddr: 0 });
    expect(message.codes()).toEqual(client[0] === 1 ? [53, 54, 90, 61] : [53, 54, 90]);
    expect(message.u8(53)).toBe(9);
    if (client[0] === 1) expect(message.raw(61)).toEqual(client.subarray(1));

    const parts = readOption(message, OPTION.authentication);
    if (typeof parts !== "object") throw new Error("no option 90");
    expect(parts).toMatchObject({ protocol: 3, algorithm: 1, replayMethod: 0 });
    expect(new DataView(parts.replayDetection.buffer).getBigUint64(0)).toBe(
      (BigInt(WALL) << 16n) + 1n,
    );
    // As a client checks it (RFC 6704 §3.1.2).
    const checked = bytes.slice(HEADERS_BYTES);
    const digestAt = message.contentStart(90) - HEADERS_BYTES + 12;
    const digest = checked.slice(digestAt, digestAt + 16);
    checked.fill(0, digestAt, digestAt + 16);
    expect(parts.information).toEqual(Uint8Array.of(2, ...digest));
    expect(digest).toEqual(Uint8Array.from(createHmac("md5", nonce).update(checked).digest()));
  });
});

describe("the pace", () => {
  test("so many a second, each lease once, in order", () => {
    const leases = Array.from({ length: 30 }, (_, at) => capable(at + 1));
    const renewals = new ForcedRenewals();
    expect(renewals.nextAt).toBeUndefined();
    expect(renewals.addNetwork(leases, "office")).toBe(30);
    expect(renewals.addNetwork(leases, "office")).toBe(0);
    expect(renewals.addNetwork(leases, "home")).toBe(0);
    const sent: { lease: LeaseEntry; at: number }[] = [];
    for (let now = 5000; now < 9000; now += 7) {
      const lease = renewals.due(now);
      if (lease) sent.push({ lease, at: now });
      if (lease) expect(renewals.due(now)).toBeUndefined();
    }
    expect(sent.map(({ lease }) => lease)).toEqual(leases);
    expect(sent[0]?.at).toBe(5000);
    for (const { at } of sent) {
      const within = sent.filter((one) => one.at >= at && one.at < at + 1000);
      expect(within.length).toBeLessThanOrEqual(LIMITS.forcedRenewsPerSecond);
    }
    expect(renewals.nextAt).toBeUndefined();
  });

  test("who left, was heard of or cannot be told is passed over", () => {
    const [a, b, c] = [capable(1), capable(2), capable(3)];
    const renewals = new ForcedRenewals();
    expect(renewals.addNetwork([a, b, c, capable(4, { canForceRenew: false })], "office")).toBe(3);
    a.state = "released";
    renewals.forget(b);
    expect(renewals.nextAt).toBeLessThanOrEqual(0);
    expect(renewals.due(0)).toBe(c);
    expect(renewals.due(60_000)).toBeUndefined();
    expect(renewals.size).toBe(0);
  });
});

test("a configuration is news to clients when something of it shows in a reply", () => {
  const before = network();
  const config = { serving: true, networks: [before], classes: [], leasequeryFrom: [] };
  const changed = (more: object, other: object = {}) =>
    haveParametersChanged(before, { ...before, ...more }, config, { ...config, ...other });
  const [pool] = before.pools;
  expect(
    changed({ options: before.options.map((one) => ({ ...one, data: one.data.slice() })) }),
  ).toBe(false);
  expect(changed({ serverId: ipv4("10.77.0.1") })).toBe(true);
  // Where the server identifier is an address that moves, that of the box shows nowhere.
  expect(changed({ ownAddress: ipv4("10.77.0.3") })).toBe(false);
  expect(changed({ probe: !before.probe, deny: [Uint8Array.of(1)] })).toBe(false);
  expect(changed({ options: before.options.slice(1) })).toBe(true);
  expect(changed({ options: before.options.map((o) => ({ ...o, data: Uint8Array.of(1) })) })).toBe(
    true,
  );
  expect(changed({ leaseSeconds: before.leaseSeconds + 1 })).toBe(true);
  expect(changed({ bootFile: Uint8Array.of(65) })).toBe(true);
  expect(changed({ pools: [{ ...pool, nextServer: ipv4("10.0.0.9") }] })).toBe(true);
  const match = { kind: "all", of: [] };
  const classes = [{ ...NOTHING_SET, name: "a", match, isDenied: false }];
  expect(changed({}, { classes })).toBe(true);
});
