// The gateway within the box: what the partner may ask of it, in messages, and what becomes of a drill on this side.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  CONDITIONS,
  type ConditionId,
  LOG,
  type LogId,
  type LogValues,
  sentence,
} from "../../daemon/catalogue.ts";
import type { Core } from "../../daemon/core/core.ts";
import { encodeWord } from "../../daemon/core/gateway/word.ts";
import { BoxGateway, type BoxGatewayHost } from "../../daemon/gateway-host.ts";
import {
  decodeGatewayMessage,
  encodeGatewayMessage,
  type GatewayMessage,
} from "../../daemon/wire/gateway-message.ts";
import { FakeGatekeeper } from "../support/fake-gatekeeper.ts";
import { fakeDrill } from "../support/fake-gateway.ts";
import { HAS_IT, PLAN, pass, READY, stoppedNow, stopTime } from "../support/gateway-bench.ts";
import { settled, until } from "../support/until.ts";

let folder: string;
let gatekeeper: FakeGatekeeper;
let box: BoxGateway;
let sent: GatewayMessage[];
let lines: string[];
let conditions: Set<ConditionId>;
/** What was done to the core and to the pair: "maintenance true", "mute true". */
let done: string[];
let isConnected: boolean;

const PAIRED = {
  pair: { terms: { service: "balanced" } },
  pairView: () => ({ isInStep: true }),
  ...{ lans: [], book: { leases: () => [] }, conditions: { has: () => false } },
} as unknown as Core;

beforeEach(async () => {
  stopTime();
  folder = mkdtempSync(join(tmpdir(), "tandem-host-"));
  vi.stubEnv("DBUS_SYSTEM_BUS_ADDRESS", `unix:path=${join(folder, "no-bus")}`);
  gatekeeper = new FakeGatekeeper(join(folder, "gate.sock"));
  [sent, lines, done, conditions, isConnected] = [[], [], [], new Set(), true];
  box = makeBox();
  await gatekeeper.start();
});
afterEach(async () => {
  await box.stop();
  gatekeeper.stop();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

function makeBox(): BoxGateway {
  const host: BoxGatewayHost = {
    ...{ stateDir: folder, gatekeeperSocket: gatekeeper.path, rawlinkSocket: join(folder, "raw") },
    now: stoppedNow,
    box: () => "A",
    say: (id: LogId, values: LogValues) => lines.push(sentence(LOG[id].text, values)),
    setCondition: (id, _, values) => {
      expect(CONDITIONS[id]).toBeDefined();
      if (values) conditions.add(id);
      else conditions.delete(id);
    },
    core: () => PAIRED,
    journal: () => ({ kind: "ok" }),
    setMaintenance: (isOn) => done.push(`maintenance ${isOn}`),
    mute: (isMuted) => done.push(`mute ${isMuted}`),
    hurry: () => {},
    changed: () => {},
    sendControl: (bytes) => {
      if (isConnected) sent.push(decodeGatewayMessage(bytes));
      return isConnected;
    },
    ownAddress: () => undefined,
    partnerOn: () => undefined,
  };
  return new BoxGateway(host);
}

async function begin(at: "here" | "there"): Promise<void> {
  box.configure(PLAN);
  await until(() => box.gateway.status?.observers.fifo === true, "keepalived is observed");
  gatekeeper.become(at === "here" ? "master" : "backup");
  box.partnerSays(encodeWord(at === "here" ? READY : HAS_IT));
  await settled();
  lines.length = 0;
}

async function hears(message: GatewayMessage): Promise<void> {
  box.received(encodeGatewayMessage(message));
  await settled();
}

const drillBegin = (drill: 1 | 2): GatewayMessage => ({
  ...{ kind: "drill-begin", id: 5, drill, seconds: 2, delayMilliseconds: 500 },
});

describe("the partner wants the gateway handed over", () => {
  test("which this box does", async () => {
    await begin("here");
    await hears({ kind: "handover" });
    expect(box.gateway.facts.role).toBe("active");
    expect(gatekeeper.heard.at(-1)).toBe("health -254 2500 0");
    expect(sent).toEqual([]);
  });

  test("which it does not where that may not be, and says why", async () => {
    await begin("here");
    box.partnerSays(encodeWord({ ...READY, mayTake: false }));
    await hears({ kind: "handover" });
    expect(sent).toEqual([
      { kind: "refused", text: "the partner is in maintenance, or cannot be the gateway now" },
    ]);
  });

  test("which it has not: it does not ask its partner in turn", async () => {
    await begin("there");
    await hears({ kind: "handover" });
    expect(sent).toEqual([{ kind: "refused", text: "the gateway is not at the partner" }]);
  });

  test("and refuses itself, which is in the log", async () => {
    await begin("there");
    await hears({ kind: "refused", text: "a drill is under way; it ends by itself" });
    expect(lines).toEqual(['Asked for "partner": a drill is under way; it ends by itself.']);
  });
});

describe("the partner wants a drill", () => {
  test("in which a box shall let go that has nothing", async () => {
    await begin("there");
    await hears(drillBegin(1));
    expect(sent).toEqual([{ kind: "refused", text: "the gateway is not at the partner" }]);
    expect(box.drills.underWay).toBe(false);
  });

  test("of a box that is not well", async () => {
    await begin("here");
    box.partnerSays(encodeWord({ ...READY, score: 95 }));
    await hears(drillBegin(1));
    expect(sent).toEqual([
      {
        ...{ kind: "refused" },
        text: "one of the boxes is not quite well; a drill would not show what it is to show",
      },
    ]);
  });

  test("planned: this box lets go when it said, once", async () => {
    await begin("here");
    await hears(drillBegin(1));
    expect(sent).toEqual([{ kind: "drill-ready", id: 5 }]);
    expect([box.drills.underWay, conditions.has("drill")]).toEqual([true, true]);
    await hears(drillBegin(1));
    expect(sent.at(-1), "one at a time").toEqual({
      ...{ kind: "refused", text: "a drill is under way; it ends by itself" },
    });
    await pass(450);
    expect(gatekeeper.count("health -254 2500 0")).toBe(0);
    await pass(100);
    expect(gatekeeper.heard.at(-1)).toBe("health -254 2500 0");
    expect(lines).toContain("This box lets go of the gateway: it is a drill.");
    gatekeeper.become("backup");
    box.partnerSays(encodeWord(HAS_IT));
    await pass(2000);
    expect([box.drills.underWay, conditions.has("drill"), done]).toEqual([false, false, []]);
  });

  test("as if its power were gone: keepalived is unplugged, nobody is answered, nothing is said", async () => {
    await begin("here");
    await hears(drillBegin(2));
    await pass(600);
    expect(gatekeeper.heard).toContain("plug 2000");
    expect(done).toEqual(["maintenance true", "mute true"]);
    await pass(2000);
    expect(done.slice(2)).toEqual(["maintenance false", "mute false"]);
    expect(gatekeeper.count(/^plug/)).toBe(1);
  });

  test("to be begun and measured here", async () => {
    await begin("there");
    await hears({ kind: "drill-wish", drill: 2 });
    expect(sent).toMatchObject([
      { kind: "drill-begin", drill: 2, seconds: 10, delayMilliseconds: 1500 },
    ]);
    const [begun] = sent;
    if (begun?.kind !== "drill-begin") throw new Error("it was not begun");
    await hears({ kind: "drill-ready", id: begun.id });
    expect(readFileSync(join(folder, "operator.json"), "utf8")).toContain(
      '"drillUntil":"2026-05-03T07:12:11.500Z"',
    );
  });
});

describe("a drill that was under way when the process ended", () => {
  test("is undone by the next one", async () => {
    writeFileSync(join(folder, "operator.json"), '{"drillUntil":"2026-05-03T07:12:05.000Z"}');
    await box.load();
    expect(box.drills.underWay).toBe(true);
    expect(gatekeeper.heard).toEqual([]);
    await begin("here");
    expect(gatekeeper.heard.at(-1)).toBe("health -254 2500 0");
    gatekeeper.become("backup");
    box.partnerSays(encodeWord(HAS_IT));
    await pass(100);
    expect(box.drills.underWay).toBe(false);
    expect(JSON.parse(readFileSync(join(folder, "operator.json"), "utf8"))).toEqual({ version: 1 });
  });

  test("but not where none was", async () => {
    await box.load();
    await begin("here");
    await pass(200);
    expect([box.drills.underWay, lines]).toEqual([false, []]);
  });
});

describe("what the partner says", () => {
  test("of what a drill has shown is kept", async () => {
    await hears({ kind: "drill-report", json: JSON.stringify(fakeDrill()) });
    await hears({ kind: "drill-report", json: "{}" });
    expect(box.drills).toEqual({ underWay: false, drills: [fakeDrill()] });
    await until(() => existsSync(join(folder, "drills.json")), "it is on disk");
  });

  test.each(["", "4f", "4200", "4102", "44000000", "ff"])(
    "in bytes that are none, %s, is nothing",
    (hex) => {
      box.received(Buffer.from(hex, "hex"));
      expect([sent, box.drills.underWay]).toEqual([[], false]);
    },
  );

  test("to a box where nothing moves is refused", async () => {
    await hears({ kind: "handover" });
    await hears({ kind: "drill-wish", drill: 1 });
    await hears(drillBegin(1));
    expect(sent).toEqual([
      { kind: "refused", text: "the gateway is not at the partner" },
      { kind: "refused", text: "there is no gateway section in config.json, so nothing moves" },
      { kind: "refused", text: "the gateway is not at the partner" },
    ]);
  });
});

test("a person asks for a drill when the partner cannot be told", async () => {
  await begin("there");
  isConnected = false;
  expect(box.gateway.act("drill")).toEqual({
    ...{ isDone: false, text: "the partner cannot be told now" },
  });
  expect(box.drills.underWay).toBe(false);
});
