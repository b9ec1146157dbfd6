// Two boxes that drill, and nothing else of them: one has the gateway, what one lets go of is at the other one some
// milliseconds later, and a box that acts as if its power were gone is missed. Messages go as bytes.

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
import type { CoordinatorFacts, GatewayRole } from "../../daemon/core/gateway/coordinator.ts";
import { Drill, type DrillHost, type DrillProbes } from "../../daemon/drill.ts";
import type { DrillReport } from "../../daemon/http/api-types.ts";
import {
  decodeGatewayMessage,
  encodeGatewayMessage,
  type GatewayMessage,
} from "../../daemon/wire/gateway-message.ts";
import { stoppedNow } from "./gateway-bench.ts";

/** A message, a planned move, a move from a box without power, and until that box is missed. */
const TIMES = { message: 1, move: 3, takeOver: 320, missed: 600 } as const;
const PING_MILLISECONDS = 10;
export const LEASES = 42;

export class DrillBox implements DrillHost {
  readonly #world: DrillWorld;
  readonly #name: string;
  drill: Drill;
  /** Why it does not do what its partner wishes; undefined: it does. */
  refusal: string | undefined;
  /** It hears nobody and nobody hears it. */
  isOff = false;
  missesPartner = false;
  remembered: string | undefined;
  readonly kept: DrillReport[] = [];
  readonly lines: string[] = [];
  readonly conditions = new Map<ConditionId, string>();
  readonly heard: GatewayMessage[] = [];
  probes = 0;
  #ids = 100;

  constructor(world: DrillWorld, name: string) {
    this.#world = world;
    this.#name = name;
    this.drill = new Drill(this);
  }

  get other(): DrillBox {
    const { a, b } = this.#world;
    return this === a ? b : a;
  }

  get has(): boolean {
    return this.#world.holder === this;
  }

  /** The process ends, and another one takes its place. */
  restart(): void {
    this.drill.stop();
    this.drill = new Drill(this);
    this.conditions.clear();
    if (this.remembered !== undefined) this.drill.resume();
  }

  receive(bytes: Uint8Array): void {
    const message = decodeGatewayMessage(bytes);
    this.heard.push(message);
    if (message.kind !== "drill-report") this.drill.received(message, this.refusal);
    else this.kept.push(JSON.parse(message.json) as DrillReport);
  }

  now(): Now {
    return stoppedNow();
  }

  box(): string {
    return this.#name;
  }

  say(id: LogId, values: LogValues): void {
    this.lines.push(sentence(LOG[id].text, values));
  }

  setCondition(id: ConditionId, _: string, values: LogValues | undefined): void {
    if (values) this.conditions.set(id, sentence(CONDITIONS[id].text, values));
    else this.conditions.delete(id);
  }

  facts(): CoordinatorFacts & { readonly role: GatewayRole } {
    const holding = this.has ? "master" : "backup";
    const partner = {
      holding: this.other.has ? ("master" as const) : ("backup" as const),
      ...{ score: 100, mayTake: true },
    };
    return {
      ...{ holding, score: 100, partner: this.missesPartner ? undefined : partner },
      ...{ isInMaintenance: false, isInStep: !this.missesPartner },
      role: this.has ? "active" : "standby",
    };
  }

  isHere(): boolean {
    return this.has;
  }

  answersAll(): boolean {
    return this.missesPartner;
  }

  leases(): number {
    return LEASES;
  }

  release(): void {
    this.#world.releases++;
    if (this.has && this.#world.canMove) this.#world.move(this.other, TIMES.move);
  }

  unplug(milliseconds: number): void {
    this.isOff = milliseconds > 0;
    if (!this.isOff) {
      setTimeout(() => {
        this.missesPartner = false;
        this.other.missesPartner = false;
      }, TIMES.missed);
      return;
    }
    if (this.has && this.#world.canMove) this.#world.move(this.other, TIMES.takeOver);
    setTimeout(() => {
      this.missesPartner = true;
      this.other.missesPartner = true;
    }, TIMES.missed);
  }

  probe(events: DrillProbes): { stop(): void } {
    this.probes++;
    let sequence = 0;
    const timer = setInterval(() => {
      const number = ++sequence & 0xffff;
      events.pinged(number);
      if (this.other.has && !this.other.isOff) setTimeout(() => events.answered(number), 1);
    }, PING_MILLISECONDS);
    return {
      stop: () => {
        clearInterval(timer);
        this.probes--;
      },
    };
  }

  send(message: GatewayMessage): boolean {
    const bytes = encodeGatewayMessage(message);
    if (!this.#world.isConnected || this.isOff || this.other.isOff) return false;
    setTimeout(() => {
      if (!this.#world.loses(message)) this.other.receive(bytes);
    }, TIMES.message);
    return true;
  }

  remember(until: string | undefined): void {
    this.remembered = until;
  }

  keep(report: DrillReport): void {
    this.kept.push(report);
  }

  random(): number {
    return ++this.#ids;
  }
}

export class DrillWorld {
  readonly a = new DrillBox(this, "A");
  readonly b = new DrillBox(this, "B");
  holder: DrillBox = this.a;
  isConnected = true;
  /** What is let go of is taken. */
  canMove = true;
  releases = 0;
  loses: (message: GatewayMessage) => boolean = () => false;

  move(to: DrillBox, after: number): void {
    setTimeout(() => {
      this.holder = to;
    }, after);
  }

  /** Both processes end. */
  stop(): void {
    for (const { drill } of [this.a, this.b]) drill.stop();
  }

  /** Somebody looks at each box now and then, as its gateway does. */
  pass(milliseconds: number): void {
    for (let passed = 0; passed < milliseconds; passed += 500) {
      vi.advanceTimersByTime(Math.min(500, milliseconds - passed));
      for (const { drill } of [this.a, this.b]) drill.look();
    }
  }
}
