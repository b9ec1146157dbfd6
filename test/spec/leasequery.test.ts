// RFC 4388 and RFC 6148: a relay or an access switch asks who has which address. The bulk form of
// RFC 6926, over TCP, is in test/core/bulk-leasequery.test.ts.

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import type { CoreConfig } from "../../daemon/core/config-view.ts";
import { bytes, type ClientMessage } from "../support/client-frame.ts";
import {
  CoreBench,
  configOf,
  kinds,
  leaseTime,
  network,
  type Reply,
} from "../support/core-bench.ts";
import { ONE_SERVER } from "../support/one-server.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, B, far, RELAY, relayAgent, sub } from "./networks.ts";

judgeAllSent();

const LEASE_QUERY = 10;
const LEASE_UNASSIGNED = 11;
const LEASE_UNKNOWN = 12;
const LEASE_ACTIVE = 13;
const NOBODY = "00:00:00:00:00:00";
const REMOTE = relayAgent(sub(1, 7), sub(2, 0xaa, 0xbb, 0xcc));

describe("RFC 4388 leasequery", () => {
  test("RFC 4388 §6.4.2: by address, of a lease in force: DHCPLEASEACTIVE with all that is known", () => {
    const { bench, held } = leased();
    bench.pass(600);
    const reply = ask(bench, { ciaddr: held, options: { 55: bytes(51, 58, 59, 61, 82, 91) } });
    expect(reply?.type).toBe(LEASE_ACTIVE);
    expect([reply?.ciaddr, reply?.yiaddr]).toEqual([held, "0.0.0.0"]);
    expect(Array.from(reply?.message.chaddr.subarray(0, 6) ?? [])).toEqual([2, 0, 0, 0, 0, 10]);
    expect(leaseTime(reply)).toBe(3000);
    expect(reply?.option(61)).toEqual([1, 9, 9]);
    expect(reply?.option(82)).toEqual(Array.from(REMOTE));
    expect(reply?.option(91)).toEqual([0, 0, 2, 88]);
    expect(reply?.option(54)).toEqual([10, 77, 0, 2]);
  });

  test("RFC 4388 §6.4.3: the answer goes to the relay that asked, and asking changes nothing", () => {
    const { bench, held } = leased();
    const reply = ask(bench, { ciaddr: held });
    expect([reply?.destinationIp, reply?.destinationPort]).toEqual(["10.77.0.9", 67]);
    expect(kinds(bench.effects)).toEqual(["send"]);
  });

  test("RFC 4388 §6.4.2: the server is who clients know, and answers from where it was asked", () => {
    const { bench, held } = leased({ networks: [network(ONE_SERVER)] });
    for (const destinationIp of ["10.77.0.1", "10.77.0.2"]) {
      const reply = ask(bench, { ciaddr: held, destinationIp });
      expect(reply).toMatchObject({ type: LEASE_ACTIVE, sourceIp: destinationIp });
      expect(reply?.option(54)).toEqual([10, 77, 0, 1]);
    }
  });

  test("RFC 4388 §6.4.1: by hardware address and by client identifier", () => {
    const { bench, held } = leased();
    const byMac = ask(bench, { mac: A });
    const byId = ask(bench, { options: { 61: bytes(1, 9, 9) } });
    for (const reply of [byMac, byId]) {
      expect([reply?.type, reply?.ciaddr]).toEqual([LEASE_ACTIVE, held]);
    }
  });

  test("RFC 4388 §6.4: a free address is unassigned, one of no network here is unknown", () => {
    const { bench } = leased();
    expect(ask(bench, { ciaddr: "10.77.0.199" })?.type).toBe(LEASE_UNASSIGNED);
    expect(ask(bench, { ciaddr: "10.99.0.1" })?.type).toBe(LEASE_UNKNOWN);
    expect(ask(bench, { mac: B })?.type).toBe(LEASE_UNKNOWN);
  });

  test("RFC 4388 §6.4.2: DHCPLEASEUNASSIGNED and DHCPLEASEUNKNOWN have no other options", () => {
    const { bench } = leased();
    for (const ciaddr of ["10.77.0.199", "10.99.0.1"]) {
      const reply = ask(bench, { ciaddr, options: { 55: bytes(1, 3, 51, 61, 82, 91, 92) } });
      expect(reply?.ciaddr).toBe(ciaddr);
      expect(reply?.message.codes()).toEqual([53, 54]);
    }
  });

  test("RFC 4388 §6.3: giaddr says where the answer goes, not which network is asked about", () => {
    const networks = [network(), far()];
    const config = configOf(networks, { leasequeryFrom: [ipv4("10.77.0.9")] });
    const bench = new CoreBench(networks, { config });
    const held = bench.lease(B, {}, 1);
    expect(ask(bench, { ciaddr: held })?.type).toBe(LEASE_ACTIVE);
  });

  test("RFC 4388 §7: who names a relay of another LAN as giaddr is not answered", () => {
    const networks = [network(), far()];
    const config = configOf(networks, { leasequeryFrom: [ipv4("10.77.0.9")] });
    const bench = new CoreBench(networks, { config });
    const held = bench.lease(A);
    expect(
      bench.send({ type: LEASE_QUERY, mac: NOBODY, ...RELAY, ciaddr: held }, 1),
    ).toBeUndefined();
    expect(bench.refused(1)).toEqual({ "query-not-allowed": 1 });
  });

  test("RFC 4388 §6.4.3: without giaddr there is no answer", () => {
    const { bench, held } = leased({ leasequeryFrom: [ipv4("10.77.0.9"), ipv4("0.0.0.0")] });
    expect(ask(bench, { ciaddr: held, giaddr: "0.0.0.0" })).toBeUndefined();
  });

  test("RFC 4388 §6.3: a query for nothing or for two things at once is not answered", () => {
    const { bench, held } = leased();
    expect(ask(bench, {})).toBeUndefined();
    expect(ask(bench, { ciaddr: held, mac: A })).toBeUndefined();
    expect(bench.refused()).toEqual({ "query-malformed": 2 });
  });

  test("RFC 4388 §7: only who is allowed to is answered", () => {
    const { bench, held } = leased({ leasequeryFrom: [ipv4("10.77.0.8")] });
    expect(ask(bench, { ciaddr: held })).toBeUndefined();
    expect(bench.refused()).toEqual({ "query-not-allowed": 1 });
  });
});

describe("RFC 6148 leasequery by relay agent remote-id", () => {
  test("RFC 6148 §4: finds the client behind this remote-id", () => {
    const { bench, held } = leased();
    const options = { 82: relayAgent(sub(2, 0xaa, 0xbb, 0xcc)) };
    const reply = ask(bench, { options });
    expect([reply?.type, reply?.ciaddr]).toEqual([LEASE_ACTIVE, held]);
  });

  test("RFC 6148 §4: another remote-id is unknown", () => {
    const { bench } = leased();
    const reply = ask(bench, { options: { 82: relayAgent(sub(2, 1, 2, 3)) } });
    expect(reply?.type).toBe(LEASE_UNKNOWN);
  });
});

function leased(changes: Partial<CoreConfig> = {}): { bench: CoreBench; held: string } {
  const networks = changes.networks ?? [network()];
  const config = configOf(networks, { leasequeryFrom: [ipv4("10.77.0.9")], ...changes });
  const bench = new CoreBench(networks, { config });
  const held = bench.lease(A, { ...RELAY, options: { 61: bytes(1, 9, 9), 82: REMOTE } });
  return { bench, held };
}

function ask(bench: CoreBench, query: Partial<ClientMessage>): Reply | undefined {
  return bench.send({ type: LEASE_QUERY, mac: NOBODY, ...RELAY, ...query });
}
