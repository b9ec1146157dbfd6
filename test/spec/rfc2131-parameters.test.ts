// RFC 2131 §4.3.1: which configuration parameters a reply carries, and whose they are.

import { describe, expect, test } from "vitest";
import type { ClassConfig } from "../../daemon/core/config-view.ts";
import { NOTHING_SET } from "../../daemon/core/config-view.ts";
import {
  ACK,
  address,
  bytes,
  CoreBench,
  configOf,
  leaseTime,
  network,
  type Reply,
  reserve,
  text,
} from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, B, C, textOf, twoNetworks } from "./networks.ts";

judgeAllSent();

describe("RFC 2131 §4.3.1: what the server MUST return", () => {
  test("§4.3.1 MUST return the client's network address", () => {
    const bench = new CoreBench();
    const offer = bench.discover(A);
    expect(offer?.yiaddr).toMatch(/^10\.77\.0\.1\d\d$/);
    expect(bench.select(A, offer?.yiaddr ?? "")?.yiaddr).toBe(offer?.yiaddr);
  });

  test("§4.3.1 MUST return the expiration time of the client's lease", () => {
    const bench = new CoreBench();
    const offer = bench.discover(A);
    expect(leaseTime(offer)).toBe(3600);
    expect(leaseTime(bench.select(A, offer?.yiaddr ?? ""))).toBe(3600);
  });

  test("§4.3.1 MUST include the value that is configured for a requested parameter", () => {
    const reply = new CoreBench().discover(A, { options: { 55: bytes(15, 6) } });
    expect(textOf(reply, 15)).toBe("office.example");
    expect(reply?.option(6)).toEqual([10, 77, 0, 1]);
  });

  test("§4.3.1 MUST NOT return a value for a parameter that has none", () => {
    // 23 (default TTL) and 26 (MTU) have defaults in the Host Requirements, which the server does not
    // recognise as such: the client has them built in.
    const reply = new CoreBench().discover(A, { options: { 55: bytes(23, 26, 42, 119) } });
    for (const code of [23, 26, 42, 119]) expect(reply?.message.has(code)).toBe(false);
  });

  test("§4.3.1 MUST supply as many of the requested parameters as possible", () => {
    const sizes: Record<number, number> = {
      200: 250,
      201: 250,
      202: 250,
      203: 250,
      204: 4,
      205: 4,
    };
    const options = Object.entries(sizes).map(([code, size]) => {
      return { code: Number(code), data: new Uint8Array(size).fill(7) };
    });
    const bench = new CoreBench([network({ options })]);
    const reply = bench.discover(A, { options: { 55: bytes(200, 201, 202, 203, 204, 205) } });
    expect(reply?.message.codes()).toContain(200);
    // One that is too long leaves its room to the shorter ones behind it.
    expect(reply?.message.codes()).toEqual(expect.arrayContaining([204, 205]));
    expect(bench.core.counters(0)["options-left-out"]).toBeGreaterThan(0);
  });

  test("§4.3.1 MUST omit any parameters it cannot provide, and answers all the same", () => {
    const bench = new CoreBench([network({ options: [] })]);
    const reply = bench.discover(A, { options: { 55: bytes(1, 3, 6, 15, 42, 252) } });
    expect(reply?.message.codes()).toEqual([53, 54, 51, 58, 59]);
  });

  test("§4.3.1 MUST include each requested parameter only once", () => {
    const reply = new CoreBench().discover(A, { options: { 55: bytes(3, 3, 6, 3) } });
    expect(reply?.message.codes()).toEqual([53, 54, 51, 58, 59, 1, 3, 6]);
  });
});

describe("RFC 2131 §4.3.1: whose parameters", () => {
  test("§4.3.1 MUST return parameters specific to this client, by 'chaddr'", () => {
    const own = [{ code: 15, data: text("own.example") }];
    const bench = new CoreBench([
      network({ reservations: [reserve(A, "10.77.0.20", { options: own })] }),
    ]);
    expect(domainOf(bench, A)).toEqual(["own.example", "own.example"]);
    expect(domainOf(bench, B)).toEqual(["office.example", "office.example"]);
  });

  test("§4.3.1 MUST return parameters specific to this client, by 'client identifier'", () => {
    const id = bytes(0, 7, 7, 7);
    const key = { kind: "client", client: bytes(1, ...id) } as const;
    const own = [{ code: 15, data: text("own.example") }];
    const bench = new CoreBench([
      network({ reservations: [{ ...reserve(A, "10.77.0.20", { options: own }), key }] }),
    ]);
    expect(domainOf(bench, C, { 61: id })).toEqual(["own.example", "own.example"]);
  });

  test("§4.3.1 MUST return parameters specific to this client's class", () => {
    const bench = benchWithPhones();
    expect(domainOf(bench, A, { 60: text("phone") })).toEqual(["phones.example", "phones.example"]);
    expect(domainOf(bench, B)).toEqual(["office.example", "office.example"]);
  });

  test("§4.3.1 MUST identify the class by an exact match of the vendor class identifier", () => {
    const bench = benchWithPhones();
    for (const other of ["phones", "phon", "PHONE", " phone", "phone "]) {
      expect(domainOf(bench, A, { 60: text(other) })[0], other).toBe("office.example");
    }
  });

  test("§4.3.1 MUST return parameters with non-default values on the client's subnet", () => {
    const bench = twoNetworks();
    expect(bench.discover(A, {}, 0)?.option(3)).toEqual([10, 77, 0, 1]);
    expect(bench.discover(A, {}, 1)?.option(3)).toEqual([10, 78, 0, 1]);
  });

  test("§4.3.1 MUST select the parameters in the order given: client, then class, then subnet", () => {
    const own = [{ code: 15, data: text("own.example") }];
    const bench = benchWithPhones({
      reservations: [reserve(A, "10.77.0.20", { options: own })],
    });
    const reply = bench.discover(A, { options: { 60: text("phone"), 55: bytes(15, 6, 42) } });
    expect(textOf(reply, 15)).toBe("own.example");
    expect(reply?.option(42)).toEqual([10, 77, 0, 5]);
    expect(reply?.option(6)).toEqual([10, 77, 0, 1]);
  });
});

/** Class "phones", by the vendor class identifier "phone": a domain and a time server. */
function benchWithPhones(changes: Parameters<typeof network>[0] = {}): CoreBench {
  const phones: ClassConfig = {
    ...NOTHING_SET,
    name: "phones",
    match: {
      kind: "option",
      code: 60,
      test: { how: "is", bytes: text("phone"), ignoreCase: false },
    },
    isDenied: false,
    options: [
      { code: 15, data: text("phones.example") },
      { code: 42, data: address("10.77.0.5") },
    ],
  };
  const networks = [network(changes)];
  return new CoreBench(networks, { config: configOf(networks, { classes: [phones] }) });
}

/** The domain name in the offer and in the ack. */
function domainOf(bench: CoreBench, mac: string, more: Record<number, Uint8Array> = {}): string[] {
  const options = { ...more, 55: bytes(15) };
  const offer = bench.discover(mac, { options });
  const ack: Reply | undefined = bench.select(mac, offer?.yiaddr ?? "", "10.77.0.2", { options });
  expect(ack?.type).toBe(ACK);
  return [textOf(offer, 15), textOf(ack, 15)];
}
