// What conntrackd is told, and when: through a gatekeeper that is made here.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GatewayBench, HAS_IT, PLAN, pass, READY, stopTime } from "../support/gateway-bench.ts";
import { settled, until } from "../support/until.ts";

const WORDS = "1 ded0 10.77.0.1,10.77.0.2";
const KEPT = "Open connections: kept in step with the partner.";

let bench: GatewayBench;

beforeEach(stopTime);
afterEach(() => bench.end());

const told = (): string[] =>
  bench.gatekeeper.heard.flatMap((command) =>
    command.startsWith("tracking ") ? [command.slice(9)] : [],
  );
const why = (): string => bench.gateway.status?.tracking.why ?? "";

/** A bench whose gatekeeper answers so to everything about connections. */
async function answering(answer: string): Promise<void> {
  bench = new GatewayBench();
  bench.gatekeeper.answer = (command) =>
    command.startsWith("tracking") ? answer : bench.gatekeeper.usual(command);
  await bench.gatekeeper.start();
  bench.gateway.configure(PLAN);
  bench.gateway.partnerSays(READY);
  await bench.inForce();
}

test("it is told the ports once, and each time the gateway comes or goes", async () => {
  bench = await GatewayBench.open();
  await until(() => why() === KEPT, "it runs");
  await bench.active();
  await bench.standby();
  await pass(5000);
  expect(told()).toEqual([WORDS, "backup", "primary", "backup"]);
});

test("the box that has the gateway sends all again and again, for what would run out at the other", async () => {
  bench = await GatewayBench.open();
  await bench.active();
  await pass(95_000);
  expect(told()).toEqual([WORDS, "backup", "primary", "primary", "primary"]);
  await bench.standby();
  await pass(95_000);
  expect(told().slice(5)).toEqual(["backup"]);
});

test("what is not known moves nothing", async () => {
  bench = await GatewayBench.open();
  await bench.active();
  bench.gatekeeper.die();
  await settled();
  expect(told()).toEqual([WORDS, "backup", "primary"]);
});

test("other ports or addresses are told, and that there are none any more", async () => {
  bench = await GatewayBench.open();
  bench.gateway.configure({ ...PLAN, advertMilliseconds: 200 });
  bench.gateway.configure({ ...PLAN, pairPorts: ["ded0", "ded1"] });
  await settled();
  bench.gateway.configure({ ...PLAN, pairPorts: [] });
  await settled();
  expect(told()).toEqual([WORDS, "backup", "1 ded0,ded1 10.77.0.1,10.77.0.2", "off"]);
  expect(why()).toContain("no port of this box leads to its partner alone.");
  bench.gateway.configure(undefined);
  await settled();
  expect(told()).toHaveLength(4);
});

test("a gatekeeper that is started again is told all of it", async () => {
  bench = await GatewayBench.open();
  await bench.active();
  bench.gatekeeper.stop();
  await until(() => bench.conditions.includes("gateway-helper-gone"), "it is missed");
  expect(why()).toContain("not kept in step: the helper that does so does not answer.");
  await bench.gatekeeper.start();
  bench.gatekeeper.states.clear();
  await pass(1000);
  await bench.active();
  await until(() => why() === KEPT, "it runs again");
  expect(told().slice(3)).toEqual([WORDS, "backup", "primary"]);
});

test("so is one whose connection was lost, at a box that has the gateway all the time", async () => {
  bench = await GatewayBench.open();
  await bench.active();
  bench.gatekeeper.socket.destroy();
  await pass(1000);
  await until(() => bench.role === "active", "it has it still");
  expect(told().slice(3)).toEqual([WORDS, "primary"]);
});

describe("how it is", () => {
  test("is said of both boxes", async () => {
    bench = await GatewayBench.open();
    await until(() => why() === KEPT, "it runs");
    expect(bench.word.tracks).toBe(true);
    const { tracks, ...rest } = HAS_IT;
    expect(tracks).toBe(true);
    await bench.partner(rest);
    expect(bench.gateway.status?.tracking).toEqual({
      isKept: false,
      why: "Open connections: not kept in step: the partner does not keep them in step. Those whose addresses are translated may break when the gateway moves.",
    });
  });

  test("is heard at once, and told to the partner", async () => {
    bench = await GatewayBench.open();
    await until(() => why() === KEPT, "it runs");
    const { hurries } = bench;
    bench.gatekeeper.say("tracking died can't open channel socket");
    await until(() => why().includes("does not run, can't open channel socket."), "it is heard");
    expect([bench.word.tracks, bench.hurries > hurries]).toEqual([undefined, true]);
    bench.gatekeeper.say("tracking stopped");
    await until(() => why().includes("it begins now."), "it is heard");
    bench.gatekeeper.say("tracking running");
    await until(() => why() === KEPT, "it is heard");
    expect(bench.conditions).toEqual([]);
  });

  test("is said where it is not installed, and before a handover; it is tried again each minute", async () => {
    await answering("no conntrackd is not installed");
    await bench.active();
    expect(why()).toContain("not kept in step: conntrackd is not installed.");
    expect(bench.gateway.preflight("handover").text).toContain(
      "some may break, because they are not kept in step: conntrackd is not installed",
    );
    expect([bench.conditions, bench.word.tracks]).toEqual([[], undefined]);
    await pass(55_000);
    expect(told().filter((words) => words === WORDS)).toHaveLength(1);
    bench.gatekeeper.answer = (command) => bench.gatekeeper.usual(command);
    await pass(10_000);
    await until(() => why() === KEPT, "it is installed");
    await pass(1000);
    expect(told().slice(-2)).toEqual([WORDS, "primary"]);
  });
});
