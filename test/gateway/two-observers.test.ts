// keepalived heard in two ways at once: over a bus that is made here, and by its FIFO. What follows when they do not
// agree, and when keepalived has lost the bus, which it never looks for again.

import type { BusMessage } from "dbus-native/lib/message.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { GatewayPlan } from "../../daemon/core/gateway/plan.ts";
import {
  INSTANCE_INTERFACE,
  VRRP_INTERFACE,
  VRRP_NAME,
  VRRP_ROOT,
} from "../../daemon/io/vrrp-reading.ts";
import { FakeBus, reply, type Script, signal } from "../dbus/fake-bus.ts";
import { GatewayBench, HAS_IT, PLAN, pass, stopTime } from "../support/gateway-bench.ts";
import { until } from "../support/until.ts";

const OWNER = ":1.5";
const PATH = `${VRRP_ROOT}/Instance/lan0/51/IPv4`;
const [BACKUP, MASTER] = [1, 2];
const ALONE: GatewayPlan = { ...PLAN, pairPorts: [] };

let bench: GatewayBench;
let bus: FakeBus;
/** What keepalived says over the bus. */
let said: number;
let readings = 0;

beforeEach(async () => {
  stopTime();
  said = BACKUP;
  readings = 0;
  bus = await FakeBus.start(answers);
});
afterEach(async () => {
  await bench.end();
  await bus.stop();
});

function answers(call: BusMessage): ReturnType<Script> {
  switch (call.member) {
    case "Hello":
      return [reply(call, "s", [":1.1"])];
    case "GetNameOwner":
      return [reply(call, "s", [OWNER])];
    case "Introspect": {
      const isAbove = PATH.startsWith(`${call.path}/`);
      const below = isAbove ? PATH.slice((call.path?.length ?? 0) + 1).split("/", 1) : [];
      const nodes = below.map((name) => `<node name="${name}"/>`);
      const own = call.path === PATH ? INSTANCE_INTERFACE : VRRP_INTERFACE;
      return [reply(call, "s", [`<interface name="${own}"/>${nodes}`], OWNER)];
    }
    case "GetAll": {
      readings++;
      const properties = [
        ["Name", ["(s)", ["LAN-lan0"]]],
        ["State", ["(us)", [said, ""]]],
      ];
      return [reply(call, "a{sv}", [properties], OWNER)];
    }
    default:
      return [reply(call)];
  }
}

async function open(): Promise<void> {
  bench = await GatewayBench.open(ALONE, bus.address);
  await pass(50);
}

/** keepalived's name on the bus is this program's from now on; "": nobody's. */
function owned(owner: string): void {
  const member = "org.freedesktop.DBus.NameOwnerChanged";
  bus.say(signal("/org/freedesktop/DBus", member, "sss", [VRRP_NAME, "", owner]));
}

const observers = () => bench.gateway.status?.observers;

test("both are seen to be heard", async () => {
  await open();
  await until(() => observers()?.bus === true, "the bus is heard");
  expect(observers()).toEqual({ bus: true, fifo: true });
  expect(bench.role).toBe("waiting");
});

test("a difference that lasts is said, and asked about once a second, until they agree", async () => {
  await open();
  await until(() => observers()?.bus === true, "the bus is heard");
  await pass(50);
  await bench.become("master");
  await pass(950);
  expect(bench.conditions).toEqual([]);
  const before = { dumps: bench.gatekeeper.count("dump"), readings };
  await pass(10_000);
  expect(bench.conditionsNow.get("gateway-doubt")).toBe(
    "The program that moves the gateway says one thing over the system bus, and another one otherwise; it is asked again.",
  );
  expect(bench.role, "the newest word counts").toBe("active");
  for (const count of [bench.gatekeeper.count("dump") - before.dumps, readings - before.readings]) {
    expect(count).toBeGreaterThanOrEqual(8);
    expect(count).toBeLessThanOrEqual(11);
  }
  said = MASTER;
  await pass(1100);
  expect([bench.conditions, bench.role]).toEqual([[], "active"]);
});

test("a keepalived that is not on the bus is started anew, once a minute, where that costs nothing", async () => {
  await open();
  await until(() => observers()?.bus === true, "it is on the bus");
  await bench.active();
  owned("");
  await until(() => observers()?.bus === false, "it is not on the bus any more");
  await pass(5000);
  expect(bench.gatekeeper.count("respawn"), "it would lose the gateway").toBe(0);
  await bench.become("backup");
  await bench.partner(HAS_IT);
  await pass(50_000);
  expect(bench.gatekeeper.count("respawn")).toBe(1);
  expect(bench.lines).toContain(
    "The program that moves the addresses is started anew: it is not on the system bus any more.",
  );
  await pass(15_000);
  expect(bench.gatekeeper.count("respawn")).toBe(2);
  owned(OWNER);
  await until(() => observers()?.bus === true, "it is on the bus again");
  await pass(120_000);
  expect(bench.gatekeeper.count("respawn")).toBe(2);
});

test("without a bus nothing is started anew", async () => {
  await bus.stop();
  await open();
  await bench.partner(HAS_IT);
  await pass(120_000);
  expect(bench.gatekeeper.count("respawn")).toBe(0);
});
