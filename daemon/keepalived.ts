// keepalived, as this box has it: run by another process, told through it, and observed in two ways. conntrackd is run by
// the same one, which listens to one connection at a time.

import type { CoordinatorFacts } from "./core/gateway/coordinator.ts";
import { instanceName, keepalivedConfig } from "./core/gateway/keepalived-config.ts";
import type { GatewayPlan } from "./core/gateway/plan.ts";
import type { VrrpNews } from "./core/gateway/vrrp.ts";
import { type Source, VrrpView } from "./core/gateway/vrrp-view.ts";
import { type GatekeeperAnswer, GatekeeperLink } from "./io/gatekeeper-link.ts";
import { VrrpBus } from "./io/vrrp-bus.ts";
import { Tracking } from "./tracking.ts";
import { VrrpFifo } from "./vrrp-fifo.ts";

export interface KeepalivedHost {
  /** Monotonic milliseconds. */
  now(): number;
  /** Something is otherwise. */
  changed(): void;
  /** Whether the process that runs it answers; if not, why, as a part of a sentence. */
  helper(why: string | undefined): void;
  /** A configuration was put into force ("" for nothing new), or refused. */
  told(answer: GatekeeperAnswer): void;
  /** It is started anew: it has lost the bus, or does not do its work for no reason. */
  respawning(why: "bus" | "stuck"): void;
}

/** What the track file says: this box wants the gateway; or it does not, whatever happens. */
const READY = 0;
const AWAY = -254;
/** The process that runs keepalived hears so often that this one lives. */
const HEALTH_MILLISECONDS = 1000;
/** A move that this process does not live to see the end of is undone after so long. */
const RELEASE_TTL_MILLISECONDS = 2500;
/** A configuration that was refused is tried again. */
const RETRY_MILLISECONDS = 10_000;
/** What it says is asked for again so seldom: each answer is looked at, and may be in doubt again. */
const ASK_MILLISECONDS = 1000;
/** keepalived that has lost the bus is started anew so seldom. */
const RESPAWN_MILLISECONDS = 60_000;
/**
 * One that is at fault, or only waits, although nothing keeps it from the gateway: with a port that was taken away and
 * came back, keepalived 2.2.7 waits for ever. Besides, it may take four adverts.
 */
const STUCK_MILLISECONDS = 2000;
const STUCK_PAUSE_FIRST_MILLISECONDS = 5000;

export class Keepalived {
  readonly tracking: Tracking;
  readonly #host: KeepalivedHost;
  readonly #keeper: GatekeeperLink;
  readonly #fifo: VrrpFifo;
  readonly #bus: VrrpBus;
  readonly #view = new VrrpView();
  #isStarted = false;
  #folder = "";
  #plan: GatewayPlan | undefined;
  /** What it has been told, on this connection. */
  #inForce: string | undefined;
  #isTelling = false;
  /** How often it was told to run no keepalived any more. */
  #stops = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #value: number | undefined;
  #valueAt = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #respawnedAt = Number.NEGATIVE_INFINITY;
  #stuckSince: number | undefined;
  #stuckPause = STUCK_PAUSE_FIRST_MILLISECONDS;

  /** `socket`: of the process that runs it. */
  constructor(socket: string, host: KeepalivedHost) {
    this.#host = host;
    this.#keeper = new GatekeeperLink(socket, {
      opened: (folder) => this.#opened(folder),
      closed: (why) => {
        this.#inForce = undefined;
        this.#fifo.lose("the helper that runs keepalived does not answer");
        this.tracking.closed();
        host.helper(why);
      },
      keepalived: (state) => {
        if (state === "running") this.#fifo.read();
        else this.#fifo.lose("keepalived does not run");
      },
      health: () => {},
      notified: (line) => this.#fifo.notified(line),
      tracking: (text) => this.tracking.heard(text),
    });
    this.tracking = new Tracking({
      now: () => host.now(),
      tell: (words) => this.#keeper.tracking(words),
      changed: () => host.changed(),
    });
    this.#fifo = new VrrpFifo({
      dump: () => this.#keeper.dump(),
      news: (news) => this.#hear("fifo", news),
    });
    this.#bus = new VrrpBus(undefined, { news: (news) => this.#hear("bus", news) });
  }

  /** Undefined: nothing is to move any more. Nothing is told before `tell`. */
  configure(plan: GatewayPlan | undefined): void {
    this.#plan = plan;
    this.tracking.configure(plan);
    // Until it is told of other instances it has those that it has.
    if (this.#inForce === undefined || !plan) this.#expect();
    if (plan && !this.#isStarted) {
      this.#isStarted = true;
      this.#keeper.open();
      this.#bus.start();
    }
    if (plan) return;
    if (this.#keeper.isOpen) void this.#keeper.stop();
    this.#stops++;
    this.#inForce = undefined;
  }

  /** The process that runs it answers. */
  get isReached(): boolean {
    return this.#keeper.isOpen;
  }

  holding(): CoordinatorFacts["holding"] {
    return this.#view.holding();
  }

  /** The addresses of that LAN are at this box. */
  isLanHere(interfaceName: string): boolean {
    return this.#view.stateOf(instanceName("LAN", interfaceName)) === "master";
  }

  isInDoubt(now: number): boolean {
    return this.#view.isInDoubt(now);
  }

  get observers(): { readonly bus: boolean; readonly fifo: boolean } {
    return { bus: this.#view.isLive("bus"), fifo: this.#view.isLive("fifo") };
  }

  /** Telling it what is wanted now would add instances, or take some away: it loses the gateway for a moment then. */
  get isMoveDue(): boolean {
    const text = this.#wanted();
    return this.#inForce !== undefined && headsOf(text) !== headsOf(this.#inForce);
  }

  /** Puts what is wanted into force, if it is not. */
  tell(): void {
    const text = this.#wanted();
    if (!this.#keeper.isOpen || this.#isTelling || text === "" || text === this.#inForce) return;
    if (this.#host.now() - this.#refusedAt < RETRY_MILLISECONDS) return;
    this.#isTelling = true;
    const [plan, stops] = [this.#plan, this.#stops];
    void this.#keeper.config(text).then((answer) => {
      this.#isTelling = false;
      if (!this.#keeper.isOpen) return;
      if (stops !== this.#stops) {
        // It was stopped behind it, and has nothing in force.
        this.#host.changed();
        return;
      }
      if (answer.isDone) {
        this.#inForce = text;
        this.#expect(plan);
        // What it says from now on may be of other instances.
        this.#fifo.read();
      } else {
        this.#refusedAt = this.#host.now();
      }
      const isNew = answer.text !== "unchanged";
      this.#host.told(isNew ? answer : { ...answer, text: "" });
    });
  }

  /**
   * Whether this box wants the gateway; to be said again and again. When it is not any more, this process is gone, and
   * the gateway goes after `releaseAfterSeconds`. `isForNow`: a move, which ends by itself also without this process.
   */
  sayReady(isReady: boolean, isForNow: boolean, now: number): void {
    const value = isReady ? READY : AWAY;
    if (!this.#keeper.isOpen || !this.#plan) return;
    if (value === this.#value && now - this.#valueAt < HEALTH_MILLISECONDS) return;
    this.#value = value;
    this.#valueAt = now;
    const ttl = this.#plan.releaseAfterSeconds * 1000;
    if (isForNow) void this.#keeper.health(value, RELEASE_TTL_MILLISECONDS, READY);
    else void this.#keeper.health(value, ttl, AWAY);
  }

  /**
   * Where what is known may be wrong, it is asked for; a keepalived that has lost the bus does not look for it, and one
   * that is stuck does not get out of it. `isNobodys`: no box is known to have the gateway.
   */
  mend(isNobodys: boolean, now: number): void {
    if (this.#view.isInDoubt(now) && now - this.#askedAt >= ASK_MILLISECONDS) {
      this.#askedAt = now;
      this.#bus.reread();
      this.#fifo.read();
    }
    const holding = this.holding();
    const isIdle = holding === "fault" || (holding === "backup" && isNobodys);
    this.#mendStuck(isIdle && this.#value === READY, now);
    const isLost = this.#view.isLive("fifo") && this.#bus.isKeepalivedMissing;
    // Started anew it would lose the gateway: that can wait.
    if (!isLost || holding !== "backup") return;
    if (now - this.#respawnedAt >= RESPAWN_MILLISECONDS) this.#respawn("bus", now);
  }

  #mendStuck(isStuck: boolean, now: number): void {
    if (!isStuck) {
      this.#stuckSince = undefined;
      // Well for a while: the next fault has nothing to do with this one.
      if (now - this.#respawnedAt > RESPAWN_MILLISECONDS) {
        this.#stuckPause = STUCK_PAUSE_FIRST_MILLISECONDS;
      }
      return;
    }
    this.#stuckSince ??= now;
    const { advertMilliseconds = 0 } = this.#plan ?? {};
    if (now - this.#stuckSince < STUCK_MILLISECONDS + 4 * advertMilliseconds) return;
    if (now - this.#respawnedAt < this.#stuckPause) return;
    this.#stuckPause = Math.min(this.#stuckPause * 2, RESPAWN_MILLISECONDS);
    this.#respawn("stuck", now);
  }

  #respawn(why: "bus" | "stuck", now: number): void {
    this.#respawnedAt = now;
    this.#host.respawning(why);
    void this.#keeper.respawn();
  }

  /** For so long as if the power were gone: it dies without a word, and its addresses with it. */
  unplug(milliseconds: number): void {
    void this.#keeper.plug(milliseconds);
  }

  async stop(): Promise<void> {
    this.#fifo.stop();
    this.#keeper.close();
    await this.#bus.stop();
  }

  #wanted(): string {
    return this.#plan && this.#folder !== "" ? keepalivedConfig(this.#plan, this.#folder) : "";
  }

  #expect(plan = this.#plan): void {
    this.#view.expect(plan ? instancesOf(plan) : []);
  }

  #hear(source: Source, news: VrrpNews): void {
    this.#view.hear(source, news, this.#host.now());
    this.#host.changed();
  }

  #opened(folder: string): void {
    this.#folder = folder;
    this.#inForce = undefined;
    this.#value = undefined;
    this.#refusedAt = Number.NEGATIVE_INFINITY;
    this.#expect();
    this.#host.helper(undefined);
    this.tracking.opened();
    // What was taken out while nobody was reached.
    if (!this.#plan) void this.#keeper.stop();
    this.#host.changed();
  }
}

function instancesOf({ pairPorts, lans }: GatewayPlan): string[] {
  return [
    ...pairPorts.map((port) => instanceName("HB", port)),
    ...lans.map(({ interfaceName }) => instanceName("LAN", interfaceName)),
  ];
}

/** Of the instances, which keepalived does not add or take away in passing. */
function headsOf(config: string): string {
  return Array.from(config.matchAll(/^vrrp_instance \S+/gm), ([line]) => line).join();
}
