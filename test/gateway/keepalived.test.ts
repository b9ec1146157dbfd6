// What keepalived is told, and when: through a gatekeeper that is made here, with no bus, as on a box without one.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keepalivedConfig } from "../../daemon/core/gateway/keepalived-config.ts";
import type { GatewayPlan } from "../../daemon/core/gateway/plan.ts";
import { FAKE_FOLDER } from "../support/fake-gatekeeper.ts";
import {
  GatewayBench,
  HAS_IT,
  PLAN,
  pass,
  READY,
  stopTime,
  WITH_GUESTS,
} from "../support/gateway-bench.ts";
import { settled, until } from "../support/until.ts";

let bench: GatewayBench;

beforeEach(stopTime);
afterEach(() => bench.end());

const text = (plan: GatewayPlan): string => keepalivedConfig(plan, FAKE_FOLDER);
const SLOWER: GatewayPlan = { ...PLAN, advertMilliseconds: 200 };

describe("a configuration", () => {
  test("is told once, and said in the log; what is the same is not told again", async () => {
    bench = await GatewayBench.open();
    expect(bench.gatekeeper.configs).toEqual([text(PLAN)]);
    expect(bench.lines[0]).toBe("What is to move between the boxes is in force (started).");
    bench.gateway.configure({ ...PLAN });
    await pass(5000);
    expect(bench.gatekeeper.configs).toHaveLength(1);
  });

  test("that is otherwise is told at once, also while one is under way", async () => {
    bench = await GatewayBench.open();
    bench.gatekeeper.answer = () => undefined;
    bench.gateway.configure(SLOWER);
    await settled();
    bench.gateway.configure({ ...PLAN, virtualRouterId: 9 });
    bench.gateway.configure({ ...PLAN, virtualRouterId: 10 });
    await settled();
    expect(bench.gatekeeper.configs).toEqual([text(PLAN), text(SLOWER)]);
    bench.gatekeeper.answer = (command) => bench.gatekeeper.usual(command);
    // For what was under way, and the words about health before it.
    for (const command of bench.gatekeeper.heard.slice(-1)) {
      bench.gatekeeper.say(bench.gatekeeper.usual(command) ?? "");
    }
    await until(() => bench.gatekeeper.configs.length === 3, "the newest one");
    expect(bench.gatekeeper.configs.at(-1)).toBe(text({ ...PLAN, virtualRouterId: 10 }));
  });

  test("that was in force already is no news", async () => {
    bench = new GatewayBench();
    await bench.gatekeeper.start();
    bench.gatekeeper.states.set("HB-ded0", "backup").set("LAN-lan0", "backup");
    bench.gatekeeper.answer = (command) =>
      command.startsWith("config") ? "ok unchanged" : bench.gatekeeper.usual(command);
    bench.gateway.configure(PLAN);
    await bench.inForce();
    expect(bench.lines.filter((line) => line.includes("in force"))).toEqual([]);
  });

  test("that is refused is said, with the reason, and tried again after ten seconds", async () => {
    bench = new GatewayBench();
    await bench.gatekeeper.start();
    bench.gatekeeper.answer = (command) =>
      command.startsWith("config") ? "no line 3: IFACE" : bench.gatekeeper.usual(command);
    bench.gateway.configure(PLAN);
    await until(() => bench.conditions.includes("gateway-refused"), "it is refused");
    expect(bench.conditionsNow.get("gateway-refused")).toBe(
      "What is to move between the boxes could not be put into force: line 3: IFACE.",
    );
    await pass(9000);
    expect(bench.gatekeeper.configs).toHaveLength(1);
    bench.gatekeeper.answer = (command) => bench.gatekeeper.usual(command);
    await pass(2000);
    await bench.inForce();
    expect(bench.gatekeeper.configs).toEqual([text(PLAN), text(PLAN)]);
    expect(bench.conditions).not.toContain("gateway-refused");
  });

  test("that is refused goes away when nothing is to move any more", async () => {
    bench = new GatewayBench();
    await bench.gatekeeper.start();
    bench.gatekeeper.answer = () => "no";
    bench.gateway.configure(PLAN);
    await until(() => bench.conditions.includes("gateway-refused"), "it is refused");
    bench.gateway.configure(undefined);
    await settled();
    expect(bench.conditions).toEqual([]);
  });
});

describe("when nothing is to move any more", () => {
  test("keepalived is stopped, and told again when something is", async () => {
    bench = await GatewayBench.open();
    bench.gateway.configure(undefined);
    await bench.gatekeeper.untilHeard("stop");
    expect([bench.gateway.status, bench.gateway.word]).toEqual([null, 0]);
    await pass(3000);
    expect(bench.gatekeeper.count("stop")).toBe(1);
    bench.gateway.configure(PLAN);
    await bench.inForce();
    expect(bench.gatekeeper.configs).toEqual([text(PLAN), text(PLAN)]);
  });

  test("also when that was changed while the gatekeeper was busy: it is told all of it, in order", async () => {
    bench = await GatewayBench.open();
    bench.gatekeeper.answer = () => undefined;
    bench.gateway.configure(SLOWER);
    await settled();
    bench.gateway.configure(undefined);
    bench.gateway.configure(SLOWER);
    await settled();
    const heard = bench.gatekeeper.heard.filter((one) => !one.startsWith("tracking"));
    expect(heard.slice(heard.findLastIndex((one) => one.startsWith("config")))).toEqual([
      ...[`config ${Buffer.byteLength(text(SLOWER))}`, "stop"],
    ]);
    bench.gatekeeper.answer = (command) => bench.gatekeeper.usual(command);
    bench.gatekeeper.say("ok reloaded", "ok");
    await until(() => bench.gatekeeper.configs.length === 3, "it is told again after the stop");
    expect(bench.gatekeeper.configs.at(-1)).toBe(text(SLOWER));
    await pass(1000);
    await bench.inForce();
  });

  test("a gatekeeper that comes back meanwhile is told as well", async () => {
    bench = await GatewayBench.open();
    bench.gatekeeper.stop();
    await until(() => bench.conditions.includes("gateway-helper-gone"), "it is missed");
    bench.gateway.configure(undefined);
    expect(bench.conditions).toEqual([]);
    await bench.gatekeeper.start();
    await pass(1000);
    await bench.gatekeeper.untilHeard("stop");
    expect(bench.gatekeeper.configs).toHaveLength(1);
  });
});

describe("how the box is", () => {
  test("is said at once, and every second, with the time after which it counts no more", async () => {
    bench = await GatewayBench.open({ ...PLAN, releaseAfterSeconds: 20 });
    expect(bench.gatekeeper.heard).toContain("health 0 20000 -254");
    const before = bench.gatekeeper.count("health 0 20000 -254");
    await pass(10_000);
    const times = bench.gatekeeper.count("health 0 20000 -254") - before;
    expect(times).toBeGreaterThanOrEqual(9);
    expect(times).toBeLessThanOrEqual(11);
    expect(bench.gatekeeper.count(/^health/)).toBe(before + times);
  });

  test("is said of a move with an end that comes by itself", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    expect(bench.gateway.act("handover").isDone).toBe(true);
    await settled();
    expect(bench.health).toBe("health -254 2500 0");
    await bench.become("fault");
    await bench.partner(HAS_IT);
    expect(bench.health).toBe("health 0 15000 -254");
  });

  test("is said of maintenance without such an end", async () => {
    bench = await GatewayBench.open();
    await bench.standby();
    expect(bench.gateway.act("maintenance-on").isDone).toBe(true);
    await settled();
    expect(bench.health).toBe("health -254 15000 -254");
  });

  test("is said anew to a gatekeeper that was away", async () => {
    bench = await GatewayBench.open();
    const before = bench.gatekeeper.count(/^health/);
    bench.gatekeeper.socket.destroy();
    await pass(150);
    await bench.gatekeeper.untilHeard(/^health/, before + 1);
    await bench.inForce();
    expect(bench.gatekeeper.configs).toEqual([text(PLAN), text(PLAN)]);
  });
});

describe("other LANs", () => {
  test("are told at once by a box that has not the gateway", async () => {
    bench = await GatewayBench.open();
    await bench.standby();
    bench.gateway.configure(WITH_GUESTS);
    await settled();
    expect(bench.gatekeeper.configs.at(-1)).toBe(text(WITH_GUESTS));
  });

  test.each([
    ["more of them", PLAN, WITH_GUESTS],
    ["less of them", WITH_GUESTS, PLAN],
  ])("are told by a box that has it when it has given it away: %s", async (_, before, after) => {
    bench = await GatewayBench.open(before);
    await bench.active();
    bench.gateway.configure(after);
    // The partner has the new ones by then.
    await pass(2900);
    expect([bench.gatekeeper.configs.length, bench.health]).toEqual([1, "health 0 15000 -254"]);
    await pass(150);
    expect([bench.gatekeeper.configs.length, bench.health]).toEqual([1, "health -254 2500 0"]);
    expect(bench.lines).toEqual(["This box lets go of the gateway: other LANs are to move."]);
    await bench.become("fault");
    expect(bench.gatekeeper.configs.at(-1)).toBe(text(after));
    await bench.partner(HAS_IT);
    expect(bench.lines).toContainEqual(
      expect.stringMatching(
        /^The partner has the gateway, \d+ ms after .*: other LANs are to move/,
      ),
    );
  });

  test.each([
    ["nobody is heard", undefined],
    ["the partner cannot", { ...READY, mayTake: false }],
  ])("are told at once by a box that has it when nobody could take it: %s", async (_, word) => {
    bench = await GatewayBench.open();
    await bench.active();
    await bench.partner(word);
    bench.gateway.configure(WITH_GUESTS);
    await settled();
    expect(bench.gatekeeper.configs.at(-1)).toBe(text(WITH_GUESTS));
  });

  test("are told when it has given it away also when they come while something else is told", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    bench.gatekeeper.answer = () => undefined;
    bench.gateway.configure(SLOWER);
    await settled();
    bench.gateway.configure({ ...WITH_GUESTS, advertMilliseconds: 200 });
    bench.gatekeeper.answer = (command) => bench.gatekeeper.usual(command);
    bench.gatekeeper.say("ok reloaded");
    await pass(2900);
    expect([bench.gatekeeper.configs.length, bench.role]).toEqual([2, "active"]);
    await pass(150);
    await bench.become("fault");
    expect(bench.gatekeeper.configs).toHaveLength(3);
  });

  test("what does not add or take away any is told in passing", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    bench.gateway.configure(SLOWER);
    await settled();
    expect(bench.gatekeeper.configs.at(-1)).toBe(text(SLOWER));
  });
});

describe("what keepalived says", () => {
  test("is read again and again while its dump cannot be understood, and nothing breaks", async () => {
    bench = new GatewayBench();
    await bench.gatekeeper.start();
    let dumps = 0;
    bench.gatekeeper.answer = (command) => {
      if (command !== "dump") return bench.gatekeeper.usual(command);
      return ++dumps < 5 ? 'dump 9\n[{"data":' : bench.gatekeeper.dump();
    };
    bench.gateway.configure(PLAN);
    await pass(2000);
    expect([dumps, bench.role]).toEqual([5, "waiting"]);
  });

  test("is asked for a few times a second, and not without end", async () => {
    bench = new GatewayBench();
    await bench.gatekeeper.start();
    bench.gatekeeper.answer = (command) =>
      command === "dump" ? "no keepalived does not answer" : bench.gatekeeper.usual(command);
    bench.gateway.configure(PLAN);
    await pass(60_000);
    expect(bench.gatekeeper.count("dump")).toBeLessThan(30);
    expect(bench.role).toBe("unknown");
    // When it says something by itself, it can be asked as well.
    bench.gatekeeper.answer = (command) => bench.gatekeeper.usual(command);
    bench.gatekeeper.say("keepalived started");
    await bench.inForce();
    expect(bench.role).toBe("waiting");
  });

  test("counts from the moment on at which it is said, also while everything is read", async () => {
    bench = await GatewayBench.open();
    bench.gatekeeper.answer = (command) => (command === "dump" ? undefined : "ok");
    bench.gatekeeper.say("keepalived started");
    await bench.gatekeeper.untilHeard("dump", 2);
    const old = bench.gatekeeper.dump();
    bench.gatekeeper.become("master");
    bench.gatekeeper.socket.write(old);
    await settled();
    expect(bench.role).toBe("active");
  });

  test("of a group, or of priorities, is nothing new", async () => {
    bench = await GatewayBench.open();
    await bench.active();
    bench.gatekeeper.say(
      ...['vrrp GROUP "TANDEM" FAULT 0', 'vrrp INSTANCE "LAN-lan0" MASTER_PRIORITY 249', "vrrp ?"],
    );
    await settled();
    expect(bench.role).toBe("active");
  });
});
