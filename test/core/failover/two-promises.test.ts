// Two clients that were promised one address, each by another box: nobody else gets it while either goes by
// that, whichever of the boxes is asked and whenever one of them dies.

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../../daemon/base/address.ts";
import type { PairStateName } from "../../../daemon/core/failover/pair-state.ts";
import type { Lease } from "../../../daemon/core/lease.ts";
import type { FailoverRole } from "../../../daemon/wire/failover/messages.ts";
import { address } from "../../support/client-frame.ts";
import { DISCOVER, REQUEST, START_SECONDS } from "../../support/core-bench.ts";
import { makeLease, makePair } from "../../support/leases.ts";
import { isUpdate, messagesIn } from "../../support/peer-bytes.ts";
import { startAgain } from "../../support/started-again.ts";
import { only, type PairedBox, TwoCores } from "../../support/two-cores.ts";

const HELD = "10.77.0.100";
const SHORT = 1000;
const LONG = 2000;

/** A lease of a client of this box alone. */
function leaseFor(role: FailoverRole, seconds: number): Lease {
  const chaddr = Uint8Array.of(2, 0, 0, 0, 0, role === "primary" ? 1 : 2);
  return makeLease(1, 100, {
    ...{ address: ipv4(HELD), client: Uint8Array.of(0, 1, ...chaddr), chaddr },
    ...{ startsAt: START_SECONDS - 100, seenAt: START_SECONDS - 100 },
    ...{ expiresAt: START_SECONDS + seconds, leaseSeconds: seconds + 100 },
    toldUntil: START_SECONDS + seconds,
  });
}

/** Both have leased the address while they were apart; the primary's lease counts. */
function bothLeased(primarys: number, secondarys: number): TwoCores {
  const cores = new TwoCores();
  const state: PairStateName = "communications-interrupted";
  const times = { since: START_SECONDS - 200, partnerSince: START_SECONDS - 200 };
  for (const role of ["primary", "secondary"] as const) {
    const pair = makePair(1, { state, partnerState: state, ...times, partnerSequence: 0 });
    const leases = [leaseFor(role, role === "primary" ? primarys : secondarys)];
    startAgain(cores, role, { leases, pair, lastSequence: 2, wallFloor: START_SECONDS - 10 });
  }
  return cores;
}

/** The earliest end that the box ever has for the address from now on. */
function watch(box: PairedBox): { earliest: number } {
  const watched = { earliest: Number.POSITIVE_INFINITY };
  const step = box.step.bind(box);
  box.step = (event) => {
    const effects = step(event);
    const { state, expiresAt = 0 } = box.at(HELD) ?? {};
    const end = state === "active" ? expiresAt - START_SECONDS : 0;
    watched.earliest = Math.min(watched.earliest, end);
    return effects;
  };
  return watched;
}

/** From now on it hears everything but updates. */
function deafen(box: PairedBox): void {
  const step = box.step.bind(box);
  box.step = (event) => {
    const isHeard = event.kind === "peer-bytes";
    return step(isHeard ? { ...event, bytes: withoutUpdates(event.bytes) } : event);
  };
}

function withoutUpdates(bytes: Uint8Array): Uint8Array {
  const kept = messagesIn(bytes).filter((message) => !isUpdate(message));
  return Uint8Array.from(kept.flatMap((message) => Array.from(message)));
}

/** A client that both boxes leave to the secondary. */
function offeredBySecondary(cores: TwoCores): { mac: string; wanted: string } {
  for (let i = 1; ; i++) {
    const mac = `02:00:00:00:01:${i.toString(16).padStart(2, "0")}`;
    const { role, reply } = only(cores.broadcast({ type: DISCOVER, mac }));
    if (role === "secondary") return { mac, wanted: reply.yiaddr };
  }
}

function holderAt(box: PairedBox): string {
  const lease = box.at(HELD);
  const last = lease?.chaddr.at(-1) === 1 ? "primary's" : "secondary's";
  return `${last} ${lease?.state} for ${(lease?.expiresAt ?? 0) - START_SECONDS}`;
}

describe.each([
  [SHORT, LONG],
  [LONG, SHORT],
])("of an address that the primary leased for %i s and the secondary for %i s", (...seconds) => {
  test("both keep the primary's lease with the later end", () => {
    const cores = bothLeased(...seconds);
    cores.connect();
    for (const box of cores.boxes) expect(holderAt(box)).toBe(`primary's active for ${LONG}`);
  });

  test("it is told that two devices had it", () => {
    const cores = bothLeased(...seconds);
    cores.connect();
    expect(cores.boxes.some((box) => (box.core.pair?.conflicts ?? 0) > 0)).toBe(true);
  });

  test("the secondary never has an earlier end than it promised", () => {
    const cores = bothLeased(...seconds);
    const watched = watch(cores.secondary);
    cores.connect();
    expect(watched.earliest).toBeGreaterThanOrEqual(seconds[1]);
  });

  test("the primary knows of the later end though it turns the secondary's lease down", () => {
    const cores = bothLeased(...seconds);
    const { primary, secondary } = cores;
    deafen(secondary);
    cores.connect();
    expect(holderAt(primary)).toBe(`primary's active for ${LONG}`);
    expect(holderAt(secondary)).toBe(`secondary's active for ${seconds[1]}`);
  });
});

test.each([
  [-4, -3],
  [-3, -4],
])(
  "that ended %i and %i s ago when the boxes meet: what is left of it is never less than nothing",
  (...seconds) => {
    const cores = bothLeased(...seconds);
    for (const box of cores.boxes) {
      const step = box.step.bind(box);
      box.step = (event) => {
        const effects = step(event);
        expect(box.at(HELD)?.leaseSeconds).toBeGreaterThanOrEqual(0);
        return effects;
      };
    }
    cores.connect();
  },
);

/** By what the clock of the secondary is ahead, and when it heard the client by that. */
const HEARD = [26.4, 26.6, 27.4, 27.6].flatMap((ahead) =>
  [25, 26, 27, 28, 29].map((heardAt) => [ahead, heardAt] as const),
);
test.each(HEARD)(
  "clocks %f s apart, a client heard at the same time but for %i s: one lease counts",
  (...of) => {
    const [ahead, heardAt] = of;
    const cores = new TwoCores();
    const times = { since: START_SECONDS - 200, partnerSince: START_SECONDS - 200 };
    const state: PairStateName = "communications-interrupted";
    for (const role of ["primary", "secondary"] as const) {
      const pair = makePair(1, { state, partnerState: state, ...times, partnerSequence: 0 });
      const isAhead = role === "secondary";
      const seenAt = START_SECONDS - 100 + (isAhead ? heardAt : 0);
      const leases = [{ ...leaseFor("primary", SHORT), seenAt, startsAt: seenAt }];
      if (isAhead) cores.secondary.offset += ahead * 1000;
      startAgain(cores, role, { leases, pair, lastSequence: 2, wallFloor: START_SECONDS - 10 });
    }
    cores.connect();
    cores.pass(1000);
    for (const box of cores.boxes) {
      expect(box.core.book.at(ipv4(HELD))).toMatchObject({ state: "active", isAgreed: true });
    }
  },
);

test("an ACK that waits for the partner does not leave when that has leased the address to another", () => {
  const cores = TwoCores.inStep();
  const { secondary } = cores;
  const { mac, wanted } = offeredBySecondary(cores);
  const options = { 50: address(wanted), 54: address(secondary.ownAddress) };
  secondary.receive({ type: REQUEST, mac, options });
  secondary.durable();
  const until = START_SECONDS + LONG;
  secondary.hear({
    ...{ type: "BNDUPD", time: START_SECONDS, xid: 1000 },
    bindings: [
      {
        ...{ assignedIpAddress: ipv4(wanted), bindingStatus: "active" },
        clientHardwareAddress: { htype: 1, chaddr: Uint8Array.of(2, 0, 0, 0, 0, 9) },
        ...{ leaseExpirationTime: until, potentialExpirationTime: until },
        ...{ startTimeOfState: START_SECONDS, clientLastTransactionTime: START_SECONDS },
      },
    ],
  });
  secondary.durable();
  expect(secondary.at(wanted)?.chaddr.at(-1)).toBe(9);
  cores.isSilent = true;
  cores.pass(1000);
  expect(secondary.replies()).toEqual([]);
});
