// A walk through RFC 2131: one test per sentence that binds a server; daemon/RFC.md lists them all.
// Section 4.1 is in rfc2131-construction.test.ts, 4.3 in rfc2131-messages.test.ts, -parameters and
// -table3; the other documents are in dhcp-options.test.ts and in files of their own.

import { describe, expect, test } from "vitest";
import { ipv4, parseSubnet } from "../../daemon/base/address.ts";
import { clientFrame } from "../support/client-frame.ts";
import {
  ACK,
  address,
  bytes,
  CoreBench,
  DISCOVER,
  kinds,
  leaseTime,
  NAK,
  network,
  OFFER,
  REQUEST,
  repliesIn,
  reserve,
  seconds,
} from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, B, RELAY } from "./networks.ts";

judgeAllSent();

describe("RFC 2131 §2 protocol summary", () => {
  test("§2: the chaddr, xid, htype and hlen of the client come back in the reply", () => {
    const reply = new CoreBench().discover(A, { xid: 0xdeadbeef });
    expect(reply?.message.xid).toBe(0xdeadbeef);
    expect(reply?.message.htype).toBe(1);
    expect(reply?.message.hlen).toBe(6);
    expect(Array.from(reply?.message.chaddr.subarray(0, 6) ?? [])).toEqual([2, 0, 0, 0, 0, 10]);
    expect(reply?.message.op).toBe(2);
  });

  test("§2 MUST ignore the reserved bits of 'flags'; the broadcast bit alone comes back", () => {
    for (const [sent, returned] of [
      [0x8000, 0x8000],
      [0x7fff, 0],
      [0xffff, 0x8000],
    ] as const) {
      const bench = new CoreBench();
      const frame = clientFrame({ type: DISCOVER, mac: A });
      frame.set([sent >>> 8, sent & 255], 42 + 10);
      bench.frame(frame);
      expect(repliesIn(bench.effects)[0]?.message.flags).toBe(returned);
    }
  });

  test("§2: DHCP messages carry the option DHCP message type; BOOTP is not served", () => {
    const bench = new CoreBench();
    expect(bench.send({ mac: A })).toBeUndefined();
    expect(bench.refused()).toEqual({ "no-message-type": 1 });
  });

  test("§2: the client is its client identifier if it sends one, else htype and chaddr", () => {
    const bench = new CoreBench();
    const options = { 61: bytes(0, 1, 2, 3) };
    const first = bench.lease(A, { options });
    expect(bench.lease(B, { options })).toBe(first);
    expect(bench.lease(B)).not.toBe(first);
    expect(bench.lease(B, { htype: 6 })).not.toBe(bench.lease(B));
  });

  test("§2: the server id option is an address of the server", () => {
    expect(new CoreBench().discover(A)?.option(54)).toEqual([10, 77, 0, 2]);
  });

  test("§2.2: leases are stored before the client is told (repeated requests get the same address)", () => {
    const bench = new CoreBench();
    const first = bench.discover(A)?.yiaddr;
    bench.pass(3);
    expect(bench.discover(A)?.yiaddr).toBe(first);
  });

  test("§2.2: an address is not reused during the time agreed on with its client", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.100"] })]);
    bench.lease(A);
    bench.pass(3600);
    expect(bench.discover(B)).toBeUndefined();
    bench.pass(10);
    expect(bench.discover(B)?.yiaddr).toBe("10.77.0.100");
  });

  test("§2.2: a returning client gets the same address if possible", () => {
    const bench = new CoreBench();
    const before = bench.lease(A);
    bench.pass(40_000);
    bench.lease(B);
    expect(bench.discover(A)?.yiaddr).toBe(before);
  });
});

describe("RFC 2131 §3 the client-server protocol", () => {
  test("§3.1 (2): a server need not reserve an offered address, but it offers it to nobody else", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.101"] })]);
    const offers = [A, B].map((mac) => bench.discover(mac)?.yiaddr);
    expect(new Set(offers).size).toBe(2);
    expect(bench.discover("02:00:00:00:00:0c")).toBeUndefined();
    expect(bench.refused()).toEqual({ "no-free-address": 1 });
  });

  test("§3.1 (2): an offer that nobody takes comes back", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.100"] })]);
    bench.discover(A);
    bench.pass(31);
    expect(bench.discover(B)?.yiaddr).toBe("10.77.0.100");
  });

  test("§3.1 (4): servers not selected take the DHCPREQUEST as notification that they were declined", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.100"] })]);
    bench.discover(A);
    expect(bench.select(A, "10.77.0.55", "10.77.0.3")).toBeUndefined();
    expect(bench.refused()).toEqual({ "other-server": 1 });
    expect(bench.discover(B)?.yiaddr).toBe("10.77.0.100");
  });

  test("§3.1 (4): the selected server commits the binding to persistent storage, then sends DHCPACK", () => {
    const bench = new CoreBench();
    const offer = bench.discover(A);
    expect(kinds(bench.effects)).toEqual(["send"]);
    const ack = bench.select(A, offer?.yiaddr ?? "");
    expect(kinds(bench.effects)).toEqual(["persist", "send"]);
    expect(ack?.type).toBe(ACK);
  });

  test("§3.1 (4): the parameters in the DHCPACK do not conflict with those of the DHCPOFFER", () => {
    const bench = new CoreBench();
    const options = { 51: seconds(600), 55: bytes(3, 6, 15) };
    const offer = bench.discover(A, { options });
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", { options });
    expect(ack?.yiaddr).toBe(offer?.yiaddr);
    for (const code of [1, 3, 6, 15, 51, 54, 58, 59]) {
      expect(ack?.option(code)).toEqual(offer?.option(code));
    }
  });

  test("§3.1 (4): if the selected server cannot satisfy the request it responds with DHCPNAK", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.discover(B);
    expect(bench.select(B, held)?.type).toBe(NAK);
    expect(bench.refused()).toEqual({ "address-taken": 1 });
  });

  test("§3.1 (6): a released binding is marked as not allocated", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.release(A, held);
    expect(bench.at(held)?.state).toBe("released");
  });

  test("§3.2: a client that repeats its DHCPREQUEST in INIT-REBOOT gets a DHCPACK with its address", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    const ack = bench.reboot(A, held);
    expect([ack?.type, ack?.yiaddr]).toEqual([ACK, held]);
  });

  test("§3.2 MUST broadcast the DHCPNAK to 0xffffffff when giaddr is 0", () => {
    const nak = new CoreBench().reboot(A, "192.168.1.7");
    expect([nak?.type, nak?.destinationIp]).toEqual([NAK, "255.255.255.255"]);
  });

  test("§3.2 MUST send the DHCPNAK to the relay agent in giaddr otherwise", () => {
    const nak = new CoreBench().reboot(A, "192.168.1.7", RELAY);
    expect([nak?.type, nak?.destinationIp, nak?.destinationPort]).toEqual([NAK, "10.77.0.9", 67]);
  });

  test("§3.3: times in lease options are relative, in seconds, and 0xffffffff is infinity", () => {
    const forever = 0xffffffff;
    const bench = new CoreBench([network({ leaseSeconds: forever, maxLeaseSeconds: forever })]);
    const offer = bench.discover(A);
    expect(leaseTime(offer)).toBe(forever);
    expect(offer?.option(58)).toBeUndefined();
    bench.select(A, offer?.yiaddr ?? "");
    bench.pass(20_000);
    expect(bench.at(offer?.yiaddr ?? "")?.state).toBe("active");
  });

  test("§3.5: the client's parameter request list is answered, as far as there are values", () => {
    const reply = new CoreBench().discover(A, { options: { 55: bytes(15, 42, 6, 3) } });
    expect(reply?.message.codes()).toEqual([53, 54, 51, 58, 59, 1, 15, 6, 3]);
  });

  test("§3.5: a client may suggest an address in the DHCPDISCOVER", () => {
    const bench = new CoreBench();
    const options = { 50: address("10.77.0.123") };
    expect(bench.discover(A, { options })?.yiaddr).toBe("10.77.0.123");
  });

  test("§3.5: a client may suggest a lease time in the DHCPDISCOVER", () => {
    const bench = new CoreBench();
    expect(leaseTime(bench.discover(A, { options: { 51: seconds(1800) } }))).toBe(1800);
  });
});

describe("RFC 2131 §4.2 DHCP server administrative controls", () => {
  test("§4.2 MUST use the 'client identifier' that the client supplies to identify it", () => {
    const bench = new CoreBench();
    const first = bench.lease(A, { options: { 61: bytes(0, 0) } });
    const second = bench.lease(A, { options: { 61: bytes(0, 0, 0) } });
    expect(second).not.toBe(first);
    expect(bench.lease(B, { options: { 61: bytes(0, 0) } })).toBe(first);
  });

  test("§4.2 MUST use 'chaddr' to identify a client that supplies no 'client identifier'", () => {
    const bench = new CoreBench();
    const first = bench.lease(A);
    expect(bench.lease(A, { xid: 99 })).toBe(first);
    expect(bench.lease(B)).not.toBe(first);
  });

  test("§4.2: a client identifier that looks like hardware type and address is still another client", () => {
    const bench = new CoreBench();
    const byHardware = bench.lease(A);
    const byId = bench.lease(B, { options: { 61: bytes(1, 2, 0, 0, 0, 0, 10) } });
    expect(byId).not.toBe(byHardware);
  });

  test("§4.2: a client that uses an identifier must use it in all messages: without it it is another", () => {
    const bench = new CoreBench();
    const held = bench.lease(A, { options: { 61: bytes(1, 9, 9) } });
    bench.release(A, held);
    expect(bench.refused()).toEqual({ "not-yours": 1 });
    expect(bench.at(held)?.state).toBe("active");
  });

  test("§4.2: a network may be set to tell clients by their hardware address alone", () => {
    const bench = new CoreBench([network({ ignoreClientId: true })]);
    const first = bench.lease(A, { options: { 61: bytes(1, 1) } });
    expect(bench.lease(A, { options: { 61: bytes(2, 2) } })).toBe(first);
  });
});

describe("RFC 2131 §4.3 server behaviour", () => {
  test("§4.3: messages that a server sends are silently discarded", () => {
    const bench = new CoreBench();
    for (const type of [OFFER, ACK, NAK]) expect(bench.send({ type, mac: A })).toBeUndefined();
    expect(bench.send({ type: DISCOVER, mac: A, op: 2 })).toBeUndefined();
    expect(bench.refused()).toEqual({ "wrong-direction": 4 });
  });

  test("§4.3: a server may not respond to some clients: a LAN that is not served gets nothing", () => {
    const bench = new CoreBench();
    bench.link(0, { carrier: false });
    expect(bench.discover(A)).toBeUndefined();
    expect(bench.refused()).toEqual({ "not-serving": 1 });
  });

  test("§4.3.6: the table of client messages: what tells the states of DHCPREQUEST apart", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    expect(bench.select(A, held)?.type).toBe(ACK);
    expect(bench.reboot(A, held)?.type).toBe(ACK);
    expect(bench.renew(A, held)?.type).toBe(ACK);
    expect(bench.renew(A, held, { destinationIp: "255.255.255.255" })?.type).toBe(ACK);
    expect(bench.send({ type: REQUEST, mac: A })).toBeUndefined();
    expect(bench.refused()).toEqual({ "dhcp-malformed": 1 });
  });
});

describe("RFC 2131 §4.4 what clients do, seen from the server", () => {
  test("§4.4.1: a client that declines an offer by asking another server gives the address back", () => {
    const bench = new CoreBench();
    const offered = bench.discover(A)?.yiaddr ?? "";
    bench.select(A, "10.77.0.55", "10.77.0.3");
    expect(bench.core.poolCounts(0, 0).offered).toBe(0);
    expect(bench.discover(B, { options: { 50: address(offered) } })?.yiaddr).toBe(offered);
  });

  test("§4.4.2: a client moved to a new subnet gets a DHCPNAK in INIT-REBOOT", () => {
    const subnet = parseSubnet("10.78.0.0/24");
    if (!subnet) throw new Error("bad subnet");
    const home = network({
      name: "home",
      interfaceName: "lan1",
      subnet,
      ownAddress: ipv4("10.78.0.2"),
      serverId: ipv4("10.78.0.2"),
      pool: ["10.78.0.100", "10.78.0.199"],
    });
    const bench = new CoreBench([network(), home]);
    const held = bench.lease(A);
    expect(bench.reboot(A, held, {}, 1)?.type).toBe(NAK);
    expect(bench.refused(1)).toEqual({ "wrong-network": 1 });
    expect(bench.lease(A, {}, 1)).toMatch(/^10\.78\.0\./);
    expect(bench.at(held)?.state).toBe("active");
  });

  test("§4.4.5 MUST: T1 is earlier than T2, which is earlier than the end of the lease", () => {
    const reply = new CoreBench().discover(A);
    expect(reply?.option(58)).toEqual(Array.from(seconds(1800)));
    expect(reply?.option(59)).toEqual(Array.from(seconds(3150)));
    for (const shortest of [120, 121, 7]) {
      const bench = new CoreBench([network({ minLeaseSeconds: 1 })]);
      const short = bench.discover(A, { options: { 51: seconds(shortest) } });
      const [t1, t2] = [58, 59].map((code) => short?.option(code)?.at(-1) ?? 0);
      expect(t1).toBeLessThan(t2 ?? 0);
      expect(t2).toBeLessThan(shortest);
    }
  });

  test("§4.4.5: the server extends the lease in RENEWING and in REBINDING", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    const end = bench.at(held)?.expiresAt ?? 0;
    bench.pass(1800);
    bench.renew(A, held);
    expect(bench.at(held)?.expiresAt).toBe(end + 1800);
    bench.pass(3150);
    bench.renew(A, held, { destinationIp: "255.255.255.255" });
    expect(bench.at(held)?.expiresAt).toBe(end + 1800 + 3150);
  });

  test("§4.4.5: a client whose lease has expired gets its address again if it is still free", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.pass(4000);
    expect(bench.at(held)?.state).toBe("expired");
    expect(bench.renew(A, held, { destinationIp: "255.255.255.255" })?.type).toBe(ACK);
  });

  test("§4.4.6: a DHCPRELEASE is not answered", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    expect(bench.release(A, held)).toBeUndefined();
    expect(kinds(bench.effects)).toEqual(["persist"]);
  });
});

test("RFC 2131 §4.3.1: a reserved client gets its address, inside or outside the pool", () => {
  const reservations = [reserve(A, "10.77.0.20"), reserve(B, "10.77.0.150")];
  const bench = new CoreBench([network({ reservations })]);
  expect(bench.lease(A)).toBe("10.77.0.20");
  expect(bench.lease(B)).toBe("10.77.0.150");
});
