import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import {
  ConflictProbes,
  mayTryAgain,
  type Probe,
  question,
} from "../../daemon/core/conflict-probes.ts";
import { LIMITS } from "../../daemon/limits.ts";
import {
  ARP_REPLY,
  ARP_REQUEST,
  buildArp,
  buildArpProbe,
  parseArp,
} from "../../daemon/wire/arp.ts";
import { Frame, parseFrame } from "../../daemon/wire/frame.ts";
import { buildEchoRequest } from "../../daemon/wire/icmp.ts";
import { checksum, fromHex, u16 } from "../wire/messages.ts";
import {
  ADDRESS,
  CLIENT_MAC,
  client,
  OWN_ADDRESS,
  OWN_MAC,
  ROUTER,
  STRANGER,
  WAIT,
  wish,
} from "./probe-wishes.ts";

function parsed(bytes: Uint8Array): Frame {
  const frame = new Frame();
  parseFrame(frame, bytes, 0, bytes.length, true);
  return frame;
}

function arpReply(senderMac: Uint8Array, senderIp = ADDRESS, targetIp = ipv4("0.0.0.0")): Frame {
  return parsed(
    buildArp(OWN_MAC, { operation: ARP_REPLY, senderMac, senderIp, targetMac: OWN_MAC, targetIp }),
  );
}

/** The answer of a host: our own frame turned round. */
function echoReply(request: Uint8Array): Frame {
  const bytes = request.slice();
  bytes.set(request.subarray(6, 12), 0);
  bytes.set(request.subarray(0, 6), 6);
  bytes.set(request.subarray(26, 30), 30);
  bytes.set(request.subarray(30, 34), 26);
  bytes.set([0, 0, 0, 0], 34);
  bytes.set(u16(checksum(Array.from(bytes.subarray(34, 42)))), 36);
  return parsed(bytes);
}

function begun(parts: Parameters<typeof wish>[0] = {}, at = 1000): [ConflictProbes, Probe] {
  const probes = new ConflictProbes();
  expect(probes.begin(wish(parts), at)).toBe("ask");
  return [probes, asked(probes)];
}

function asked(probes: ConflictProbes): Probe {
  const probe = probes.asked;
  if (!probe) throw new Error("nothing was asked");
  return probe;
}

describe("the wait", () => {
  test("ends with the OFFER when nobody answers", () => {
    const offer = Uint8Array.of(1, 2);
    const [probes] = begun({ offer });
    expect([probes.size, probes.nextAt]).toEqual([1, 1000 + WAIT]);
    expect(probes.isUnderWay(ADDRESS)).toBe(true);
    expect(probes.isUnderWay(ipv4("10.77.0.101"))).toBe(false);
    expect(probes.due(1000 + WAIT - 1)).toBeUndefined();
    const probe = probes.due(1000 + WAIT);
    expect(probe).toMatchObject({ lan: 0, address: ADDRESS, tries: 0, heardFrom: undefined });
    expect(probe?.offer).toBe(offer);
    expect([probes.size, probes.nextAt]).toEqual([0, undefined]);
    expect(probes.due(1e9)).toBeUndefined();
    expect(probes.isUnderWay(ADDRESS)).toBe(false);
  });

  test("keeps a copy of the request, wherever it lay", () => {
    const bytes = Uint8Array.of(0, 0, 5, 6, 7, 0);
    const [probes] = begun({ bytes, start: 2, end: 5, checksumReady: false });
    bytes.fill(0xff);
    const probe = probes.due(5000);
    expect(probe?.request).toEqual(Uint8Array.of(5, 6, 7));
    expect(probe?.checksumReady).toBe(false);
    expect(probe?.client).toEqual(client().copy());
  });

  test("of several ends in their order", () => {
    const probes = new ConflictProbes();
    for (let i = 0; i < 4; i++) {
      const address = ipv4(`10.77.0.${i + 1}`);
      probes.begin(wish({ client: client(i), address }), 1000 + i);
    }
    expect(probes.nextAt).toBe(1000 + WAIT);
    const ended = [];
    for (let probe = probes.due(1002 + WAIT); probe; probe = probes.due(1002 + WAIT)) {
      ended.push(probe.address & 255);
    }
    expect(ended).toEqual([1, 2, 3]);
    expect(probes.nextAt).toBe(1003 + WAIT);
  });

  test("of all is over when the configuration changes", () => {
    const [probes] = begun();
    probes.dropAll();
    expect([probes.size, probes.nextAt, probes.asked]).toEqual([0, undefined, undefined]);
    expect(probes.due(1e9)).toBeUndefined();
    expect(probes.has(client())).toBe(false);
  });
});

describe("a client that asks again meanwhile", () => {
  test("gets no second question, and the newest OFFER, at the time of the first", () => {
    const [probes] = begun({ offer: Uint8Array.of(1) });
    const again = wish({ offer: Uint8Array.of(2), bytes: Uint8Array.of(8), checksumReady: false });
    expect(probes.begin({ ...again, end: 1 }, 1050)).toBe("wait");
    expect([probes.size, probes.nextAt]).toEqual([1, 1000 + WAIT]);
    expect(probes.due(1000 + WAIT)).toMatchObject({
      offer: Uint8Array.of(2),
      request: Uint8Array.of(8),
      checksumReady: false,
    });
  });

  test("is known by its identity and not by its hash", () => {
    const [probes] = begun();
    const same = client();
    const other = client(1);
    other.hash = same.hash;
    expect([probes.has(same), probes.has(other), probes.has(client(2))]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("and is to get another address, has only that one asked about", () => {
    const [probes] = begun({ tries: 2 });
    const address = ipv4("10.77.0.101");
    expect(probes.begin(wish({ address }), 1050)).toBe("ask");
    expect(probes.size).toBe(1);
    expect(probes.isUnderWay(ADDRESS)).toBe(false);
    expect(probes.due(1000 + WAIT)).toBeUndefined();
    expect(probes.due(1050 + WAIT)).toMatchObject({ address, tries: 2 });
  });

  test("and moved to another LAN, is asked about there", () => {
    const [probes] = begun();
    expect(probes.begin(wish({ lan: 1 }), 1050)).toBe("ask");
    expect(probes.heard(0, arpReply(STRANGER), OWN_MAC)).toBeUndefined();
    expect(probes.heard(1, arpReply(STRANGER), OWN_MAC)).toMatchObject({ lan: 1 });
  });
});

describe("a conflict on the LAN", () => {
  test("is a reply from the address", () => {
    const [probes] = begun();
    const probe = probes.heard(0, arpReply(STRANGER), OWN_MAC);
    expect(probe).toMatchObject({ address: ADDRESS, tries: 1, heardFrom: STRANGER });
    expect(probe?.request).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(probes.size).toBe(0);
    expect(probes.heard(0, arpReply(STRANGER), OWN_MAC)).toBeUndefined();
  });

  test("is a request from the address, whatever it asks for, and an announcement", () => {
    for (const targetIp of [ipv4("10.77.0.5"), ADDRESS]) {
      const [probes] = begun();
      const arp = { operation: ARP_REQUEST, senderMac: STRANGER, senderIp: ADDRESS };
      const frame = buildArp(OWN_MAC, { ...arp, targetMac: new Uint8Array(6), targetIp });
      expect(probes.heard(0, parsed(frame), OWN_MAC)).toMatchObject({ heardFrom: STRANGER });
    }
  });

  test("is a probe of another host for the same address (RFC 5227 §2.1.1)", () => {
    const [probes] = begun();
    const other = buildArpProbe(STRANGER, ipv4("10.77.0.5"));
    expect(probes.heard(0, parsed(other), OWN_MAC)).toBeUndefined();
    const same = buildArpProbe(STRANGER, ADDRESS);
    expect(probes.heard(0, parsed(same), OWN_MAC)).toMatchObject({ heardFrom: STRANGER });
  });

  test("is not what the client itself says: it holds the address already", () => {
    const [probes] = begun();
    expect(probes.heard(0, arpReply(CLIENT_MAC), OWN_MAC)).toBeUndefined();
    expect(probes.heard(0, parsed(buildArpProbe(CLIENT_MAC, ADDRESS)), OWN_MAC)).toBeUndefined();
    expect(probes.size).toBe(1);
    expect(probes.heard(0, arpReply(STRANGER), OWN_MAC)).toBeDefined();
  });

  test("is not our own question", () => {
    const [probes, probe] = begun();
    const own = question(probe, OWN_MAC, OWN_ADDRESS);
    expect(probes.heard(0, parsed(own), OWN_MAC)).toBeUndefined();
    expect(probes.heard(0, arpReply(OWN_MAC), OWN_MAC)).toBeUndefined();
  });

  test.each<[string, number, Frame]>([
    ["on another LAN", 1, arpReply(STRANGER)],
    ["from another address", 0, arpReply(STRANGER, ipv4("10.77.0.101"))],
    ["a question for the address", 0, requestFor(ipv4("10.77.0.5"))],
    ["a reply from no address to it", 0, arpReply(STRANGER, ipv4("0.0.0.0"), ADDRESS)],
    ["another operation", 0, operation(3)],
    ["a cut ARP packet", 0, parsed(fromHex("ffffffffffff 02005e000199 0806 0001"))],
    ["another EtherType", 0, parsed(fromHex("ffffffffffff 02005e000199 86dd 0001"))],
  ])("is not %s", (_, lan, frame) => {
    const [probes] = begun();
    expect(probes.heard(lan, frame, OWN_MAC)).toBeUndefined();
    expect(probes.size).toBe(1);
  });

  test("among many ends the right one", () => {
    const probes = new ConflictProbes();
    for (let i = 0; i < 20; i++) {
      probes.begin(wish({ client: client(i), address: ipv4(`10.77.0.${i + 1}`) }), 1000 + i);
    }
    const probe = probes.heard(0, arpReply(STRANGER, ipv4("10.77.0.8")), OWN_MAC);
    expect(probe?.client).toEqual(client(7).copy());
    expect(probes.size).toBe(19);
    const left = [];
    for (let next = probes.due(1e6); next; next = probes.due(1e6)) left.push(next.address & 255);
    expect(left).toEqual(Array.from({ length: 20 }, (_, i) => i + 1).filter((one) => one !== 8));
  });

  function requestFor(senderIp: ReturnType<typeof ipv4>): Frame {
    const arp = { operation: ARP_REQUEST, senderMac: STRANGER, senderIp };
    return parsed(buildArp(OWN_MAC, { ...arp, targetMac: new Uint8Array(6), targetIp: ADDRESS }));
  }

  function operation(code: number): Frame {
    const arp = { operation: code, senderMac: STRANGER, senderIp: ADDRESS };
    return parsed(buildArp(OWN_MAC, { ...arp, targetMac: OWN_MAC, targetIp: OWN_ADDRESS }));
  }
});

describe("a conflict behind a relay", () => {
  test("is the reply to our echo, through the relay's router", () => {
    const [probes, probe] = begun({ way: "icmp" });
    const echo = question(probe, OWN_MAC, OWN_ADDRESS);
    const frame = parsed(echo);
    expect([frame.kind, frame.sourceIp, frame.destinationIp]).toEqual([
      "icmp",
      OWN_ADDRESS,
      ADDRESS,
    ]);
    expect([frame.srcMac, frame.dstMac]).toEqual([OWN_MAC, ROUTER]);
    expect(probes.heard(3, echoReply(echo), OWN_MAC)).toMatchObject({
      tries: 1,
      heardFrom: ROUTER,
    });
    expect(probes.size).toBe(0);
  });

  test("is not the reply to another echo, from another address, or a broken one", () => {
    const [probes, probe] = begun({ way: "icmp" });
    const { sequence } = probe;
    const echo = {
      sourceMac: OWN_MAC,
      destinationMac: ROUTER,
      sourceIp: OWN_ADDRESS,
      destinationIp: ADDRESS,
      identifier: 0x5444,
      sequence,
    };
    const broken = echoReply(buildEchoRequest(echo));
    broken.bytes[37] = (broken.bytes[37] ?? 0) ^ 1;
    const wrong = [
      broken,
      echoReply(buildEchoRequest({ ...echo, identifier: 1 })),
      echoReply(buildEchoRequest({ ...echo, sequence: sequence + 1 })),
      echoReply(buildEchoRequest({ ...echo, destinationIp: ipv4("10.77.0.101") })),
      parsed(buildEchoRequest(echo)),
      arpReply(STRANGER),
    ];
    for (const frame of wrong) expect(probes.heard(0, frame, OWN_MAC)).toBeUndefined();
    expect(probes.heard(0, echoReply(buildEchoRequest(echo)), OWN_MAC)).toBeDefined();
  });

  test("is not taken from the answer to the question before", () => {
    const [probes, first] = begun({ way: "icmp" });
    const late = echoReply(question(first, OWN_MAC, OWN_ADDRESS));
    probes.due(2000);
    expect(probes.begin(wish({ way: "icmp", client: client(1) }), 3000)).toBe("ask");
    expect(probes.heard(0, late, OWN_MAC)).toBeUndefined();
  });

  test("keeps the addresses it was given, whatever becomes of their memory", () => {
    const senderMac = ROUTER.slice();
    const clientMac = CLIENT_MAC.slice();
    const [, probe] = begun({ way: "icmp", senderMac, clientMac });
    senderMac.fill(0);
    clientMac.fill(0);
    expect([probe.senderMac, probe.clientMac]).toEqual([ROUTER, CLIENT_MAC]);
  });

  test("numbers stay within 16 bits", () => {
    const probes = new ConflictProbes();
    for (let i = 0; i < 70_000; i++) {
      expect(probes.begin(wish({ way: "icmp" }), i * 1000)).toBe("ask");
      probes.due(i * 1000 + WAIT);
    }
    expect(asked(probes).sequence).toBe(70_000 & 0xffff);
  });
});

test("the question on the LAN is an ARP probe for the address", () => {
  const [, probe] = begun();
  const frame = parsed(question(probe, OWN_MAC, OWN_ADDRESS));
  expect(frame.isBroadcast).toBe(true);
  expect(parseArp(frame.bytes, frame.payloadStart, frame.payloadEnd)).toMatchObject({
    operation: ARP_REQUEST,
    senderMac: OWN_MAC,
    senderIp: 0,
    targetIp: ADDRESS,
  });
});

test("a client is left to ask again after so many conflicts in a row", () => {
  const probes = new ConflictProbes();
  let tries = 0;
  for (let i = 1; i <= LIMITS.probeTriesMax; i++) {
    const address = ipv4(`10.77.0.${i}`);
    expect(probes.begin(wish({ address, tries }), 1000 + i)).toBe("ask");
    const probe = probes.heard(0, arpReply(STRANGER, address), OWN_MAC);
    if (!probe) throw new Error("not heard");
    tries = probe.tries;
    expect(tries).toBe(i);
    expect(mayTryAgain(probe)).toBe(i < LIMITS.probeTriesMax);
  }
});
