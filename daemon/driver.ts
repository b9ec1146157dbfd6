// The loop: take an event, step the core, perform its effects in order. The simulator runs exactly
// this file; only the ports around it are fake there.

import type { Now } from "./base/time.ts";
import { CONDITIONS, type LogId, type LogValues, type Severity, sentence } from "./catalogue.ts";
import type { Core } from "./core/core.ts";
import type { Effect } from "./core/effect.ts";
import type { CoreEvent } from "./core/event.ts";
import type { Lease } from "./core/lease.ts";
import type { Journal } from "./journal/journal.ts";
import { LIMITS } from "./limits.ts";
import type { Clock, JournalState, Link, PeerLink } from "./ports.ts";
import { WaitingSends } from "./waiting-sends.ts";

/** What others may want to know of what the driver does. Called after the effect was performed. */
export interface DriverObserver {
  leaseChanged(lease: Lease): void;
  log(id: LogId, values: LogValues, now: Now): void;
}

/** The frame event is one object for all frames: its bytes are valid only during the step anyway. */
interface MutableFrameEvent {
  readonly kind: "frame";
  lan: number;
  bytes: Uint8Array;
  start: number;
  end: number;
  checksumReady: boolean;
}

export class Driver {
  /** Requests dropped because too many replies were waiting for the disk. */
  overloadDrops = 0;
  readonly #core: Core;
  readonly #clock: Clock;
  readonly #observer: DriverObserver;
  readonly #effects: Effect[] = [];
  readonly #frameEvent: MutableFrameEvent = {
    kind: "frame",
    lan: 0,
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
    checksumReady: true,
  };
  #journal: Journal | undefined;
  #links: readonly Link[] = [];
  #peer: PeerLink | undefined;
  readonly #waiting = new WaitingSends();
  #batchNow: Now | undefined;
  #isPerforming = false;
  #stateToTell: JournalState | undefined;
  #loggedConditions = new Map<string, string>();

  constructor(core: Core, clock: Clock, observer: DriverObserver) {
    this.#core = core;
    this.#clock = clock;
    this.#observer = observer;
  }

  /** The journal and the driver need each other, so the journal is handed over after both exist. */
  attach(journal: Journal, links: readonly Link[], peer?: PeerLink): void {
    this.#journal = journal;
    this.#links = links;
    this.#peer = peer;
  }

  /**
   * New links after a configuration change; their order is the order of the networks. Replies that
   * wait belong to the old order, and are dropped: their clients ask again.
   */
  setLinks(links: readonly Link[]): void {
    this.#links = links;
    this.#waiting.dropReplies();
  }

  /** Replies that wait for the disk. */
  get waitingReplies(): number {
    return this.#waiting.replies;
  }

  /** Replies whose record became durable too late; their clients ask again. */
  get lateDrops(): number {
    return this.#waiting.lateDrops;
  }

  /** One received frame; `batchEnd` must follow after the last one of a batch. */
  frame(lan: number, bytes: Uint8Array, start: number, end: number, checksumReady: boolean): void {
    if (this.waitingReplies >= LIMITS.waitingRepliesMax) {
      this.overloadDrops++;
      return;
    }
    const event = this.#frameEvent;
    event.lan = lan;
    event.bytes = bytes;
    event.start = start;
    event.end = end;
    event.checksumReady = checksumReady;
    this.#batchNow ??= this.#clock.now();
    this.#step(event, this.#batchNow);
  }

  batchEnd(): void {
    const now = this.#batchNow ?? this.#clock.now();
    this.#batchNow = undefined;
    this.#flush(now);
  }

  /** Any event but a frame. */
  event(event: CoreEvent): void {
    const now = this.#clock.now();
    this.#step(event, now);
    this.#flush(now);
  }

  /** The journal says that every record up to `through` is on stable storage. */
  durable(through: number): void {
    const now = this.#clock.now();
    this.#step({ kind: "durable", through }, now);
    this.#waiting.release(through, now.monotonic, this.#links, this.#peer);
    this.#flush(now);
  }

  /** The journal failed, became slow, or works again. Replies whose records were lost do not leave. */
  journalState(state: JournalState): void {
    if (this.#isPerforming) {
      // The journal speaks up in the middle of an `append`: the effects in hand come first.
      this.#stateToTell = state;
      return;
    }
    if (state.kind === "failing") {
      this.#waiting.dropReplies();
      this.#waiting.dropForPeer(this.#peer);
    }
    this.event({ kind: "journal", state });
  }

  #step(event: CoreEvent, now: Now): void {
    const effects = this.#effects;
    this.#core.step(event, now, effects);
    this.#performAll(now);
  }

  #performAll(now: Now): void {
    const effects = this.#effects;
    if (effects.length === 0) return;
    this.#isPerforming = true;
    this.#perform(effects, now);
    this.#isPerforming = false;
    effects.length = 0;
    const state = this.#stateToTell;
    this.#stateToTell = undefined;
    if (state) this.journalState(state);
  }

  #perform(effects: readonly Effect[], now: Now): void {
    let dependsOn = 0;
    for (const effect of effects) {
      switch (effect.kind) {
        case "persist":
          this.#journal?.append(effect.lease);
          dependsOn = effect.lease.sequence;
          this.#observer.leaseChanged(effect.lease);
          break;
        case "persist-pair":
          this.#journal?.appendPair(effect.state, effect.sequence);
          dependsOn = effect.sequence;
          break;
        case "send": {
          const { lan, frame } = effect;
          const sequence = this.#mustWaitFor(dependsOn, effect.after);
          if (sequence === 0) this.#links[lan]?.send(frame);
          else this.#waiting.addReply(lan, frame, sequence, now.monotonic);
          break;
        }
        case "peer-send": {
          const { connection, bytes } = effect;
          const sequence = this.#mustWaitFor(dependsOn, effect.after);
          if (sequence === 0) this.#peer?.send(connection, bytes);
          else this.#waiting.addToPeer(connection, bytes, sequence);
          break;
        }
        case "peer-dial":
          this.#peer?.dial();
          break;
        case "peer-close":
          // Its last words may still wait for the disk.
          if (this.#waiting.hasForPeer) {
            this.#waiting.addToPeer(effect.connection, undefined, dependsOn);
          } else this.#peer?.close(effect.connection);
          break;
        case "alarm":
          this.#clock.setAlarm(effect.atMonotonic, this.#onAlarm);
          break;
        case "snapshot":
          this.#journal?.snapshot();
          break;
        case "log":
          this.#observer.log(effect.id, effect.values, now);
          break;
      }
    }
  }

  /** The record that what is sent now has to wait for; 0 for none. */
  #mustWaitFor(dependsOn: number, after = dependsOn): number {
    const sequence = after === 0 ? 0 : Math.max(dependsOn, after);
    return sequence <= (this.#journal?.durableThrough ?? 0) ? 0 : sequence;
  }

  readonly #onAlarm = (): void => this.event({ kind: "alarm" });

  #flush(now: Now): void {
    this.#core.endBatch(now, this.#effects);
    this.#performAll(now);
    for (const link of this.#links) link.flush();
    this.#peer?.flush();
    this.#journal?.kick(now);
    if (this.#core.conditions.revision !== this.#conditionsSeen) this.#logConditions(now);
  }

  #conditionsSeen = -1;

  /** Conditions are state, not events: their begin and end are logged here, once, for all of them. */
  #logConditions(now: Now): void {
    this.#conditionsSeen = this.#core.conditions.revision;
    const active = new Map<string, string>();
    const severities = new Map<string, Severity>();
    for (const condition of this.#core.conditions.active()) {
      const text = sentence(CONDITIONS[condition.id].text, {
        ...condition.values,
        subject: condition.subject,
      });
      const key = `${condition.id} ${condition.subject}`;
      active.set(key, text);
      severities.set(key, CONDITIONS[condition.id].severity);
    }
    for (const [key, text] of active) {
      if (!this.#loggedConditions.has(key)) {
        const id = severities.get(key) === "info" ? "condition-noted" : "condition-began";
        this.#observer.log(id, { sentence: text }, now);
      }
    }
    for (const [key, text] of this.#loggedConditions) {
      if (!active.has(key)) this.#observer.log("condition-ended", { sentence: text }, now);
    }
    this.#loggedConditions = active;
  }
}
