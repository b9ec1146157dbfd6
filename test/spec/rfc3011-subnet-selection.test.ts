// RFC 3011: a client, or somebody that asks for it, names the subnet the address shall be of.

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { ACK, address, CoreBench, network } from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, BEHIND_RELAYS, far, RELAY, relayAgent, sub, twoNetworks } from "./networks.ts";

judgeAllSent();

const SUBNET_SELECTION = 118;
const selecting = (subnet: string) => ({ options: { [SUBNET_SELECTION]: address(subnet) } });

/** The second network is behind relays. */
const remote = () => twoNetworks({}, BEHIND_RELAYS);

describe("RFC 3011 subnet selection", () => {
  test("RFC 3011 §2: the address is of the subnet that the option names, not of giaddr's", () => {
    const bench = remote();
    const offer = bench.discover(A, { ...RELAY, ...selecting("10.78.0.0") });
    expect(offer?.yiaddr).toMatch(/^10\.78\.0\./);
    expect(offer?.option(3)).toEqual([10, 78, 0, 1]);
    expect(offer?.destinationIp).toBe("10.77.0.9");
  });

  test("RFC 3011 §2: who uses it sets giaddr: without, another LAN's subnet is not given, the option not returned", () => {
    for (const bench of [twoNetworks(), remote()]) {
      const offer = bench.discover(A, selecting("10.78.0.0"));
      expect(offer?.yiaddr).toMatch(/^10\.77\.0\./);
      expect(offer?.message.has(SUBNET_SELECTION)).toBe(false);
    }
  });

  test("RFC 3011 §2: without giaddr it may name a subnet of the wire it is on, and is returned", () => {
    const offer = twoNetworks().discover(A, selecting("10.77.0.0"));
    expect(offer?.yiaddr).toMatch(/^10\.77\.0\./);
    expect(offer?.option(SUBNET_SELECTION)).toEqual([10, 77, 0, 0]);
  });

  test("RFC 3011 §2: with giaddr too another LAN's subnet is given only by a relay listed for it", () => {
    const bench = twoNetworks();
    expect(bench.discover(A, { ...RELAY, ...selecting("10.78.0.0") })).toBeUndefined();
    expect(bench.refused()).toEqual({ "relay-unknown": 1 });
    const listed = twoNetworks({}, { relays: [ipv4(RELAY.giaddr)] });
    const offer = listed.discover(A, { ...RELAY, ...selecting("10.78.0.0") });
    expect(offer?.yiaddr).toMatch(/^10\.78\.0\./);
  });

  test("RFC 3011 §2: the server returns the option in its replies", () => {
    const bench = remote();
    const more = { ...RELAY, ...selecting("10.78.0.0") };
    const offer = bench.discover(A, more);
    const server = (offer?.option(54) ?? []).join(".");
    const ack = bench.select(A, offer?.yiaddr ?? "", server, more);
    expect(ack?.type).toBe(ACK);
    for (const reply of [offer, ack])
      expect(reply?.option(SUBNET_SELECTION)).toEqual([10, 78, 0, 0]);
  });

  test("RFC 3011 §2: a client that sends none gets none", () => {
    expect(twoNetworks().discover(A)?.message.has(SUBNET_SELECTION)).toBe(false);
  });

  test("RFC 3011 §2: a subnet that is not configured: no answer", () => {
    const bench = twoNetworks();
    expect(bench.discover(A, { ...RELAY, ...selecting("10.99.0.0") })).toBeUndefined();
    expect(bench.refused()).toEqual({ "relay-unknown": 1 });
  });

  test("RFC 3011 §2: an option of a wrong length is refused", () => {
    const bench = twoNetworks();
    const options = { [SUBNET_SELECTION]: new Uint8Array(3) };
    expect(bench.discover(A, { options })).toBeUndefined();
    expect(bench.refused()).toEqual({ "option-malformed": 1 });
  });

  test("RFC 3527 §3: what the relay says by link selection (82.5) comes before option 118", () => {
    const bench = new CoreBench([network(), far(BEHIND_RELAYS), far3()]);
    const options = {
      ...selecting("10.79.0.0").options,
      82: relayAgent(sub(5, 10, 78, 0, 0)),
    };
    expect(bench.discover(A, { ...RELAY, options })?.yiaddr).toMatch(/^10\.78\.0\./);
  });
});

function far3() {
  const changes = { name: "third", interfaceName: "lan2", pool: ["10.79.0.100", "10.79.0.199"] };
  const [from, to] = changes.pool;
  const subnetOf = far().subnet;
  return far({
    ...changes,
    pool: [from ?? "", to ?? ""],
    subnet: { ...subnetOf, address: (subnetOf.address + 0x10000) as typeof subnetOf.address },
  });
}
