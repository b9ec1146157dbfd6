// A person works on a box: everything goes to the partner and stays there, through a restart as well, until they say
// that the work is done.

import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Gateway } from "../../daemon/gateway.ts";
import { OperatorFile } from "../../daemon/operator-file.ts";
import { GatewayBench, HAS_IT, PLAN, pass, READY, stopTime } from "../support/gateway-bench.ts";
import { settled } from "../support/until.ts";

let bench: GatewayBench;

beforeEach(stopTime);
afterEach(() => bench.end());

const file = (): string => join(bench.folder, "operator.json");
const AWAY =
  "This box is in maintenance since 2026-05-03 07:12 UTC: its partner does everything, and it is safe to switch it off.";
const NOT_YET =
  "This box is in maintenance since 2026-05-03 07:12 UTC: it is NOT safe to switch it off yet.";
const ON = {
  isDone: true,
  text: "box A hands everything over to its partner and answers nobody, also after it was switched off and on, until it is told that the work is done",
};

test("it goes from the gateway to a box that may be switched off, step by step", async () => {
  bench = await GatewayBench.open();
  await bench.active();
  expect(bench.gateway.act("maintenance-on")).toEqual(ON);
  expect(bench.asked, "devices are left to the partner").toEqual(["maintenance true"]);
  expect(bench.conditionsNow.get("maintenance")).toBe(NOT_YET);
  await settled();
  expect(bench.health, "also when this process ends").toBe("health -254 15000 -254");
  expect(bench.word).toEqual({ holding: "master", score: 100, mayTake: false, tracks: true });
  await bench.become("fault");
  expect([bench.role, bench.conditionsNow.get("maintenance")]).toEqual(["maintenance", NOT_YET]);
  await bench.partner(HAS_IT);
  expect(bench.conditionsNow.get("maintenance")).toBe(AWAY);
  expect(bench.gateway.status).toMatchObject({
    ...{
      role: "maintenance",
      why: "Box A is in maintenance and leaves the gateway to its partner.",
    },
    maintenance: { since: "2026-05-03T07:12:00.000Z", isSafeToSwitchOff: true },
  });
  await pass(5000);
  expect(bench.conditions).toEqual(["maintenance"]);
  expect(bench.gateway.act("maintenance-off")).toEqual({
    ...{ isDone: true, text: "box A takes its share of the work again" },
  });
  await settled();
  expect([bench.asked.at(-1), bench.health, bench.conditions]).toEqual([
    ...["maintenance false", "health 0 15000 -254", []],
  ]);
});

describe("it is not safe to switch the box off", () => {
  test.each([
    ["while the gateway is there", async () => bench.active()],
    ["when nobody has the gateway", async () => bench.partner(READY)],
    ["when nobody else is heard", async () => bench.partner(undefined)],
    [
      "when the partner does not know all leases",
      async () => {
        bench.inStep = false;
        bench.gateway.look();
      },
    ],
  ])("%s", async (_, deed) => {
    bench = await GatewayBench.open();
    await bench.standby();
    bench.gateway.act("maintenance-on");
    expect(bench.conditionsNow.get("maintenance")).toBe(AWAY);
    await deed();
    expect(bench.conditionsNow.get("maintenance")).toBe(NOT_YET);
    expect(bench.gateway.status?.maintenance?.isSafeToSwitchOff).toBe(false);
  });
});

test("if nobody else can be the gateway, the box in maintenance is after all, for as long", async () => {
  bench = await GatewayBench.open();
  await bench.standby();
  bench.gateway.act("maintenance-on");
  await bench.partner(undefined);
  await pass(1950);
  expect(bench.health).toBe("health -254 15000 -254");
  await pass(100);
  expect(bench.health).toBe("health 0 15000 -254");
  await bench.become("master");
  expect([bench.role, bench.conditionsNow.get("maintenance")]).toEqual(["active", NOT_YET]);
  await bench.partner(READY);
  expect(bench.health).toBe("health -254 15000 -254");
});

describe("what a person said", () => {
  test("is written down, whole and for this program alone, and is so after a restart", async () => {
    bench = await GatewayBench.open();
    await bench.standby();
    bench.gateway.act("maintenance-on");
    expect(JSON.parse(readFileSync(file(), "utf8"))).toEqual({
      ...{ version: 1, maintenanceSince: "2026-05-03T07:12:00.000Z" },
    });
    expect([statSync(file()).mode & 0o777, existsSync(`${file()}.tmp`)]).toEqual([0o600, false]);
    const again = new OperatorFile(bench.folder);
    expect((await again.read()).maintenanceSince).toBe("2026-05-03T07:12:00.000Z");
    await bench.gateway.stop();
    const places = { gatekeeper: bench.gatekeeper.path, rawlink: "" };
    const gateway = new Gateway(bench, places, again);
    await gateway.load();
    expect(gateway.isInMaintenance).toBe(true);
    gateway.configure(PLAN);
    await pass(200);
    // Nothing else was ever said on this connection.
    const heard = bench.gatekeeper.heard.slice(bench.gatekeeper.heard.lastIndexOf("dump"));
    expect(heard.filter((one) => one.startsWith("health 0"))).toEqual([]);
    expect(bench.health).toBe("health -254 15000 -254");
    await gateway.stop();
  });

  test("and took back is not so after a restart", async () => {
    bench = await GatewayBench.open();
    await bench.standby();
    bench.gateway.act("maintenance-on");
    bench.gateway.act("maintenance-off");
    expect(await new OperatorFile(bench.folder).read()).toEqual({});
  });

  test("is refused when the disk does not take it, and nothing has changed", async () => {
    bench = await GatewayBench.open();
    await bench.standby();
    mkdirSync(`${file()}.tmp`);
    const refused = bench.gateway.act("maintenance-on");
    expect(refused).toMatchObject({
      isDone: false,
      text: expect.stringMatching(
        /^it could not be written down: .*operator\.json cannot be written: /,
      ),
    });
    await pass(1100);
    expect([bench.asked, bench.conditions, bench.role]).toEqual([[], [], "standby"]);
    expect(bench.health).toBe("health 0 15000 -254");
    expect(bench.lines).toEqual([`Asked for "maintenance-on": ${refused.text}.`]);
    rmSync(`${file()}.tmp`, { recursive: true });
    expect(bench.gateway.act("maintenance-on")).toEqual(ON);
    mkdirSync(`${file()}.tmp`);
    expect(bench.gateway.act("maintenance-off").isDone, "nor is the end of it").toBe(false);
    expect(bench.gateway.isInMaintenance).toBe(true);
  });
});

describe("operator.json", () => {
  beforeEach(() => {
    bench = new GatewayBench();
  });

  const NOTHING = { maintenanceSince: undefined, drillUntil: undefined };

  test.each([
    ["is not there", undefined],
    ["is no JSON", "{"],
    ["is empty", ""],
    ["is something else", "[1]"],
    ["is null", "null"],
    ["says no times", '{"maintenanceSince":true,"drillUntil":"soon"}'],
  ])("that %s says nothing", async (_, text) => {
    if (text !== undefined) writeFileSync(file(), text);
    const operator = new OperatorFile(bench.folder);
    expect(await operator.read()).toEqual(NOTHING);
    operator.write({ drillUntil: "2026-05-03T08:00:00.000Z" });
    expect(await new OperatorFile(bench.folder).read()).toEqual({
      ...{ ...NOTHING, drillUntil: "2026-05-03T08:00:00.000Z" },
    });
  });

  test("that cannot be read says nothing", async () => {
    mkdirSync(file());
    expect(await new OperatorFile(bench.folder).read()).toEqual(NOTHING);
  });

  test("what is not said stays as it is, also when the disk does not take something", async () => {
    const operator = new OperatorFile(bench.folder);
    operator.write({ maintenanceSince: "2026-05-03T07:00:00.000Z" });
    operator.write({ drillUntil: "2026-05-03T08:00:00.000Z" });
    mkdirSync(`${file()}.tmp`);
    expect(() => operator.write({ maintenanceSince: undefined })).toThrow(/cannot be written/);
    rmSync(`${file()}.tmp`, { recursive: true });
    operator.write({ drillUntil: undefined });
    expect(await new OperatorFile(bench.folder).read()).toEqual({
      ...{ ...NOTHING, maintenanceSince: "2026-05-03T07:00:00.000Z" },
    });
  });
});

test("where nothing moves, maintenance is about devices alone, and names the box as well", async () => {
  bench = new GatewayBench();
  bench.gateway.partnerSays(READY);
  expect(bench.gateway.act("maintenance-on")).toEqual(ON);
  expect(bench.conditionsNow.get("maintenance")).toBe(AWAY);
  bench.inStep = false;
  bench.gateway.look();
  expect(bench.conditionsNow.get("maintenance")).toBe(NOT_YET);
  expect(bench.gateway.act("maintenance-off").text).toBe("box A takes its share of the work again");
  expect(bench.gateway.act("handover")).toEqual({
    ...{ isDone: false, text: "there is no gateway section in config.json, so nothing moves" },
  });
});
