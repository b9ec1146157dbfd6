// Which box of two can have promised an address: both come to the same, and to a box that answers, for every address
// there is and whatever has become of it.

import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../daemon/limits.ts";
import type { FailoverRole } from "../../../daemon/wire/failover/messages.ts";
import { ACK, address, DECLINE, NAK, poolOf, reserve } from "../../support/core-bench.ts";
import { answer, clientOf, cores, lease, select, VIRTUAL } from "../../support/one-server.ts";
import { only, type TwoCores } from "../../support/two-cores.ts";

const ROLES: readonly FailoverRole[] = ["primary", "secondary"];
const SECOND = 1000;
const LEASE_SECONDS = 3600;

/** Who answers a client of this box that asks for an address as if it had been offered it, and how. */
function ask(two: TwoCores, role: FailoverRole, wanted: string): [FailoverRole, number] {
  const { reply, role: by } = only(two.broadcast(select(clientOf(role), wanted)));
  return [by, reply.type];
}

describe.each(ROLES)("for a client of the %s", (role) => {
  test("an address that nobody has ever had is the answer of the box that may give it", () => {
    const owners = { primary: 0, secondary: 0 };
    for (let host = 100; host < 200; host += 7) {
      const two = cores();
      const wanted = `10.77.0.${host}`;
      const owner = two.primary.at(wanted)?.state === "backup" ? "secondary" : "primary";
      expect(ask(two, role, wanted)).toEqual([owner, ACK]);
      owners[owner]++;
    }
    expect(Math.min(owners.primary, owners.secondary)).toBeGreaterThan(2);
  });

  test("what it holds, what another holds, and what is set aside is its box's", () => {
    const two = cores();
    const held = lease(two, clientOf(role));
    expect(ask(two, role, held)).toEqual([role, ACK]);
    const others = lease(two, clientOf(role, 1));
    expect(ask(two, role, others)).toEqual([role, NAK]);
    const options = { 50: address(others), 54: address(VIRTUAL) };
    two.broadcast({ type: DECLINE, mac: clientOf(role, 1), options });
    expect(ask(two, role, others)).toEqual([role, NAK]);
  });

  test("what no client of its kind may have is its box's, whosever the address is", () => {
    const closed = { pools: [poolOf("10.77.0.100", "10.77.0.103", { isKnownOnly: true })] };
    const two = cores(closed);
    for (const wanted of ["10.77.0.100", "10.77.0.101", "10.77.0.102", "10.77.0.103"]) {
      expect(ask(two, role, wanted)).toEqual([role, NAK]);
    }
  });

  test("what is reserved for it is its box's, also inside of a pool", () => {
    const mac = clientOf(role);
    for (const wanted of ["10.77.0.20", "10.77.0.110", "10.77.0.180"]) {
      expect(ask(cores({ reservations: [reserve(mac, wanted)] }), role, wanted)).toEqual([
        role,
        ACK,
      ]);
    }
  });
});

test("a lease that is over, as the primary has told and not heard back, is the primary's", () => {
  const two = cores();
  const mac = clientOf("secondary");
  const held = lease(two, mac);
  two.pass((LEASE_SECONDS + LIMITS.expiryGraceSeconds - 1) * SECOND);
  two.isSilent = true;
  two.pass(2 * SECOND);
  expect(two.primary.at(held)?.state).toBe("expired");
  expect(answer(two, two.primary, select(mac, held))).toMatchObject({ type: ACK, yiaddr: held });
});

test("beside another client's ended lease, of which nothing is agreed, neither answers", () => {
  const two = cores();
  const held = lease(two, clientOf("secondary"));
  two.pass((LEASE_SECONDS + LIMITS.expiryGraceSeconds - 1) * SECOND);
  two.isSilent = true;
  two.pass(2 * SECOND);
  for (const box of two.boxes) {
    expect(answer(two, box, select(clientOf("primary"), held))).toBeUndefined();
  }
});
