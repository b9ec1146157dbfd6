// RFC 2131 knows servers, each with an identifier of its own. Two boxes with an address that moves between them are
// one of these: whatever a sentence says of "the server" holds for the two together.

import { describe, expect, test } from "vitest";
import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import {
  ACK,
  address,
  DECLINE,
  DISCOVER,
  INFORM,
  leaseTime,
  NAK,
  OFFER,
  RELEASE,
  REQUEST,
  type Reply,
} from "../support/core-bench.ts";
import { cores, select, VIRTUAL } from "../support/one-server.ts";
import { judgeAllSent } from "../support/sent.ts";
import { type Answers, only, type TwoCores } from "../support/two-cores.ts";

judgeAllSent();

const ROLES: readonly FailoverRole[] = ["primary", "secondary"];
/** Some that either box answers. */
const CLIENTS = Array.from({ length: 8 }, (_, n) => `02:00:00:00:01:0${n}`);
const [A = "", B = ""] = CLIENTS;
const VIRTUAL_BYTES = [10, 77, 0, 1];

function lease(two: TwoCores, mac: string): { held: string; role: FailoverRole } {
  const offer = only(two.broadcast({ type: DISCOVER, mac }));
  const held = offer.reply.yiaddr;
  const { role, reply } = only(two.broadcast(select(mac, held)));
  expect([reply.type, reply.yiaddr, role]).toEqual([ACK, held, offer.role]);
  return { held, role };
}

function all({ primary, secondary }: Answers): Reply[] {
  return [primary, secondary].filter((reply) => reply !== undefined);
}

describe("RFC 2131 §2.2 and §3.1: how a client gets its address", () => {
  test("§3.1 (2): 'server identifier' of OFFER, ACK and NAK is the address that either box may have", () => {
    const two = cores();
    for (const mac of CLIENTS) {
      const offer = only(two.broadcast({ type: DISCOVER, mac }));
      const ack = only(two.broadcast(select(mac, offer.reply.yiaddr)));
      const nak = only(two.broadcast(select(mac, "10.99.0.1")));
      const replies = [offer, ack, nak];
      expect(replies.map(({ reply }) => reply.type)).toEqual([OFFER, ACK, NAK]);
      for (const { reply, role } of replies) {
        expect(reply.option(54)).toEqual(VIRTUAL_BYTES);
        // Only the box that has the address may send from it, and nothing here was sent there.
        expect(reply.sourceIp).toBe(two.box(role).ownAddress);
      }
    }
  });

  test("§3.1 (3): a REQUEST is broadcast, and of the two the one that offered answers", () => {
    const two = cores();
    const answered = CLIENTS.map((mac) => lease(two, mac).role);
    expect(new Set(answered).size).toBe(2);
    for (const { core } of two.boxes) expect(core.offers.waiting).toBe(0);
  });

  test("§3.1 (4): who was not selected takes the REQUEST for a refusal of its offer", () => {
    const two = cores();
    for (const [n, mac] of CLIENTS.entries()) {
      const role = ROLES[n % 2] ?? "primary";
      const { primary, secondary } = two.broadcast({ type: DISCOVER, mac, secs: 60 });
      const wanted = (role === "primary" ? primary : secondary)?.yiaddr ?? "";
      const ack = only(two.broadcast({ ...select(mac, wanted), secs: 60 }));
      expect(ack).toMatchObject({ role, reply: { type: ACK, yiaddr: wanted } });
    }
    for (const { core } of two.boxes) expect(core.offers.waiting).toBe(0);
  });

  test("§3.1 (4): an address that cannot be given any more gets one DHCPNAK", () => {
    const two = cores();
    const { held } = lease(two, A);
    const { reply } = only(two.broadcast(select(B, held)));
    expect(reply.type).toBe(NAK);
    expect(two.boxes.map((box) => box.at(held)?.state)).toEqual(["active", "active"]);
  });

  test("§3.1 (5): a DHCPDECLINE marks the address on both boxes, and nobody contradicts the other", () => {
    const two = cores();
    for (const mac of CLIENTS) {
      const { held } = lease(two, mac);
      const options = { 50: address(held), 54: address(VIRTUAL) };
      expect(all(two.broadcast({ type: DECLINE, mac, options }))).toEqual([]);
      expect(two.boxes.map((box) => box.at(held)?.state)).toEqual(["abandoned", "abandoned"]);
      const declines = two.boxes.map(({ core }) => core.poolCounters(0, 0).declines ?? 0);
      expect(declines.reduce((sum, count) => sum + count)).toBe(CLIENTS.indexOf(mac) + 1);
    }
    expect(two.boxes.map(({ core }) => core.pair?.conflicts)).toEqual([0, 0]);
  });

  test("§3.1 (6): a DHCPRELEASE goes to who has the address, whoever gave the lease", () => {
    const two = cores();
    for (const [n, mac] of CLIENTS.entries()) {
      const { held } = lease(two, mac);
      const holder = two.boxes[n % 2] ?? two.primary;
      const to = { destinationIp: VIRTUAL, options: { 54: address(VIRTUAL) } };
      holder.receive({ type: RELEASE, mac, ciaddr: held, ...to });
      two.settle();
      const states = two.boxes.map((box) => box.at(held)?.state);
      expect(new Set(states).size).toBe(1);
      expect(["free", "backup"]).toContain(states[0]);
    }
  });

  test("§3.1 (6): one that is broadcast is taken note of once", () => {
    const two = cores();
    for (const mac of CLIENTS) {
      const { held } = lease(two, mac);
      two.broadcast({ type: RELEASE, mac, ciaddr: held, options: { 54: address(VIRTUAL) } });
      expect(two.boxes.some((box) => box.at(held)?.state === "active")).toBe(false);
    }
    const releases = two.boxes.map(({ core }) => core.poolCounters(0, 0).releases ?? 0);
    expect(releases.reduce((sum, count) => sum + count)).toBe(CLIENTS.length);
    expect(two.boxes.map(({ core }) => core.pair?.conflicts)).toEqual([0, 0]);
  });
});

describe("RFC 2131 §4.1: the address that identifies the server", () => {
  test("§4.1 MUST accept any of its network addresses as identifying that server: an address that moves and its own", () => {
    const two = cores();
    for (const mac of CLIENTS) {
      const { role, reply } = only(two.broadcast({ type: DISCOVER, mac }));
      for (const server of [VIRTUAL, two.box(role).ownAddress]) {
        const options = { 50: address(reply.yiaddr), 54: address(server) };
        const ack = only(two.broadcast({ type: REQUEST, mac, options }));
        expect(ack).toMatchObject({ role, reply: { type: ACK, yiaddr: reply.yiaddr } });
      }
    }
  });

  test("§4.1: a client that uses it for unicast requests is answered from there, by whoever has it", () => {
    const two = cores();
    for (const mac of CLIENTS) {
      const { held } = lease(two, mac);
      for (const role of ROLES) {
        two.box(role).receive({ type: REQUEST, mac, ciaddr: held, destinationIp: VIRTUAL });
        two.settle();
        const { reply, role: by } = only(two.answers());
        expect([by, reply.type, reply.yiaddr, reply.sourceIp]).toEqual([role, ACK, held, VIRTUAL]);
        expect([reply.destinationIp, reply.option(54)]).toEqual([held, VIRTUAL_BYTES]);
        expect(leaseTime(reply)).toBe(3600);
      }
    }
  });
});

describe("RFC 2131 §4.3.2: the states of a client that has an address", () => {
  test("§4.3.2: who rebinds asks any server, and one box answers, from its own address", () => {
    const two = cores();
    for (const mac of CLIENTS) {
      const { held, role } = lease(two, mac);
      const ack = only(two.broadcast({ type: REQUEST, mac, ciaddr: held }));
      const { ownAddress } = two.box(role);
      expect(ack).toMatchObject({ role, reply: { type: ACK, yiaddr: held, sourceIp: ownAddress } });
      expect(ack.reply.option(54)).toEqual(VIRTUAL_BYTES);
    }
  });

  test("§4.3.2: who rebinds and names the server all the same is answered once as well", () => {
    const two = cores();
    for (const mac of CLIENTS) {
      const { held } = lease(two, mac);
      const options = { 54: address(VIRTUAL) };
      const ack = only(two.broadcast({ type: REQUEST, mac, ciaddr: held, options }));
      expect(ack.reply).toMatchObject({ type: ACK, yiaddr: held });
    }
  });

  test("§4.3.5: a DHCPINFORM to the address is answered from there", () => {
    const { secondary } = cores();
    secondary.receive({ type: INFORM, mac: A, ciaddr: "10.77.0.50", destinationIp: VIRTUAL });
    expect(secondary.replies()).toMatchObject([{ type: ACK, sourceIp: VIRTUAL }]);
  });
});
