// Two boxes that start with whatever they had written down of the pair, and meet: they get in step by
// themselves, and nobody's lease gets lost. The tables alone go the same way in transitions-walk.test.ts.

import { describe, expect, test } from "vitest";
import { ANY } from "../../../daemon/base/address.ts";
import type { PairStateName } from "../../../daemon/core/failover/pair-state.ts";
import { SHORTS, STATE_OF, shortOf } from "../../../daemon/core/failover/transitions-table.ts";
import type { Lease } from "../../../daemon/core/lease.ts";
import type { FailoverRole } from "../../../daemon/wire/failover/messages.ts";
import { SAVED_TOGETHER } from "../../sim/coverage.ts";
import { address } from "../../support/client-frame.ts";
import { ACK, DISCOVER, REQUEST, START_SECONDS } from "../../support/core-bench.ts";
import { diskOf, startAgain } from "../../support/started-again.ts";
import { only, TwoCores } from "../../support/two-cores.ts";

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const SECOND = 1000;
const MCLT = 600;
/** PAUSED and SHUTDOWN are other states after a start. */
const SAVED: readonly PairStateName[] = SHORTS.map((short) => STATE_OF[short]).filter(
  (state) => state !== "paused" && state !== "shutdown",
);
const met = new Set<string>();

function lease(cores: TwoCores, mac: string): string {
  const { role, reply } = only(cores.broadcast({ type: DISCOVER, mac }));
  const chosen = { 50: address(reply.yiaddr), 54: address(cores.box(role).ownAddress) };
  expect(only(cores.broadcast({ type: REQUEST, mac, options: chosen })).reply.type).toBe(ACK);
  return reply.yiaddr;
}

type Change = (role: FailoverRole, lease: Lease) => Lease;

/** Both go off, and start with these states on their disks, and with these leases. */
function startBoth(
  cores: TwoCores,
  states: Readonly<Record<FailoverRole, PairStateName>>,
  change: Change = (_, lease) => lease,
): void {
  cores.cut();
  for (const role of ["primary", "secondary"] as const) {
    const disk = diskOf(cores.box(role));
    const partnerState = states[role === "primary" ? "secondary" : "primary"];
    const mustWait = states[role] === "recover" || states[role] === "recover-wait";
    const pair = disk.pair && { ...disk.pair, state: states[role], partnerState, mustWait };
    const leases = Array.from(disk.leases, (lease) => change(role, lease));
    startAgain(cores, role, { ...disk, leases, pair });
  }
  cores.connect();
}

describe.each(SAVED)("the primary starts as %s", (primary) => {
  test.each(SAVED)("the secondary as %s: both get to NORMAL, with the same book", (secondary) => {
    const cores = TwoCores.inStep();
    const held = lease(cores, A);
    startBoth(cores, { primary, secondary });
    // Each of two that wait has its own time to wait, and times are rounded up.
    cores.pass((2 * MCLT + 5) * SECOND);
    for (const { core } of cores.boxes) {
      expect(core.pair?.state).toBe("normal");
      for (const cell of core.pairCells.keys()) met.add(cell);
    }
    for (const box of cores.boxes) {
      expect(box.at(held)).toMatchObject({ state: "active", isAgreed: true });
    }
    expect(lease(cores, B)).not.toBe(held);
  });
});

test.each([
  ["primary", "free"],
  ["secondary", "backup"],
] as const)(
  "two that have both lost what they knew: the %s does not take what the other drops",
  (role, told) => {
    const cores = TwoCores.inStep();
    const other = told === "free" ? "backup" : "free";
    const [{ address: at } = { address: ANY }] = diskOf(cores.primary).leases;
    cores.isSilent = true;
    startBoth(cores, { primary: "recover", secondary: "recover" }, (_, lease) =>
      lease.address === at ? { ...lease, state: other } : lease,
    );
    const box = cores.box(role);
    cores.isSilent = false;
    // They greet each other and say that they recover.
    while (box.core.pairState?.partnerState !== "recover" || box.core.pair?.endpoint.inStartup) {
      for (const one of cores.boxes) {
        one.endBatch();
        one.durable();
        cores.carry(one);
      }
    }
    const update = { assignedIpAddress: at, bindingStatus: told, startTimeOfState: START_SECONDS };
    box.hear({ ...{ type: "BNDUPD", time: START_SECONDS, xid: 1000 }, bindings: [update] }, 2);
    expect(box.core.book.at(at)?.state).toBe("backup");
  },
);

test("each has heard of each", () => {
  const isMet = (mine: PairStateName, heard: PairStateName) =>
    [...met].some((cell) => cell.startsWith(`tandem ${shortOf(mine)} ${shortOf(heard)}`));
  const missing = SAVED.flatMap((mine) =>
    SAVED.filter((heard) => !isMet(mine, heard)).map(
      (heard) => `${shortOf(mine)} ${shortOf(heard)}`,
    ),
  );
  expect(missing).toEqual([]);
  for (const cell of SAVED_TOGETHER) expect([...met]).toContain(`tandem ${cell}`);
});
