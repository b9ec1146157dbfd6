// The gateway of one box on a bench: a gatekeeper and a keepalived that are made here, no bus, a partner that says what
// it is told to say, and time that passes when a test lets it. Sockets and files are real.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import type { Now } from "../../daemon/base/time.ts";
import {
  CONDITIONS,
  type ConditionId,
  LOG,
  type LogId,
  type LogValues,
  sentence,
} from "../../daemon/catalogue.ts";
import type { GatewayPlan } from "../../daemon/core/gateway/plan.ts";
import { NO_RESOLVERS } from "../../daemon/core/gateway/resolvers.ts";
import type { VrrpState } from "../../daemon/core/gateway/vrrp.ts";
import { decodeWord, type GatewayWord } from "../../daemon/core/gateway/word.ts";
import { Gateway, type GatewayHost } from "../../daemon/gateway.ts";
import type { BoxLooks } from "../../daemon/gateway-looks.ts";
import { OperatorFile } from "../../daemon/operator-file.ts";
import { FakeGatekeeper } from "./fake-gatekeeper.ts";
import { settled, until } from "./until.ts";

/** 2026-05-03 07:12:00 UTC. */
const START = Date.UTC(2026, 4, 3, 7, 12, 0);
const STEP_MILLISECONDS = 50;

const OFFICE = { name: "office", interfaceName: "lan0", addresses: ["10.77.0.1/24"] };
const GUESTS = { name: "guests", interfaceName: "lan1", addresses: ["10.78.0.1/24"] };
export const PLAN: GatewayPlan = {
  ...{ box: "A", isPrimary: true, advertMilliseconds: 100, virtualRouterId: 51 },
  ...{ hasVirtualMac: false, pairPorts: ["ded0"], wan: undefined, targets: [] },
  ownAddresses: ["10.77.0.2/24"],
  lans: [{ ...OFFICE, isResolver: false }],
  ...{ preferPrimaryAfterSeconds: undefined, releaseAfterSeconds: 15 },
};
export const WITH_GUESTS: GatewayPlan = {
  ...PLAN,
  lans: [...PLAN.lans, { ...GUESTS, isResolver: false }],
};

export const READY: GatewayWord = { holding: "backup", score: 100, mayTake: true, tracks: true };
export const HAS_IT: GatewayWord = { holding: "master", score: 100, mayTake: true, tracks: true };

export const WELL: BoxLooks = {
  lans: [
    { name: "office", hasCarrier: true },
    { name: "guests", hasCarrier: true },
  ],
  ...{ journal: { kind: "ok" }, failedProbes: [], resolvers: NO_RESOLVERS },
};

/** Of a wall clock that is what passes; to be called before anything is made that has timers. */
export function stopTime(): void {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
    now: START,
  });
}

export function stoppedNow(): Now {
  return { wall: Date.now(), monotonic: Date.now() - START };
}

/** Lets time pass in pieces, and everything happen in each. */
export async function pass(milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= STEP_MILLISECONDS) {
    vi.advanceTimersByTime(Math.min(left, STEP_MILLISECONDS));
    await settled(6);
  }
}

export class GatewayBench implements GatewayHost {
  readonly folder = mkdtempSync(join(tmpdir(), "tandem-gateway-"));
  readonly gatekeeper = new FakeGatekeeper(join(this.folder, "gate.sock"));
  readonly gateway: Gateway;
  /** Lines of the log, in words. */
  readonly lines: string[] = [];
  /** What is so now, in words. */
  readonly conditionsNow = new Map<ConditionId, string>();
  readonly asked: string[] = [];
  seen: BoxLooks = WELL;
  paired = true;
  inStep = true;
  partnerHears = true;
  hurries = 0;
  changes = 0;

  /** `bus`: its address; without it there is none. */
  constructor(bus = `unix:path=${join(this.folder, "no-bus")}`) {
    vi.stubEnv("DBUS_SYSTEM_BUS_ADDRESS", bus);
    const { path: gatekeeper } = this.gatekeeper;
    const places = { gatekeeper, rawlink: join(this.folder, "no-rawlink") };
    this.gateway = new Gateway(this, places, new OperatorFile(this.folder));
  }

  /** With this plan in force, keepalived as backup, and a partner that is ready. */
  static async open(plan = PLAN, bus?: string): Promise<GatewayBench> {
    const bench = new GatewayBench(bus);
    await bench.gatekeeper.start();
    bench.gateway.configure(plan);
    bench.gateway.partnerSays(READY);
    await bench.inForce();
    return bench;
  }

  async end(): Promise<void> {
    await this.gateway.stop();
    this.gatekeeper.stop();
    rmSync(this.folder, { recursive: true, force: true });
    vi.unstubAllEnvs();
    vi.useRealTimers();
  }

  /** Resolves when keepalived has been told, and is known. */
  async inForce(): Promise<void> {
    await until(() => this.gateway.status?.observers.fifo === true, "keepalived is observed");
    await settled();
  }

  /** keepalived says it of all of its instances. */
  async become(state: VrrpState): Promise<void> {
    this.gatekeeper.become(state);
    await settled();
  }

  async partner(word: GatewayWord | undefined): Promise<void> {
    this.gateway.partnerSays(word);
    await settled();
  }

  /** The gateway is at this box, and the log is empty. */
  async active(): Promise<void> {
    await this.become("master");
    this.lines.length = 0;
  }

  /** It is at the partner. */
  async standby(): Promise<void> {
    await this.become("backup");
    await this.partner(HAS_IT);
    this.lines.length = 0;
  }

  get role(): string {
    return this.gateway.facts.role;
  }

  /** What this box says to the other one. */
  get word(): GatewayWord {
    return decodeWord(this.gateway.word);
  }

  /** What the gatekeeper was told last of this box's health. */
  get health(): string | undefined {
    return this.gatekeeper.heard.findLast((command) => command.startsWith("health"));
  }

  get conditions(): string[] {
    return [...this.conditionsNow.keys()];
  }

  now(): Now {
    return stoppedNow();
  }

  box(): string {
    return "A";
  }

  say(id: LogId, values: LogValues): void {
    this.lines.push(sentence(LOG[id].text, values));
  }

  readonly setCondition = (id: ConditionId, _: string, values: LogValues | undefined): void => {
    if (values) this.conditionsNow.set(id, sentence(CONDITIONS[id].text, values));
    else this.conditionsNow.delete(id);
  };

  looks(): BoxLooks {
    return this.seen;
  }

  isPaired(): boolean {
    return this.paired;
  }

  isInStep(): boolean {
    return this.inStep;
  }

  hurry(): void {
    this.hurries++;
  }

  changed(): void {
    this.changes++;
  }

  setMaintenance(isOn: boolean): void {
    this.asked.push(`maintenance ${isOn}`);
  }

  askForHandover(): boolean {
    this.asked.push("handover");
    return this.partnerHears;
  }

  drill(kind: string, text: string): { isDone: boolean; text: string } {
    this.asked.push(`drill ${kind}`);
    return { isDone: true, text };
  }

  isDrillUnderWay(): boolean {
    return false;
  }

  looked(): void {}
}
