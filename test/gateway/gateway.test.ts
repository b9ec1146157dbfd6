// The gateway of one box: what it is to it, what it says of itself, to people and to its partner, and when it lets go.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BoxLooks } from "../../daemon/gateway-looks.ts";
import {
  GatewayBench,
  HAS_IT,
  PLAN,
  pass,
  READY,
  stopTime,
  WELL,
} from "../support/gateway-bench.ts";
import { settled, until } from "../support/until.ts";

let bench: GatewayBench;

beforeEach(stopTime);
afterEach(() => bench.end());

async function looks(change: Partial<BoxLooks>): Promise<void> {
  bench.seen = { ...WELL, ...change };
  bench.gateway.look();
  await settled();
}

describe("the role", () => {
  test("is said in the log with what it was, and the partner hears of it at once", async () => {
    bench = await GatewayBench.open();
    expect([bench.role, bench.word]).toEqual(["waiting", READY]);
    const { hurries, changes } = bench;
    await bench.become("master");
    expect([bench.role, bench.word]).toEqual(["active", HAS_IT]);
    expect([bench.hurries > hurries, bench.changes > changes]).toEqual([true, true]);
    await bench.become("backup");
    await bench.partner(HAS_IT);
    expect(bench.lines).toEqual([
      "What is to move between the boxes is in force (started).",
      "The gateway: this box was not known to be it and is the gateway now.",
      "The gateway: this box was the gateway and is ready to take it now.",
    ]);
  });

  test("that stays on the way from one to the other is said after half a second", async () => {
    bench = await GatewayBench.open();
    await pass(400);
    expect(bench.lines).toHaveLength(1);
    await pass(1000);
    expect(bench.lines.slice(1)).toEqual([
      "The gateway: this box was not known to be it and is about to take it now.",
    ]);
  });

  test("is the gateway only with every instance", async () => {
    bench = await GatewayBench.open();
    bench.gatekeeper.become("master", "LAN-lan0");
    await settled();
    expect([bench.role, bench.gateway.isFirstLanHere]).toEqual(["waiting", true]);
    bench.gatekeeper.become("master", "HB-ded0");
    await settled();
    expect(bench.role).toBe("active");
  });

  test("is seen in the status, with the addresses and what was looked at", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    expect(bench.gateway.status).toMatchObject({
      role: "active",
      why: "The gateway is at box A.",
      since: "2026-05-03T07:12:00.000Z",
      lans: [{ role: "gateway", why: "10.77.0.1 is at this box.", addresses: ["10.77.0.1/24"] }],
      partner: { holding: "backup", score: 100, mayTake: true },
      ...{ wan: null, maintenance: null },
      observers: { bus: false, fifo: true },
    });
    const checks = bench.gateway.status?.health.checks.map(({ title, isGood, detail }) => [
      ...[title, isGood, detail],
    ]);
    expect(checks).toEqual([
      ["cable of office", true, "lan0 has a cable"],
      ["test request on office", true, "the box answers itself"],
      ["storage", true, "leases are written at once"],
      ["load", true, "in time"],
    ]);
    await bench.standby();
    expect(bench.gateway.status?.lans[0]).toMatchObject({
      ...{ role: "standby", why: "10.77.0.1 is not at this box." },
    });
    await looks({ lans: [{ name: "office", hasCarrier: false }] });
    expect(bench.gateway.status?.lans[0]).toMatchObject({
      ...{ role: "no-carrier" },
      why: "lan0 has no cable, so 10.77.0.1 cannot be reached at this box.",
    });
  });
});

describe("what people should know", () => {
  test("the helper does not answer", async () => {
    bench = new GatewayBench();
    bench.gateway.configure(PLAN);
    await until(() => bench.conditions.length > 0, "it is missed");
    expect(bench.conditionsNow.get("gateway-helper-gone")).toBe(
      "Nothing moves the gateway of this box: the helper for it does not answer, it does not run.",
    );
    await pass(10_000);
    expect(bench.conditions, "what follows from it is not said as well").toEqual([
      "gateway-helper-gone",
    ]);
    await bench.gatekeeper.start();
    await pass(2000);
    await bench.inForce();
    expect(bench.conditions).not.toContain("gateway-helper-gone");
    bench.gatekeeper.stop();
    await until(() => bench.conditions.includes("gateway-helper-gone"), "it is missed again");
    expect(bench.role, "nobody says anything").toBe("unknown");
  });

  test("keepalived has died, and does not come back", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    bench.gatekeeper.die();
    await settled();
    expect([bench.role, bench.word.holding]).toEqual(["unknown", "none"]);
    await pass(4900);
    expect(bench.conditions).toEqual([]);
    await pass(200);
    expect(bench.conditionsNow.get("gateway-unknown")).toBe(
      "It is not known which box has the gateway: the program that moves it says nothing here.",
    );
    bench.gatekeeper.states.set("HB-ded0", "backup").set("LAN-lan0", "backup");
    bench.gatekeeper.say("keepalived started");
    await bench.inForce();
    await bench.partner(HAS_IT);
    expect([bench.role, bench.conditions]).toEqual(["standby", []]);
  });

  test.each([
    ["fault", "gateway-fault"],
    ["backup", "gateway-nobody"],
  ] as const)("it lasts: %s is %s", async (state, id) => {
    bench = await GatewayBench.open();
    await bench.active();
    await bench.become(state);
    await pass(1400);
    expect(bench.conditions).toEqual([]);
    await pass(150);
    expect(bench.conditions).toEqual([id]);
    await bench.become("master");
    expect(bench.conditions).toEqual([]);
  });

  test("what passes by itself is not said", async () => {
    bench = await GatewayBench.open();
    for (let round = 0; round < 4; round++) {
      await bench.become("fault");
      await pass(1000);
      await bench.become("master");
      await pass(1000);
    }
    expect(bench.conditions).toEqual([]);
  });

  test("nothing any more when nothing is to move", async () => {
    bench = await GatewayBench.open();
    await bench.become("fault");
    await pass(2000);
    expect(bench.conditions).toEqual(["gateway-fault"]);
    bench.gateway.configure(undefined);
    await settled();
    expect(bench.conditions).toEqual([]);
  });
});

describe("names are not found", () => {
  const resolvers = (partner: "answers" | "silent"): Partial<BoxLooks> => ({
    resolvers: { address: "10.77.0.2", own: "silent", partner },
  });
  const OWN = "10.77.0.2 does not answer, and the resolver of the partner does";
  const NEITHER = "neither 10.77.0.2 nor the resolver of the partner answers";

  test("at this box: it lets go of the gateway", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    await looks({ resolvers: { address: "10.77.0.2", own: "answers", partner: "answers" } });
    await looks(resolvers("answers"));
    await pass(4900);
    expect([bench.conditions, bench.word.score]).toEqual([[], 100]);
    await pass(1200);
    expect([...bench.conditionsNow]).toEqual([
      ["health-resolver", `The resolver of this box does not answer: ${OWN}.`],
    ]);
    expect(bench.lines).toContain("This box lets go of the gateway: the partner is better off.");
  });

  test("at neither: people are told, and nothing moves", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    await looks(resolvers("silent"));
    await pass(30_000);
    expect([...bench.conditionsNow]).toEqual([
      ["health-names", `Devices find no names, at whichever box the gateway is: ${NEITHER}.`],
    ]);
    expect([bench.role, bench.word.score, bench.lines]).toEqual(["active", 100, []]);
    expect(bench.gateway.preflight("handover").text).toMatch(/: neither resolver answers$/);
    await looks(resolvers("answers"));
    await pass(6000);
    expect([bench.conditions, bench.word.score]).toEqual([["health-resolver"], 85]);
  });
});

describe("both boxes have it although they hear each other", () => {
  test("the primary says so, and keeps it", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    await bench.partner(HAS_IT);
    await pass(1400);
    expect(bench.conditions).toEqual([]);
    await pass(200);
    expect(bench.conditionsNow.get("gateway-both")).toBe(
      "Both boxes have the gateway, although they hear each other.",
    );
    expect([bench.role, bench.health]).toEqual(["active", "health 0 15000 -254"]);
    await bench.partner(READY);
    expect(bench.conditions).toEqual([]);
  });

  test("the secondary gives way, and the release is renewed for as long as it takes", async () => {
    bench = await GatewayBench.open({ ...PLAN, isPrimary: false });
    await bench.active();
    await bench.partner(HAS_IT);
    await pass(1600);
    expect(bench.lines).toEqual(["This box lets go of the gateway: both boxes had it."]);
    expect(bench.health).toBe("health -254 2500 0");
    await bench.become("fault");
    const before = bench.gatekeeper.count("health -254 2500 0");
    await pass(8000);
    expect(bench.role).toBe("released");
    expect(bench.gatekeeper.count("health -254 2500 0") - before).toBeGreaterThanOrEqual(7);
    expect(bench.gatekeeper.count("health 0 15000 -254")).toBeLessThan(5);
  });
});

describe("it lets go of the gateway", () => {
  test("when the partner is better off; the partner has it, and it is said how long it took", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    await looks({ lans: [{ name: "office", hasCarrier: false }] });
    expect(bench.lines).toEqual(["This box lets go of the gateway: the partner is better off."]);
    expect([bench.health, bench.word]).toEqual([
      "health -254 2500 0",
      { holding: "master", score: 70, mayTake: false, tracks: true },
    ]);
    await bench.become("fault");
    await pass(50);
    await bench.partner(HAS_IT);
    expect(bench.lines.slice(1)).toEqual([
      "The partner has the gateway, 50 ms after this box let go of it: the partner is better off.",
    ]);
    expect(bench.health).toBe("health 0 15000 -254");
  });

  test("and has it again when the partner does not take it", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    await looks({ failedProbes: ["office"] });
    await bench.become("fault");
    await pass(1050);
    expect(bench.lines).toContain(
      "The partner did not take the gateway, so this box has it again: the partner is better off.",
    );
    expect(bench.health).toBe("health 0 15000 -254");
  });

  test("for nothing that the partner could not do better", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    await bench.partner({ ...READY, score: 85 });
    await looks({ failedProbes: ["office"] });
    expect([bench.role, bench.word.score, bench.health]).toEqual([
      ...["active", 80, "health 0 15000 -254"],
    ]);
  });

  test.each<[Partial<BoxLooks>, number, string, string]>([
    [{ lans: [{ name: "office", hasCarrier: false }] }, 70, "cable of office", "lan0 has no cable"],
    [{ failedProbes: ["office"] }, 80, "test request on office", "the box does not answer itself"],
    [
      { journal: { kind: "slow", milliseconds: 3400.2 } },
      85,
      "storage",
      "a write has taken 3400 ms",
    ],
    [
      { journal: { kind: "failing", reason: "full", text: "no space left" } },
      85,
      "storage",
      "leases cannot be written: no space left",
    ],
    [
      { resolvers: { address: "10.77.0.2", own: "silent", partner: undefined } },
      85,
      "names",
      "10.77.0.2 does not answer",
    ],
  ])("by its health: %j is %d", async (change, score, title, detail) => {
    bench = await GatewayBench.open();
    await bench.active();
    await bench.partner(undefined);
    await looks(change);
    await pass(6000);
    const { health } = bench.gateway.status ?? {};
    expect([health?.score, bench.word.score]).toEqual([score, score]);
    expect(health?.checks.filter(({ isGood }) => !isGood)).toMatchObject([{ title, detail }]);
    expect(bench.role, "alone it keeps the gateway however it is").toBe("active");
  });
});

describe("a person asks for a handover", () => {
  const HERE_TO_THERE =
    "box A hands the gateway over to its partner, which takes some milliseconds; connections go on";

  test("at the box that has it", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    expect(bench.gateway.act("handover")).toEqual({ isDone: true, text: HERE_TO_THERE });
    expect(bench.lines).toEqual([
      `Asked for "handover": ${HERE_TO_THERE}.`,
      "This box lets go of the gateway: a person wants it so.",
    ]);
  });

  test("at the other box, which asks its partner", async () => {
    bench = await GatewayBench.open();
    await bench.standby();
    expect(bench.gateway.act("handover").isDone).toBe(true);
    expect(bench.asked).toEqual(["handover"]);
    expect(bench.health).toBe("health 0 15000 -254");
    bench.partnerHears = false;
    expect(bench.gateway.act("handover")).toEqual({
      ...{ isDone: false, text: "the partner cannot be told now" },
    });
  });

  test("and is refused, which is in the log as well", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    await bench.partner(undefined);
    const refused = { isDone: false, text: "the partner is not heard" };
    expect(bench.gateway.act("handover")).toEqual(refused);
    expect(bench.lines).toEqual(['Asked for "handover": the partner is not heard.']);
    expect(bench.health).toBe("health 0 15000 -254");
  });

  test("or for a drill, of either kind", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    expect(bench.gateway.act("drill").isDone).toBe(true);
    expect(bench.gateway.act("unplug").isDone).toBe(true);
    expect(bench.asked).toEqual(["drill planned", "drill unplugged"]);
  });
});

test("a box that has been stopped says and does nothing any more", async () => {
  bench = await GatewayBench.open();
  await bench.active();
  await bench.gateway.stop();
  const { changes, hurries } = bench;
  bench.gateway.partnerSays(undefined);
  bench.gateway.configure(undefined);
  bench.gateway.look();
  await pass(5000);
  expect([bench.changes, bench.hurries, bench.lines]).toEqual([changes, hurries, []]);
});
