// Hostile beacons and messages through everything that reads them on the way to a pair: what is no beacon is a
// DecodeError, what is not signed by the partner changes nothing, and no configuration leaves a box before a person
// has confirmed the digits there. `FUZZ=1000000` runs that many, `SEED=7` another sequence.

import { describe, expect, test } from "vitest";
import { DecodeError } from "../../daemon/base/errors.ts";
import { type FoundBox, Lookout, type LookoutPath } from "../../daemon/core/witness/lookout.ts";
import { DEFAULT_TIMES } from "../../daemon/core/witness/witness.ts";
import { LIMITS } from "../../daemon/limits.ts";
import {
  type Beacon,
  decodeBeacon,
  encodeBeacon,
  SIGNATURE_BYTES,
} from "../../daemon/wire/beacon.ts";
import {
  type ConfigMessage,
  decodeConfigMessage,
  encodeConfigMessage,
} from "../../daemon/wire/config-message.ts";
import {
  decodeGatewayMessage,
  encodeGatewayMessage,
  type GatewayMessage,
} from "../../daemon/wire/gateway-message.ts";
import {
  decodeIntroduction,
  encodeIntroduction,
  type IntroductionMessage,
} from "../../daemon/wire/introduction-message.ts";
import { below, seeded } from "../support/random.ts";
import { Cable, newBox, OFFICE, officeBox } from "../support/two-introductions.ts";
import { mutate } from "./wire-mutation.ts";

const COUNT = Number(process.env.FUZZ ?? 20_000);
const SEED = Number(process.env.SEED ?? 20260818);
const SIGNATURE = new Uint8Array(SIGNATURE_BYTES);
const CABLE: LookoutPath = { interfaceName: "ded0", lan: undefined };
const LAN: LookoutPath = { interfaceName: "lan0", lan: "office" };
const IDS = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => new Uint8Array(32).fill(number));
const [OWN = SIGNATURE, PARTNER = SIGNATURE] = IDS;
const boot = (number: number): Uint8Array => new Uint8Array(8).fill(number);

/** A message with its bytes, read or refused; whatever else is thrown is a fault. */
function read<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T | undefined {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

describe(`with seed ${SEED} (SEED), ${COUNT} runs (FUZZ)`, { timeout: 900_000 }, () => {
  test("beacons of anybody: only the partner is seen, checks are rationed, strangers are few", () => {
    const random = seeded(SEED);
    let now = 50_000;
    const lookout = new Lookout(boot(1), DEFAULT_TIMES, now);
    lookout.configure(OWN, PARTNER, [CABLE, LAN], now);
    for (const { interfaceName } of [CABLE, LAN]) lookout.setCarrier(interfaceName, true);
    const counts = { unreadable: 0, checked: 0, believed: 0, refused: 0 };
    const began = now;
    for (let run = 0; run < COUNT; run++) {
      now += below(random, 4);
      if (below(random, 50) === 0) lookout.due(now);
      const bytes = mutate(signed(anyBeacon(random, run)), random);
      const beacon = read(
        decodeBeacon,
        below(random, 3) === 0 ? bytes : signed(anyBeacon(random, run)),
      )?.beacon;
      if (!beacon) {
        counts.unreadable++;
        continue;
      }
      const at = below(random, 3) === 0 ? "ded0" : below(random, 20) === 0 ? "wan0" : "lan0";
      const why = lookout.admits(at, beacon.key, beacon, now);
      if (why) {
        counts.refused++;
        continue;
      }
      counts.checked++;
      // Signed by whom it says; a stranger's word must not be taken for the partner's.
      const before = lookout.sight(now);
      const disregard = lookout.heard(at, "fe80::66", beacon.key, beacon, now);
      if (!disregard && same(beacon.key, PARTNER)) counts.believed++;
      else expect(lookout.sight(now), `run ${run}`).toEqual(before);
      const found: readonly FoundBox[] = lookout.found(now);
      expect(found.length).toBeLessThanOrEqual(LIMITS.strangersMax);
      expect(found.every(({ interfaceName }) => interfaceName === "ded0")).toBe(true);
      expect(lookout.nextAt(now)).not.toBeNaN();
    }
    // The partner's and others, on two paths, with what may come at once.
    const most = LIMITS.beaconChecksPerSecond + LIMITS.otherBeaconChecksPerSecond;
    expect(counts.checked).toBeLessThanOrEqual(2 * most * ((now - began) / 1000 + 1));
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(COUNT / 1000);
  });

  test("messages of an introduction are read or refused, and what is read can be written", () => {
    const random = seeded(SEED ^ 1);
    const samples = INTRODUCTION.map((message) => encodeIntroduction(message));
    const seen = { read: 0, refused: 0 };
    for (let run = 0; run < COUNT; run++) {
      const message = read(decodeIntroduction, mutate(pick(samples, random), random));
      if (!message) seen.refused++;
      else seen.read++;
      if (!message || message.kind === "foreign-profile") continue;
      expect(decodeIntroduction(encodeIntroduction(message)), `run ${run}`).toEqual(message);
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(COUNT / 50);
  });

  test("messages about the configuration are read or refused, and what is read can be written", () => {
    const random = seeded(SEED ^ 2);
    const samples = CONFIG.map((message) => encodeConfigMessage(message));
    const seen = { read: 0, refused: 0 };
    for (let run = 0; run < COUNT; run++) {
      const message = read(decodeConfigMessage, mutate(pick(samples, random), random));
      if (!message) seen.refused++;
      else seen.read++;
      if (!message) continue;
      expect(decodeConfigMessage(encodeConfigMessage(message)), `run ${run}`).toEqual(message);
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(COUNT / 50);
  });

  test("messages about the gateway are read or refused, and what is read can be written", () => {
    const random = seeded(SEED ^ 4);
    const samples = GATEWAY.map((message) => encodeGatewayMessage(message));
    const seen = { read: 0, refused: 0 };
    for (let run = 0; run < COUNT; run++) {
      const message = read(decodeGatewayMessage, mutate(pick(samples, random), random));
      if (!message) seen.refused++;
      else seen.read++;
      if (!message) continue;
      expect(decodeGatewayMessage(encodeGatewayMessage(message)), `run ${run}`).toEqual(message);
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(COUNT / 50);
  });

  test("a stranger at the cable gets no configuration out of a box whose person has not confirmed", () => {
    const random = seeded(SEED ^ 3);
    let [said, pairs, dialogues] = [0, 0, 0];
    while (said < COUNT / 4) {
      const cable = new Cable(officeBox(1), below(random, 2) ? newBox(2) : officeBox(2), random);
      const [box, stranger] = cable.ends;
      cable.plug();
      const mayConfirm = below(random, 4) === 0;
      for (let turn = 0; turn < 40; turn++, said++) {
        if (below(random, 2) === 0) cable.advance(below(random, 2) as 0 | 1);
        if (stranger.isConnected && below(random, 4) === 0) stranger.confirm();
        if (mayConfirm && below(random, 4) === 0) box.confirm();
        const next = stranger.outgoing[0];
        if (next && below(random, 12) === 0) stranger.outgoing[0] = mutate(next, random);
        else if (box.isConnected && below(random, 12) === 0) {
          const bytes = encodeIntroduction(pick(INTRODUCTION, random));
          box.happen({ kind: "received", bytes });
        }
        const leaks = box.outgoing.filter((bytes) => Buffer.from(bytes).includes("192.168.1."));
        if (!mayConfirm) expect(leaks, `after ${said}`).toEqual([]);
        else pairs += leaks.length;
        expect(box.outgoing.length).toBeLessThan(20);
        if (below(random, 20) === 0) cable.wait(1);
      }
      if (!mayConfirm) expect(box.writes, `after ${said}`).toBe(0);
      dialogues++;
    }
    expect(dialogues).toBeGreaterThan(said / 50);
    expect(pairs).toBeGreaterThan(0);
  });
});

function signed(beacon: Beacon): Uint8Array {
  return Buffer.concat([encodeBeacon(beacon), SIGNATURE]);
}

function anyBeacon(random: () => number, run: number): Beacon {
  const key = pick(IDS, random);
  const maybe = <T>(value: T): T | undefined => (below(random, 3) > 0 ? value : undefined);
  const sequence = Math.max(1, run - below(random, 200));
  const echoed = { boot: boot(1 + below(random, 2)), sequence: 1 + below(random, run / 20 + 2) };
  return {
    ...{ kind: "heartbeat", key, boot: boot(2 + below(random, 3)), sequence },
    ...{ wall: below(random, 2 ** 47), lateMilliseconds: below(random, 9), port: 8647 },
    ...{ model: "Acme", serial: "<b>", software: "1" },
    partner: maybe(pick(IDS, random)),
    echo: maybe({ ...echoed, heldMilliseconds: below(random, 3000) }),
    ...{ state: below(random, 9), generation: below(random, 9), gateway: below(random, 65_536) },
    lans: [{ name: "office", hasCarrier: true, isServed: below(random, 2) === 0 }],
  };
}

function pick<T>(some: readonly T[], random: () => number): T {
  return some[below(random, some.length)] as T;
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

const NUMBER = new Uint8Array(32).fill(7);
const PROFILE: IntroductionMessage = {
  ...{ kind: "profile", software: "1.0", name: "box", model: "board", serial: "S9" },
  ...{ generation: 3, wall: Date.UTC(2026, 4, 3), isServing: true },
  pair: { role: "primary", partner: NUMBER },
};
const NETWORKS = { office: { interface: "lan0", address: "10.9.9.2/24" } };
const INTRODUCTION: readonly Exclude<IntroductionMessage, { kind: "foreign-profile" }>[] = [
  PROFILE,
  { ...PROFILE, pair: undefined },
  { kind: "commitment", bytes: NUMBER },
  { kind: "number", bytes: NUMBER },
  { kind: "confirmed" },
  { kind: "configuration", shared: OFFICE },
  { kind: "choice", takes: "senders" },
  { kind: "choice", takes: "receivers" },
  { kind: "offer", role: "secondary", name: "box", shared: OFFICE, networks: NETWORKS },
  { kind: "offer", role: "primary", name: "box", shared: [[[]]], networks: null },
  { kind: "taken" },
  { kind: "refused", code: 3 },
  { kind: "leave" },
  { kind: "left" },
  { kind: "retire" },
];
const HASH = "0123456789abcdef".repeat(4);
const LINEAGE = { generation: 3, hash: HASH, ancestors: [{ generation: 2, hash: HASH }] };
const ORIGIN = { who: "eva", wall: 2 ** 41, from: "page 192.168.1.20", box: "A", note: "voice" };
const CONFIG: readonly ConfigMessage[] = [
  { kind: "hello", lineage: LINEAGE, isOnTrial: true },
  { kind: "fetch" },
  { kind: "document", origin: undefined, text: JSON.stringify(OFFICE) },
  {
    kind: "propose",
    number: 7,
    lineage: LINEAGE,
    origin: ORIGIN,
    trialMilliseconds: 60_000,
    text: JSON.stringify(OFFICE),
  },
  { kind: "confirm", hash: HASH },
  { kind: "undo", hash: HASH, origin: ORIGIN },
  { kind: "ready", number: 7 },
  { kind: "refused", number: 7, objections: [{ file: "config.json", path: "", reason: "no" }] },
  { kind: "overtaken", number: 7 },
  { kind: "commit", number: 7 },
  { kind: "cancel", number: 7 },
  { kind: "applied", number: 7 },
];
const GATEWAY: readonly GatewayMessage[] = [
  { kind: "handover" },
  { kind: "refused", text: "a drill is under way; it ends by itself" },
  { kind: "drill-wish", drill: 2 },
  { kind: "drill-begin", id: 0xfeedface, drill: 1, seconds: 10, delayMilliseconds: 1500 },
  { kind: "drill-ready", id: 0xfeedface },
  { kind: "drill-report", json: JSON.stringify({ id: 7, kind: "planned", sentence: "Grüße." }) },
];
