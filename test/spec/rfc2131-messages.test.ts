// RFC 2131 §4.3.1 to §4.3.5, message by message.

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import {
  ACK,
  address,
  bytes,
  CoreBench,
  INFORM,
  kinds,
  leaseTime,
  NAK,
  network,
  reserve,
  seconds,
} from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, B, twoNetworks } from "./networks.ts";

judgeAllSent();

describe("RFC 2131 §4.3.1 DHCPDISCOVER", () => {
  test("§4.3.1: the client's current address comes before what it asks for", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    const options = { 50: address("10.77.0.150") };
    expect(bench.discover(A, { options })?.yiaddr).toBe(held);
  });

  test("§4.3.1: the client's previous address comes before what it asks for", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.release(A, held);
    const options = { 50: address("10.77.0.150") };
    expect(bench.discover(A, { options })?.yiaddr).toBe(held);
  });

  test("§4.3.1: the requested address, if it is valid and not allocated", () => {
    const bench = new CoreBench();
    const options = { 50: address("10.77.0.150") };
    expect(bench.discover(A, { options })?.yiaddr).toBe("10.77.0.150");
  });

  test("§4.3.1: a requested address that is taken, offered, reserved or outside is not offered", () => {
    const bench = new CoreBench([
      network({ reservations: [reserve("02:00:00:00:00:99", "10.77.0.101")] }),
    ]);
    const taken = bench.lease(A);
    const offered = bench.discover(B)?.yiaddr ?? "";
    const mac = "02:00:00:00:00:0c";
    for (const wanted of [taken, offered, "10.77.0.101", "10.77.0.2", "10.99.0.1"]) {
      expect(bench.discover(mac, { options: { 50: address(wanted) } })?.yiaddr).not.toBe(wanted);
    }
  });

  test("§4.3.1: an address from the pool, chosen by the subnet the message came from", () => {
    expect(new CoreBench().discover(A)?.yiaddr).toMatch(/^10\.77\.0\.1[0-9][0-9]$/);
  });

  test("§4.3.1: giaddr not zero: an address on the subnet of the relay", () => {
    const bench = twoNetworks({}, { relays: [ipv4("10.78.0.1")] });
    const reply = bench.discover(A, { giaddr: "10.78.0.1" });
    expect(reply?.yiaddr).toMatch(/^10\.78\.0\./);
    expect(reply?.option(54)).toEqual([10, 78, 0, 2]);
    expect(reply?.lan).toBe(0);
  });

  test("§4.3.1: giaddr of a subnet that is not configured: refused", () => {
    const bench = twoNetworks();
    expect(bench.discover(A, { giaddr: "10.99.0.1" })).toBeUndefined();
    expect(bench.refused()).toEqual({ "relay-unknown": 1 });
  });

  test("§4.3.1: the lease time: the LAN's default, or what the client asks for within the LAN's bounds", () => {
    const bench = new CoreBench();
    expect(leaseTime(bench.discover(A))).toBe(3600);
    expect(leaseTime(bench.discover(A, { options: { 51: seconds(1000) } }))).toBe(1000);
    expect(leaseTime(bench.discover(A, { options: { 51: seconds(1) } }))).toBe(120);
    expect(leaseTime(bench.discover(A, { options: { 51: seconds(0xffffffff) } }))).toBe(7200);
    expect(leaseTime(bench.discover(A, { options: { 51: bytes(1) } }))).toBe(3600);
  });

  test("§4.3.1: a server that has no address remains silent, and says so", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.100"] })]);
    bench.lease(A);
    expect(bench.discover(B)).toBeUndefined();
    expect(bench.conditions()).toEqual(["pool-full office"]);
  });

  test("§4.3.1: a client that does not say what it wants gets every parameter of its subnet", () => {
    expect(new CoreBench().discover(A)?.message.codes()).toEqual([53, 54, 51, 58, 59, 1, 3, 6, 15]);
  });

  test("table 3: fields of a DHCPOFFER", () => {
    const message = new CoreBench().discover(A, { secs: 7, hops: 3 })?.message;
    expect(message).toMatchObject({ op: 2, hops: 0, secs: 0, ciaddr: 0, siaddr: 0, giaddr: 0 });
    for (const forbidden of [50, 55, 57]) expect(message?.has(forbidden)).toBe(false);
  });

  test("§4.3.1: nothing is written for an offer, and the lease of the client stays as it is", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    const before = { ...bench.at(held) };
    bench.pass(100);
    bench.discover(A);
    expect(kinds(bench.effects)).toEqual(["send"]);
    expect({ ...bench.at(held) }).toEqual(before);
  });
});

describe("RFC 2131 §4.3.2 DHCPREQUEST in SELECTING", () => {
  test("table 3: fields of a DHCPACK", () => {
    const bench = new CoreBench();
    const offer = bench.discover(A);
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", { xid: 99 });
    expect(ack?.message).toMatchObject({ op: 2, xid: 99, ciaddr: 0, siaddr: 0, hops: 0, secs: 0 });
    expect(ack?.option(53)).toEqual([ACK]);
    expect(leaseTime(ack)).toBe(3600);
  });

  test("§4.3.2: a repeated request is answered again, and its record is written again before the ACK", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    expect(bench.select(A, held)?.type).toBe(ACK);
    expect(kinds(bench.effects)).toEqual(["persist", "send"]);
  });

  test("§4.3.2: a request for an address that was never offered is granted if the address is free", () => {
    const bench = new CoreBench();
    expect(bench.select(A, "10.77.0.111")?.type).toBe(ACK);
  });

  test("§4.3.2: a request for an address outside the pools gets a DHCPNAK", () => {
    const bench = new CoreBench();
    expect(bench.select(A, "10.77.0.50")?.type).toBe(NAK);
    expect(bench.refused()).toEqual({ "not-in-pool": 1 });
  });
});

describe("RFC 2131 §4.3.2 DHCPREQUEST in INIT-REBOOT", () => {
  test("§4.3.2 MUST broadcast the DHCPNAK to 0xffffffff when giaddr is 0", () => {
    const bench = new CoreBench();
    const nak = bench.reboot(A, "192.168.1.7");
    expect([nak?.type, nak?.destinationIp]).toEqual([NAK, "255.255.255.255"]);
    expect(nak?.destinationMac).toBe("ff:ff:ff:ff:ff:ff");
  });

  test("§4.3.2 MUST set the broadcast bit in the DHCPNAK when giaddr is set", () => {
    const bench = new CoreBench();
    const nak = bench.reboot(A, "192.168.1.7", { giaddr: "10.77.0.9" });
    expect(nak?.type).toBe(NAK);
    expect(nak?.message.flags).toBe(0x8000);
    expect([nak?.destinationIp, nak?.destinationPort]).toEqual(["10.77.0.9", 67]);
  });

  test("§4.3.2: a wrong notion of the client's own address gets a DHCPNAK", () => {
    const bench = new CoreBench();
    bench.lease(A);
    bench.lease(B);
    expect(bench.reboot(A, "10.77.0.100")?.type).toBe(NAK);
    expect(bench.refused()).toEqual({ "not-yours": 1 });
  });

  test("§4.3.2 MUST remain silent when it has no record of the client, unless the LAN is its own", () => {
    const bench = new CoreBench([network({ authoritative: false })]);
    expect(bench.reboot(A, "10.77.0.150")).toBeUndefined();
    expect(bench.refused()).toEqual({ "unknown-client": 1 });
  });

  test("§4.3.2: a client without a record, where this server has authority: its address if it is free", () => {
    const bench = new CoreBench();
    expect(bench.reboot(A, "10.77.0.150")?.type).toBe(ACK);
    expect(bench.reboot(B, "10.77.0.150")?.type).toBe(NAK);
  });

  test("§4.3.2: a server without authority leaves the wrong network to the one that has it", () => {
    const bench = new CoreBench([network({ authoritative: false })]);
    expect(bench.reboot(A, "192.168.1.7")).toBeUndefined();
  });

  test("§4.3.2: a server without authority refuses a known client that is wrong", () => {
    const bench = new CoreBench([network({ authoritative: false })]);
    const held = bench.lease(A);
    bench.lease(B);
    expect(bench.reboot(B, held)?.type).toBe(NAK);
  });
});

describe("RFC 2131 §4.3.2 DHCPREQUEST in RENEWING and REBINDING", () => {
  test("§4.3.2: ciaddr comes back in the DHCPACK", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    expect(bench.renew(A, held)?.ciaddr).toBe(held);
  });

  test("§4.3.2: REBINDING: the server checks ciaddr before it replies", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    const nak = bench.renew(B, held, { destinationIp: "255.255.255.255" });
    expect(nak?.type).toBe(NAK);
  });

  test("§4.3.2: REBINDING: a server without a record and without authority is silent", () => {
    const bench = new CoreBench([network({ authoritative: false })]);
    const all = { destinationIp: "255.255.255.255" };
    expect(bench.renew(A, "10.77.0.150", all)).toBeUndefined();
  });

  test("§4.3.2: a client that names this server in RENEWING, against table 4, is served", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    expect(bench.renew(A, held, { options: { 54: address("10.77.0.2") } })?.type).toBe(ACK);
  });

  test("§4.3.2: a client behind a relay renews through a router and is answered through it", () => {
    const bench = twoNetworks({}, { relays: [ipv4("10.78.0.1")] });
    const relay = { giaddr: "10.78.0.1", sourceMac: "02:00:00:00:00:99" };
    const offer = bench.discover(A, relay);
    bench.select(A, offer?.yiaddr ?? "", "10.78.0.2", relay);
    const ack = bench.renew(A, offer?.yiaddr ?? "", { sourceMac: "02:00:00:00:00:99" });
    expect([ack?.type, ack?.destinationIp]).toEqual([ACK, offer?.yiaddr]);
    expect(ack?.destinationMac).toBe("02:00:00:00:00:99");
  });

  test("§4.3.2: a client that was carried to another LAN and renews there gets a DHCPNAK", () => {
    const bench = twoNetworks();
    const held = bench.lease(A, {}, 1);
    expect(bench.renew(A, held)?.type).toBe(NAK);
  });
});

describe("RFC 2131 §4.3.2 DHCPNAK", () => {
  test("table 3: no address, no lease time; the message type, the server and a reason", () => {
    const nak = new CoreBench().renew(A, "10.99.0.1");
    expect(nak?.message).toMatchObject({ ciaddr: 0, yiaddr: 0, siaddr: 0, secs: 0, hops: 0 });
    expect(nak?.message.codes()).toEqual([53, 54, 56]);
    expect(String.fromCharCode(...(nak?.option(56) ?? []))).toBe(
      "the address does not belong to this LAN",
    );
  });

  test("§4.3.2: a refusal changes and writes nothing", () => {
    const bench = new CoreBench();
    bench.renew(A, "10.99.0.1");
    expect(kinds(bench.effects)).toEqual(["send"]);
  });
});

describe("RFC 2131 §4.3.3 DHCPDECLINE", () => {
  test("§4.3.3 MUST mark the network address as not available", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.101"] })]);
    const held = bench.lease(A);
    expect(bench.decline(A, held)).toBeUndefined();
    expect(kinds(bench.effects)).toEqual(["persist"]);
    expect(bench.at(held)?.state).toBe("abandoned");
    expect(bench.discover(A)?.yiaddr).not.toBe(held);
    expect(bench.discover(B)).toBeUndefined();
  });

  test("§4.3.3: the administrator is told", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.decline(A, held);
    const log = bench.effects.find((effect) => effect.kind === "log");
    expect(log).toMatchObject({ id: "lease-declined", values: { address: held, client: A } });
  });

  test("§4.3.3: it heals: after its rest the address is the last to be given out", () => {
    const bench = new CoreBench([network({ pool: ["10.77.0.100", "10.77.0.101"] })]);
    const held = bench.lease(A);
    bench.decline(A, held);
    bench.pass(3700);
    const other = bench.lease(B);
    expect(other).not.toBe(held);
    expect(bench.lease(A)).toBe(held);
  });

  test("§4.3.3: only who has the address may decline it", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.decline(B, held);
    bench.decline(B, "10.77.0.150");
    expect(bench.at(held)?.state).toBe("active");
    expect(bench.refused()).toEqual({ "not-yours": 2 });
  });

  test("§4.3.3: one for another server is not for us", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.decline(A, held, { options: { 54: address("10.77.0.3") } });
    expect(bench.refused()).toEqual({ "other-server": 1 });
  });

  test("§4.3.3: one without an address is malformed", () => {
    const bench = new CoreBench();
    bench.send({ type: 4, mac: A, options: { 54: address("10.77.0.2") } });
    expect(bench.refused()).toEqual({ "dhcp-malformed": 1 });
  });
});

describe("RFC 2131 §4.3.4 DHCPRELEASE", () => {
  test("§4.3.4: the parameters are kept for when the client returns", () => {
    const bench = new CoreBench();
    const held = bench.lease(A, { options: { 12: bytes(0x70, 0x63) } });
    bench.release(A, held);
    expect(bench.at(held)).toMatchObject({ state: "released", hostname: "pc" });
    for (let i = 16; i < 30; i++) bench.lease(`02:00:00:00:01:${i}`);
    expect(bench.lease(A)).toBe(held);
  });

  test("§4.3.4: only the client itself can release", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.release(B, held);
    expect(bench.at(held)?.state).toBe("active");
  });

  test("§4.3.4: a lease is released once", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    bench.release(A, held);
    bench.release(A, held);
    expect(kinds(bench.effects)).toEqual([]);
  });
});

describe("RFC 2131 §4.3.5 DHCPINFORM", () => {
  test("§4.3.5 MUST NOT send a lease expiration time to the client; the DHCPACK goes to ciaddr", () => {
    const bench = new CoreBench();
    const ack = inform(bench, "10.77.0.44");
    expect([ack?.type, ack?.destinationIp, ack?.yiaddr]).toEqual([ACK, "10.77.0.44", "0.0.0.0"]);
    expect(ack?.ciaddr).toBe("10.77.0.44");
    expect(ack?.message.codes()).toEqual([53, 54, 1, 3, 6, 15]);
    expect(kinds(bench.effects)).toEqual(["send"]);
  });

  test("§3.4 MUST NOT check for an existing lease: anybody on the network is answered", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    expect(bench.send({ type: INFORM, mac: B, ciaddr: held })?.type).toBe(ACK);
  });

  test("§4.3.5: the address is checked for consistency with the network", () => {
    const bench = new CoreBench();
    expect(inform(bench, "10.99.0.44")).toBeUndefined();
    expect(bench.refused()).toEqual({ "wrong-network": 1 });
  });

  test("§4.3.5: a client that leaves ciaddr empty is known by the address it sends from", () => {
    const bench = new CoreBench();
    const ack = bench.send({ type: INFORM, mac: A, sourceIp: "10.77.0.44" });
    expect(ack?.destinationIp).toBe("10.77.0.44");
    expect(bench.send({ type: INFORM, mac: A })).toBeUndefined();
  });
});

function inform(bench: CoreBench, ciaddr: string) {
  return bench.send({ type: INFORM, mac: A, ciaddr });
}
