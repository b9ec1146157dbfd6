// A drill: the gateway goes to the other box and comes back by itself, and the box that takes over measures what devices
// would notice of it. Whatever dies in the middle of it: the end comes by itself.

import type { Now } from "./base/time.ts";
import type { ConditionId, LogId, LogValues } from "./catalogue.ts";
import type { CoordinatorFacts, GatewayRole } from "./core/gateway/coordinator.ts";
import { type DrillKind, DrillMeter } from "./core/gateway/drill.ts";
import type { DrillReport } from "./http/api-types.ts";
import type { ActionResult } from "./http/box-view.ts";
import { every } from "./io/ticker.ts";
import { isoTime } from "./lease-view.ts";
import type { DrillCode, GatewayMessage } from "./wire/gateway-message.ts";

export interface DrillHost {
  now(): Now;
  box(): string;
  say(id: LogId, values: LogValues): void;
  setCondition(id: ConditionId, subject: string, values: LogValues | undefined): void;
  facts(): CoordinatorFacts & { readonly role: GatewayRole };
  /** The address that is asked is at this box. */
  isHere(): boolean;
  /** This box answers every device now. */
  answersAll(): boolean;
  leases(): number;
  /** Lets go of the gateway until the partner has it. */
  release(): void;
  /** keepalived and this process act for so long as if the power were gone; 0: no longer. */
  unplug(milliseconds: number): void;
  /** Asks the gateway every 10 ms, and a resolver there now and then, until it is stopped. */
  probe(events: DrillProbes): { stop(): void };
  send(message: GatewayMessage): boolean;
  /** Until when a drill that this box measures is under way, in ISO 8601; remembered over a restart. */
  remember(until: string | undefined): void;
  keep(report: DrillReport): void;
  random(): number;
}

export interface DrillProbes {
  pinged(sequence: number): void;
  answered(sequence: number): void;
  /** What came of a question for a name that was asked so many milliseconds ago. */
  named(isAnswered: boolean, millisecondsAgo: number): void;
}

const CODES: Readonly<Record<DrillKind, DrillCode>> = { planned: 1, unplugged: 2 };
/** How long it lasts: all that is to be seen of a handover is seen at once, a box without power has to be missed first. */
const SECONDS: Readonly<Record<DrillKind, number>> = { planned: 5, unplugged: 10 };
/** Between the other box's answer and the moment at which it lets go: the pings have begun by then. */
const DELAY_MILLISECONDS = 1500;
const READY_MILLISECONDS = 3000;
/** How long the gateway may take to go back: a box that was gone has to be in step first. */
const REVERT_MILLISECONDS = 60_000;
const TICK_MILLISECONDS = 20;

type Phase =
  | { readonly kind: "calling"; readonly until: number }
  | { readonly kind: "measuring"; readonly until: number }
  | { readonly kind: "reverting"; readonly since: number };

interface Measured {
  readonly id: number;
  readonly kind: DrillKind;
  readonly at: string;
  readonly leases: number;
  meter: DrillMeter | undefined;
  phase: Phase;
  hasReleased: boolean;
}

export class Drill {
  readonly #host: DrillHost;
  #measured: Measured | undefined;
  /** Of a drill in which this box is the one that lets go. */
  #subject: { readonly kind: DrillKind; readonly timer: NodeJS.Timeout } | undefined;
  #probe: { stop(): void } | undefined;
  #stopTicks: () => void = () => {};

  constructor(host: DrillHost) {
    this.#host = host;
  }

  get isUnderWay(): boolean {
    return this.#measured !== undefined || this.#subject !== undefined;
  }

  /** A person wants one; all that speaks against it has been looked at. */
  begin(kind: DrillKind, text: string): ActionResult {
    const { role } = this.#host.facts();
    if (role !== "active") return this.#call(kind, text);
    const isTold = this.#host.send({ kind: "drill-wish", drill: CODES[kind] });
    return isTold ? { isDone: true, text } : NOT_TOLD;
  }

  /** One that was under way when this process ended: the gateway goes back where it was. */
  resume(): void {
    if (this.#measured) return;
    const now = this.#host.now().monotonic;
    const at = isoTime(this.#host.now().wall);
    this.#measured = {
      ...{ id: 0, kind: "planned", at, leases: 0, meter: undefined, hasReleased: false },
      phase: { kind: "reverting", since: now },
    };
    this.#stopTicks = every(TICK_MILLISECONDS, () => this.look());
  }

  /** Of the partner; `refusal`: why what it wishes is not to be, undefined: it may. */
  received(message: GatewayMessage, refusal: string | undefined): void {
    switch (message.kind) {
      case "drill-wish":
        if (refusal !== undefined) this.#host.send({ kind: "refused", text: refusal });
        else this.#call(kindOf(message.drill), "");
        break;
      case "drill-begin":
        if (refusal !== undefined) this.#host.send({ kind: "refused", text: refusal });
        else this.#letGo(message);
        break;
      case "drill-ready":
        this.#measure(message.id);
        break;
      case "refused":
        if (this.#measured?.phase.kind === "calling") this.#end(undefined);
        break;
    }
  }

  /** What is so now is measured, and what is due is done. */
  look(): void {
    const measured = this.#measured;
    if (!measured) return;
    const { monotonic } = this.#host.now();
    const facts = this.#host.facts();
    measured.meter?.see(
      { facts, isHere: this.#host.isHere(), answersAll: this.#host.answersAll() },
      monotonic,
    );
    const { phase } = measured;
    switch (phase.kind) {
      case "calling":
        if (monotonic >= phase.until) this.#end("the partner did not answer");
        break;
      case "measuring":
        if (monotonic < phase.until) break;
        this.#stopProbe();
        measured.meter?.over(monotonic);
        measured.phase = { kind: "reverting", since: monotonic };
        break;
      case "reverting":
        this.#revert(measured, phase.since, facts, monotonic);
        break;
    }
  }

  stop(): void {
    this.#stopProbes();
    clearTimeout(this.#subject?.timer);
  }

  #call(kind: DrillKind, text: string): ActionResult {
    const { monotonic, wall } = this.#host.now();
    const id = this.#host.random();
    const begin = { id, drill: CODES[kind], seconds: SECONDS[kind] };
    const isTold = this.#host.send({
      ...{ kind: "drill-begin", ...begin },
      delayMilliseconds: DELAY_MILLISECONDS,
    });
    if (!isTold) return NOT_TOLD;
    this.#measured = {
      ...{ id, kind, at: isoTime(wall + DELAY_MILLISECONDS), leases: this.#host.leases() },
      ...{ meter: undefined, hasReleased: false },
      phase: { kind: "calling", until: monotonic + READY_MILLISECONDS },
    };
    this.#host.setCondition("drill", "", { what: WHAT[kind] });
    this.#stopTicks = every(TICK_MILLISECONDS, () => this.look());
    return { isDone: true, text };
  }

  #measure(id: number): void {
    const measured = this.#measured;
    if (measured?.id !== id || measured.phase.kind !== "calling") return;
    const { monotonic, wall } = this.#host.now();
    const beginsAt = monotonic + DELAY_MILLISECONDS;
    const meter = new DrillMeter(measured.kind, beginsAt);
    measured.meter = meter;
    const milliseconds = SECONDS[measured.kind] * 1000;
    measured.phase = { kind: "measuring", until: beginsAt + milliseconds };
    this.#host.remember(isoTime(wall + DELAY_MILLISECONDS + milliseconds));
    this.#host.say("drill-begun", { what: WHAT[measured.kind] });
    const now = (): number => this.#host.now().monotonic;
    this.#probe = this.#host.probe({
      pinged: (sequence) => meter.pinged(sequence, now()),
      answered: (sequence) => meter.answered(sequence, now()),
      named: (isAnswered, millisecondsAgo) =>
        meter.named(isAnswered, now() - millisecondsAgo, now()),
    });
  }

  #letGo({
    id,
    drill,
    seconds,
    delayMilliseconds,
  }: Extract<GatewayMessage, { readonly kind: "drill-begin" }>): void {
    const kind = kindOf(drill);
    this.#host.send({ kind: "drill-ready", id });
    this.#host.setCondition("drill", "", { what: WHAT[kind] });
    this.#host.say("drill-begun", { what: WHAT[kind] });
    const over = (): void => {
      if (kind === "unplugged") this.#host.unplug(0);
      this.#subject = undefined;
      this.#host.setCondition("drill", "", undefined);
    };
    const begin = (): void => {
      if (kind === "planned") this.#host.release();
      else this.#host.unplug(seconds * 1000);
      this.#subject = { kind, timer: setTimeout(over, seconds * 1000) };
    };
    this.#subject = { kind, timer: setTimeout(begin, delayMilliseconds) };
  }

  #revert(measured: Measured, since: number, facts: CoordinatorFacts, now: number): void {
    const { partner, holding, isInStep } = facts;
    if (holding !== "master" && partner?.holding === "master") {
      this.#end(undefined, now - since);
    } else if (now - since >= REVERT_MILLISECONDS) {
      this.#end("the gateway could not go back");
    } else if (holding === "master" && partner?.mayTake && isInStep && !measured.hasReleased) {
      measured.hasReleased = true;
      this.#host.release();
    }
  }

  #end(problem: string | undefined, revertedMilliseconds: number | null = null): void {
    const measured = this.#measured;
    this.#measured = undefined;
    this.#stopProbes();
    this.#host.remember(undefined);
    this.#host.setCondition("drill", "", undefined);
    if (!measured) return;
    const { id, kind, at, leases, meter } = measured;
    if (!meter) {
      if (problem) this.#host.say("drill-over", { result: problem });
      return;
    }
    const figures = meter.figures();
    const base = { id, kind, at, measuredBy: this.#host.box(), ...figures, leases };
    const report: DrillReport = {
      ...base,
      revertedMilliseconds: revertedMilliseconds === null ? null : Math.round(revertedMilliseconds),
      sentence: sentenceOf(kind, figures, problem),
    };
    this.#host.say("drill-over", { result: report.sentence.slice(0, -1) });
    this.#host.keep(report);
    this.#host.send({ kind: "drill-report", json: JSON.stringify(report) });
  }

  #stopProbe(): void {
    this.#probe?.stop();
    this.#probe = undefined;
  }

  #stopProbes(): void {
    this.#stopProbe();
    this.#stopTicks();
    this.#stopTicks = () => {};
  }
}

const NOT_TOLD: ActionResult = { isDone: false, text: "the partner cannot be told now" };

const WHAT: Readonly<Record<DrillKind, string>> = {
  planned: "the gateway is handed over and comes back",
  unplugged: "the box with the gateway acts as if its power were gone",
};

function kindOf(code: DrillCode): DrillKind {
  return code === 1 ? "planned" : "unplugged";
}

function sentenceOf(
  kind: DrillKind,
  figures: ReturnType<DrillMeter["figures"]>,
  problem: string | undefined,
): string {
  const { gatewayMilliseconds, outageMilliseconds, dhcpMilliseconds, pingsSent } = figures;
  const what = kind === "planned" ? "The gateway was handed over" : "A box was as if without power";
  if (gatewayMilliseconds === null) return `${what}, and the other box did not take the gateway.`;
  const dhcp = dhcpMilliseconds === null ? "not all" : `all after ${dhcpMilliseconds} ms`;
  const moved = `the other box had it after ${gatewayMilliseconds} ms`;
  const silence = `${pingsSent > 0 ? outageMilliseconds : "an unknown number of"} ms`;
  const rest = `devices noticed ${silence} of it, and ${dhcp} were answered by DHCP`;
  return `${what}: ${moved}, ${rest}${problem ? `; ${problem}` : ""}.`;
}
