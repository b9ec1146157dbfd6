// What a hostile client, relay or neighbour puts into the options that the server looks into, into ARP, ICMP and
// lease queries: nothing may throw, each frame is counted once, and nothing may grow.

import { expect, test } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { DecodeError } from "../../daemon/base/errors.ts";
import { BUSY, BulkLeaseQuery } from "../../daemon/core/bulk-leasequery.ts";
import {
  type ClassConfig,
  type Match,
  NOTHING_SET,
  type ReservationKey,
} from "../../daemon/core/config-view.ts";
import type { Effect } from "../../daemon/core/effect.ts";
import { LIMITS } from "../../daemon/limits.ts";
import { buildArp } from "../../daemon/wire/arp.ts";
import { buildEchoRequest } from "../../daemon/wire/icmp.ts";
import { clientFrame, macBytes, SERVER_MAC } from "../support/client-frame.ts";
import {
  address,
  CoreBench,
  configOf,
  network,
  poolOf,
  reserve,
  text,
} from "../support/core-bench.ts";
import {
  bookComplaints,
  countComplaints,
  effectComplaints,
  totalCounts,
} from "../support/core-invariants.ts";
import { queryBytes } from "../support/query-message.ts";
import { below, seeded } from "../support/random.ts";
import { mutate, repairIpHeader } from "./wire-mutation.ts";

const COUNT = Number(process.env.FUZZ ?? 10_000);
const SEED = Number(process.env.SEED ?? 20260302);
const NETWORKS = 3;
const CLIENTS = 60;
const HEAD = 42 + 240 + 3;

type Random = () => number;

test(`${COUNT} hostile frames to a server with everything switched on, seed ${SEED}`, {
  timeout: 600_000,
}, () => {
  const random = seeded(SEED);
  const bench = makeBench();
  for (let i = 0; i < COUNT; i++) {
    bench.monotonic += below(random, 30) === 0 ? below(random, 15_000) : below(random, 60);
    // What is due by now anyway is not what the frame brings about.
    expect(alarmsOf(bench, bench.step({ kind: "alarm" }))).toEqual([]);
    const frame = anyFrame(random);
    const before = totalCounts(bench.core, NETWORKS);
    const effects = bench.frame(frame, below(random, 8) === 0 ? 1 : 0);
    const complaints = countComplaints(frame, before, totalCounts(bench.core, NETWORKS));
    complaints.push(...alarmsOf(bench, effects));
    if (complaints.length > 0) expect(complaints, `frame ${i}`).toEqual([]);
    if (i % 7 === 0) bench.durable();
    if (i % 50 === 0) expect(effectComplaints(effects, true), `frame ${i}`).toEqual([]);
    if (i % 1000 === 0) expect(bookComplaints(bench.core, NETWORKS), `frame ${i}`).toEqual([]);
  }
  expect(bookComplaints(bench.core, NETWORKS)).toEqual([]);
  // A run that reached nothing would prove nothing.
  const names = Array.from({ length: NETWORKS }, (_, index) => bench.core.counters(index));
  for (const name of REACHED) {
    const count = names.reduce((sum, counters) => sum + (counters[name] ?? 0), 0);
    expect(count, name).toBeGreaterThan(0);
  }
});

const REACHED = [
  "sent-offer",
  "sent-ack",
  "sent-nak",
  "refused-option-malformed",
  "refused-relay-unknown",
  "refused-denied",
  "refused-port-full",
  "refused-query-malformed",
];

test(`${COUNT} pieces of bulk lease queries, seed ${SEED}`, { timeout: 600_000 }, () => {
  const random = seeded(SEED ^ 7);
  const { core } = makeBench();
  const source = core.bulkSource(ipv4("10.77.0.2"));
  const seen = { answers: 0, closed: 0 };
  let session = new BulkLeaseQuery(source);
  for (let i = 0; i < COUNT; i++) {
    let isOpen = session.receive(anyPiece(random));
    try {
      while (isOpen) {
        const next = session.pull(core.seconds);
        if (next === undefined) break;
        if (next !== BUSY) seen.answers++;
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      isOpen = false;
    }
    if (isOpen) continue;
    seen.closed++;
    session = new BulkLeaseQuery(source);
  }
  expect(seen.answers).toBeGreaterThan(COUNT / 100);
  expect(seen.closed).toBeGreaterThan(COUNT / 100);
});

function makeBench(): CoreBench {
  const far = network({
    name: "far",
    interfaceName: "",
    subnet: { address: ipv4("10.79.0.0"), prefix: 24, mask: ipv4("255.255.255.0") },
    ...{ ownAddress: ipv4("0.0.0.0"), serverId: ipv4("0.0.0.0") },
    relays: [ipv4("172.16.0.1")],
    ...{ probe: true, rapidCommit: true, leasesPerCircuitMax: 1 },
    pool: ["10.79.0.100", "10.79.0.120"],
    reservations: [reservedFor({ kind: "circuit-id", bytes: text("p1") }, "10.79.0.20")],
  });
  const near = network({
    ...{ probe: true, forceRenew: true, watchServers: true },
    ...{ keptForKnownPercent: 20, leasesPerCircuitMax: 1 },
    deny: [macBytes(macOf(9))],
    pools: [
      poolOf("10.77.0.100", "10.77.0.130", { deny: [0] }),
      poolOf("10.77.0.131", "10.77.0.150", { allow: [0, 1, 2] }),
    ],
    reservations: [
      reserve(macOf(1), "10.77.0.20"),
      reservedFor({ kind: "hostname", hostname: "printer" }, "10.77.0.21"),
      reservedFor({ kind: "remote-id", bytes: text("r1") }, "10.77.0.22"),
    ],
  });
  const guests = network({
    ...{ name: "guests", interfaceName: "lan1", rapidCommit: true },
    subnet: { address: ipv4("10.78.0.0"), prefix: 24, mask: ipv4("255.255.255.0") },
    ...{ ownAddress: ipv4("10.78.0.2"), serverId: ipv4("10.78.0.2") },
    pool: ["10.78.0.100", "10.78.0.110"],
  });
  const leasequeryFrom = [ipv4("172.16.0.1"), ipv4("10.77.0.9")];
  const config = configOf([near, guests, far], { classes: CLASSES, leasequeryFrom });
  return new CoreBench([], { config });
}

const CLASSES: readonly ClassConfig[] = [
  classOf("boot", { kind: "arch", of: [7, 9, 0xffff] }),
  classOf("user", { kind: "user-class", test: contains("iPXE") }),
  classOf("vendor", { kind: "option", code: 60, test: contains("phone") }),
  classOf("inside", { kind: "option", code: 43, test: contains("x") }),
  classOf("remote", { kind: "relay-suboption", code: 2, test: contains("r") }),
  classOf("id", { kind: "not", of: { kind: "option", code: 61, test: { how: "present" } } }),
  classOf("denied", { kind: "option", code: 124, test: contains("denied") }, true),
];

function contains(value: string) {
  return { how: "contains", bytes: text(value), ignoreCase: true } as const;
}

function classOf(name: string, match: Match, isDenied = false): ClassConfig {
  return { ...NOTHING_SET, name, match, isDenied };
}

function reservedFor(key: ReservationKey, to: string) {
  return { ...NOTHING_SET, key, address: ipv4(to), name: "" };
}

function macOf(number: number): string {
  return `00:5e:10:00:00:${number.toString(16).padStart(2, "0")}`;
}

function alarmsOf(bench: CoreBench, effects: readonly Effect[]): string[] {
  const isPast = (one: Effect) => one.kind === "alarm" && one.atMonotonic <= bench.monotonic;
  return effects.some(isPast) ? ["an alarm is asked for in the past"] : [];
}

function anyFrame(random: Random): Uint8Array {
  const choice = random();
  if (choice < 0.12) return anyArp(random);
  if (choice < 0.2) return anyEcho(random);
  const frame = hostileFrame(random);
  return choice < 0.9 ? frame : repaired(mutate(frame, random));
}

function anyArp(random: Random): Uint8Array {
  const mac = macBytes(macOf(below(random, CLIENTS)));
  const near = () => ipv4(below(random, 4) === 0 ? "0.0.0.0" : anyAddress(random));
  const frame = buildArp(macBytes(SERVER_MAC), {
    operation: 1 + below(random, 3),
    ...{ senderMac: mac, senderIp: near(), targetMac: new Uint8Array(6), targetIp: near() },
  });
  return random() < 0.7 ? frame : withType(mutate(frame, random), 0x0806);
}

function anyEcho(random: Random): Uint8Array {
  const frame = buildEchoRequest({
    sourceMac: macBytes(macOf(below(random, CLIENTS))),
    destinationMac: macBytes(SERVER_MAC),
    ...{ sourceIp: ipv4(anyAddress(random)), destinationIp: ipv4("10.77.0.2") },
    ...{ identifier: 0x5444, sequence: below(random, 300) },
  });
  // As a reply: one byte, and eight in the first byte of a sum of complements.
  frame[34] = 0;
  frame[36] = ((frame[36] ?? 0) + 8) & 255;
  return random() < 0.7 ? frame : withType(mutate(frame, random), 0x0800);
}

/** Keeps the frame what it was, so that the rest of it is reached. */
function withType(frame: Uint8Array, type: number): Uint8Array {
  if (frame.length >= 14) new DataView(frame.buffer, frame.byteOffset).setUint16(12, type);
  return frame;
}

function anyAddress(random: Random): string {
  return `10.${77 + 2 * below(random, 2)}.0.${95 + below(random, 60)}`;
}

/** Options of every kind, whole, empty, too long, or in pieces all over the message (RFC 3396). */
function hostileFrame(random: Random): Uint8Array {
  const pick = <T>(...items: T[]): T => items[below(random, items.length)] as T;
  const isRelayed = random() < 0.4;
  const type = pick(1, 1, 1, 3, 3, 3, 4, 7, 8, 10, 10, 13);
  const plain = clientFrame({
    ...{ type, mac: macOf(below(random, CLIENTS)), xid: below(random, 1 << 30) },
    ...(random() < 0.3 ? { ciaddr: anyAddress(random) } : {}),
    ...(isRelayed ? { giaddr: pick("172.16.0.1", "10.79.0.1", "10.77.0.9", "1.2.3.4") } : {}),
    ...(isRelayed ? { destinationIp: "10.77.0.2", sourceMac: macOf(250) } : {}),
  });
  const pieces: number[][] = [];
  if (random() < 0.5) pieces.push(piece(50, address(anyAddress(random))));
  if (random() < 0.4) pieces.push(piece(54, address("10.77.0.2")));
  for (let count = below(random, 5); count > 0; count--) {
    const code = pick(...CODES);
    for (const part of parts(random, contentOf(random, code))) pieces.push(piece(code, part));
  }
  if (isRelayed) {
    const content = random() < 0.4 ? Uint8Array.of(1, 2, ...text("p2")) : contentOf(random, 82);
    for (const part of parts(random, content)) pieces.push(piece(82, part));
  }
  for (let at = pieces.length - 1; at > 0 && random() < 0.3; at--) {
    const other = below(random, at);
    [pieces[at], pieces[other]] = [pieces[other] ?? [], pieces[at] ?? []];
  }
  const end = random() < 0.95 ? [255] : [];
  return repaired(Uint8Array.from([...plain.subarray(0, HEAD), ...pieces.flat(), ...end]));
}

const CODES = [82, 82, 82, 118, 77, 77, 43, 60, 93, 124, 61, 61, 12, 55, 57, 80, 116, 145, 90, 91];
const WORDS = [
  "iPXE",
  "phone",
  "denied",
  "x",
  "p1",
  "p2",
  "p2",
  "r1",
  "printer",
  "",
  "\u0000",
  "\u00ff",
];

function contentOf(random: Random, code: number): Uint8Array {
  const pick = <T>(...items: T[]): T => items[below(random, items.length)] as T;
  const word = () => text(pick(...WORDS));
  if (random() < 0.3) return noise(random, pick(0, 1, 2, 3, 4, 8, 40, 255, 300));
  if (code === 82) {
    const suboption = () => {
      const content = pick(word(), address(anyAddress(random)), noise(random, below(random, 6)));
      return [pick(1, 1, 2, 5, 6, 9, 10, 11, 12, 19, 151, 0, 255), content.length, ...content];
    };
    const all = Array.from({ length: 1 + below(random, 4) }, suboption).flat();
    return Uint8Array.from(all.slice(0, pick(all.length, all.length, below(random, 20))));
  }
  if (code === 77) return Uint8Array.from([pick(4, 5, 0, 200), ...word(), pick(1, 0), ...word()]);
  if (code === 118) return address(anyAddress(random));
  if (code === 93) return noise(random, pick(2, 2, 4, 3)).map((byte) => pick(0, byte, 7));
  if (code === 124) return Uint8Array.from([0, 0, 1, 0x37, pick(3, 6, 255), ...word()]);
  return Uint8Array.from([...word(), ...word()]);
}

function noise(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(random, 256));
}

function parts(random: Random, content: Uint8Array): Uint8Array[] {
  const result: Uint8Array[] = [];
  let at = 0;
  do {
    const most = random() < 0.6 ? 255 : 1 + below(random, 9);
    result.push(content.subarray(at, at + most));
    at += most;
  } while (at < content.length);
  return result;
}

function piece(code: number, content: Uint8Array): number[] {
  return [code, content.length, ...content];
}

function repaired(frame: Uint8Array): Uint8Array {
  repairIpHeader(frame);
  return frame;
}

/** A query with its length in front, damaged or not, or a part of one, or noise. */
function anyPiece(random: Random): Uint8Array {
  const pick = <T>(...items: T[]): T => items[below(random, items.length)] as T;
  if (random() < 0.05) return noise(random, below(random, LIMITS.bulkQueryBytesMax + 10));
  const codes = [53, pick(...CODES), pick(154, 155, 221, 55)];
  const options = codes.map((code): [number, number[]] => {
    const content = code === 53 ? Uint8Array.of(pick(14, 14, 14, 10)) : contentOf(random, code);
    return [code, Array.from(content)];
  });
  let query = queryBytes({ chaddr: pick([], [0, 0x5e, 0x10, 0, 0, 1]), options });
  if (random() < 0.5) query = Uint8Array.from(mutate(query, random));
  const whole = Uint8Array.from([query.length >>> 8, query.length & 255, ...query]);
  return random() < 0.8 ? whole : whole.subarray(0, below(random, whole.length));
}
