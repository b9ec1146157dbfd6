// A keepalived that is at fault, or waits, although nothing keeps it from the gateway: it is started anew, ever more
// seldom, and only where it could have the gateway.

import { afterEach, beforeEach, expect, test } from "vitest";
import { GatewayBench, HAS_IT, PLAN, pass, READY, stopTime } from "../support/gateway-bench.ts";

let bench: GatewayBench;

beforeEach(stopTime);
afterEach(() => bench.end());

const respawns = (): number => bench.gatekeeper.count("respawn");

test.each(["fault", "backup"] as const)("%s for two seconds and four adverts", async (state) => {
  bench = await GatewayBench.open();
  await bench.active();
  await bench.become(state);
  await pass(2350);
  expect(respawns()).toBe(0);
  await pass(1050);
  expect(respawns()).toBe(1);
  expect(bench.lines).toContain(
    "The program that moves the addresses is started anew: nothing keeps it from its work, and it does not do it.",
  );
});

test("adverts that are seldom take longer to be missed", async () => {
  bench = await GatewayBench.open({ ...PLAN, advertMilliseconds: 1000 });
  await bench.become("fault");
  await pass(5900);
  expect(respawns()).toBe(0);
  await pass(1100);
  expect(respawns()).toBe(1);
});

test("ever more seldom while it helps nothing, and as before when it was well for a while", async () => {
  bench = await GatewayBench.open();
  await bench.become("fault");
  const counts: number[] = [];
  for (let seconds = 0; seconds < 240; seconds += 20) {
    await pass(20_000);
    counts.push(respawns());
  }
  // After 2, 12, 32 and 72 seconds, and then once a minute.
  expect(counts).toEqual([2, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6]);
  await bench.become("master");
  await pass(70_000);
  await bench.become("fault");
  await pass(15_000);
  expect(respawns()).toBe(8);
});

test.each([
  ["waits for its turn", async () => bench.standby()],
  ["has the gateway", async () => bench.active()],
  [
    "let go of it for a person",
    async () => {
      await bench.standby();
      bench.gateway.act("maintenance-on");
      await bench.become("fault");
    },
  ],
])("not one that %s", async (_, deed) => {
  bench = await GatewayBench.open();
  await deed();
  await pass(70_000);
  expect(respawns()).toBe(0);
});

test("not while the partner has it: it only waits", async () => {
  bench = await GatewayBench.open();
  await bench.partner(READY);
  await bench.become("backup");
  await pass(2000);
  await bench.partner(HAS_IT);
  await pass(70_000);
  expect(respawns()).toBe(0);
});
