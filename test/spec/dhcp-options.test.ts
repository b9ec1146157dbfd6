// What RFC 2132, 3046, 3442, 4361, 6842 and 8925 ask of a server.

import { describe, expect, test } from "vitest";
import {
  ACK,
  address,
  bytes,
  CoreBench,
  NAK,
  network,
  reserve,
  text,
} from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, B, RELAY } from "./networks.ts";

judgeAllSent();

describe("RFC 2132", () => {
  test("§2: a NUL behind a text of the client is taken off", () => {
    const bench = new CoreBench();
    const held = bench.lease(A, { options: { 12: text("printer\0") } });
    expect(bench.at(held)?.hostname).toBe("printer");
  });

  test("§3.3: the subnet mask comes before the router, though the client asks the other way round", () => {
    const codes = new CoreBench().discover(A, { options: { 55: bytes(3, 1) } })?.message.codes();
    expect(codes?.indexOf(1)).toBeLessThan(codes?.indexOf(3) ?? 0);
  });

  test("§3.14: a host name is kept when it is one, in lower case, up to its first dot", () => {
    const names: [string, string][] = [
      ["Laptop-7", "laptop-7"],
      ["pc.office.example", "pc"],
      ["-pc", ""],
      ["pc-", ""],
      ["a b", ""],
      ["<script>", ""],
      ["line\nbreak", ""],
      ["", ""],
      ["x".repeat(63), "x".repeat(63)],
      ["x".repeat(64), ""],
      ["naïve", ""],
    ];
    for (const [sent, kept] of names) {
      const bench = new CoreBench();
      const held = bench.lease(A, { options: { 12: text(sent) } });
      expect(bench.at(held)?.hostname, JSON.stringify(sent)).toBe(kept);
    }
  });

  test("§9.1: a requested address of a wrong length is not taken for an absent one", () => {
    const bench = new CoreBench();
    expect(bench.discover(A, { options: { 50: bytes(10, 77, 0) } })).toBeUndefined();
    expect(bench.refused()).toEqual({ "option-malformed": 1 });
  });

  test("§9.6: a message type of a wrong length is refused", () => {
    const bench = new CoreBench();
    bench.send({ mac: A, options: { 53: bytes(1, 1) } });
    expect(bench.refused()).toEqual({ "option-malformed": 1 });
  });

  test("§9.8: options are sent in the order the client asks for them", () => {
    const codes = new CoreBench()
      .discover(A, { options: { 55: bytes(6, 15, 3) } })
      ?.message.codes();
    expect(codes?.slice(-3)).toEqual([6, 15, 3]);
  });

  test("§9.10: a reply is no larger than the client takes, at least 576 bytes", () => {
    const options = Array.from({ length: 12 }, (_, i) => ({
      code: 200 + i,
      data: new Uint8Array(100),
    }));
    const bench = new CoreBench([network({ options })]);
    const size = (wanted?: number) => {
      const more = wanted ? { options: { 57: bytes(wanted >>> 8, wanted & 255) } } : {};
      return (bench.discover(A, more)?.frame.length ?? 0) - 14;
    };
    expect(size()).toBeLessThanOrEqual(576);
    expect(size(100)).toBeLessThanOrEqual(576);
    expect(size(100)).toBeGreaterThan(480);
    expect(size(1000)).toBeLessThanOrEqual(1000);
    expect(size(1000)).toBeGreaterThan(880);
    expect(size(9000)).toBeLessThanOrEqual(1500);
    expect(bench.core.counters(0)["options-left-out"]).toBeGreaterThan(0);
  });

  test("§9.13: a vendor class is kept as text when it is printable", () => {
    const bench = new CoreBench();
    const held = bench.lease(A, { options: { 60: text("MSFT 5.0") } });
    expect(bench.at(held)?.vendorClass).toBe("MSFT 5.0");
    bench.renew(A, held, { options: { 60: bytes(1, 2, 3) } });
    expect(bench.at(held)?.vendorClass).toBe("");
  });

  test("§9.14: a client identifier has two bytes or more", () => {
    const bench = new CoreBench();
    expect(bench.discover(A, { options: { 61: bytes(1) } })).toBeUndefined();
    expect(bench.discover(A, { options: { 61: new Uint8Array(300) } })).toBeUndefined();
    expect(bench.refused()).toEqual({ "option-malformed": 2 });
    expect(bench.discover(A, { options: { 61: new Uint8Array(255) } })).toBeDefined();
  });

  test("options that only the server can know are never taken from the configuration", () => {
    const options = [51, 53, 54, 58, 61, 82].map((code) => ({ code, data: bytes(9, 9, 9, 9) }));
    const reply = new CoreBench([network({ options })]).discover(A);
    expect(reply?.message.codes()).toEqual([53, 54, 51, 58, 59]);
    expect(reply?.option(54)).toEqual([10, 77, 0, 2]);
  });
});

describe("RFC 3046 relay agent information", () => {
  test("§2.2: a reply to a message without it has none", () => {
    expect(new CoreBench().discover(A, RELAY)?.message.has(82)).toBe(false);
  });

  test("§2.2: it keeps its room when the reply is too small for everything", () => {
    const options = Array.from({ length: 5 }, (_, i) => ({
      code: 200 + i,
      data: new Uint8Array(250),
    }));
    const big = bytes(1, 198, ...new Uint8Array(198).fill(7));
    const reply = new CoreBench([network({ options })]).discover(A, {
      ...RELAY,
      options: { 82: big },
    });
    expect(reply?.option(82)).toEqual(Array.from(big));
  });
});

describe("RFC 3442 classless static routes", () => {
  const options = [
    { code: 1, data: address("255.255.255.0") },
    { code: 3, data: address("10.77.0.1") },
    { code: 33, data: address("10.0.0.1") },
    { code: 121, data: bytes(0, 10, 77, 0, 1) },
  ];

  test("who asks for them gets neither router nor static routes beside them", () => {
    const bench = new CoreBench([network({ options })]);
    const reply = bench.discover(A, { options: { 55: bytes(121, 3, 33) } });
    expect(reply?.message.codes().slice(-2)).toEqual([1, 121]);
  });

  test("who does not ask for them gets the router", () => {
    const bench = new CoreBench([network({ options })]);
    const codes = bench.discover(A, { options: { 55: bytes(3) } })?.message.codes();
    expect(codes).toContain(3);
    expect(codes).not.toContain(121);
  });
});

describe("RFC 4361 node-specific client identifiers", () => {
  test("§6.3: the server treats the identifier as an opaque value, the same over all interfaces", () => {
    const bench = new CoreBench();
    const duid = bytes(255, 0, 0, 0, 1, 0, 2, 0, 0, 9, 9, 1, 2, 3);
    const held = bench.lease(A, { options: { 61: duid } });
    expect(bench.lease(B, { options: { 61: duid } })).toBe(held);
    expect(Array.from(bench.at(held)?.client ?? [])).toEqual([1, ...duid]);
    expect(Array.from(bench.at(held)?.chaddr ?? [])).toEqual([2, 0, 0, 0, 0, 11]);
  });

  test("a reservation by MAC holds though the client sends an identifier, in every boot stage", () => {
    const bench = new CoreBench([network({ reservations: [reserve(A, "10.77.0.20")] })]);
    expect(bench.lease(A)).toBe("10.77.0.20");
    expect(bench.lease(A, { options: { 61: bytes(0, 1, 2, 3) } })).toBe("10.77.0.20");
    expect(bench.renew(A, "10.77.0.20", { options: { 61: bytes(0, 9, 9) } })?.type).toBe(ACK);
  });
});

describe("RFC 6842 client identifier in replies", () => {
  const options = { 61: bytes(1, 2, 3, 4) };

  test("§3: it is returned in every reply, unaltered", () => {
    const bench = new CoreBench();
    const offer = bench.discover(A, { options });
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", { options });
    const nak = bench.reboot(A, "10.99.0.1", { options });
    const informed = bench.send({ type: 8, mac: A, ciaddr: "10.77.0.3", options });
    expect([ack?.type, nak?.type, informed?.type]).toEqual([ACK, NAK, ACK]);
    for (const reply of [offer, ack, nak, informed])
      expect(reply?.option(61)).toEqual([1, 2, 3, 4]);
  });

  test("§3: a client that sends none gets none", () => {
    expect(new CoreBench().discover(A)?.message.has(61)).toBe(false);
  });

  test("it is returned though the network tells clients by their MAC", () => {
    const bench = new CoreBench([network({ ignoreClientId: true })]);
    expect(bench.discover(A, { options })?.option(61)).toEqual([1, 2, 3, 4]);
  });
});
