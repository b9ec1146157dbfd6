// RFC 2131 §4.3.1: several subnets on one wire ("internets with more than one IP subnet assigned to a
// physical network segment").

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { ACK, address, CoreBench, INFORM, NAK, network, reserve } from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, B, C, far, RELAY } from "./networks.ts";

judgeAllSent();

const D = "02:00:00:00:00:0d";

describe("RFC 2131 §4.3.1: two subnets on one segment", () => {
  test("§4.3.1: the addresses of the second when those of the first are taken", () => {
    const bench = firstFull();
    expect(bench.lease(C)).toMatch(/^10\.78\.0\.10[01]$/);
  });

  test("§4.3.1: mask, router and domain are those of the address, not of the wire", () => {
    const bench = firstFull();
    const offer = bench.discover(C);
    expect(offer?.option(3)).toEqual([10, 78, 0, 1]);
    expect(offer?.option(1)).toEqual([255, 255, 255, 0]);
    expect(offer?.message.has(15)).toBe(false);
    const ack = bench.select(C, offer?.yiaddr ?? "", serverOf(offer?.option(54)));
    expect([ack?.type, ...(ack?.option(3) ?? [])]).toEqual([ACK, 10, 78, 0, 1]);
  });

  test("§4.3.1: a requested address of either is offered", () => {
    const bench = shared();
    const wish = (wanted: string) => ({ options: { 50: address(wanted) } });
    expect(bench.discover(A, wish("10.78.0.101"))?.yiaddr).toBe("10.78.0.101");
    expect(bench.discover(B, wish("10.77.0.101"))?.yiaddr).toBe("10.77.0.101");
  });

  test("§4.3.1: the address a client had comes first, in whichever of them it is", () => {
    const bench = shared();
    const held = [A, B, C].map((mac) => bench.lease(mac));
    bench.release(A, held[0] ?? "");
    expect(bench.discover(C)?.yiaddr).toBe(held[2]);
    expect(bench.discover(A)?.yiaddr).toBe(held[0]);
  });

  test("§4.3.2: a DHCPREQUEST for an address of either is granted in every state", () => {
    const bench = shared();
    const held = [A, B, C].map((mac) => bench.lease(mac));
    for (const [i, mac] of [A, B, C].entries()) {
      const own = held[i] ?? "";
      expect(bench.reboot(mac, own)?.type).toBe(ACK);
      expect(bench.renew(mac, own)?.type).toBe(ACK);
      expect(bench.renew(mac, own, { destinationIp: "255.255.255.255" })?.type).toBe(ACK);
    }
  });

  test("§4.3.2: an address of neither is on the wrong network", () => {
    expect(shared().reboot(A, "10.79.0.5")?.type).toBe(NAK);
  });

  test("§4.1: both servers' addresses identify this server", () => {
    for (const server of ["10.77.0.2", "10.78.0.2"]) {
      const bench = shared();
      const offer = bench.discover(A);
      expect(bench.select(A, offer?.yiaddr ?? "", server)?.type, server).toBe(ACK);
    }
  });

  test("§4.3.5: a DHCPINFORM is answered by the parameters of its own subnet", () => {
    const ack = shared().send({ type: INFORM, mac: A, ciaddr: "10.78.0.44" });
    expect(ack?.option(3)).toEqual([10, 78, 0, 1]);
  });

  test("§4.3.1: a reservation in the second counts for a client of the wire", () => {
    const bench = shared({}, { reservations: [reserve(A, "10.78.0.20")] });
    const offer = bench.discover(A);
    expect([offer?.yiaddr, ...(offer?.option(3) ?? [])]).toEqual(["10.78.0.20", 10, 78, 0, 1]);
  });

  test("§4.3.1: only when both are full there is no address", () => {
    const bench = shared();
    for (const mac of [A, B, C, D]) bench.lease(mac);
    expect(bench.discover("02:00:00:00:00:0e")).toBeUndefined();
    expect(bench.refused()).toEqual({ "no-free-address": 1 });
  });

  test("§4.3.1: a relay in either of them stands for both", () => {
    for (const giaddr of ["10.77.0.9", "10.78.0.9"]) {
      const bench = shared();
      const relay = { ...RELAY, giaddr, sourceIp: giaddr };
      const given = [A, B, C, D].map((mac) => {
        const offer = bench.discover(mac, relay);
        bench.select(mac, offer?.yiaddr ?? "", serverOf(offer?.option(54)), relay);
        return offer?.yiaddr;
      });
      expect(given.toSorted(), giaddr).toEqual([
        "10.77.0.100",
        "10.77.0.101",
        "10.78.0.100",
        "10.78.0.101",
      ]);
    }
  });

  test("networks that share no segment do not lend each other addresses", () => {
    const bench = new CoreBench([
      network({ pool: ["10.77.0.100", "10.77.0.100"] }),
      far({ pool: ["10.78.0.100", "10.78.0.101"] }),
    ]);
    bench.lease(A);
    expect(bench.discover(B)).toBeUndefined();
  });
});

type Changes = Parameters<typeof network>[0];

/** Two addresses in each of two subnets on the wire of `lan0`. */
function shared(first: Changes = {}, second: Changes = {}): CoreBench {
  const networks = [
    network({ pool: ["10.77.0.100", "10.77.0.101"], segment: "wire", ...first }),
    far({
      interfaceName: "lan0",
      segment: "wire",
      pool: ["10.78.0.100", "10.78.0.101"],
      ownAddress: ipv4("10.78.0.2"),
      ...second,
    }),
  ];
  const bench = new CoreBench(networks, { linkless: true });
  bench.link(0, {});
  return bench;
}

/** The same, and both addresses of the first subnet are leased. */
function firstFull(): CoreBench {
  const bench = shared();
  bench.reboot(A, "10.77.0.100");
  bench.reboot(B, "10.77.0.101");
  bench.durable();
  return bench;
}

function serverOf(option: number[] | undefined): string {
  return (option ?? []).join(".");
}
