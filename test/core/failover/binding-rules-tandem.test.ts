// Which updates count between two of our boxes (draft-ietf-dhc-failover-12 §7.1.3, §5.11), cell by cell
// and for all records.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Binding,
  conflictTandem,
  judgeTandem,
  mergeEnds,
} from "../../../daemon/core/failover/binding-rules.ts";
import type { FailoverRole } from "../../../daemon/wire/failover/messages.ts";
import type { BindingStatus } from "../../../daemon/wire/failover/numbers.ts";
import { anyBinding, binding, NOW, STATUSES } from "./binding-cases.ts";

const ROLES: readonly FailoverRole[] = ["primary", "secondary"];
const ENDED: readonly BindingStatus[] = ["free", "backup", "expired", "released", "reset"];
const GRACE = 10;
const ACCEPTED = { accept: true };
const OUTDATED = { accept: false, reason: "outdated-binding-information" };
const LESS_CRITICAL = { accept: false, reason: "less-critical-binding-information" };
const FATAL = { accept: false, reason: "fatal-conflict" };

/** Whatever the roles are, the first record counts, and the second is refused with this reason. */
function expectWinner(winner: Binding, loser: Binding, refusal: object, roles = ROLES): void {
  for (const role of roles) {
    const other = role === "primary" ? "secondary" : "primary";
    expect(conflictTandem(role, winner, loser)).toMatchObject(refusal);
    expect(conflictTandem(other, loser, winner)).toEqual(ACCEPTED);
  }
}

describe("§7.1.3: two leases of one client", () => {
  const later = binding("active", { lastTransactionAt: NOW - 1799 });
  test("the one in which it was heard later", () => {
    expectWinner(later, binding("active"), OUTDATED);
    expectWinner(binding("active"), binding("active", { lastTransactionAt: 0 }), OUTDATED);
  });
  test("heard at the same moment: the primary's", () => {
    expectWinner(binding("active"), binding("active", { endsAt: NOW + 9000 }), OUTDATED, [
      "primary",
    ]);
  });
  test("both boxes keep the later ends", () => {
    const longer = binding("active", { endsAt: NOW + 9000, potentialUntil: NOW });
    const both = { endsAt: NOW + 9000, potentialUntil: NOW + 2700 };
    expect(mergeEnds(later, longer)).toEqual(both);
    expect(mergeEnds(longer, later)).toEqual(both);
  });
});

describe("§7.1.3: leases of two clients", () => {
  const other = { client: "other", lastTransactionAt: NOW };
  test("that overlap: the primary's", () => {
    expectWinner(binding("active"), binding("active", other), FATAL, ["primary"]);
    expectWinner(binding("active", other), binding("active"), FATAL, ["primary"]);
  });
  test("given when the other had ended: the successor's, in either role", () => {
    const successor = binding("active", { ...other, startsAt: NOW + 1800 });
    expectWinner(successor, binding("active"), FATAL);
  });
  test("up to the slack of the clocks", () => {
    const justEnded = binding("active", { ...other, startsAt: NOW + 1735 });
    expectWinner(justEnded, binding("active"), FATAL);
    const early = binding("active", { ...other, startsAt: NOW + 1734 });
    expectWinner(binding("active"), early, FATAL, ["primary"]);
  });
  test("so short that each may be the successor: the primary's", () => {
    const short = { startsAt: NOW, endsAt: NOW + 30 };
    expectWinner(binding("active", short), binding("active", { ...other, ...short }), FATAL, [
      "primary",
    ]);
  });
  test("a beginning that is not known is after nothing", () => {
    const unknown = binding("active", { ...other, startsAt: 0 });
    expectWinner(binding("active", { endsAt: 50 }), unknown, FATAL, ["primary"]);
  });
  test("a lease that never ends has no successor, in whichever way its end is written", () => {
    for (const endsAt of [0xffffffff, NOW + 0xffffffff]) {
      const forever = binding("active", { endsAt });
      expectWinner(forever, binding("active", { ...other, startsAt: NOW * 2 }), FATAL, ["primary"]);
    }
  });
  test("the address is kept until both have ended: a third client must not come to it", () => {
    const longer = binding("active", { ...other, endsAt: NOW + 9000 });
    const ends = { endsAt: NOW + 9000, potentialUntil: NOW + 2700 };
    expect(mergeEnds(binding("active"), longer)).toEqual(ends);
    expect(mergeEnds(longer, binding("active"))).toEqual(ends);
  });
});

describe("§7.1.3: a lease and its release", () => {
  const heardAt = NOW - 1800;
  const release = (seconds: number): Binding =>
    binding("released", { lastTransactionAt: heardAt + seconds });
  test("released more than 65 s later: the release", () => {
    expectWinner(release(66), binding("active"), OUTDATED);
  });
  test.each([65, 0, -1000])("released %i s later: the lease", (seconds) => {
    expectWinner(binding("active"), release(seconds), OUTDATED);
  });
  test("when either time is not known: the lease", () => {
    expectWinner(binding("active"), release(-heardAt), OUTDATED);
    expectWinner(binding("active", { lastTransactionAt: 0 }), release(66), OUTDATED);
  });
  test("a release by another client: the lease", () => {
    const other = binding("released", { client: "other", lastTransactionAt: NOW });
    expectWinner(binding("active"), other, OUTDATED);
  });
  test("the ends of a release are over", () => {
    const winner = binding("active", { endsAt: NOW + 5 });
    expect(mergeEnds(winner, release(0))).toEqual({ endsAt: NOW + 5, potentialUntil: NOW + 2700 });
  });
});

describe("§7.1.3: a lease and what has ended", () => {
  test.each(["free", "backup", "expired", "reset"] as const)("%s: the lease", (status) => {
    expectWinner(binding("active"), binding(status, { lastTransactionAt: NOW }), OUTDATED);
    expectWinner(
      binding("active", { endsAt: NOW - 1 }),
      binding(status, { client: "other" }),
      OUTDATED,
    );
  });
  test("expired for the same client: the later ends are kept", () => {
    const expired = binding("expired", { endsAt: NOW + 2000, potentialUntil: NOW + 3000 });
    const both = { endsAt: NOW + 2000, potentialUntil: NOW + 3000 };
    expect(mergeEnds(binding("active"), expired)).toEqual(both);
    expect(mergeEnds(binding("active"), { ...expired, client: "other" }).endsAt).toBe(NOW + 1800);
    expect(mergeEnds(binding("active"), { ...expired, status: "free" }).endsAt).toBe(NOW + 1800);
  });
});

describe("§7.1.3: abandoned addresses", () => {
  test.each([...ENDED, "active"] as const)("abandoned against %s: abandoned", (status) => {
    expectWinner(binding("abandoned"), binding(status, { lastTransactionAt: NOW }), LESS_CRITICAL);
  });
  test("two: the later end, and at the same end the primary's", () => {
    const longer = binding("abandoned", { endsAt: NOW + 1801 });
    expectWinner(longer, binding("abandoned"), LESS_CRITICAL);
    expectWinner(binding("abandoned"), binding("abandoned", { startsAt: 1 }), LESS_CRITICAL, [
      "primary",
    ]);
  });
  test("two that never end: the primary's, in whichever way that is written", () => {
    const [one, other] = [0xffffffff, NOW + 0xffffffff].map((endsAt) =>
      binding("abandoned", { endsAt }),
    ) as [Binding, Binding];
    expectWinner(one, other, LESS_CRITICAL, ["primary"]);
    expectWinner(other, one, LESS_CRITICAL, ["primary"]);
  });
  test("the address is left alone until a lease that lost has ended", () => {
    const lease = binding("active", { endsAt: NOW + 9000 });
    expect(mergeEnds(binding("abandoned"), lease).endsAt).toBe(NOW + 9000);
    expect(mergeEnds(lease, binding("abandoned")).endsAt).toBe(NOW + 9000);
    expect(mergeEnds(binding("abandoned"), { ...lease, status: "released" }).endsAt).toBe(
      NOW + 1800,
    );
  });
});

describe("§5.11: two records of an address that nobody holds", () => {
  for (const mine of ENDED) {
    test.each(ENDED)(`${mine} against %s: the primary's`, (incoming) => {
      expectWinner(binding(mine), binding(incoming), LESS_CRITICAL, ["primary"]);
      const late = { lastTransactionAt: NOW, startsAt: NOW, endsAt: NOW + 9000, client: "other" };
      expectWinner(binding(mine), binding(incoming, late), LESS_CRITICAL, ["primary"]);
    });
  }
});

describe("an update that the partner made knowing this record", () => {
  const judge = (role: FailoverRole, mine: Binding | undefined, incoming: Binding, grace = GRACE) =>
    judgeTandem(role, true, mine, incoming, NOW, grace);

  for (const role of ROLES) {
    test.each(STATUSES)(`${role}: %s is accepted for an address without a record`, (status) => {
      expect(judge(role, undefined, binding(status))).toEqual(ACCEPTED);
    });
    test.each(STATUSES)(
      `${role}: over %s all is accepted, unless it is a lease that goes on`,
      (status) => {
        const mine = binding(status, { endsAt: status === "active" ? NOW + GRACE : NOW + 1800 });
        for (const incoming of STATUSES) {
          const older = { client: incoming === "abandoned" ? "" : "other", lastTransactionAt: 1 };
          expect(judge(role, mine, binding(incoming, older))).toEqual(ACCEPTED);
        }
      },
    );
    test.each(["free", "backup", "expired"] as const)(
      `${role}: a lease does not become %s before its end`,
      (status) => {
        const mine = binding("active", { endsAt: NOW + GRACE + 1 });
        expect(judge(role, mine, binding(status))).toMatchObject(OUTDATED);
        expect(judge(role, mine, binding(status), Infinity)).toEqual(ACCEPTED);
      },
    );
    test.each(["active", "released", "abandoned", "reset"] as const)(
      `${role}: a lease becomes %s at any time`,
      (status) => {
        const before = { lastTransactionAt: NOW - 1801 };
        expect(judge(role, binding("active"), binding(status, before))).toEqual(ACCEPTED);
      },
    );
    test(`${role}: a release by another client does not end a lease`, () => {
      const other = binding("released", { client: "other", lastTransactionAt: NOW });
      expect(judge(role, binding("active"), other)).toMatchObject(OUTDATED);
    });
  }
  test("a lease of another client is refused by the primary, and accepted by the secondary", () => {
    const other = binding("active", { client: "other", startsAt: NOW, lastTransactionAt: NOW });
    expect(judge("primary", binding("active"), other)).toMatchObject(FATAL);
    expect(judge("secondary", binding("active"), other)).toEqual(ACCEPTED);
    expect(judge("primary", binding("active"), other, Infinity)).toEqual(ACCEPTED);
  });
  test("§7.1.1: an update without the client that it needs is refused", () => {
    for (const status of ["active", "expired", "released"] as const) {
      const missing = { accept: false, reason: "missing-binding-information" };
      expect(judge("primary", undefined, binding(status, { client: "" }))).toMatchObject(missing);
      const bare = { ...binding(status), hasHardwareAddress: false };
      expect(judge("secondary", binding("active"), bare, Infinity)).toMatchObject(missing);
    }
    const unknown = { accept: false, reason: "unknown-reason" };
    expect(judge("primary", undefined, binding("abandoned", { client: "x" }))).toMatchObject(
      unknown,
    );
  });
});

describe("for all pairs of records", () => {
  const RUNS = { numRuns: 5000 };
  const role = fc.constantFrom(...ROLES);

  test("exactly one wins, at both boxes the same", () => {
    fc.assert(
      fc.property(anyBinding, anyBinding, (primarys, secondarys) => {
        const atPrimary = conflictTandem("primary", primarys, secondarys).accept;
        const atSecondary = conflictTandem("secondary", secondarys, primarys).accept;
        expect(atPrimary).toBe(!atSecondary);
      }),
      RUNS,
    );
  });

  test("what was changed knowingly wins at the partner too, once refused and sent back", () => {
    fc.assert(
      fc.property(
        anyBinding,
        anyBinding,
        role,
        fc.boolean(),
        (mine, incoming, mineRole, isAgreed) => {
          if (judgeTandem(mineRole, true, mine, incoming, NOW, GRACE).accept) return;
          const other = mineRole === "primary" ? "secondary" : "primary";
          expect(judgeTandem(other, isAgreed, incoming, mine, NOW + 60, GRACE)).toEqual(ACCEPTED);
        },
      ),
      RUNS,
    );
  });

  test("the winner still wins with the merged ends", () => {
    fc.assert(
      fc.property(anyBinding, anyBinding, role, (mine, incoming, mineRole) => {
        if (conflictTandem(mineRole, mine, incoming).accept) return;
        const merged = { ...mine, ...mergeEnds(mine, incoming) };
        expect(conflictTandem(mineRole, merged, incoming).accept).toBe(false);
      }),
      RUNS,
    );
  });

  test("a lease goes on unless its client, an operator, or somebody on the address ended it", () => {
    const lease = anyBinding.map((one) => ({ ...one, status: "active" as const, client: "one" }));
    fc.assert(
      fc.property(lease, anyBinding, role, fc.boolean(), (mine, incoming, mineRole, isAgreed) => {
        fc.pre(mine.endsAt > NOW + GRACE);
        if (!judgeTandem(mineRole, isAgreed, mine, incoming, NOW, GRACE).accept) return;
        expect(whyItMayEnd(mineRole, isAgreed, mine, incoming)).not.toBe("nothing");
      }),
      RUNS,
    );
  });
});

function whyItMayEnd(
  role: FailoverRole,
  isAgreed: boolean,
  mine: Binding,
  incoming: Binding,
): string {
  const isSame = incoming.client === mine.client;
  const isMuchLater = incoming.lastTransactionAt > mine.lastTransactionAt + 65;
  if (incoming.status === "abandoned") return "abandoned";
  if (incoming.status === "reset" && isAgreed) return "an operator knew it, and took it";
  if (incoming.status === "released" && isSame && (isAgreed || isMuchLater)) return "released";
  if (incoming.status !== "active") return "nothing";
  if (isSame) return "it goes on";
  if (role === "secondary") return "the primary's other client";
  return mine.endsAt <= incoming.startsAt + 65 ? "it had ended when the other began" : "nothing";
}
