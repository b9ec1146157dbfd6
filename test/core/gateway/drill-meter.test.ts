// What a drill shows, by what the box that takes over sees and asks: every row a story of a few moments.

import { describe, expect, test } from "vitest";
import { DrillMeter, type DrillSight } from "../../../daemon/core/gateway/drill.ts";
import type { GatewayWord } from "../../../daemon/core/gateway/word.ts";

const HAS_IT: GatewayWord = { holding: "master", score: 100, mayTake: true };
const LETS_GO: GatewayWord = { holding: "fault", score: 100, mayTake: false };
const BEGIN = 10_000;

const AT_PARTNER: DrillSight = {
  facts: { holding: "backup", partner: HAS_IT },
  ...{ isHere: false, answersAll: false },
};
const HERE: DrillSight = {
  facts: { holding: "master", partner: LETS_GO },
  ...{ isHere: true, answersAll: false },
};

/** Pings every 10 ms from `from` up to but not including `to`; each is answered after 1 ms where `answers` says so. */
function ping(
  meter: DrillMeter,
  from: number,
  to: number,
  answers: (at: number) => boolean = () => true,
): void {
  for (let at = from; at < to; at += 10) {
    meter.pinged(at, at);
    if (answers(at)) meter.answered(at, at + 1);
  }
}

describe("a planned drill", () => {
  test("is noticed when the partner has let go, moved when all of it is here, and all are answered all the time", () => {
    const meter = new DrillMeter("planned", BEGIN);
    meter.see(AT_PARTNER, BEGIN - 500);
    ping(meter, BEGIN - 500, BEGIN);
    meter.see(AT_PARTNER, BEGIN);
    meter.see({ ...AT_PARTNER, facts: { holding: "backup", partner: LETS_GO } }, BEGIN + 2);
    meter.see({ ...HERE, facts: { holding: "backup", partner: LETS_GO } }, BEGIN + 3);
    meter.see(HERE, BEGIN + 5);
    meter.see(HERE, BEGIN + 5000);
    expect(meter.figures()).toEqual({
      ...{ detectionMilliseconds: 2, gatewayMilliseconds: 5, dhcpMilliseconds: 0 },
      // The last answer came 9 ms before the beginning, and the address was here 3 ms behind it.
      ...{ pingsSent: 50, pingsLost: 0, outageMilliseconds: 12, names: null },
    });
  });

  test("that comes to nothing says so", () => {
    const meter = new DrillMeter("planned", BEGIN);
    ping(meter, BEGIN - 500, BEGIN + 10_000);
    meter.see(AT_PARTNER, BEGIN + 1);
    meter.see(AT_PARTNER, BEGIN + 10_000);
    meter.over(BEGIN + 10_000);
    expect(meter.figures()).toEqual({
      ...{ detectionMilliseconds: null, gatewayMilliseconds: null, dhcpMilliseconds: 0 },
      ...{ pingsSent: 1050, pingsLost: 0, outageMilliseconds: 10, names: null },
    });
  });
});

describe("a drill in which the other box is as if without power", () => {
  test("is noticed when it is not heard any more, and devices are answered when this box answers all", () => {
    const meter = new DrillMeter("unplugged", BEGIN);
    ping(meter, BEGIN - 100, BEGIN + 320, (at) => at < BEGIN);
    // Before anything has happened it may seem as if this box answered all.
    meter.see({ ...AT_PARTNER, answersAll: false }, BEGIN);
    meter.see({ ...HERE, facts: { holding: "backup", partner: HAS_IT } }, BEGIN + 320);
    meter.see({ ...HERE, facts: { holding: "master", partner: HAS_IT } }, BEGIN + 322);
    const gone = { ...HERE, facts: { holding: "master", partner: undefined } } as const;
    meter.see(gone, BEGIN + 600);
    meter.see({ ...gone, answersAll: true }, BEGIN + 610);
    expect(meter.figures()).toEqual({
      ...{ detectionMilliseconds: 320, gatewayMilliseconds: 322, dhcpMilliseconds: 610 },
      ...{ pingsSent: 42, pingsLost: 32, outageMilliseconds: 329, names: null },
    });
  });

  test("in which nobody takes the gateway: it is silent to the end", () => {
    const meter = new DrillMeter("unplugged", BEGIN);
    ping(meter, BEGIN - 100, BEGIN + 10_000, (at) => at < BEGIN);
    meter.see({ ...AT_PARTNER, facts: { holding: "backup", partner: undefined } }, BEGIN + 600);
    meter.over(BEGIN + 10_000);
    expect(meter.figures()).toMatchObject({
      ...{ detectionMilliseconds: 600, gatewayMilliseconds: null, dhcpMilliseconds: null },
      ...{ pingsLost: 1000, outageMilliseconds: 10_009 },
    });
  });

  test("a partner that is heard has not been noticed to be gone, however it holds the gateway", () => {
    const meter = new DrillMeter("unplugged", BEGIN);
    meter.see({ ...AT_PARTNER, facts: { holding: "backup", partner: LETS_GO } }, BEGIN + 1);
    expect(meter.figures().detectionMilliseconds).toBeNull();
  });
});

describe("pings", () => {
  test("count until the gateway is here: then nothing is to be answered from outside", () => {
    const meter = new DrillMeter("planned", BEGIN);
    ping(meter, BEGIN, BEGIN + 50);
    meter.pinged(1, BEGIN + 50);
    meter.see(HERE, BEGIN + 55);
    meter.pinged(2, BEGIN + 60);
    meter.answered(1, BEGIN + 61);
    expect(meter.figures()).toMatchObject({ pingsSent: 6, pingsLost: 1, outageMilliseconds: 14 });
    // Nor does the end of it make the silence longer.
    meter.over(BEGIN + 10_000);
    expect(meter.figures().outageMilliseconds).toBe(14);
  });

  test("an answer counts once, and only to what was asked", () => {
    const meter = new DrillMeter("planned", BEGIN);
    meter.pinged(7, BEGIN);
    meter.answered(8, BEGIN + 1);
    meter.answered(7, BEGIN + 200);
    meter.answered(7, BEGIN + 900);
    expect(meter.figures()).toMatchObject({ pingsSent: 1, pingsLost: 0, outageMilliseconds: 200 });
  });

  test("none at all is no silence", () => {
    const meter = new DrillMeter("planned", BEGIN);
    meter.see(HERE, BEGIN + 55);
    meter.over(BEGIN + 10_000);
    expect(meter.figures()).toMatchObject({ pingsSent: 0, pingsLost: 0, outageMilliseconds: 0 });
  });

  test("the longest silence counts, wherever it is", () => {
    const meter = new DrillMeter("unplugged", BEGIN);
    ping(meter, BEGIN, BEGIN + 1000, (at) => at < BEGIN + 200 || at >= BEGIN + 500);
    meter.see(HERE, BEGIN + 1000);
    expect(meter.figures().outageMilliseconds).toBe(310);
  });
});

test("names count from the beginning on, if a resolver has ever answered", () => {
  const meter = new DrillMeter("planned", BEGIN);
  meter.named(false, BEGIN + 10, BEGIN + 210);
  expect(meter.figures().names, "there may be none at all").toBeNull();
  meter.named(true, BEGIN + 260, BEGIN + 261);
  meter.named(false, BEGIN + 510, BEGIN + 710);
  const never = { afterMilliseconds: null };
  expect(meter.figures().names).toEqual({ asked: 3, answered: 1, ...never });
  const silent = new DrillMeter("planned", BEGIN);
  silent.named(true, BEGIN - 1, BEGIN);
  silent.named(false, BEGIN - 1, BEGIN + 199);
  silent.named(false, BEGIN, BEGIN + 200);
  expect(silent.figures().names, "there was one before").toEqual({
    ...{ asked: 1, answered: 0, ...never },
  });
});

test("names are found at this box from the first answer on that was asked for when the address was here", () => {
  const meter = new DrillMeter("planned", BEGIN);
  meter.see(AT_PARTNER, BEGIN);
  meter.named(true, BEGIN + 1, BEGIN + 3);
  meter.see(HERE, BEGIN + 20);
  // The partner's answer to what it was asked before.
  meter.named(true, BEGIN + 19, BEGIN + 22);
  expect(meter.figures().names?.afterMilliseconds).toBeNull();
  meter.named(false, BEGIN + 40, BEGIN + 240);
  meter.named(true, BEGIN + 90, BEGIN + 250.4);
  meter.named(true, BEGIN + 140, BEGIN + 260);
  expect(meter.figures().names).toEqual({ asked: 5, answered: 4, afterMilliseconds: 250 });
});

test("nothing that was so before the beginning counts, and times are whole numbers", () => {
  const meter = new DrillMeter("unplugged", BEGIN + 0.4);
  meter.see(
    { facts: { holding: "master", partner: undefined }, isHere: true, answersAll: true },
    0,
  );
  expect(meter.figures()).toMatchObject({ detectionMilliseconds: null, gatewayMilliseconds: null });
  const here = { holding: "master", partner: undefined } as const;
  meter.see({ facts: here, isHere: true, answersAll: true }, BEGIN + 7.1);
  expect(meter.figures()).toMatchObject({
    ...{ detectionMilliseconds: 7, gatewayMilliseconds: 7, dhcpMilliseconds: 7 },
  });
});
