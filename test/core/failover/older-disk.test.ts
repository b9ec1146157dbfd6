// A box with an older disk, and an address that has another client by now.

import { expect, test } from "vitest";
import { LIMITS } from "../../../daemon/limits.ts";
import { address } from "../../support/client-frame.ts";
import { DISCOVER, REQUEST } from "../../support/core-bench.ts";
import { diskOf, startAgain } from "../../support/started-again.ts";
import { only, TwoCores } from "../../support/two-cores.ts";

const A = "02:00:00:00:00:0a";
const B = "02:00:00:00:00:0b";
const SECOND = 1000;
const LEASE = 3600;
const MCLT = 600;

function lease(cores: TwoCores, mac: string, options: Record<number, Uint8Array> = {}): string {
  const { role, reply } = only(cores.broadcast({ type: DISCOVER, mac, options }));
  const chosen = { 50: address(reply.yiaddr), 54: address(cores.box(role).ownAddress) };
  only(cores.broadcast({ type: REQUEST, mac, options: chosen }));
  return reply.yiaddr;
}

test.each(["primary", "secondary"] as const)("the %s takes its partner's word", (role) => {
  const cores = TwoCores.inStep();
  const held = lease(cores, A);
  const disk = diskOf(cores.box(role));
  // When it was copied, the partner's answer was not noted yet, and the box had just been switched on: what it
  // reads then has its full time from the start.
  const older = {
    ...disk,
    pair: disk.pair && { ...disk.pair, agreedThrough: 0 },
    leases: [...disk.leases].map((one) => ({ ...one, clockUncertain: true, fromPartner: false })),
  };
  cores.pass((LEASE + LIMITS.expiryGraceSeconds + 1) * SECOND);
  expect(lease(cores, B, { 50: address(held) })).toBe(held);
  cores.pass(2 * SECOND);
  const holders = () => cores.boxes.map((box) => box.at(held)?.chaddr.at(-1));
  startAgain(cores, role, older);
  expect(cores.box(role).at(held)?.chaddr.at(-1)).toBe(0x0a);
  cores.connect();
  expect(holders()).toEqual([0x0b, 0x0b]);
  cores.pass((MCLT + 1) * SECOND);
  expect(holders()).toEqual([0x0b, 0x0b]);
  expect(cores.boxes.map(({ core }) => core.pair?.state)).toEqual(["normal", "normal"]);
});
