// The decisions of one box: events in, ordered effects out. No clock, no randomness, no I/O; the same
// events give the same effects, which is what lets a simulator run it faster than real time.

import type { Ipv4 } from "../base/address.ts";
import { assertNever } from "../base/assert.ts";
import { formatDay, type Now, type WallSeconds } from "../base/time.ts";
import type { ConditionId, LogValues, RefusalReason } from "../catalogue.ts";
import { Bindings } from "./bindings.ts";
import type { BulkSource } from "./bulk-leasequery.ts";
import { type ClockStep, CoreClock } from "./clock.ts";
import {
  hasLeasesFromBefore,
  lastTimeOf,
  moveLeases,
  settleAfterStart,
  trustTimes,
} from "./clock-steps.ts";
import { Conditions } from "./conditions.ts";
import { type CoreConfig, interfacesOf } from "./config-view.ts";
import {
  LINK_CONDITIONS,
  type LinkView,
  linkViewOf,
  type PoolCounts,
  poolCountsOf,
  sayDisk,
  sayLink,
} from "./core-views.ts";
import { bulkSourceOf } from "./dhcp4-leasequery.ts";
import { Dhcp4Server } from "./dhcp4-server.ts";
import type { Effect } from "./effect.ts";
import type { CoreEvent } from "./event.ts";
import type { Pair } from "./failover/pair.ts";
import type { PairState } from "./failover/pair-state.ts";
import { type PairView, viewOf } from "./failover/pair-view.ts";
import type { ForceRenewAuth } from "./forced-renew.ts";
import { queueForcedRenewals } from "./forced-renew-sending.ts";
import type { History } from "./history.ts";
import { Lan } from "./lan.ts";
import type { Lease } from "./lease.ts";
import { LeaseBook } from "./lease-book.ts";
import { LogLines } from "./log-lines.ts";
import { Network } from "./network.ts";
import { Pairing } from "./pairing.ts";
import type { AddressPool, PoolRange } from "./pool.ts";
import type { Reservation } from "./reservations.ts";
import { type Segment, segmentsOf } from "./segment.ts";
import { type Duty, type LinkState, serviceGate } from "./service-gate.ts";
import { Watchers } from "./watchers.ts";

export interface CoreOptions {
  readonly config: CoreConfig;
  /** Random, new at each start: keeps clients from choosing their place in the indexes. */
  readonly hashSeed: number;
  /** What the journal knows, one record per address. */
  readonly leases: Iterable<Lease>;
  /** What the journal knows of the pair; undefined when this box was in none. */
  readonly pair?: PairState | undefined;
  readonly lastSequence: number;
  /** Wall time of the journal's last record, 0 when it has none. */
  readonly wallFloor: WallSeconds;
  readonly now: Now;
  /** Lets the box tell clients to renew (RFC 6704); undefined: it does not. */
  readonly auth?: ForceRenewAuth | undefined;
}

/** Leases ended in one step at most; the rest follows in the next one. */
const ENDS_PER_STEP = 256;
/** Alarms are this far apart at least, so that many ends close together share one. */
const ALARM_MILLISECONDS_MIN = 200;
/** And at most, so that a step of the clock is noticed on a quiet LAN too. */
const ALARM_MILLISECONDS_MAX = 10_000;
const NO_CELLS: ReadonlyMap<string, number> = new Map();

export class Core {
  readonly book: LeaseBook;
  readonly conditions = new Conditions();
  readonly #hashSeed: number;
  readonly #clock: CoreClock;
  readonly #bindings: Bindings;
  readonly #server: Dhcp4Server;
  readonly #lines = new LogLines();
  readonly #pairing: Pairing;
  #config: CoreConfig;
  readonly #watchers: Watchers;
  #networks: readonly Network[] = [];
  #segments: readonly Segment[] = [];
  #lans: readonly Lan[] = [];
  #alarmAt = Number.POSITIVE_INFINITY;
  /**
   * Leases were changed without new records: a snapshot has to say so, when every record up to this
   * one is durable. Earlier, a record with the old times would come after it with the same sequence.
   */
  #snapshotAfter = Number.POSITIVE_INFINITY;
  #isClockUncertain = true;
  #isInMaintenance = false;

  constructor(options: CoreOptions) {
    const { now, hashSeed, lastSequence } = options;
    this.#hashSeed = hashSeed;
    this.book = new LeaseBook(hashSeed);
    for (const lease of options.leases) this.book.apply(lease);
    this.#clock = new CoreClock(lastTimeOf(this.book, options.wallFloor), now);
    this.#bindings = new Bindings(this.book, this.#clock, lastSequence);
    this.#server = new Dhcp4Server(this.#bindings, this.#lines, hashSeed, options.auth);
    this.#watchers = new Watchers(this.#server, this.conditions);
    this.#config = options.config;
    settleAfterStart(this.book, this.#clock);
    this.#pairing = new Pairing(this.#server, this.conditions, hashSeed, options.wallFloor);
    this.#pairing.start(options.config.pair, options.pair, now);
    this.#configure(options.config, now);
    while (this.#bindings.endNext() !== undefined);
  }

  /** Handles one event and appends its effects to `out`, in the order they have to happen. */
  step(event: CoreEvent, now: Now, out: Effect[]): void {
    this.#passTime(now, out);
    switch (event.kind) {
      case "frame":
        this.#server.receive(event, now, out);
        break;
      case "durable":
        this.#bindings.durableThrough = Math.max(this.#bindings.durableThrough, event.through);
        break;
      case "peer-open":
      case "peer-bytes":
      case "peer-closed":
      case "pair-command":
      case "sight":
        this.#pairing.step(event, now, out);
        break;
      case "link":
        this.#setLink(event.lan, { known: true, ...event }, now);
        break;
      case "journal":
        this.#bindings.journal = event.state;
        if (event.state.kind === "ok") this.#bindings.writeToldAgain(out);
        sayDisk(event.state, this.conditions, now);
        this.pair?.journal(event.state, now, out);
        break;
      case "config":
        queueForcedRenewals(this.#server, this.#config, event.config, out);
        this.#config = event.config;
        this.#pairing.configure(event.config.pair, now, out);
        this.#configure(event.config, now);
        break;
      case "maintenance":
        this.#isInMaintenance = event.isOn;
        for (const lan of this.#lans) this.#gate(lan, now);
        break;
      case "alarm":
        this.#alarmAt = Number.POSITIVE_INFINITY;
        this.#sayClock(now, out);
        break;
      default:
        assertNever(event);
    }
    if (this.#snapshotAfter <= this.#bindings.durableThrough) {
      this.#snapshotAfter = Number.POSITIVE_INFINITY;
      out.push({ kind: "snapshot" });
    }
    this.#pairing.tell(now);
    this.#watchers.pass(now, out);
    this.#setAlarm(now, out);
  }

  /** A batch of events is over: what waited to be told to the partner together is. */
  endBatch(now: Now, out: Effect[]): void {
    const { pair } = this;
    if (!pair) return;
    pair.flush(now, out);
    if (pair.hasMore) this.#wakeBy(now.monotonic + 1, out);
  }

  /** This box's end of a pair; undefined when it works alone. */
  get pair(): Pair | undefined {
    return this.#server.pair;
  }

  /** What the box remembers of its pair over a restart. */
  get pairState(): PairState | undefined {
    return this.#pairing.state;
  }

  /** How often each cell of the table of states was looked up since the start. */
  get pairCells(): ReadonlyMap<string, number> {
    return this.pair?.endpoint.cells ?? NO_CELLS;
  }

  pairView(): PairView | undefined {
    return this.pair && viewOf(this.pair);
  }

  /** Now as leases count it; differs from the clock of the box while that is not believed. */
  get seconds(): WallSeconds {
    return this.#clock.seconds;
  }

  /** May this network be served now? One behind relays may while any LAN is. */
  serving(
    network: number,
  ): { readonly ok: true } | { readonly ok: false; readonly reason: RefusalReason } {
    const lan = this.#lanOf(network);
    const isRelayed = this.#networks[network]?.config.interfaceName === "";
    const gate = isRelayed ? this.#lans.find(({ gate }) => gate.ok)?.gate : lan?.gate;
    return gate ?? { ok: false, reason: "not-serving" };
  }

  get lans(): readonly Lan[] {
    return this.#lans;
  }

  linkView(network: number): LinkView {
    return linkViewOf(this.#lanOf(network)?.link);
  }

  poolCounts(network: number, pool: number): PoolCounts {
    return poolCountsOf(this.#rangeOf(network, pool));
  }

  /** What became of the addresses of one pool since the start. */
  poolCounters(network: number, pool: number): Record<string, number> {
    return this.#rangeOf(network, pool)?.counters.view() ?? {};
  }

  /** Packets about a network by kind since the start, and refusals by reason. */
  counters(network: number): Record<string, number> {
    return this.#networks[network]?.counters.view() ?? {};
  }

  /** What bulk lease queries are answered from. */
  bulkSource(serverId: Ipv4): BulkSource {
    return bulkSourceOf(this.#server, this.#hashSeed, serverId);
  }

  /** What was decided about whom lately. */
  get history(): History {
    return this.#server.history;
  }

  /** All reservations, with the name of their network. */
  *reservations(): Iterable<{ readonly network: string; readonly reservation: Reservation }> {
    for (const segment of this.#segments) {
      for (const reservation of segment.reservations.all()) {
        const network = segment.networkOf(reservation.address) ?? segment.primary;
        yield { network: network.config.name, reservation };
      }
    }
  }

  /** Offers that wait for their REQUEST, and those that a flood pushed out. */
  get offers(): { readonly waiting: number; readonly evicted: number } {
    const { size, evicted } = this.#bindings.offers;
    return { waiting: size, evicted };
  }

  isReserved(address: Ipv4): boolean {
    return this.#segments.some((segment) => segment.reservations.at(address) !== undefined);
  }

  #passTime(now: Now, out: Effect[]): void {
    this.#lines.now = now.monotonic;
    const step = this.#clock.advance(now);
    if (step) this.#moveLeases(step, now, out);
    if (this.#isClockUncertain !== this.#clock.isUncertain) {
      this.#isClockUncertain = this.#clock.isUncertain;
      if (!this.#isClockUncertain && trustTimes(this.book)) {
        this.#snapshotAfter = this.#bindings.sequence;
      }
    }
    this.#bindings.offers.expire(now.monotonic);
    this.#server.passTime(now, out);
    for (let count = 0; count < ENDS_PER_STEP; count++) {
      const entry = this.#bindings.endNext();
      if (entry === undefined) break;
      if (entry.state === "expired") this.#lines.expired(entry, out);
      else this.#lines.back(entry, out);
    }
    this.#pairing.passTime(now, out);
  }

  #moveLeases(step: ClockStep, now: Now, out: Effect[]): void {
    moveLeases(this.book, this.#clock, step, this.#bindings.sequenceAtStart);
    this.#snapshotAfter = this.#bindings.sequence;
    const seconds = Math.round(step.milliseconds / 1000);
    out.push({ kind: "log", id: "clock-stepped", values: { seconds } });
    // What the boxes know of each other's clock is over at once on both.
    this.pair?.session.restart("the clock of this box was set", now, out);
    this.#sayClock(now, out);
  }

  #configure(config: CoreConfig, now: Now): void {
    const before = { networks: this.#networks, segments: this.#segments, lans: this.#lans };
    this.#networks = config.networks.map((network, index) => {
      const same = before.networks.find((old) => old.config.name === network.name);
      return new Network(network, index, same);
    });
    this.#segments = segmentsOf(this.#networks, this.#hashSeed, before.segments, this.#bindings);
    this.#lans = interfacesOf(config).map((name, index) => {
      const segment = this.#segments.find((one) => one.interfaceName === name) as Segment;
      const same = before.lans.find((old) => old.interfaceName === name);
      return new Lan(name, index, segment, this.#duty, this.#hashSeed, same);
    });
    for (const old of before.segments) {
      if (this.#segments.some((segment) => segment.name === old.name)) continue;
      for (const id of LINK_CONDITIONS) this.conditions.clear(id, old.name);
      this.#watchers.forget(old.name);
    }
    this.#server.configure(config, this.#lans, this.#segments);
    const poolOf = (address: Ipv4): AddressPool | undefined => this.#poolHolding(address);
    this.book.placeAll(poolOf);
    this.#bindings.offers.replaceAll(poolOf);
    this.#say("standby", "", config.serving ? undefined : {}, now);
    for (const lan of this.#lans) sayLink(lan, this.conditions, now);
    this.#watchers.configured(now);
  }

  #poolHolding(address: Ipv4): AddressPool | undefined {
    return this.#segments.find((segment) => segment.networkOf(address))?.pool;
  }

  #lanOf(network: number): Lan | undefined {
    const name = this.#networks[network]?.config.interfaceName;
    return this.#lans.find((lan) => lan.interfaceName === name);
  }

  #rangeOf(network: number, pool: number): PoolRange | undefined {
    const config = this.#networks[network]?.config.pools[pool];
    for (const segment of this.#segments) {
      const range = segment.pool.ranges.find((one) => one.config === config);
      if (config && range) return range;
    }
    return undefined;
  }

  #setLink(index: number, link: LinkState, now: Now): void {
    const lan = this.#lans[index];
    if (!lan) return;
    const { known, helper, present, carrier, mtu } = link;
    if (carrier && lan.link.known && !lan.link.carrier) lan.carrierSince = now.monotonic;
    lan.link = { known, helper, present, carrier, mac: link.mac.slice(), mtu };
    sayLink(lan, this.conditions, now);
    this.#gate(lan, now);
  }

  #gate(lan: Lan, now: Now): void {
    lan.gate = serviceGate(this.#duty, lan.link);
    this.#watchers.linkChanged(lan, now);
  }

  get #duty(): Duty {
    if (!this.#config.serving) return "standby";
    return this.#isInMaintenance ? "maintenance" : "serving";
  }

  /** Also the place where a clock that only the journal spoke against is believed at last. */
  #sayClock(now: Now, out: Effect[]): void {
    const clock = this.#clock;
    const { sequenceAtStart } = this.#bindings;
    if (clock.isSaneButBehind && !hasLeasesFromBefore(this.book, this.seconds, sequenceAtStart)) {
      this.#moveLeases(clock.believe(), now, out);
    }
    this.#say(
      "clock-wrong",
      "",
      clock.isWrong ? { clock: formatDay(now.wall / 1000) } : undefined,
      now,
    );
  }

  #say(id: ConditionId, subject: string, values: LogValues | undefined, now: Now): void {
    if (values) this.conditions.set(id, subject, values, now);
    else this.conditions.clear(id, subject);
  }

  /** Asks to be woken for whatever ends next. An alarm that is early enough already is kept. */
  #setAlarm(now: Now, out: Effect[]): void {
    let at = now.monotonic + ALARM_MILLISECONDS_MAX;
    const offerEnd = this.#bindings.offers.nextEnd;
    if (offerEnd !== undefined && offerEnd < at) at = offerEnd;
    const leaseEnd = this.#bindings.nextEndMonotonic;
    if (leaseEnd !== undefined && leaseEnd < at) at = leaseEnd;
    at = Math.min(at, this.#watchers.nextAt, this.#server.renewals.nextAt ?? at);
    at = Math.max(at, now.monotonic + ALARM_MILLISECONDS_MIN);
    // Clients wait for these, so they are not put together with others.
    const { nextAt } = this.#server.probes;
    if (nextAt !== undefined && nextAt < at) at = nextAt;
    if (this.pair) at = Math.max(Math.min(at, this.pair.nextAt), now.monotonic + 1);
    this.#wakeBy(at, out);
  }

  #wakeBy(at: number, out: Effect[]): void {
    if (this.#alarmAt <= at) return;
    this.#alarmAt = at;
    out.push({ kind: "alarm", atMonotonic: at });
  }
}
