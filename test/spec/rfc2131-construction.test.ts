// RFC 2131 §4.1: constructing and sending DHCP messages.

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { clientFrame, SERVER_MAC } from "../support/client-frame.ts";
import {
  ACK,
  address,
  bytes,
  CoreBench,
  NAK,
  network,
  REQUEST,
  type Reply,
  text,
} from "../support/core-bench.ts";
import { judgeAllSent } from "../support/sent.ts";
import { A, RELAY, twoNetworks } from "./networks.ts";

judgeAllSent();

/** Where the parts of a DHCP message begin and end in its frame. */
const SNAME = 42 + 44;
const FILE = 42 + 108;
const COOKIE = 42 + 236;
const OPTIONS = 42 + 240;

describe("RFC 2131 §4.1: options and where they stand", () => {
  test("§4.1 MUST end the options with the 'end' option", () => {
    const reply = new CoreBench().discover(A);
    const { end, isPadded } = walk(reply?.frame ?? bytes(), OPTIONS, reply?.frame.length ?? 0);
    expect(reply?.frame[end]).toBe(255);
    expect(isPadded).toBe(true);
  });

  test("§4.1: the options begin with the magic cookie", () => {
    const reply = new CoreBench().discover(A);
    expect(Array.from(reply?.frame.subarray(COOKIE, OPTIONS) ?? [])).toEqual([99, 130, 83, 99]);
  });

  test("§4.1 MUST name 'option overload' in the 'options' field, with value 1, 2 or 3", () => {
    expect(roomy(1)?.option(52)).toBeUndefined();
    expect(crowded(4)?.option(52)).toEqual([1]);
    expect(crowded(5)?.option(52)).toEqual([3]);
    for (const pieces of [4, 5]) {
      const reply = crowded(pieces);
      const { codes } = walk(reply?.frame ?? bytes(), OPTIONS, reply?.frame.length ?? 0);
      expect(codes.filter(({ code }) => code === 52)).toHaveLength(1);
    }
  });

  test("§4.1 MUST NOT use 'sname' and 'file' for options without 'option overload'", () => {
    const frame = roomy(1)?.frame ?? bytes();
    expect(frame.subarray(SNAME, COOKIE).every((byte) => byte === 0)).toBe(true);
  });

  test("§4.1 MUST terminate the 'options' field by 'end' when 'option overload' is present", () => {
    const frame = crowded(5)?.frame ?? bytes();
    expect(frame[walk(frame, OPTIONS, frame.length).end]).toBe(255);
  });

  test("§4.1 MUST begin the options in 'sname' and 'file' with the first octet of the field", () => {
    const frame = crowded(5)?.frame ?? bytes();
    for (const start of [SNAME, FILE]) expect(frame[start]).toBeGreaterThanOrEqual(200);
  });

  test("§4.1 MUST terminate the options in 'sname' and 'file' by an 'end' option", () => {
    const frame = crowded(5)?.frame ?? bytes();
    expect(frame[walk(frame, SNAME, FILE).end]).toBe(255);
    expect(frame[walk(frame, FILE, COOKIE).end]).toBe(255);
  });

  test("§4.1 MUST fill the remainder of 'sname' and 'file' with 'pad' options", () => {
    const frame = crowded(5)?.frame ?? bytes();
    expect(walk(frame, SNAME, FILE).isPadded).toBe(true);
    expect(walk(frame, FILE, COOKIE).isPadded).toBe(true);
  });

  test("§4.1 MUST contain any individual option entirely in one field", () => {
    const frame = crowded(5)?.frame ?? bytes();
    const all = [
      ...walk(frame, OPTIONS, frame.length).codes,
      ...walk(frame, FILE, COOKIE).codes,
      ...walk(frame, SNAME, FILE).codes,
    ].filter(({ code }) => code >= 200);
    expect(all.map(({ code }) => code).toSorted()).toEqual([200, 201, 202, 203, 204]);
    expect(all.map(({ length }) => length)).toEqual(all.map(({ code }) => sizeOf(code)));
  });

  test("§4.1 MUST interpret 'options' first, 'file' next and 'sname' last", () => {
    const bench = new CoreBench();
    const frame = clientFrame({
      type: REQUEST,
      mac: A,
      options: { 50: address("10.77.0.150"), 12: text("a"), 52: bytes(3) },
    });
    frame.set([12, 1, 0x63, 255], SNAME);
    frame.set([12, 1, 0x62, 255], FILE);
    bench.frame(frame);
    expect(bench.at("10.77.0.150")?.hostname).toBe("abc");
  });

  test("§4.1: options may appear only once; the pieces of one are joined (RFC 3396)", () => {
    const reply = new CoreBench([
      network({ options: [{ code: 200, data: new Uint8Array(290).fill(7) }] }),
    ]).discover(A, { options: { 55: bytes(200, 200), 57: bytes(5, 220) } });
    const { codes } = walk(reply?.frame ?? bytes(), OPTIONS, reply?.frame.length ?? 0);
    const lengths = codes.filter(({ code }) => code === 200).map(({ length }) => length);
    expect(lengths.length).toBeGreaterThan(1);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(290);
    expect(reply?.option(200)).toHaveLength(290);
  });
});

describe("RFC 2131 §4.1: the server identifier", () => {
  test("§4.1 MUST accept any of its network addresses as identifying that server", () => {
    const virtual = { serverId: ipv4("10.77.0.1") };
    for (const named of ["10.77.0.1", "10.77.0.2"]) {
      const bench = new CoreBench([network(virtual)]);
      const offer = bench.discover(A);
      expect(bench.select(A, offer?.yiaddr ?? "", named)?.type, named).toBe(ACK);
    }
  });

  test("§4.1 MUST accept its address on another of its LANs as identifying that server", () => {
    const bench = twoNetworks();
    const offer = bench.discover(A);
    expect(bench.select(A, offer?.yiaddr ?? "", "10.78.0.2")?.type).toBe(ACK);
  });

  test("§4.1 MUST choose an address as 'server identifier' that the client reaches: its own LAN's", () => {
    const bench = twoNetworks();
    expect(bench.discover(A, {}, 0)?.option(54)).toEqual([10, 77, 0, 2]);
    expect(bench.discover(A, {}, 1)?.option(54)).toEqual([10, 78, 0, 2]);
  });

  test("§4.1: behind a relay it is one of the network that the relay stands for", () => {
    const bench = twoNetworks({}, { relays: [ipv4("10.78.0.1")] });
    const reply = bench.discover(A, { ...RELAY, giaddr: "10.78.0.1", sourceIp: "10.78.0.1" });
    expect(reply?.option(54)).toEqual([10, 78, 0, 2]);
  });
});

describe("RFC 2131 §4.1: where replies go", () => {
  test("§4.1: messages from a server go to port 68 of the client and come from port 67", () => {
    const reply = new CoreBench().discover(A);
    expect(reply?.destinationPort).toBe(68);
    expect(Array.from(reply?.frame.subarray(34, 36) ?? [])).toEqual([0, 67]);
  });

  test("§4.1: giaddr set: to the server port of the relay agent, for offers and acks", () => {
    const bench = new CoreBench();
    const offer = bench.discover(A, RELAY);
    const ack = bench.select(A, offer?.yiaddr ?? "", "10.77.0.2", RELAY);
    for (const reply of [offer, ack]) {
      expect(reply?.destinationIp).toBe("10.77.0.9");
      expect(reply?.destinationPort).toBe(67);
      expect(reply?.destinationMac).toBe("02:00:00:00:00:99");
      expect(reply?.giaddr).toBe("10.77.0.9");
    }
  });

  test("§4.1: giaddr zero, ciaddr set: unicast to ciaddr", () => {
    const bench = new CoreBench();
    const held = bench.lease(A);
    const ack = bench.renew(A, held);
    expect([ack?.destinationIp, ack?.destinationMac]).toEqual([held, A]);
  });

  test("§4.1: giaddr and ciaddr zero, broadcast bit set: to 0xffffffff", () => {
    const reply = new CoreBench().discover(A, { broadcast: true });
    expect([reply?.destinationIp, reply?.destinationMac]).toEqual(EVERYBODY);
  });

  test("§4.1: giaddr and ciaddr zero, broadcast bit clear: unicast to chaddr and yiaddr", () => {
    const reply = new CoreBench().discover(A);
    expect([reply?.destinationIp, reply?.destinationMac]).toEqual([reply?.yiaddr, A]);
  });

  test("§4.1: a hardware address that is not Ethernet's cannot be sent to at link level: broadcast", () => {
    const reply = new CoreBench().discover(A, { htype: 6 });
    expect(reply?.destinationIp).toBe("255.255.255.255");
  });

  test("§4.1: giaddr zero: DHCPNAK goes to 0xffffffff in all cases", () => {
    const nak = new CoreBench().renew(A, "10.99.0.1");
    expect(nak?.type).toBe(NAK);
    expect([nak?.destinationIp, nak?.destinationMac]).toEqual(EVERYBODY);
  });

  test("§4.1: the options field is not shorter than BOOTP relays expect: 300 bytes of message", () => {
    const reply = new CoreBench().discover(A);
    expect((reply?.frame.length ?? 0) - 42).toBeGreaterThanOrEqual(300);
  });

  test("§4.1: replies leave from the interface's own MAC", () => {
    expect(new CoreBench().discover(A)?.sourceMac).toBe(SERVER_MAC);
  });
});

const EVERYBODY = ["255.255.255.255", "ff:ff:ff:ff:ff:ff"];

/** The offer of a network with so many long options, to a client that takes 1500 bytes. */
function roomy(count: number): Reply | undefined {
  return offerWith(count, { 57: bytes(5, 220) });
}

/** The same to one that takes 576 bytes, so that options spill into `file` and `sname`. */
function crowded(count: number): Reply | undefined {
  return offerWith(count, {});
}

/** Options 200, 201, …: three that fill the options field, one for `file` and one for `sname`. */
function sizeOf(code: number): number {
  return [120, 110, 30, 118, 40][code - 200] ?? 0;
}

function offerWith(count: number, options: Record<number, Uint8Array>): Reply | undefined {
  const configured = Array.from({ length: count }, (_, i) => {
    return { code: 200 + i, data: new Uint8Array(sizeOf(200 + i)).fill(7) };
  });
  const asked = Uint8Array.from(configured, ({ code }) => code);
  return new CoreBench([network({ options: configured })]).discover(A, {
    options: { ...options, 55: asked },
  });
}

interface Walked {
  readonly codes: { code: number; length: number }[];
  /** Where "end" stands; `limit` when there is none. */
  readonly end: number;
  /** Nothing but pad options behind it. */
  readonly isPadded: boolean;
}

/** The options of one area of a frame, read by hand. */
function walk(frame: Uint8Array, start: number, limit: number): Walked {
  const codes: { code: number; length: number }[] = [];
  let at = start;
  while (at < limit && frame[at] !== 255) {
    const code = frame[at] ?? 0;
    if (code === 0) {
      at++;
      continue;
    }
    const length = frame[at + 1] ?? 0;
    codes.push({ code, length });
    at += 2 + length;
  }
  const isPadded = at < limit && frame.subarray(at + 1, limit).every((byte) => byte === 0);
  return { codes, end: Math.min(at, limit), isPadded };
}
