// RFC 3203 and RFC 6704: who can be told to renew says so, and is given a key for it. The keys, the
// digests and the pace are in test/core/forced-renew.test.ts.

import { describe, expect, test } from "vitest";
import type { NetworkConfig } from "../../daemon/core/config-view.ts";
import { ACK, bytes, CoreBench, configOf, network, repliesIn } from "../support/core-bench.ts";
import { answer, cores, ONE_SERVER, select, VIRTUAL } from "../support/one-server.ts";
import { only, type PairedBox } from "../support/two-cores.ts";
import { A } from "./networks.ts";

const NONCE_CAPABLE = 145;
const capable = { options: { [NONCE_CAPABLE]: bytes(1) } };

describe("RFC 3203 reconfiguration of clients", () => {
  test("RFC 3203 §2.2: it is sent to the address of the client, by unicast, with its own in ciaddr", () => {
    const { bench, held } = told();
    const [message] = repliesIn(bench.effects);
    expect([message?.type, message?.destinationIp, message?.destinationMac]).toEqual([9, held, A]);
    expect([message?.ciaddr, message?.destinationPort]).toEqual([held, 68]);
  });

  test("RFC 3203 §2.2: it names the server as the ACK did, and comes from the box's own address", () => {
    const { bench } = told({ ...capable, ...ONE_SERVER });
    const [message] = repliesIn(bench.effects);
    expect([message?.type, message?.sourceIp]).toEqual([9, "10.77.0.2"]);
    expect(message?.option(54)).toEqual([10, 77, 0, 1]);
  });

  test("RFC 3203 §6: it is authenticated", () => {
    const authentication = repliesIn(told().bench.effects)[0]?.option(90) ?? [];
    expect([authentication.slice(0, 3), authentication[11]]).toEqual([[3, 1, 0], 2]);
  });

  test("RFC 3203 §6: a client that was given no key is not told", () => {
    expect(repliesIn(told({}).bench.effects)).toEqual([]);
  });
});

describe("RFC 6704 forcerenew nonce authentication", () => {
  test("RFC 6704 §3.1.1: the offer to a client that can carries option 145 with HMAC-MD5", () => {
    const bench = new CoreBench([network({ forceRenew: true })]);
    expect(bench.discover(A, capable)?.option(NONCE_CAPABLE)).toEqual([1]);
  });

  test("RFC 6704 §3.1.1: a client that cannot, or by another algorithm only, is not offered it", () => {
    const bench = new CoreBench([network({ forceRenew: true })]);
    expect(bench.discover(A)?.message.has(NONCE_CAPABLE)).toBe(false);
    const other = { options: { [NONCE_CAPABLE]: bytes(7) } };
    expect(bench.discover(A, other)?.message.has(NONCE_CAPABLE)).toBe(false);
  });

  test("RFC 6704 §3.1.3: a renewing client has the nonce, one that asks any server is told it again", () => {
    const bench = new CoreBench([network({ forceRenew: true })]);
    const held = bench.lease(A, capable);
    expect(bench.renew(A, held, capable)?.message.has(90)).toBe(false);
    // REBINDING: it may have the key of another box.
    const rebinding = { ...capable, destinationIp: "255.255.255.255" };
    const ack = bench.renew(A, held, rebinding);
    expect([ack?.type, ack?.option(90)?.[11]]).toEqual([ACK, 1]);
  });

  test("RFC 6704 §3.1.3: who renews with the box that has the virtual address may have the nonce of the other one", () => {
    const two = cores({ forceRenew: true });
    const offer = only(two.broadcast({ type: 1, mac: A, ...capable }));
    const held = offer.reply.yiaddr;
    const given = only(two.broadcast(select(A, held, capable)));
    const [giver, other] = [two.box(given.role), two.otherThan(two.box(given.role))];
    const nonceIn = (box: PairedBox) => {
      const renewal = { type: 3, mac: A, ciaddr: held, destinationIp: VIRTUAL, ...capable };
      return answer(two, box, renewal)?.option(90)?.slice(11);
    };
    expect(given.reply.option(90)?.[11]).toBe(1);
    expect(nonceIn(giver)).toBeUndefined();
    expect(nonceIn(other)?.[0]).toBe(1);
    expect(nonceIn(other)).toBeUndefined();
    expect(nonceIn(giver)?.[0]).toBe(1);
  });

  test("RFC 6704 §3.1.4: a client that was offered it finds the nonce in the DHCPACK, with the disk failing too", () => {
    const bench = new CoreBench([network({ forceRenew: true })]);
    const held = bench.lease(A, capable);
    bench.durable();
    bench.step({ kind: "journal", state: { kind: "failing", reason: "full", text: "full" } });
    const offer = bench.discover(A, capable);
    expect([offer?.yiaddr, offer?.option(NONCE_CAPABLE)]).toEqual([held, [1]]);
    const ack = bench.select(A, held, "10.77.0.2", capable);
    expect([ack?.type, ack?.option(90)?.[11]]).toEqual([ACK, 1]);
  });

  test("RFC 6704 §3.1.3: option 145 in pieces is understood", () => {
    const bench = new CoreBench([network({ forceRenew: true })]);
    const algorithms = new Uint8Array(260).fill(9);
    algorithms[259] = 1;
    const offer = bench.discover(A, { options: { [NONCE_CAPABLE]: algorithms } });
    expect(offer?.option(NONCE_CAPABLE)).toEqual([1]);
  });

  test("RFC 6704 §3.1.2: the DHCPACK brings the nonce: option 90, protocol 3, algorithm 1, type 1", () => {
    const bench = new CoreBench([network({ forceRenew: true })]);
    const offer = bench.discover(A, capable);
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", capable);
    const authentication = ack?.option(90) ?? [];
    expect(authentication).toHaveLength(28);
    expect(authentication.slice(0, 3)).toEqual([3, 1, 0]);
    expect(authentication[11]).toBe(1);
  });

  test("RFC 6704 §3.1.3: a network that is not set for it promises nothing", () => {
    const bench = new CoreBench([network({ forceRenew: false })]);
    const offer = bench.discover(A, capable);
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", capable);
    for (const reply of [offer, ack]) {
      expect([reply?.message.has(NONCE_CAPABLE), reply?.message.has(90)]).toEqual([false, false]);
    }
  });
});

type Told = Parameters<CoreBench["lease"]>[1] & Partial<Pick<NetworkConfig, "serverId">>;

/** A client whose network has other parameters now. */
function told({ serverId, ...more }: Told = capable): { bench: CoreBench; held: string } {
  const settings = { forceRenew: true, ...(serverId === undefined ? {} : { serverId }) };
  const bench = new CoreBench([network(settings)]);
  const held = bench.lease(A, more);
  bench.durable();
  const config = configOf([network({ ...settings, leaseSeconds: 1800 })]);
  bench.step({ kind: "config", config });
  bench.step({ kind: "alarm" });
  return { bench, held };
}
