// Two real dhcpd as a pair, watched by what watches our own box beside a dhcpd: the harness sees what is
// there, and finds nothing wrong with the program that all others go by.

import { expect, test, vi } from "vitest";
import { hasDhcpd, type PairTerms, TERMS } from "../support/isc-dhcpd.ts";
import { partsOf, TYPE } from "../support/isc-judge.ts";
import { IscPair, type MakeServer, makeDhcpd, type Story } from "../support/isc-pair.ts";
import { roomProblem } from "../support/isc-room.ts";
import * as stories from "../support/isc-stories.ts";
import { describeUnless, withoutProgram } from "../support/unless.ts";

vi.setConfig({ maxConcurrency: 8, testTimeout: 150_000 });

const terms: PairTerms = { ...TERMS, leaseSeconds: 20, mclt: 12 };
const small: PairTerms = { ...terms, leaseSeconds: 60, pool: [10, 17] };
/** The primary leaves it to the secondary to say that it wants addresses. */
const makeWaiting: MakeServer = (room, side, role, own) =>
  makeDhcpd(room, side, role, { ...own, balanceSeconds: 600 });
const makers = { a: makeWaiting, b: makeDhcpd, aIs: "primary" } as const;
const missing = roomProblem() ?? withoutProgram(hasDhcpd, "dhcpd");

describeUnless(missing, "two dhcpd", () => {
  const told: readonly [Story, PairTerms][] = [
    [stories.lifeOfLeases, terms],
    [stories.balance("b", true), { ...terms, leaseSeconds: 120, mclt: 90 }],
    [stories.cutAndHealed, { ...terms, leaseSeconds: 180, mclt: 60 }],
    [stories.partnerDown("b"), small],
    [stories.lostLeases("b"), small],
    [stories.conflict, small],
  ];
  test.concurrent.each(told.map(([story, own]) => [story.title, story, own] as const))(
    "%s",
    async (_, story, own) => {
      const { messages, a, b, tshark } = await IscPair.with(makers, own, story);
      const types = new Set(messages.map((one) => partsOf(one.bytes).type));
      expect(types).toContain(TYPE.bndUpd);
      expect({ a, b, tshark }).toEqual({ a: CLEAN, b: CLEAN, tshark: [] });
    },
  );
});

const CLEAN = { said: [], complaints: [] };
