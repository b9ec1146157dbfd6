// Over which path the session goes, and when it is over.

import { beforeEach, describe, expect, test } from "vitest";
import { Route, type RouteFacts, type RouteStep } from "../../../daemon/core/channel/route.ts";
import type { PathSight, Sight } from "../../../daemon/core/witness/lookout.ts";
import type { Conclusion, PathVerdict } from "../../../daemon/core/witness/paths.ts";
import { LIMITS } from "../../../daemon/limits.ts";

const { channelGraceMilliseconds, channelReplaceMilliseconds, pairLinkStableMilliseconds } = LIMITS;

let now = 0;
let route: Route;
let facts: RouteFacts;

beforeEach(() => {
  now = 10_000;
  route = new Route(true);
  facts = { isOpen: false, on: undefined, address: undefined, isDialling: false };
});

function sight(conclusion: Conclusion, cable: PathVerdict, lan: PathVerdict): Sight {
  const path = (interfaceName: string, name: string | undefined, verdict: PathVerdict) =>
    ({ interfaceName, lan: name, verdict, address: "fe80::2", heardAt: now }) satisfies PathSight;
  return {
    conclusion,
    paths: [path("ded0", undefined, cable), path("lan0", "office", lan)],
    partner: undefined,
    isDisowned: false,
  };
}

const FINE = () => sight("in-step", "up", "up");
const ROUND = () => sight("over-lan", "unplugged", "up");

function step(what: Sight): RouteStep | undefined {
  return route.step(what, facts, now);
}

/** What is done, and after how many milliseconds; undefined: nothing for a minute. */
function wait(what: () => Sight): [string, number] | undefined {
  const began = now;
  for (; now - began < 60_000; now += 10) {
    const done = step(what());
    if (done) return [done.kind === "end" ? done.reason : done.kind, now - began];
  }
  return undefined;
}

function on(interfaceName: string | undefined): void {
  facts = { isOpen: true, on: interfaceName, address: "fe80::2", isDialling: false };
}

const dialled = (done: RouteStep | undefined) =>
  done?.kind === "dial" ? done.path.interfaceName : done?.kind;

describe("the box that dials", () => {
  test("dials the cable when both work, and a LAN when only that does", () => {
    expect(dialled(step(FINE()))).toBe("ded0");
    route = new Route(true);
    expect(dialled(step(ROUND()))).toBe("lan0");
  });

  test("dials nobody who was not heard, and not twice at once", () => {
    expect(step(sight("slow", "silent", "silent"))).toBeUndefined();
    facts = { ...facts, isDialling: true };
    expect(step(FINE())).toBeUndefined();
  });

  test("tries again a moment after a failure", () => {
    step(FINE());
    route.failed(now, false);
    expect(wait(FINE)).toEqual(["dial", LIMITS.peerRedialMilliseconds]);
  });

  test("stays where it is while that is the best", () => {
    on("ded0");
    expect(wait(FINE)).toBeUndefined();
    on("lan0");
    expect(wait(ROUND)).toBeUndefined();
  });

  test("leaves the cable at once when it fails, and dials the LAN", () => {
    on("ded0");
    step(FINE());
    expect(step(ROUND())).toEqual({ kind: "abandon" });
    on(undefined);
    expect(dialled(step(ROUND()))).toBe("lan0");
  });

  test("goes back to the cable when it has worked for a while, and not before", () => {
    on("lan0");
    step(ROUND());
    expect(wait(FINE)).toEqual(["dial", pairLinkStableMilliseconds]);
    on("ded0");
    expect(wait(FINE)).toBeUndefined();
  });

  test("leaves a connection whose other end has another address now, and dials that", () => {
    on("ded0");
    step(FINE());
    facts = { ...facts, address: "fe80::1" };
    expect(step(FINE())).toEqual({ kind: "abandon" });
    on(undefined);
    expect(step(FINE())).toMatchObject({ kind: "dial", address: "fe80::2" });
  });

  test("a cable that comes and goes is not gone back to", () => {
    on("lan0");
    for (let turn = 0; turn < 20; turn++) {
      for (let t = 0; t < pairLinkStableMilliseconds - 100; t += 10, now += 10) {
        expect(step(FINE())).toBeUndefined();
      }
      expect(step(ROUND())).toBeUndefined();
    }
  });

  test("keeps the connection when no other path is better: the partner may be busy", () => {
    on("ded0");
    step(FINE());
    for (let t = 0; t < 2000; t += 10, now += 10) {
      expect(step(sight("slow", "silent", "silent"))).toBeUndefined();
    }
    expect(wait(FINE)).toBeUndefined();
  });
});

test("the box that is dialled only waits", () => {
  route = new Route(false);
  expect(wait(FINE)).toBeUndefined();
});

describe("the session is over", () => {
  test.each<[Conclusion, PathVerdict, string]>([
    ["gone", "unplugged", "the partner is silent on every path"],
    [
      "isolated",
      "unplugged",
      "the partner is silent, and this box has no LAN on which it could be heard",
    ],
  ])("at once when it is concluded: %s", (conclusion, cable, reason) => {
    on("ded0");
    step(FINE());
    expect(wait(() => sight(conclusion, cable, "silent"))).toEqual([reason, 0]);
  });

  test("when the partner closes it and nobody listens there any more", () => {
    on(undefined);
    route.lost(now, true);
    expect(dialled(step(FINE()))).toBe("ded0");
    route.failed(now, true);
    expect(wait(FINE)).toEqual(["the partner has ended", 0]);
  });

  test("when the partner closes it and does not dial again", () => {
    route = new Route(false);
    on(undefined);
    route.lost(now, true);
    expect(wait(FINE)).toEqual([
      "no connection with the partner stands",
      channelReplaceMilliseconds,
    ]);
  });

  test("when no path carries one for the time of grace", () => {
    route = new Route(false);
    on(undefined);
    route.lost(now, false);
    expect(wait(ROUND)).toEqual([
      "no connection with the partner stands",
      channelGraceMilliseconds,
    ]);
  });

  test("when the partner does not hear this box any more", () => {
    on("ded0");
    step(FINE());
    const deaf = () => sight("one-way", "mute", "mute");
    expect(wait(deaf)).toEqual(["the partner does not hear this box", channelGraceMilliseconds]);
  });

  test("and not once it stands again", () => {
    on(undefined);
    route.lost(now, true);
    on("lan0");
    expect(wait(ROUND)).toBeUndefined();
  });
});

describe("when to look again", () => {
  test("nothing is done before it, and something then", () => {
    on(undefined);
    route.lost(now, false);
    const deaf = () => sight("one-way", "mute", "mute");
    expect(step(deaf())).toBeUndefined();
    for (let looks = 0; looks < 5; looks++) {
      const next = route.nextAt(facts, now);
      now = next - 1;
      expect(step(deaf())).toBeUndefined();
      now = next;
      if (step(deaf())?.kind === "end") return;
    }
    throw new Error("it never ends");
  });

  test("is never at once: whoever asks would not do anything else", () => {
    on("ded0");
    for (const end = now + 60_000; now < end; now += 100) {
      step(FINE());
      expect(route.nextAt(facts, now)).toBeGreaterThan(now);
    }
    expect(route.nextAt(facts, now)).toBe(Number.POSITIVE_INFINITY);
  });
});
