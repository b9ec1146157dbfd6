// What relay agents add to a client's message, and what comes back to them.

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import {
  type ClassConfig,
  NOTHING_SET,
  type ReservationConfig,
} from "../../daemon/core/config-view.ts";
import {
  ACK,
  address,
  bytes,
  CoreBench,
  configOf,
  INFORM,
  NAK,
  network,
  poolOf,
} from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import {
  A,
  B,
  BEHIND_RELAYS,
  far,
  RELAY,
  relayAgent,
  sendFromPort,
  sub,
  twoNetworks,
} from "./networks.ts";

judgeAllSent();

const CIRCUIT = sub(1, 1, 2, 3, 4);
const REMOTE = sub(2, 0xaa, 0xbb);

describe("RFC 3046 relay agent information option", () => {
  const info = relayAgent(CIRCUIT, REMOTE);
  const relayed = { ...RELAY, options: { 82: info, 55: bytes(3, 6), 61: bytes(1, 9, 9) } };

  test("RFC 3046 §2.2: it is echoed unaltered, as the last option, in every reply", () => {
    const bench = new CoreBench();
    const offer = bench.discover(A, relayed);
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", relayed);
    const nak = bench.reboot(A, "10.99.0.1", relayed);
    const informed = bench.send({ type: INFORM, mac: A, ciaddr: "10.77.0.44", ...relayed });
    expect([ack?.type, nak?.type, informed?.type]).toEqual([ACK, NAK, ACK]);
    for (const reply of [offer, ack, nak, informed]) {
      expect(reply?.option(82)).toEqual(Array.from(info));
      expect(reply?.message.codes().at(-1)).toBe(82);
    }
  });

  test("RFC 3046 §2.2: a sub-option that no RFC defines is echoed too", () => {
    const strange = relayAgent(CIRCUIT, sub(211, 1, 2, 3));
    const reply = new CoreBench().discover(A, { ...RELAY, options: { 82: strange } });
    expect(reply?.option(82)).toEqual(Array.from(strange));
  });

  test("RFC 3046 §2.1.1: a renewal past the relay is still that of the port the lease was got at", () => {
    const circuit: ReservationConfig = {
      ...NOTHING_SET,
      key: { kind: "circuit-id", bytes: bytes(1, 2, 3, 4) },
      address: ipv4("10.77.0.20"),
      name: "",
    };
    const lab: ClassConfig = {
      ...NOTHING_SET,
      name: "lab",
      match: { kind: "relay-suboption", code: 2, test: { how: "present" } },
      isDenied: false,
    };
    const networks = [
      network({
        reservations: [circuit],
        pools: [poolOf("10.77.0.100", "10.77.0.199", { allow: [0] })],
      }),
    ];
    const bench = new CoreBench(networks, { config: configOf(networks, { classes: [lab] }) });
    expect(bench.lease(A, relayed)).toBe("10.77.0.20");
    const renewed = bench.renew(A, "10.77.0.20", { options: { 61: bytes(1, 9, 9) } });
    expect([renewed?.type, renewed?.option(82)]).toEqual([ACK, undefined]);
    const other = { ...RELAY, options: { 82: relayAgent(sub(1, 9), REMOTE) } };
    const held = bench.lease(B, other);
    expect(held).toMatch(/^10\.77\.0\.1/);
    expect(bench.renew(B, held)?.type).toBe(ACK);
    // Whoever was not behind that relay gets nothing by naming an address of it.
    expect(bench.renew("02:00:00:00:00:0c", held)?.type).toBe(NAK);
  });

  test("RFC 3046 §2.2: it comes without a relay, as switches that snoop add it: echoed all the same", () => {
    const reply = new CoreBench().discover(A, { options: { 82: info } });
    expect(reply?.option(82)).toEqual(Array.from(info));
  });

  test.each([
    ["a length that runs past its end", [1, 9, 1]],
    ["a code without a length", [1, 1, 7, 2]],
  ])("RFC 3046 §2.0: a malformed option 82 is refused: %s", (_, content) => {
    const bench = new CoreBench();
    const options = { 82: bytes(...content) };
    expect(bench.discover(A, { ...RELAY, options })).toBeUndefined();
    expect(bench.refused()).toEqual({ "option-malformed": 1 });
  });

  test("a relay that is not in the subnet may stand for the network by configuration", () => {
    const relays = [ipv4("192.0.2.1")];
    const bench = new CoreBench([network(), far({ relays })]);
    const reply = bench.discover(A, { ...RELAY, giaddr: "192.0.2.1", sourceIp: "192.0.2.1" });
    expect(reply?.yiaddr).toMatch(/^10\.78\.0\./);
    expect(reply?.destinationIp).toBe("192.0.2.1");
  });

  test("a network that only relays reach has the server identifier of the LAN they come in by", () => {
    const remote = far(BEHIND_RELAYS);
    const bench = new CoreBench([network(), remote], { linkless: true });
    bench.link(0, {});
    const relay = { ...RELAY, giaddr: "10.78.0.1", sourceIp: "10.78.0.1" };
    const offer = bench.discover(A, relay);
    expect(offer?.yiaddr).toMatch(/^10\.78\.0\./);
    expect(offer?.option(54)).toEqual([10, 77, 0, 2]);
    expect(offer?.sourceIp).toBe("10.77.0.2");
    expect(bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", relay)?.type).toBe(ACK);
  });
});

describe("RFC 3527 link selection sub-option", () => {
  const remote = () => twoNetworks({}, BEHIND_RELAYS);
  const linked = (subnet: number[]) => ({
    ...RELAY,
    options: { 82: relayAgent(CIRCUIT, sub(5, ...subnet)) },
  });

  test("RFC 3527 §3: the address is of the subnet it names, the reply goes to giaddr", () => {
    const bench = remote();
    const more = linked([10, 78, 0, 0]);
    const offer = bench.discover(A, more);
    expect(offer?.yiaddr).toMatch(/^10\.78\.0\./);
    expect(offer?.option(3)).toEqual([10, 78, 0, 1]);
    expect([offer?.destinationIp, offer?.giaddr]).toEqual(["10.77.0.9", "10.77.0.9"]);
    expect(offer?.destinationPort).toBe(67);
    expect(offer?.option(82)).toEqual(Array.from(more.options[82]));
    const server = (offer?.option(54) ?? []).join(".");
    expect(bench.select(A, offer?.yiaddr ?? "", server, more)?.type).toBe(ACK);
  });

  test("RFC 3527 §3: an address inside the subnet names it as well", () => {
    expect(remote().discover(A, linked([10, 78, 0, 77]))?.yiaddr).toMatch(/^10\.78\.0\./);
  });

  test("RFC 3527 §3: a subnet that is not configured: no answer", () => {
    const bench = remote();
    expect(bench.discover(A, linked([10, 99, 0, 0]))).toBeUndefined();
    expect(bench.refused()).toEqual({ "relay-unknown": 1 });
  });

  test("RFC 3527 §3: an INIT-REBOOT address is checked against that subnet", () => {
    const bench = remote();
    expect(bench.reboot(A, "10.77.0.150", linked([10, 78, 0, 0]))?.type).toBe(NAK);
    expect(bench.reboot(A, "10.78.0.150", linked([10, 78, 0, 0]))?.type).toBe(ACK);
  });

  test("RFC 3527 §4: a network on another LAN of the box is given only by a relay listed for it", () => {
    const bench = twoNetworks();
    expect(bench.discover(A, linked([10, 78, 0, 0]))).toBeUndefined();
    expect(bench.refused()).toEqual({ "relay-unknown": 1 });
    const listed = twoNetworks({}, { relays: [ipv4("10.77.0.9")] });
    expect(listed.discover(A, linked([10, 78, 0, 0]))?.yiaddr).toMatch(/^10\.78\.0\./);
  });

  test("RFC 3527 §4: from a client that no relay stands before it chooses nothing", () => {
    const options = linked([10, 78, 0, 0]).options;
    expect(remote().discover(A, { options })?.yiaddr).toMatch(/^10\.77\.0\./);
  });
});

describe("RFC 3046 §5: a client that plays the relay", () => {
  // On the wire of "far", with addresses of "office", whose LAN is another one.
  const onFar = { sourceMac: A, sourceIp: "10.77.0.9", giaddr: "10.77.0.9" };

  test("RFC 3046 §5: giaddr of another LAN's network gets nothing of that network", () => {
    const bench = twoNetworks();
    expect(bench.discover(A, onFar, 1)).toBeUndefined();
    expect(bench.refused(1)).toEqual({ "relay-unknown": 1 });
  });

  test("RFC 3046 §5: nor do a giaddr of its own LAN and a link selection", () => {
    const bench = twoNetworks();
    const options = { 82: relayAgent(sub(5, 10, 77, 0, 0)) };
    expect(bench.discover(A, { ...onFar, giaddr: "10.78.0.9", options }, 1)).toBeUndefined();
    expect(bench.refused(1)).toEqual({ "relay-unknown": 1 });
  });

  test("RFC 3046 §5: a relay on its own LAN is answered there", () => {
    const bench = twoNetworks();
    const offer = bench.discover(A, { ...onFar, giaddr: "10.78.0.9", sourceIp: "10.78.0.9" }, 1);
    expect(offer?.yiaddr).toMatch(/^10\.78\.0\./);
  });
});

describe("RFC 5107 server identifier override sub-option", () => {
  const override = { 82: relayAgent(CIRCUIT, sub(11, 10, 77, 0, 9)) };
  const relayed = { ...RELAY, options: override };

  test("RFC 5107 §4: the reply's server identifier is the address that the relay names", () => {
    const bench = new CoreBench();
    const offer = bench.discover(A, relayed);
    expect(offer?.option(54)).toEqual([10, 77, 0, 9]);
    expect(offer?.option(82)).toEqual(Array.from(override[82]));
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.9", relayed);
    expect(ack?.type).toBe(ACK);
    expect(ack?.option(54)).toEqual([10, 77, 0, 9]);
  });

  test("RFC 5107 §4: it stands in a DHCPNAK and in the DHCPACK to a DHCPINFORM as well", () => {
    const bench = new CoreBench();
    expect(bench.reboot(A, "10.99.0.1", relayed)?.option(54)).toEqual([10, 77, 0, 9]);
    const informed = bench.send({ type: INFORM, mac: A, ciaddr: "10.77.0.44", ...relayed });
    expect(informed?.option(54)).toEqual([10, 77, 0, 9]);
  });

  test("RFC 5107 §4: a renewal that comes through the relay is granted", () => {
    const { bench, held } = leased();
    const ack = bench.renew(A, held, relayed);
    expect([ack?.type, ack?.destinationIp]).toEqual([ACK, "10.77.0.9"]);
    expect(ack?.option(54)).toEqual([10, 77, 0, 9]);
  });

  test("RFC 5107 §4: a DHCPRELEASE that names it is taken", () => {
    const { bench, held } = leased();
    bench.release(A, held, { ...RELAY, options: { ...override, 54: address("10.77.0.9") } });
    expect(bench.at(held)?.state).toBe("released");
  });

  test("RFC 5107 §4: a DHCPDECLINE that names it is taken", () => {
    const { bench, held } = leased();
    bench.decline(A, held, { ...RELAY, options: { ...override, 54: address("10.77.0.9") } });
    expect(bench.at(held)?.state).toBe("abandoned");
  });

  test("RFC 5107 §4: without the sub-option the same address is another server's", () => {
    const bench = new CoreBench();
    const offer = bench.discover(A, RELAY);
    expect(bench.select(A, offer?.yiaddr ?? "", "10.77.0.9", RELAY)).toBeUndefined();
    expect(bench.refused()).toEqual({ "other-server": 1 });
  });

  function leased(): { bench: CoreBench; held: string } {
    const bench = new CoreBench();
    return { bench, held: bench.lease(A, relayed) };
  }
});

describe("RFC 8357 relay agent source port", () => {
  const asking = { ...RELAY, mac: A, type: 1, options: { 82: relayAgent(CIRCUIT, sub(19)) } };

  test("RFC 8357 §5.1: the reply goes to the UDP port that the relay sent from, 82.19 echoed", () => {
    const reply = sendFromPort(new CoreBench(), asking, 45_000);
    expect([reply?.destinationIp, reply?.destinationPort]).toEqual(["10.77.0.9", 45_000]);
    expect(reply?.option(82)).toEqual(Array.from(asking.options[82]));
  });

  test("RFC 8357 §5.1: without it the reply goes to the server port, whatever it came from", () => {
    const plain = { ...asking, options: { 82: relayAgent(CIRCUIT) } };
    expect(sendFromPort(new CoreBench(), plain, 45_000)?.destinationPort).toBe(67);
  });

  test("RFC 8357 §5.1: it says nothing where there is no relay", () => {
    const direct = { mac: A, type: 1, options: asking.options };
    expect(sendFromPort(new CoreBench(), direct, 45_000)?.destinationPort).toBe(68);
  });
});

describe("RFC 5010 relay agent flags", () => {
  test.each([0x80, 0x00])("RFC 5010 §4: flags %i are echoed and change nothing else", (flags) => {
    const bench = new CoreBench();
    const relayed = { ...RELAY, options: { 82: relayAgent(CIRCUIT, sub(10, flags)) } };
    const held = bench.lease(A, relayed);
    const ack = bench.renew(A, held, relayed);
    expect([ack?.type, ack?.destinationIp]).toEqual([ACK, "10.77.0.9"]);
    expect(ack?.option(82)).toEqual(Array.from(relayed.options[82]));
  });
});

describe("RFC 6925 relay identifier sub-option", () => {
  test("RFC 6925 §5: a relay's DUID is echoed", () => {
    const options = { 82: relayAgent(CIRCUIT, sub(12, 0, 3, 0, 1, 2, 0, 0, 0, 0, 0x99)) };
    const reply = new CoreBench().discover(A, { ...RELAY, options });
    expect(reply?.option(82)).toEqual(Array.from(options[82]));
  });
});
