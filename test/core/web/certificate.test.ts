// When certificates are made anew, with clocks of every kind.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  authorityValidity,
  ClockWatch,
  isAuthorityOver,
  isBelievable,
  type Leaf,
  leafValidity,
  SOFTWARE_SINCE,
  uploadedState,
  whyNewLeaf,
} from "../../../daemon/core/web/certificate.ts";
import { LIMITS } from "../../../daemon/limits.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2027-03-01T12:00:00Z");
const Y1970 = 30_000;
const Y2000 = Date.parse("2000-01-01T00:00:00Z");
const Y2106 = Date.parse("2106-02-07T06:28:15Z");
const NAMES = ["box-a", "10.77.0.2"];
const AUTHORITY = authorityValidity(NOW);

function leafAt(wall: number, authority = AUTHORITY): Leaf {
  return { ...leafValidity(authority, wall), names: NAMES, isOfAuthority: true };
}

describe("an authority", () => {
  test("lasts ten years from when it is made, and has been good since this program is there", () => {
    const { notBefore, notAfter } = authorityValidity(NOW);
    expect(notBefore).toBe(SOFTWARE_SINCE - DAY);
    expect(new Date(notAfter).toISOString().slice(0, 10)).toBe("2037-03-01");
  });

  test.each([Y1970, Y2000, Y2106])(
    "made by a clock that says %i it is good when the clock is set",
    (wrong) => {
      const made = authorityValidity(wrong);
      expect(made.notBefore).toBeLessThan(NOW);
      expect(made.notAfter).toBeGreaterThan(NOW + 9 * 365 * DAY);
      expect(isAuthorityOver(made, NOW, true)).toBe(false);
    },
  );

  test("made by a clock that ran some years ahead it is good when that goes back", () => {
    const made = authorityValidity(NOW + 20 * 365 * DAY);
    expect(made.notBefore).toBeLessThan(NOW);
    expect(isAuthorityOver(made, NOW, true)).toBe(false);
  });

  test("gives way a month before its end, but not on the word of a clock that may be corrected", () => {
    const { notAfter } = AUTHORITY;
    expect(isAuthorityOver(AUTHORITY, notAfter - 31 * DAY, true)).toBe(false);
    expect(isAuthorityOver(AUTHORITY, notAfter - 29 * DAY, true)).toBe(true);
    expect(isAuthorityOver(AUTHORITY, notAfter - 29 * DAY, false)).toBe(false);
    expect(isAuthorityOver(AUTHORITY, Y2106, true)).toBe(false);
  });
});

describe("the certificate of a box", () => {
  test("begins a day ago and lasts as long as browsers take", () => {
    const { notBefore, notAfter } = leafValidity(AUTHORITY, NOW);
    expect(notBefore).toBe(NOW - DAY);
    expect(notAfter - notBefore + 1000).toBe(397 * DAY);
  });

  test("is made when there is none, of another authority, or for other names", () => {
    const leaf = leafAt(NOW);
    expect(whyNewLeaf(undefined, NAMES, AUTHORITY, NOW)).toBe("none");
    expect(whyNewLeaf(leaf, NAMES, AUTHORITY, NOW)).toBeUndefined();
    expect(whyNewLeaf({ ...leaf, isOfAuthority: false }, NAMES, AUTHORITY, NOW)).toBe("authority");
    expect(whyNewLeaf(leaf, [...NAMES, "10.77.0.1"], AUTHORITY, NOW)).toBe("names");
    expect(whyNewLeaf(leaf, ["box-a"], AUTHORITY, NOW)).toBe("names");
    expect(whyNewLeaf(leaf, ["box-a", "10.77.0.3"], AUTHORITY, NOW)).toBe("names");
    expect(whyNewLeaf(leaf, [...NAMES].reverse(), AUTHORITY, NOW)).toBeUndefined();
  });

  test("is renewed after two thirds of its life", () => {
    const leaf = leafAt(NOW);
    const due = leaf.notBefore + ((leaf.notAfter - leaf.notBefore) * 2) / 3;
    expect(whyNewLeaf(leaf, NAMES, AUTHORITY, due - 1000)).toBeUndefined();
    expect(whyNewLeaf(leaf, NAMES, AUTHORITY, due + 1000)).toBe("age");
  });

  test.each([Y1970, Y2000, Y2106])("by a clock that says %i a good one is kept", (wrong) => {
    expect(whyNewLeaf(leafAt(NOW), NAMES, AUTHORITY, wrong)).toBeUndefined();
  });

  test.each([Y1970, Y2000, Y2106])(
    "made by a clock that says %i it is one of the first days",
    (wrong) => {
      const { notBefore } = leafValidity(AUTHORITY, wrong);
      expect(notBefore).toBe(SOFTWARE_SINCE - DAY);
    },
  );

  test("made by a wrong clock it is made again when that is set, unless it will do", () => {
    const early = leafAt(Y1970);
    expect(whyNewLeaf(early, NAMES, AUTHORITY, SOFTWARE_SINCE + 30 * DAY)).toBeUndefined();
    expect(whyNewLeaf(early, NAMES, AUTHORITY, SOFTWARE_SINCE + 500 * DAY)).toBe("age");
    const ahead = leafAt(NOW + 900 * DAY);
    expect(whyNewLeaf(ahead, NAMES, AUTHORITY, NOW)).toBe("clock");
  });

  test("whatever the clocks say, one that was just made will do, and is never outside of its authority", () => {
    const wall = fc.oneof(
      fc.constantFrom(0, Y1970, Y2000, Y2106),
      fc.integer({ min: SOFTWARE_SINCE - 400 * DAY, max: SOFTWARE_SINCE + 80 * 365 * DAY }),
    );
    fc.assert(
      fc.property(wall, wall, (madeAt, now) => {
        const authority = authorityValidity(madeAt);
        const leaf = leafAt(now, authority);
        expect(whyNewLeaf(leaf, NAMES, authority, now)).toBeUndefined();
        expect(whyNewLeaf(leaf, NAMES, authority, now + 2000)).toBeUndefined();
        expect(leaf.notBefore).toBeGreaterThanOrEqual(authority.notBefore);
        expect(leaf.notAfter).toBeLessThanOrEqual(authority.notAfter);
        expect(leaf.notAfter).toBeGreaterThan(leaf.notBefore);
        expect(leaf.notAfter - leaf.notBefore).toBeLessThan(397 * DAY);
        if (isBelievable(now) && now < authority.notAfter) {
          expect(leaf.notBefore).toBeLessThanOrEqual(now);
          expect(leaf.notAfter).toBeGreaterThanOrEqual(now);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test("what people have put on the box ends, is said to end, and is not judged by a wrong clock", () => {
  const uploaded = { notBefore: NOW - DAY, notAfter: NOW + 90 * DAY };
  const warning = uploaded.notAfter - LIMITS.certificateWarningDays * DAY;
  expect(uploadedState(uploaded, NOW)).toBe("good");
  expect(uploadedState(uploaded, warning - 1000)).toBe("good");
  expect(uploadedState(uploaded, warning + 1000)).toBe("ending");
  expect(uploadedState(uploaded, uploaded.notAfter)).toBe("ending");
  expect(uploadedState(uploaded, uploaded.notAfter + 1)).toBe("ended");
  for (const wrong of [Y1970, Y2000, Y2106]) expect(uploadedState(uploaded, wrong)).toBe("good");
});

describe("the clock", () => {
  const PROBATION = LIMITS.clockProbationMilliseconds;
  const step = LIMITS.clockStepMilliseconds + 1000;

  test("is settled some minutes after power-on, and some minutes after a step in either direction", () => {
    for (const by of [step, -step]) {
      const clock = new ClockWatch();
      expect(clock.isSettled({ monotonic: 5000, wall: NOW })).toBe(false);
      expect(clock.isSettled({ monotonic: PROBATION, wall: NOW + PROBATION - 5000 })).toBe(true);
      const at = PROBATION + 2000;
      expect(clock.isSettled({ monotonic: at, wall: NOW + at - 5000 + by })).toBe(false);
      const later = at + PROBATION;
      expect(clock.isSettled({ monotonic: later - 1, wall: NOW + later - 5001 + by })).toBe(false);
      expect(clock.isSettled({ monotonic: later, wall: NOW + later - 5000 + by })).toBe(true);
    }
  });

  test("of a box that has long been on is settled when the program starts", () => {
    expect(new ClockWatch().isSettled({ monotonic: PROBATION * 9, wall: NOW })).toBe(true);
  });
});
