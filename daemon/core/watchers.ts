// What is watched besides single packets: other servers on each LAN, floods, this box's own answers, and how
// many addresses are set aside. Looked at once a second at most.

import type { Now } from "../base/time.ts";
import type { ConditionId, LogValues } from "../catalogue.ts";
import type { Conditions } from "./conditions.ts";
import type { Dhcp4Server } from "./dhcp4-server.ts";
import type { Effect } from "./effect.ts";
import type { Lan } from "./lan.ts";
import type { Segment } from "./segment.ts";

const EVERY_MILLISECONDS = 1000;
/** Conflicts are worth a word when so many addresses, and this share of the pool, are set aside. */
const CONFLICTS_MIN = 4;
const CONFLICTS_SHARE = 0.05;
const CONDITION_IDS = [
  "pool-full",
  "pool-kept",
  "rogue-server",
  "starvation",
  "request-flood",
  "conflicts-many",
  "self-probe-failed",
] as const;

/** So many free addresses do not come and go one by one: there are more of them, or the partner gave them. */
const MANY = 8;

export class Watchers {
  readonly #server: Dhcp4Server;
  readonly #conditions: Conditions;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #rogueRevision = -1;
  /** Starvation or a flood is said of some segment. */
  #hasAlarm = false;

  constructor(server: Dhcp4Server, conditions: Conditions) {
    this.#server = server;
    this.#conditions = conditions;
  }

  /** When something is due, in monotonic milliseconds; infinity when nothing is. */
  get nextAt(): number {
    // While there is one, its end has to be noticed on a quiet LAN too.
    let at = this.#hasAlarm ? this.#lookedAt + EVERY_MILLISECONDS : Number.POSITIVE_INFINITY;
    for (const { rogues, selfProbe } of this.#server.lans) {
      at = Math.min(at, rogues.nextAt ?? at, selfProbe.nextAt ?? at);
    }
    return at;
  }

  /** Does what is due and says what is so. */
  pass(now: Now, out: Effect[]): void {
    const { monotonic } = now;
    this.#sayRogues(now);
    for (const segment of this.#server.segments) {
      if (segment.turnsAwayUntil > 0) this.#sayTurnedAway(segment, now);
    }
    if (monotonic - this.#lookedAt < EVERY_MILLISECONDS) return;
    this.#lookedAt = monotonic;
    for (const lan of this.#server.lans) {
      if (lan.rogues.isProbeDue(monotonic)) {
        const frame = lan.rogues.probe(lan.link.mac, monotonic);
        out.push({ kind: "send", lan: lan.index, frame });
      }
      lan.rogues.forget(monotonic);
      if (lan.selfProbe.isDue(monotonic)) this.#test(lan, now);
    }
    for (const segment of this.#server.segments) this.#look(segment, now);
    const flood = this.#server.clientLimiter.flood(monotonic);
    for (const { name } of this.#server.segments) {
      const values = flood?.network === name ? { mac: flood.mac, rate: flood.rate } : undefined;
      this.#say("request-flood", name, values, now);
    }
    this.#lookForAlarm();
  }

  linkChanged(lan: Lan, now: Now): void {
    if (!lan.gate.ok) {
      lan.rogues.linkDown();
      lan.selfProbe.stop();
      this.#conditions.clear("self-probe-failed", lan.name);
      return;
    }
    if (lan.isWatched) lan.rogues.linkUp(now.monotonic);
    lan.selfProbe.start(now.monotonic);
  }

  /** The LANs are new ones: what is watched begins again. */
  configured(now: Now): void {
    this.#rogueRevision = -1;
    this.#lookForAlarm();
    for (const lan of this.#server.lans) {
      lan.rogues.linkDown();
      this.linkChanged(lan, now);
    }
  }

  /** A segment is gone, and what was said of it. */
  forget(name: string): void {
    for (const id of CONDITION_IDS) this.#conditions.clear(id, name);
  }

  #sayTurnedAway(segment: Segment, now: Now): void {
    const { name, keptForKnown } = segment;
    const { free, size } = segment.pool;
    const hasRoom = free > keptForKnown;
    // A box that has just been given its share has turned clients away before.
    const hasMany = free >= MANY && free >= size / 4;
    const isPast = segment.turnsAwayUntil <= now.monotonic || hasMany;
    const isOver = isPast && hasRoom;
    if (isOver) segment.turnsAwayUntil = 0;
    // One address that comes and goes does not end it; what is on stays so until it is over.
    if (!isOver && hasRoom) return;
    const share = this.#server.pair ? " that are this box's to give" : "";
    this.#say("pool-full", name, isOver || free > 0 ? undefined : { share }, now);
    this.#say("pool-kept", name, isOver || free === 0 ? undefined : { free }, now);
  }

  #test(lan: Lan, now: Now): void {
    const answer = this.#server.test(lan, lan.selfProbe.request(now.monotonic));
    const subnets = lan.segment.networks.map(({ config }) => config.subnet);
    const why = lan.selfProbe.judge(answer, subnets);
    this.#say("self-probe-failed", lan.name, why === undefined ? undefined : { why }, now);
  }

  #look(segment: Segment, now: Now): void {
    const rate = segment.limiter.starvation(now.monotonic);
    this.#say("starvation", segment.name, rate === undefined ? undefined : { rate }, now);
    let count = 0;
    for (const range of segment.pool.ranges) count += range.abandoned;
    const isMany = count >= CONFLICTS_MIN && count >= segment.pool.size * CONFLICTS_SHARE;
    this.#say("conflicts-many", segment.name, isMany ? { count } : undefined, now);
  }

  /** At once, as a person should know within a second. */
  #sayRogues(now: Now): void {
    let revision = 0;
    for (const lan of this.#server.lans) revision += lan.rogues.revision;
    if (revision === this.#rogueRevision) return;
    this.#rogueRevision = revision;
    for (const lan of this.#server.lans) {
      this.#say("rogue-server", lan.name, lan.rogues.conditionValues(), now);
    }
  }

  #lookForAlarm(): void {
    this.#hasAlarm = this.#server.segments.some(
      ({ name }) =>
        this.#conditions.has("starvation", name) || this.#conditions.has("request-flood", name),
    );
  }

  #say(id: ConditionId, subject: string, values: LogValues | undefined, now: Now): void {
    if (values) this.#conditions.set(id, subject, values, now);
    else this.#conditions.clear(id, subject);
  }
}
