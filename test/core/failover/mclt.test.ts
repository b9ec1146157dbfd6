// draft-ietf-dhc-failover-12 §5.2 and §9.4.2: times told to clients and to the partner, by worked
// examples, by properties, and by what two real dhcpd told each other.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FOREVER_SECONDS } from "../../../daemon/core/config-view.ts";
import {
  clientSeconds,
  potentialExpiration,
  takeoverAt,
} from "../../../daemon/core/failover/mclt.ts";
import {
  CAPTURES,
  type CapturedMessage,
  messagesOf,
  scriptedSide,
} from "../../wire/failover/captures.ts";

const T = 1_795_461_000;

describe("§5.2.1: what the client and the partner are told", () => {
  const HOUR = 3600;
  const DAY = 86_400;
  // Times after T: when, what is wanted, MCLT, what is agreed; then what comes of it.
  const EXAMPLES: readonly {
    readonly name: string;
    readonly at?: number;
    readonly desired: number;
    readonly mclt: number;
    readonly agreed?: number;
    readonly actual: number;
    readonly potential: number;
  }[] = [
    { name: "new lease", desired: 180, mclt: 60, actual: 60, potential: 210 },
    {
      name: "renewal at T1",
      at: 30,
      desired: 180,
      mclt: 60,
      agreed: 210,
      actual: 180,
      potential: 300,
    },
    {
      name: "second renewal",
      at: 120,
      desired: 180,
      mclt: 60,
      agreed: 300,
      actual: 180,
      potential: 390,
    },
    { name: "less than MCLT wanted", desired: 30, mclt: 60, actual: 30, potential: 45 },
    { name: "much more than MCLT wanted", desired: 600, mclt: 30, actual: 30, potential: 615 },
    {
      name: "renewal at the other server",
      desired: 180,
      mclt: 60,
      agreed: 212,
      actual: 180,
      potential: 270,
    },
    { name: "new client, partner away", desired: 180, mclt: 60, actual: 60, potential: 210 },
    { name: "its renewal, still away", at: 36, desired: 180, mclt: 60, actual: 60, potential: 246 },
    {
      name: "known client, partner away",
      desired: 180,
      mclt: 60,
      agreed: 243,
      actual: 180,
      potential: 270,
    },
    {
      name: "the same, 70 s before the agreed time",
      desired: 180,
      mclt: 60,
      agreed: 70,
      actual: 130,
      potential: 245,
    },
    { name: "agreed time is now", desired: 180, mclt: 60, agreed: 0, actual: 60, potential: 210 },
    {
      name: "agreed time is past",
      at: 100,
      desired: 180,
      mclt: 60,
      agreed: 99,
      actual: 60,
      potential: 310,
    },
    { name: "as much as MCLT wanted", desired: 60, mclt: 60, actual: 60, potential: 90 },
    {
      name: "the draft's first lease",
      desired: 3 * DAY,
      mclt: HOUR,
      actual: HOUR,
      potential: 3 * DAY + HOUR / 2,
    },
    {
      name: "the draft's renewal",
      at: HOUR / 2,
      desired: 3 * DAY,
      mclt: HOUR,
      agreed: 3 * DAY + HOUR / 2,
      actual: 3 * DAY,
      potential: 4.5 * DAY + HOUR / 2,
    },
  ];
  test.each(EXAMPLES)("$name", ({ at = 0, desired, mclt, agreed, actual, potential }) => {
    const agreedUntil = agreed === undefined ? 0 : T + agreed;
    expect(clientSeconds(desired, T + at, agreedUntil, mclt)).toBe(actual);
    expect(potentialExpiration(T + at, desired, actual)).toBe(T + potential);
  });

  test("half of an odd time is rounded down", () => {
    expect(potentialExpiration(T, 181, 61)).toBe(T + 181 + 30);
  });
});

describe("leases for ever", () => {
  test("the first one is for MCLT, and the partner is told that it is for ever", () => {
    expect(clientSeconds(FOREVER_SECONDS, T, 0, 60)).toBe(60);
    expect(potentialExpiration(T, FOREVER_SECONDS, 60)).toBe(FOREVER_SECONDS);
  });

  test("once that is agreed, the client is told so", () => {
    expect(clientSeconds(FOREVER_SECONDS, T, FOREVER_SECONDS, 60)).toBe(FOREVER_SECONDS);
    expect(clientSeconds(180, T, FOREVER_SECONDS, 60)).toBe(180);
  });

  test("an agreed time that ends is not for ever, however late", () => {
    const agreed = 0x7fffffff;
    expect(clientSeconds(FOREVER_SECONDS, T, agreed, 60)).toBe(agreed - T + 60);
  });
});

const u32 = fc.nat({ max: FOREVER_SECONDS });
const mclt = fc.integer({ min: 1, max: 86_400 });

describe("for all times", () => {
  test("§5.2: the end told is never later than MCLT after what is agreed, or after now", () => {
    fc.assert(
      fc.property(u32, u32, u32, mclt, (desired, now, agreed, lead) => {
        const actual = clientSeconds(desired, now, agreed, lead);
        expect(actual).toBeLessThanOrEqual(desired);
        if (agreed === FOREVER_SECONDS) return;
        expect(now + actual).toBeLessThanOrEqual(Math.max(agreed, now) + lead);
      }),
    );
  });

  test("a client gets at least MCLT, or what it should have", () => {
    fc.assert(
      fc.property(u32, u32, u32, mclt, (desired, now, agreed, lead) => {
        const actual = clientSeconds(desired, now, agreed, lead);
        expect(actual).toBeGreaterThanOrEqual(Math.min(desired, lead));
      }),
    );
  });

  test("an agreed potential expiration lets the next renewal have all it wants", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 0x3fffffff }),
        fc.nat({ max: 0x3fffffff }),
        mclt,
        fc.nat(),
        (desired, now, lead, part) => {
          const actual = clientSeconds(desired, now, 0, lead);
          const agreed = potentialExpiration(now, desired, actual);
          const renewal = now + (part % (Math.ceil(actual / 2) + lead));
          expect(clientSeconds(desired, renewal, agreed, lead)).toBe(desired);
        },
      ),
    );
  });

  test("the partner hears of a time that no client of this grant is told to pass", () => {
    fc.assert(
      fc.property(u32, u32, u32, mclt, (desired, now, agreed, lead) => {
        const actual = clientSeconds(desired, now, agreed, lead);
        const potential = potentialExpiration(now, desired, actual);
        expect(potential).toBeLessThanOrEqual(FOREVER_SECONDS);
        expect(potential).toBeGreaterThanOrEqual(Math.min(now + actual, FOREVER_SECONDS));
      }),
    );
  });
});

describe("§9.4.2: an address is taken over in PARTNER-DOWN", () => {
  const NOTHING = { endsAt: 0, toldUntil: 0, agreedUntil: 0 };
  test("never before MCLT has passed in that state", () => {
    expect(takeoverAt(T, NOTHING, 600)).toBe(T + 600);
  });
  test.each(["endsAt", "toldUntil", "agreedUntil"] as const)("MCLT after a later %s", (field) => {
    expect(takeoverAt(T, { ...NOTHING, [field]: T + 50 }, 600)).toBe(T + 650);
    expect(takeoverAt(T, { ...NOTHING, [field]: T - 50 }, 600)).toBe(T + 600);
  });
  test("never, where one of them is for ever", () => {
    expect(takeoverAt(T, { ...NOTHING, agreedUntil: FOREVER_SECONDS }, 600)).toBe(FOREVER_SECONDS);
  });
  test("whatever the partner told a client by the same rules has ended then", () => {
    fc.assert(
      fc.property(u32, u32, u32, u32, mclt, (desired, before, agreed, startedAt, lead) => {
        fc.pre(before <= startedAt && agreed < FOREVER_SECONDS);
        const told = before + clientSeconds(desired, before, agreed, lead);
        const known = { endsAt: 0, toldUntil: 0, agreedUntil: agreed };
        const usable = takeoverAt(startedAt, known, lead);
        expect(usable).toBeGreaterThanOrEqual(Math.min(told, FOREVER_SECONDS));
      }),
    );
  });
});

/** Seconds of MCLT in force, where the capture begins after the CONNECT too. */
const MCLT: Readonly<Record<string, number>> = {
  "02-leases": 60,
  "03-rebalance": 60,
  "04-comms-interrupted": 60,
  "05-partner-down": 40,
  "06-lost-lease-file": 40,
  "07-shutdown-paused": 30,
  "09-reserved-ipflags": 30,
  "12-probe-bndack": 30,
};
/** Lease times that were configured: clients ask for 30 s where it is short. */
const DESIRED = [30, 180, 600];

describe("as dhcpd 4.4.3 does: every grant in the captures", () => {
  test("all captures with grants are looked at, and MCLT is what the primary said", () => {
    const withGrants = CAPTURES.filter((capture) => grantsOf(capture).length > 0);
    expect(withGrants.toSorted()).toEqual(Object.keys(MCLT).toSorted());
    expect(withGrants.flatMap((capture) => grantsOf(capture)).length).toBeGreaterThan(80);
    for (const capture of withGrants) {
      for (const message of messagesOf(capture)) {
        const said = optionOf(message, 15);
        if (said !== undefined) expect(said).toBe(MCLT[capture]);
      }
    }
  });

  test.each(Object.keys(MCLT))("%s", (capture) => {
    for (const grant of grantsOf(capture)) {
      const where = `frame ${grant.frame}, ${grant.address}`;
      // The wanted time is in no message: the potential expiration must lead back to a configured one.
      const desired = grant.potential - grant.now - Math.floor(grant.actual / 2);
      expect(DESIRED, where).toContain(desired);
      if (grant.agreed !== undefined) {
        const actual = clientSeconds(desired, grant.now, grant.agreed, MCLT[capture] ?? 0);
        expect(actual, where).toBe(grant.actual);
      }
      expect(potentialExpiration(grant.now, desired, grant.actual), where).toBe(grant.potential);
    }
  });
});

interface Grant {
  readonly frame: number;
  readonly address: string;
  readonly now: number;
  readonly actual: number;
  readonly potential: number;
  /**
   * What the granting server had agreed with its partner before, 0 for nothing; undefined for a grant
   * that is older than the capture and was sent again.
   */
  readonly agreed: number | undefined;
}

/**
 * The ACTIVE updates that a dhcpd sent of its own grants. Those that it learned from its partner and
 * sends again carry no client-last-transaction-time, and what potential expiration it had.
 */
function grantsOf(capture: string): Grant[] {
  const grants: Grant[] = [];
  const agreedOf = new AgreedTimes();
  const messages = messagesOf(capture);
  const begin = messages[0]?.time ?? 0;
  for (const message of messages) {
    agreedOf.take(message);
    if (message.typeCode !== 3 || message.from === scriptedSide(capture)) continue;
    const [address, now] = [optionOf(message, 2), optionOf(message, 25)];
    const [end, potential] = [optionOf(message, 13), optionOf(message, 18)];
    if (statusOf(message) !== 2 || optionOf(message, 6) === undefined) continue;
    if (typeof now !== "number" || typeof end !== "number" || typeof potential !== "number")
      continue;
    grants.push({
      frame: message.frame,
      address: String(address),
      now,
      actual: end - now,
      potential,
      agreed: now < begin ? undefined : agreedOf.before(message.from, String(address), now),
    });
  }
  return grants;
}

/** Follows which potential expiration each side has agreed with the other, and since when. */
class AgreedTimes {
  readonly #sent = new Map<string, number>();
  readonly #agreed: { side: string; address: string; since: number; until: number }[] = [];

  take(message: CapturedMessage): void {
    const address = String(optionOf(message, 2));
    const sender = message.from === "primary" ? "secondary" : "primary";
    const potential = optionOf(message, 18);
    if (message.typeCode === 3) {
      this.#sent.set(`${message.from} ${message.xid} ${address}`, Number(potential ?? 0));
    }
    if (message.typeCode !== 4 || optionOf(message, 21) !== undefined) return;
    const until = this.#sent.get(`${sender} ${message.xid} ${address}`);
    if (until === undefined) return;
    for (const side of ["primary", "secondary"]) {
      this.#agreed.push({ side, address, since: message.time, until });
    }
  }

  before(side: string, address: string, now: number): number {
    const known = this.#agreed.filter(
      (one) => one.side === side && one.address === address && one.since < now,
    );
    return known.at(-1)?.until ?? 0;
  }
}

function optionOf(message: CapturedMessage, code: number): string | number | undefined {
  return message.options.find((option) => option.code === code)?.value;
}

function statusOf(message: CapturedMessage): number | undefined {
  return message.options.find((option) => option.code === 3)?.raw;
}
