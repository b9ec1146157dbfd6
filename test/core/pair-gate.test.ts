// Which of two boxes answers a client. Both cores get the same frames; what they say to each other is real.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { CoreOptions } from "../../daemon/core/core.ts";
import { bucketOf } from "../../daemon/core/failover/load-balance.ts";
import type { PairStateName } from "../../daemon/core/failover/pair-state.ts";
import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import { bytes, type ClientMessage, macBytes } from "../support/client-frame.ts";
import {
  ACK,
  address,
  DISCOVER,
  INFORM,
  leaseTime,
  OFFER,
  RELEASE,
  REQUEST,
  START_SECONDS,
} from "../support/core-bench.ts";
import { makeLease, makePair } from "../support/leases.ts";
import { judgeAllSent } from "../support/sent.ts";
import { only, PairedBox, TwoCores } from "../support/two-cores.ts";
import { fromHex } from "../wire/messages.ts";

judgeAllSent();

const ROLES: readonly FailoverRole[] = ["primary", "secondary"];
const HOT_STANDBY = { mode: { kind: "hot-standby", reservePercent: 10 } } as const;

/** Seen of real dhcpd, which hashes alike. */
interface Vector {
  readonly keyHex: string;
  readonly keyIs: "chaddr" | "client-identifier option data";
  readonly hash: number;
}

const FILE = new URL("../fixtures/failover/11-load-balance-hba.vectors.json", import.meta.url);
const SEEN: readonly Vector[] = JSON.parse(readFileSync(FILE, "utf8"));

/** Client number `n` of those that this box answers when each has one half of the buckets. */
function macOf(role: FailoverRole, n = 0): string {
  for (let i = 0, left = n; ; i++) {
    const mac = `02:00:00:00:01:${i.toString(16).padStart(2, "0")}`;
    const isPrimarys = bucketOf(macBytes(mac), 0, 6) < 128;
    if (isPrimarys === (role === "primary") && left-- === 0) return mac;
  }
}

function otherThan(role: FailoverRole): FailoverRole {
  return role === "primary" ? "secondary" : "primary";
}

function discover(mac: string, more: Partial<ClientMessage> = {}): ClientMessage {
  return { type: DISCOVER, mac, ...more };
}

/** The REQUEST with which a client takes the offer of a box. */
function select(mac: string, wanted: string, server: string): ClientMessage {
  return { type: REQUEST, mac, options: { 50: address(wanted), 54: address(server) } };
}

function reboot(mac: string, remembered: string): ClientMessage {
  return { type: REQUEST, mac, options: { 50: address(remembered) } };
}

/** The whole way to a lease; the address. */
function lease(cores: TwoCores, mac: string): string {
  const { role, reply } = only(cores.broadcast(discover(mac)));
  const { ownAddress } = cores.box(role);
  const ack = only(cores.broadcast(select(mac, reply.yiaddr, ownAddress)));
  expect(ack).toMatchObject({ role, reply: { type: ACK } });
  return ack.reply.yiaddr;
}

/** How many boxes answer. */
function answersTo(cores: TwoCores, message: ClientMessage): number {
  const { primary, secondary } = cores.broadcast(message);
  return (primary ? 1 : 0) + (secondary ? 1 : 0);
}

describe("in step, the clients divided by their hash", () => {
  test.each([
    [50, 128],
    [80, 205],
    [100, 256],
    [0, 0],
  ])(
    "of new clients the primary with %i per cent answers buckets below %i",
    (primaryPercent, end) => {
      const cores = TwoCores.inStep({ mode: { kind: "load-balancing", primaryPercent } });
      for (const [i, { keyHex, keyIs, hash }] of SEEN.entries()) {
        const key = fromHex(keyHex);
        const mac = `06:00:00:00:00:${i.toString(16).padStart(2, "0")}`;
        const chaddr = Array.from(key, (byte) => byte.toString(16).padStart(2, "0")).join(":");
        const message =
          keyIs === "chaddr" ? discover(chaddr) : discover(mac, { options: { 61: key } });
        const { role, reply } = only(cores.broadcast(message));
        expect([role, reply.type], keyHex).toEqual([hash < end ? "primary" : "secondary", OFFER]);
      }
    },
  );

  test("what is left to the partner is counted as that", () => {
    const cores = TwoCores.inStep();
    cores.broadcast(discover(macOf("secondary")));
    expect(cores.primary.refused()).toEqual({ "partner-answers": 1 });
    expect(cores.secondary.refused()).toEqual({});
  });

  test("either answers a client that says that it has tried for more than 3 s", () => {
    const cores = TwoCores.inStep();
    for (const role of ROLES) {
      expect(answersTo(cores, discover(macOf(role), { secs: 3 }))).toBe(1);
      expect(answersTo(cores, discover(macOf(role), { secs: 4 }))).toBe(2);
    }
  });

  test("seconds that are written the wrong way round are understood", () => {
    const cores = TwoCores.inStep();
    const answers = (secs: number) => answersTo(cores, discover(macOf("primary"), { secs }));
    expect([0x0100, 0x0300, 0x0400, 0x0500].map(answers)).toEqual([1, 1, 2, 2]);
    // Nobody who just began has these the wrong way round.
    expect([0x0101, 0x0302].map(answers)).toEqual([2, 2]);
  });

  test("the configuration says after how many seconds", () => {
    const cores = TwoCores.inStep({ loadBalanceSecondsMax: 10 });
    expect(answersTo(cores, discover(macOf("primary"), { secs: 10 }))).toBe(1);
    expect(answersTo(cores, discover(macOf("primary"), { secs: 11 }))).toBe(2);
  });

  test.each(ROLES)(
    "either answers a client of the %s that says 0 and tries for more than 3 s",
    (role) => {
      const cores = TwoCores.inStep();
      const mac = macOf(role);
      expect(only(cores.broadcast(discover(mac))).role).toBe(role);
      cores.pass(3000);
      expect(only(cores.broadcast(discover(mac))).role).toBe(role);
      cores.pass(10);
      expect(answersTo(cores, discover(mac))).toBe(2);
    },
  );

  test.each(ROLES)("a client of the %s that got somewhere begins anew", (role) => {
    const cores = TwoCores.inStep();
    const mac = macOf(role);
    cores.broadcast(discover(mac));
    cores.pass(4000);
    const { primary, secondary } = cores.broadcast(discover(mac));
    const offer = role === "primary" ? primary : secondary;
    const { ownAddress } = cores.box(role);
    const ack = only(cores.broadcast(select(mac, offer?.yiaddr ?? "", ownAddress)));
    expect(ack.role).toBe(role);
    expect(only(cores.broadcast(discover(mac))).role).toBe(role);
  });

  test("a REQUEST is answered by the box that it names, whoever's the client is", () => {
    const cores = TwoCores.inStep();
    for (const role of ROLES) {
      const mac = macOf(otherThan(role));
      const offers = cores.broadcast(discover(mac, { secs: 4 }));
      const wanted = (role === "primary" ? offers.primary : offers.secondary)?.yiaddr ?? "";
      const ack = only(cores.broadcast(select(mac, wanted, cores.box(role).ownAddress)));
      expect(ack).toMatchObject({ role, reply: { type: ACK, yiaddr: wanted } });
    }
  });

  test.each(ROLES)(
    "a client of the %s that asks anybody to keep its address gets one answer",
    (role) => {
      const cores = TwoCores.inStep();
      const mac = macOf(role);
      const held = lease(cores, mac);
      const rebinding = { type: REQUEST, mac, ciaddr: held, destinationIp: "255.255.255.255" };
      const relayed = { ...rebinding, destinationIp: "10.77.0.2", giaddr: "10.77.0.9" };
      const astray = { ...reboot(mac, held), destinationIp: "10.77.0.2" };
      for (const message of [reboot(mac, held), rebinding, relayed, astray]) {
        const ack = only(cores.broadcast(message));
        expect(ack).toMatchObject({ role, reply: { type: ACK, yiaddr: held } });
        expect(leaseTime(ack.reply)).toBe(3600);
      }
    },
  );

  test("either answers that too when the client has waited", () => {
    const cores = TwoCores.inStep();
    const mac = macOf("primary");
    const held = lease(cores, mac);
    expect(answersTo(cores, { ...reboot(mac, held), secs: 4 })).toBe(2);
  });

  test.each(ROLES)("a renewal by unicast is answered by the box that it reaches, %s", (role) => {
    const cores = TwoCores.inStep();
    for (const whose of ROLES) {
      const mac = macOf(whose);
      const held = lease(cores, mac);
      const destinationIp = cores.box(role).ownAddress;
      cores.box(role).receive({ type: REQUEST, mac, ciaddr: held, destinationIp });
      cores.settle();
      const ack = only(cores.answers());
      expect(ack).toMatchObject({ role, reply: { type: ACK, yiaddr: held } });
      expect(leaseTime(ack.reply)).toBe(3600);
    }
  });

  test("both answer a question that is about no lease", () => {
    const cores = TwoCores.inStep();
    const inform = { type: INFORM, mac: macOf("primary"), ciaddr: "10.77.0.50" };
    expect(answersTo(cores, inform)).toBe(2);
  });

  test("a box that tests itself does not leave its own request to the partner", () => {
    const cores = TwoCores.inStep();
    cores.pass(130_000);
    for (const box of cores.boxes) expect(box.conditions()).toEqual([]);
  });

  test("an address that is given back to one box is free on both", () => {
    const cores = TwoCores.inStep();
    const mac = macOf("primary");
    const held = lease(cores, mac);
    const server = cores.secondary.ownAddress;
    const options = { 54: address(server) };
    const release = { type: RELEASE, mac, ciaddr: held, destinationIp: server, options };
    cores.secondary.receive(release);
    cores.settle();
    expect(cores.boxes.map((box) => box.at(held)?.state)).toEqual(["free", "free"]);
  });
});

describe("in step, with hot standby", () => {
  test.each(ROLES)(
    "the primary answers the clients of the %s by their hash, and all others",
    (role) => {
      const cores = TwoCores.inStep(HOT_STANDBY);
      const mac = macOf(role);
      expect(only(cores.broadcast(discover(mac))).role).toBe("primary");
      const held = lease(cores, mac);
      expect(only(cores.broadcast(reboot(mac, held))).role).toBe("primary");
    },
  );

  test("the secondary helps a client that has waited", () => {
    const cores = TwoCores.inStep(HOT_STANDBY);
    expect(answersTo(cores, discover(macOf("primary"), { secs: 4 }))).toBe(2);
  });
});

/** A primary that was alone, and then hears a partner in this state. */
function beside(
  heard: PairStateName,
  dialect: "tandem" | "isc",
  saved: PairStateName,
  more: Partial<CoreOptions> = {},
): PairedBox {
  const times = { since: START_SECONDS, partnerSince: START_SECONDS };
  const pair = makePair(1, { state: saved, partnerState: "normal", ...times });
  const box = new PairedBox("primary", { dialect }, { pair, wallFloor: START_SECONDS, ...more });
  box.step({ kind: "peer-open", connection: 1 });
  const header = { time: START_SECONDS, xid: 0 };
  box.hear({
    type: "CONNECTACK",
    ...header,
    ...{ relationshipName: "office", maxUnackedBndupd: 100, receiveTimer: 60 },
    ...{ vendorClassIdentifier: "isc-4.4.3-P1", protocolVersion: 1, tlsReply: 0 },
  });
  box.hear({
    type: "STATE",
    ...header,
    ...{ serverState: heard, serverFlags: 0, startTimeOfState: START_SECONDS },
  });
  box.durable();
  return box;
}

/** Whether the box answers, with what type. */
function answer(box: PairedBox, message: ClientMessage): number | undefined {
  box.receive(message);
  box.durable();
  return box.replies()[0]?.type;
}

/** A lease that both boxes know. */
const KNOWN = "02:00:5e:00:00:64";
function known(): Partial<CoreOptions> {
  const before = START_SECONDS - 60;
  const times = { startsAt: before, seenAt: before, expiresAt: START_SECONDS + 3000 };
  const client = bytes(0, 1, ...macBytes(KNOWN));
  const held = makeLease(1, 100, { ...times, client, fromPartner: true });
  return { leases: [held], lastSequence: 1 };
}
const HELD = "10.77.0.100";
/** An address that a primary keeps for itself. */
const OURS = "10.77.0.180";
const RENEWAL = { type: REQUEST, mac: KNOWN, ciaddr: HELD, destinationIp: "10.77.0.2" };

describe("beside a dhcpd", () => {
  test("new clients are divided, and whoever wants to keep an address is answered", () => {
    const box = beside("normal", "isc", "communications-interrupted", known());
    expect(box.core.pair?.state).toBe("normal");
    expect(answer(box, discover(macOf("secondary")))).toBeUndefined();
    expect(answer(box, discover(macOf("primary")))).toBe(OFFER);
    const mac = macOf("secondary", 1);
    expect(answer(box, discover(mac))).toBeUndefined();
    expect(answer(box, reboot(KNOWN, HELD))).toBe(ACK);
    expect(answer(box, { ...RENEWAL, destinationIp: "255.255.255.255" })).toBe(ACK);
    expect(answer(box, reboot(mac, OURS))).toBe(ACK);
  });

  test("a new lease has the MCLT at once: nothing waits for a dhcpd", () => {
    const box = beside("normal", "isc", "communications-interrupted");
    box.receive(reboot(macOf("primary"), OURS));
    expect(box.replies()).toEqual([]);
    box.durable();
    expect(box.replies().map(leaseTime)).toEqual([600]);
  });

  test("one that is in conflict has this box silent", () => {
    const box = beside("normal", "isc", "communications-interrupted", known());
    const header = { time: START_SECONDS, xid: 9 };
    const state = { serverState: "potential-conflict", serverFlags: 0 } as const;
    box.hear({ type: "STATE", ...header, ...state, startTimeOfState: START_SECONDS });
    expect(answer(box, RENEWAL)).toBeUndefined();
    expect(box.refused()).toEqual({ "pair-not-serving": 1 });
  });
});

describe("not in step", () => {
  const all: readonly ClientMessage[] = [
    discover(macOf("primary")),
    discover(macOf("secondary"), { secs: 60 }),
    select(macOf("primary"), OURS, "10.77.0.2"),
    reboot(KNOWN, HELD),
    RENEWAL,
  ];
  const inform = { type: INFORM, mac: KNOWN, ciaddr: HELD };

  test("a box that starts answers nobody for 5 s, and then, alone, everybody", () => {
    const pair = makePair(1, { since: START_SECONDS, partnerState: "normal" });
    const box = new PairedBox("primary", {}, { pair, wallFloor: START_SECONDS, ...known() });
    for (const message of all) expect(answer(box, message)).toBeUndefined();
    box.monotonic += 4999;
    expect(answer(box, RENEWAL)).toBeUndefined();
    expect(box.refused()).toEqual({ "pair-not-serving": 6 });
    box.monotonic += 1;
    box.step({ kind: "alarm" });
    expect(box.core.pair?.state).toBe("communications-interrupted");
    expect(all.map((message) => answer(box, message))).toEqual([OFFER, OFFER, ACK, ACK, ACK]);
  });

  test("a box with an empty book answers nobody but who wants no lease", () => {
    const { primary } = new TwoCores();
    primary.monotonic += 60_000;
    primary.step({ kind: "alarm" });
    expect(primary.core.pair?.state).toBe("recover");
    for (const message of all) expect(answer(primary, message)).toBeUndefined();
    expect(primary.refused()).toEqual({ "pair-not-serving": 5 });
    expect(answer(primary, inform)).toBe(ACK);
    // Its own test request is one of those, and says nothing that the state does not say.
    primary.pass(130);
    expect(primary.conditions()).toEqual(["pair-recovering"]);
  });

  test("a box that has learnt the book answers who renews, and nobody else", () => {
    const box = beside("recover", "tandem", "recover-done", known());
    expect(box.core.pair?.state).toBe("recover-done");
    const answers = all.map((message) => answer(box, message));
    expect(answers).toEqual([undefined, undefined, undefined, undefined, ACK]);
    expect(answer(box, { ...RENEWAL, destinationIp: "255.255.255.255" })).toBe(ACK);
    expect(answer(box, { ...RENEWAL, options: { 54: address("10.77.0.2") } })).toBeUndefined();
    expect(answer(box, inform)).toBe(ACK);
  });

  test("boxes that cannot speak to each other answer everybody", () => {
    const cores = TwoCores.inStep();
    cores.cut();
    for (const role of ROLES) expect(answersTo(cores, discover(macOf(role)))).toBe(2);
  });

  test("a box that has said goodbye answers nobody, and its partner everybody", () => {
    const cores = TwoCores.inStep();
    cores.primary.step({ kind: "pair-command", command: "pause" });
    cores.settle();
    for (const role of ROLES) {
      expect(only(cores.broadcast(discover(macOf(role)))).role).toBe("secondary");
    }
  });
});
