// What follows from how the partner is seen: who answers whom, and when it counts as down.

import { describe, expect, test } from "vitest";
import { ipv4 } from "../../../daemon/base/address.ts";
import { bucketOf } from "../../../daemon/core/failover/load-balance.ts";
import type { PartnerSight } from "../../../daemon/core/failover/sight.ts";
import type { Conclusion } from "../../../daemon/core/witness/paths.ts";
import { LIMITS } from "../../../daemon/limits.ts";
import type { FailoverRole } from "../../../daemon/wire/failover/messages.ts";
import { type ClientMessage, macBytes } from "../../support/client-frame.ts";
import { address, DISCOVER, OFFER, REQUEST } from "../../support/core-bench.ts";
import { judgeAllSent } from "../../support/sent.ts";
import { only, type PairedBox, TwoCores } from "../../support/two-cores.ts";

judgeAllSent();

const LAN = "office";

function see(box: PairedBox, conclusion: Conclusion | undefined, lansDown: string[] = []): void {
  const sight: PartnerSight = conclusion && { conclusion, lansDown };
  box.step({ kind: "sight", sight });
  box.endBatch();
}

/** A client that this box answers when each has one half of the buckets. */
function macOf(role: FailoverRole, n = 0): string {
  for (let i = 0, left = n; ; i++) {
    const mac = `02:00:00:00:03:${i.toString(16).padStart(2, "0")}`;
    const isPrimarys = bucketOf(macBytes(mac), 0, 6) < 128;
    if (isPrimarys === (role === "primary") && left-- === 0) return mac;
  }
}

const discover = (mac: string): ClientMessage => ({ type: DISCOVER, mac });

/** How many answers a client of the primary gets that only the secondary hears. */
function answersOfSecondary(cores: TwoCores, message = discover(macOf("primary"))): number {
  cores.secondary.receive(message);
  cores.settle();
  return cores.answers().secondary ? 1 : 0;
}

describe("who answers", () => {
  test.each<[Conclusion, number]>([
    ["in-step", 0],
    ["over-lan", 0],
    ["one-way", 0],
    ["slow", 1],
    ["gone", 1],
    ["isolated", 1],
  ])("clients of a partner that is %s: %i", (conclusion, answers) => {
    const cores = TwoCores.inStep();
    see(cores.secondary, conclusion);
    expect(answersOfSecondary(cores)).toBe(answers);
    expect(cores.secondary.core.pair?.state).toBe("normal");
  });

  test("clients of a LAN that the partner does not serve, and of no other", () => {
    const cores = TwoCores.inStep();
    const rounds = [["guests"], ["guests", LAN], []].map((lansDown, n) => {
      see(cores.secondary, "in-step", lansDown);
      const answers = answersOfSecondary(cores, discover(macOf("primary", n)));
      cores.pass(2500);
      return answers;
    });
    expect(rounds).toEqual([0, 1, 0]);
  });

  test.each<[string, Conclusion, boolean]>([
    ["is silent", "slow", false],
    ["has lost the LAN", "in-step", true],
  ])("who asked just before the partner %s is answered at once", (_, conclusion, hasLost) => {
    const cores = TwoCores.inStep();
    expect(answersOfSecondary(cores)).toBe(0);
    cores.pass(500);
    see(cores.secondary, conclusion, hasLost ? [LAN] : []);
    cores.settle();
    expect(cores.answers().secondary).toMatchObject({ type: OFFER });
  });

  test("a lease given for a silent partner is of this box's own share, and known to both later", () => {
    const cores = TwoCores.inStep();
    see(cores.secondary, "slow");
    const mac = macOf("primary");
    cores.secondary.receive(discover(mac));
    cores.settle();
    const offered = cores.answers().secondary?.yiaddr ?? "";
    const options = { 50: address(offered), 54: address(cores.secondary.ownAddress) };
    cores.secondary.receive({ type: REQUEST, mac, options });
    cores.settle();
    expect(cores.answers().secondary?.yiaddr).toBe(offered);
    see(cores.secondary, "in-step");
    for (const box of cores.boxes) expect(box.core.book.at(ipv4(offered))?.state).toBe("active");
  });
});

describe("a LAN that was without carrier here", () => {
  function unplugged(): TwoCores {
    const cores = TwoCores.inStep();
    for (const box of cores.boxes) see(box, "in-step");
    cores.primary.link(0, { carrier: false });
    see(cores.secondary, "in-step", [LAN]);
    cores.pass(10_000);
    cores.primary.link(0, {});
    return cores;
  }

  test("is the partner's until it is seen to stay", () => {
    const cores = unplugged();
    expect(only(cores.broadcast(discover(macOf("primary")))).role).toBe("secondary");
    cores.pass(LIMITS.lanStableMilliseconds);
    see(cores.secondary, "in-step");
    expect(only(cores.broadcast(discover(macOf("primary", 1)))).role).toBe("primary");
  });

  test("is this box's at once when the partner is not there", () => {
    const cores = unplugged();
    see(cores.primary, "gone");
    cores.primary.receive(discover(macOf("primary")));
    cores.settle();
    expect(cores.answers().primary).toBeDefined();
  });
});

describe("the safe time", () => {
  const safe = { safeSeconds: 60 };
  const stateOf = (cores: TwoCores) => cores.primary.core.pair?.state;

  function apart(conclusion: Conclusion | undefined): TwoCores {
    const cores = TwoCores.inStep(safe);
    see(cores.primary, conclusion);
    cores.cut();
    expect(stateOf(cores)).toBe("communications-interrupted");
    return cores;
  }

  test("passes while two paths agree that the partner is off", () => {
    const cores = apart("gone");
    cores.pass(59_000);
    expect(stateOf(cores)).toBe("communications-interrupted");
    cores.pass(2000);
    expect(stateOf(cores)).toBe("partner-down");
  });

  test.each<Conclusion>(["one-way", "isolated", "slow", "over-lan", "in-step"])(
    "does not while it is %s, however long that is",
    (conclusion) => {
      const cores = apart(conclusion);
      cores.pass(3_600_000);
      expect(stateOf(cores)).toBe("communications-interrupted");
    },
  );

  test("begins anew when the partner was heard in between", () => {
    const cores = apart("gone");
    cores.pass(50_000);
    see(cores.primary, "one-way");
    cores.pass(5000);
    see(cores.primary, "gone");
    cores.pass(50_000);
    expect(stateOf(cores)).toBe("communications-interrupted");
    cores.pass(11_000);
    expect(stateOf(cores)).toBe("partner-down");
  });

  test("goes by the connection alone where there are no heartbeats", () => {
    const cores = apart(undefined);
    cores.pass(61_000);
    expect(stateOf(cores)).toBe("partner-down");
  });

  test("does not begin before the state that it ends", () => {
    const cores = TwoCores.inStep(safe);
    see(cores.primary, "gone");
    cores.pass(120_000);
    expect(stateOf(cores)).toBe("normal");
  });
});
