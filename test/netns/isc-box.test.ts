// Our own box in a pair with a real dhcpd, in either role: what happens to a pair in its life, both
// databases address by address, and every message that the box sends.

import { expect, test, vi } from "vitest";
import { boxMissing, makeBox } from "../support/isc-box.ts";
import { hasDhcpd, hasFaketime, type PairTerms, TERMS } from "../support/isc-dhcpd.ts";
import { IscPair, makeDhcpd, type Story } from "../support/isc-pair.ts";
import { roomProblem } from "../support/isc-room.ts";
import * as stories from "../support/isc-stories.ts";
import { describeUnless, withoutProgram } from "../support/unless.ts";

vi.setConfig({ maxConcurrency: 8, testTimeout: 240_000 });

const missing =
  roomProblem() ??
  withoutProgram(hasDhcpd, "dhcpd") ??
  withoutProgram(hasFaketime, "faketime") ??
  boxMissing();

/** The box tells the MCLT as the primary, and takes none of less than a minute for its own. */
const OWN: PairTerms = { ...TERMS, mclt: 60, leaseSeconds: 60 };
const DHCPDS: PairTerms = { ...TERMS, mclt: 15, leaseSeconds: 60 };
/**
 * Longer than the slack of 65 s that dhcpd grants: one that starts again may say EXPIRED of a lease that
 * was renewed meanwhile, and a secondary believes that of a shorter one.
 */
const LONG = { leaseSeconds: 180 };
const SHORT_POOL = { ...LONG, pool: [10, 17] } as const;
/** The watch for other servers has an offer of the partner reserved, so there is always one left. */
const LARGE_POOL = { ...LONG, mclt: 60, pool: [10, 49] } as const;

describeUnless(missing, "our box beside dhcpd", () => {
  for (const [role, usual] of [
    ["primary", OWN],
    ["secondary", DHCPDS],
  ] as const) {
    const told: readonly [Story, PairTerms][] = [
      // The longest ones first.
      [stories.conflict, { ...usual, ...SHORT_POOL }],
      [stories.lifeOfLeases, usual],
      [stories.clocksDiffer, { ...usual, clockAhead: 40 }],
      // Here the partner gives nothing by itself and the box has to ask; below the box may give unasked.
      [stories.balance("a", true), { ...usual, ...LARGE_POOL, balanceSeconds: 600 }],
      [stories.balance("b", false), { ...usual, ...LARGE_POOL }],
      [stories.cutAndHealed, { ...usual, ...LONG, mclt: 60 }],
      [stories.partnerDown("a"), { ...usual, ...SHORT_POOL }],
      [stories.partnerDown("b"), { ...usual, ...SHORT_POOL }],
      [stories.startedAgain("a"), { ...usual, ...LONG }],
      [stories.startedAgain("b"), { ...usual, ...LONG }],
      [stories.sentAway, { ...usual, ...LONG }],
      [stories.servedAlone("a"), { ...usual, ...LONG }],
      [stories.servedAlone("b"), { ...usual, ...LONG }],
      [stories.lostLeases("a"), { ...usual, ...SHORT_POOL }],
      [stories.lostLeases("b"), { ...usual, ...SHORT_POOL }],
    ];
    test.concurrent.each(told.map(([story, terms]) => [story.title, story, terms] as const))(
      `as the ${role}: %s`,
      async (_, story, terms) => {
        const makers = { a: makeBox, b: makeDhcpd, aIs: role } as const;
        const { messages, a, b, tshark } = await IscPair.with(makers, terms, story);
        expect(messages.filter((one) => one.from === "a").length).toBeGreaterThan(10);
        expect({ said: a.said, complaints: b.complaints, tshark }).toEqual(CLEAN);
      },
    );
  }
});

const CLEAN = { said: [], complaints: [], tshark: [] };
