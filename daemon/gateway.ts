// The gateway of this box: what keepalived says, the health of the box, the partner by its heartbeats, and a person. What
// follows from them is decided in core/gateway/, here it is carried out.

import { ipv4 } from "./base/address.ts";
import { IoError } from "./base/errors.ts";
import type { Now } from "./base/time.ts";
import type { ConditionId, LogId, LogValues } from "./catalogue.ts";
import {
  Coordinator,
  type CoordinatorFacts,
  type GatewayRole,
} from "./core/gateway/coordinator.ts";
import type { DrillKind } from "./core/gateway/drill.ts";
import { Health } from "./core/gateway/health.ts";
import type { GatewayPlan } from "./core/gateway/plan.ts";
import { whyUntracked } from "./core/gateway/tracking.ts";
import { type Preflight, preflight, type Verb } from "./core/gateway/verbs.ts";
import { encodeWord, type GatewayWord } from "./core/gateway/word.ts";
import { type BoxLooks, lookAtBox } from "./gateway-looks.ts";
import { SaidSigns } from "./gateway-signs.ts";
import {
  ANEW_SENTENCES,
  gatewayStatus,
  maintenanceValues,
  newsLine,
  ROLE_WORDS,
} from "./gateway-view.ts";
import type { GatewayStatus } from "./http/api-types.ts";
import type { ActionResult } from "./http/box-view.ts";
import { Keepalived } from "./keepalived.ts";
import type { OperatorFile, OperatorWish } from "./operator-file.ts";
import { WanWatch } from "./wan-watch.ts";

export interface GatewayHost {
  now(): Now;
  /** Its name. */
  box(): string;
  say(id: LogId, values: LogValues): void;
  setCondition(id: ConditionId, subject: string, values: LogValues | undefined): void;
  /** How the box is, besides what is looked at here. */
  looks(): BoxLooks;
  isPaired(): boolean;
  /** Both books say the same. */
  isInStep(): boolean;
  /** The partner should hear of it at once. */
  hurry(): void;
  /** Status is otherwise. */
  changed(): void;
  /** Whether devices are left to the partner, because somebody works on this box. */
  setMaintenance(isOn: boolean): void;
  /** Asks the partner to hand the gateway over; false: it cannot be told. */
  askForHandover(): boolean;
  /** Begins a drill; `text`: what happens. */
  drill(kind: DrillKind, text: string): ActionResult;
  isDrillUnderWay(): boolean;
  /** Everything has been looked at. */
  looked(): void;
}

export interface GatewayPlaces {
  /** Sockets of the process that runs keepalived, and of the packet helper. */
  readonly gatekeeper: string;
  readonly rawlink: string;
}

/** Everything is looked at so often, at least. */
const TICK_MILLISECONDS = 1000;
const SETTLED: ReadonlySet<GatewayRole> = new Set(["active", "standby", "maintenance"] as const);
const PASSING_MILLISECONDS = 500;
/** A backup has the new LANs of a change by then, so that it can take all of them. */
const CHANGE_MILLISECONDS = 3000;

export class Gateway {
  readonly #host: GatewayHost;
  readonly #places: GatewayPlaces;
  readonly #file: OperatorFile;
  readonly #keepalived: Keepalived;
  readonly #health = new Health();
  readonly #signs: SaidSigns;
  #plan: GatewayPlan | undefined;
  #coordinator: Coordinator | undefined;
  #wan: WanWatch | undefined;
  #partner: GatewayWord | undefined;
  #maintenanceSince: string | undefined;
  #maintenanceSaid = "";
  #changeAt = 0;
  #startedWall = 0;
  #word = 0;
  #role: GatewayRole = "unknown";
  #saidRole: GatewayRole = "unknown";
  #timer: NodeJS.Timeout | undefined;
  #plannedAt = 0;
  #lateMilliseconds = 0;
  #isStopped = false;

  constructor(host: GatewayHost, places: GatewayPlaces, file: OperatorFile) {
    this.#host = host;
    this.#places = places;
    this.#file = file;
    this.#signs = new SaidSigns(host.setCondition);
    this.#keepalived = new Keepalived(places.gatekeeper, {
      now: () => host.now().monotonic,
      changed: () => this.look(),
      helper: (why) => {
        const isMissed = this.#plan !== undefined && why !== undefined;
        host.setCondition("gateway-helper-gone", "", isMissed ? { why } : undefined);
      },
      told: ({ isDone, text }) => {
        if (isDone && text !== "") host.say("gateway-applied", { text });
        host.setCondition("gateway-refused", "", isDone ? undefined : { text });
        this.look();
      },
      respawning: (why) => host.say("gateway-vrrp-anew", { why: ANEW_SENTENCES[why] }),
    });
  }

  /** What a person had said before the box was off; returns what else was written down. */
  async load(): Promise<OperatorWish> {
    const wish = await this.#file.read();
    this.#maintenanceSince = wish.maintenanceSince;
    return wish;
  }

  /** Not before the box is able to serve: until then whoever runs keepalived keeps the gateway away from it. */
  configure(plan: GatewayPlan | undefined): void {
    if (this.#isStopped) return;
    const before = JSON.stringify(this.#plan);
    this.#plan = plan;
    if (JSON.stringify(plan) !== before) this.#apply(plan);
    this.look();
  }

  /** By its heartbeats; undefined: it is not heard. */
  partnerSays(word: GatewayWord | undefined): void {
    this.#partner = word;
    this.look();
  }

  /** For the heartbeats of this box. */
  get word(): number {
    return this.#word;
  }

  get isInMaintenance(): boolean {
    return this.#maintenanceSince !== undefined;
  }

  /** Looks at everything, and does what follows. To be called whenever something may be otherwise. */
  look(): void {
    if (this.#isStopped) return;
    const { monotonic } = this.#host.now();
    const at = this.#lookAtGateway(monotonic);
    this.#sayMaintenance();
    this.#host.looked();
    this.#planNext(at, monotonic);
  }

  /** What is decided on, and what this box is to the gateway. */
  get facts(): CoordinatorFacts & { readonly role: GatewayRole } {
    const role = this.#coordinator?.role ?? "unknown";
    return { ...this.#facts(this.#host.now().monotonic), role };
  }

  /** The addresses of the first LAN are at this box. */
  get isFirstLanHere(): boolean {
    const lan = this.#plan?.lans[0];
    return lan !== undefined && this.#keepalived.isLanHere(lan.interfaceName);
  }

  get plan(): GatewayPlan | undefined {
    return this.#plan;
  }

  /** In a drill: until the partner has the gateway. */
  release(): void {
    this.#coordinator?.release("drill", this.#host.now().monotonic);
    this.look();
  }

  /** In a drill: for so long as if the power were gone. */
  unplug(milliseconds: number): void {
    this.#keepalived.unplug(milliseconds);
  }

  get status(): GatewayStatus | null {
    const plan = this.#plan;
    const coordinator = this.#coordinator;
    if (!plan || !coordinator) return null;
    const now = this.#host.now();
    const facts = this.#facts(now.monotonic);
    const { lans } = this.#host.looks();
    return gatewayStatus(
      {
        ...{ plan, coordinator, facts, score: facts.score },
        checks: this.#health.views(now.monotonic),
        observers: this.#keepalived.observers,
        hasCarrier: (lan) => lans.find(({ name }) => name === lan)?.hasCarrier ?? false,
        maintenance: this.maintenance,
        tracking: this.#keepalived.tracking.state,
      },
      this.#wallAtZero(now),
    );
  }

  /** Somebody works on this box, or is about to; also where nothing moves. */
  get maintenance(): GatewayStatus["maintenance"] {
    const since = this.#maintenanceSince;
    if (since === undefined) return null;
    const { holding, partner, isInStep } = this.#facts(this.#host.now().monotonic);
    const isAway = holding !== "master" && partner?.holding === "master";
    return { since, isSafeToSwitchOff: isInStep && (isAway || this.#plan === undefined) };
  }

  preflight(verb: Verb): Preflight {
    return preflight(verb, {
      ...{ box: this.#host.box(), isPaired: this.#host.isPaired() },
      hasGateway: this.#plan !== undefined,
      resolvers: this.#host.looks().resolvers,
      role: this.#coordinator?.role ?? "unknown",
      isDrillUnderWay: this.#host.isDrillUnderWay(),
      whyUntracked: whyUntracked(this.#keepalived.tracking.state, this.#partner),
      ...this.#facts(this.#host.now().monotonic),
    });
  }

  act(verb: Verb): ActionResult {
    const { isPossible, text } = this.preflight(verb);
    const result = isPossible ? this.#carryOut(verb, text) : { isDone: false, text };
    this.#host.say("gateway-command", { command: verb, result: result.text });
    this.look();
    return result;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#wan?.stop();
    await this.#keepalived.stop();
  }

  #carryOut(verb: Verb, text: string): ActionResult {
    const { monotonic, wall } = this.#host.now();
    switch (verb) {
      case "handover":
        if (this.#coordinator?.role === "active") this.#coordinator.release("person", monotonic);
        else if (!this.#host.askForHandover()) {
          return { isDone: false, text: "the partner cannot be told now" };
        }
        return { isDone: true, text };
      case "maintenance-on":
        return this.#setMaintenance(new Date(wall).toISOString(), text);
      case "maintenance-off":
        return this.#setMaintenance(undefined, text);
      case "drill":
        return this.#host.drill("planned", text);
      case "unplug":
        return this.#host.drill("unplugged", text);
    }
  }

  #setMaintenance(since: string | undefined, text: string): ActionResult {
    try {
      this.#file.write({ maintenanceSince: since });
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      return { isDone: false, text: `it could not be written down: ${error.message}` };
    }
    this.#maintenanceSince = since;
    this.#host.setMaintenance(since !== undefined);
    return { isDone: true, text };
  }

  #apply(plan: GatewayPlan | undefined): void {
    const { monotonic } = this.#host.now();
    this.#wan?.stop();
    this.#wan = plan && this.#watchWan(plan);
    this.#keepalived.configure(plan);
    this.#changeAt = monotonic + CHANGE_MILLISECONDS;
    if (!plan) {
      this.#coordinator = undefined;
      this.#word = 0;
      this.#signs.set(undefined, monotonic);
      this.#host.setCondition("gateway-helper-gone", "", undefined);
      this.#host.setCondition("gateway-refused", "", undefined);
      return;
    }
    const { isPrimary, preferPrimaryAfterSeconds: seconds } = plan;
    const rules = { isPrimary, preferPrimaryAfter: seconds && seconds * 1000 };
    if (this.#coordinator) this.#coordinator.configure(rules);
    else this.#coordinator = new Coordinator(rules, this.#facts(monotonic), monotonic);
  }

  /** Returns when it has to be looked again. */
  #lookAtGateway(now: number): number {
    const plan = this.#plan;
    const coordinator = this.#coordinator;
    if (!plan || !coordinator) return Number.POSITIVE_INFINITY;
    const keepalived = this.#keepalived;
    this.#wan?.setHolder(keepalived.holding() === "master");
    lookAtBox(this.#health, plan, this.#host.looks(), this.#wan, this.#lateMilliseconds, now);
    const facts = this.#facts(now);
    coordinator.see(facts, now);
    this.#changeInstances(coordinator, facts, now);
    for (const news of coordinator.takeNews()) this.#host.say(...newsLine(news));
    const isForNow = coordinator.cause !== undefined;
    keepalived.sayReady(!coordinator.isLettingGo(now), isForNow, now);
    keepalived.tracking.see(facts.holding, now);
    keepalived.mend(coordinator.role === "waiting", now);
    this.#tell(coordinator, now);
    this.#signs.set(
      {
        ...{ role: coordinator.role, facts, checks: this.#health.views(now) },
        ...{ isInDoubt: keepalived.isInDoubt(now), isWanted: keepalived.isReached },
      },
      now,
    );
    return Math.min(coordinator.nextAt(now), this.#health.nextAt(), this.#signs.nextAt);
  }

  /** A box that has the gateway gives it away before keepalived is told of other LANs: it would lose it for a moment. */
  #changeInstances(coordinator: Coordinator, facts: CoordinatorFacts, now: number): void {
    const isCostly = this.#keepalived.isMoveDue && facts.holding === "master";
    if (!isCostly || !facts.partner?.mayTake) this.#keepalived.tell();
    else if (now >= this.#changeAt && !coordinator.cause) coordinator.release("change", now);
  }

  #watchWan(plan: GatewayPlan): WanWatch | undefined {
    const { wan, targets } = plan;
    if (!wan) return undefined;
    const { interfaceName, router, address } = wan;
    const own = ipv4(address.split("/")[0] ?? "");
    const rules = { interfaceName, router: ipv4(router), own, targets };
    const now = (): number => this.#host.now().monotonic;
    return new WanWatch(this.#places.rawlink, rules, () => this.look(), now);
  }

  /** The same each time, so that no time that is shown moves by a millisecond, until the clock is set. */
  #wallAtZero({ wall, monotonic }: Now): number {
    const start = wall - monotonic;
    if (Math.abs(start - this.#startedWall) > 1000) this.#startedWall = start;
    return this.#startedWall;
  }

  #facts(now: number): CoordinatorFacts {
    return {
      holding: this.#keepalived.holding(),
      score: this.#health.score(now),
      partner: this.#partner,
      isInMaintenance: this.isInMaintenance,
      isInStep: this.#host.isInStep(),
    };
  }

  /** What is otherwise, to people and to the partner. */
  #tell(coordinator: Coordinator, now: number): void {
    const { role } = coordinator;
    const word = encodeWord({ ...coordinator.word(now), ...this.#keepalived.tracking.word });
    if (word !== this.#word) {
      this.#word = word;
      this.#host.hurry();
    }
    const isNew = role !== this.#role;
    this.#role = role;
    // What passes within a moment, on the way from one to the other, is for nobody to read in the log.
    const hasSettled = SETTLED.has(role) || now - coordinator.roleSince >= PASSING_MILLISECONDS;
    if (role !== this.#saidRole && hasSettled) {
      const before = ROLE_WORDS[this.#saidRole];
      this.#saidRole = role;
      this.#host.say("gateway-role", { before, after: ROLE_WORDS[role] });
    }
    if (isNew) this.#host.changed();
  }

  #sayMaintenance(): void {
    const values = maintenanceValues(this.maintenance);
    const said = JSON.stringify(values ?? "");
    if (said === this.#maintenanceSaid) return;
    this.#maintenanceSaid = said;
    this.#host.setCondition("maintenance", "", values);
  }

  #planNext(at: number, now: number): void {
    clearTimeout(this.#timer);
    const wait = Math.max(1, Math.min(at - now, TICK_MILLISECONDS));
    this.#plannedAt = now + wait;
    this.#timer = setTimeout(() => {
      const late = this.#host.now().monotonic - this.#plannedAt;
      // One late tick is forgotten within some seconds.
      this.#lateMilliseconds = Math.max(late, this.#lateMilliseconds / 2);
      this.look();
    }, wait);
  }
}
