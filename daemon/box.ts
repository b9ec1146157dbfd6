// The box as others see it: status, leases, events and news of changes, read from the core.

import { ANY, formatIpv4, formatSubnet, type Ipv4 } from "./base/address.ts";
import type { Now } from "./base/time.ts";
import {
  CONDITIONS,
  type LogId,
  type LogValues,
  REFUSALS,
  type RefusalReason,
  sentence,
} from "./catalogue.ts";
import type { Board } from "./config/board.ts";
import { buildGateway } from "./config/gateway.ts";
import type { LoadedConfig } from "./config/load.ts";
import type { ConfigurationResult } from "./configuration.ts";
import { interfacesOf, type NetworkConfig } from "./core/config-view.ts";
import type { Core } from "./core/core.ts";
import type { GatewayPlan } from "./core/gateway/plan.ts";
import type { Lease } from "./core/lease.ts";
import type { Driver, DriverObserver } from "./driver.ts";
import { EventLog } from "./event-log.ts";
import type { Gateway } from "./gateway.ts";
import type {
  Condition,
  EventView,
  LeasePage,
  NetworkStatus,
  PartnerStatus,
  Role,
  Status,
  StreamEvent,
  WhyView,
} from "./http/api-types.ts";
import type { BoxView, LeaseQuery } from "./http/box-view.ts";
import type { Journal } from "./journal/journal.ts";
import type { LeaseFollower } from "./lease-follower.ts";
import { isoTime, leaseView, selectLeases } from "./lease-view.ts";
import { LIMITS } from "./limits.ts";
import type { Partner } from "./partner.ts";
import { pairSentence, partnerStatus } from "./partner-view.ts";
import type { Clock, JournalState, LogSink } from "./ports.ts";
import { type Summary, servedNow, summarise } from "./summary.ts";
import { explain, notYet } from "./why.ts";

export interface BoxOptions {
  readonly version: string;
  readonly clock: Clock;
  readonly log: LogSink;
  readonly memoryBytes: () => number;
}

/** The parts that a running box consists of; they exist only after recovery from the journal. */
export interface BoxParts {
  readonly core: Core;
  readonly driver: Driver;
  readonly journal: Journal;
  readonly partner: Pick<Partner, "paths" | "counters">;
  readonly gateway: Pick<Gateway, "status">;
}

export class Box implements BoxView, DriverObserver {
  readonly #options: BoxOptions;
  readonly #log: EventLog;
  readonly #startedAt: string;
  readonly #listeners = new Set<(event: StreamEvent) => void>();
  readonly #changed = new Set<Lease>();
  #follower: LeaseFollower | undefined;
  #configuration: Omit<ConfigurationResult, "isNew"> = {
    config: undefined,
    source: "none",
    issues: [],
  };
  #parts: BoxParts | undefined;
  readonly #linkDrops = new Map<number, Readonly<Record<string, number>>>();
  #journalState: JournalState = { kind: "ok" };
  #summary: Summary = { role: "standby", state: "down", why: "Tandem is starting." };
  #since: string;

  constructor(options: BoxOptions) {
    this.#options = options;
    this.#startedAt = isoTime(options.clock.now().wall);
    this.#since = this.#startedAt;
    this.#log = new EventLog(options.log, (event) => this.#tell({ kind: "log", event }));
  }

  attach(parts: BoxParts): void {
    this.#parts = parts;
    this.#follower?.attach(parts.core.book);
    this.refresh();
  }

  /** It is told what becomes of leases. */
  setFollower(follower: LeaseFollower): void {
    this.#follower = follower;
  }

  /** The configuration that the views speak of, and what is wrong with the files. */
  setConfiguration(result: ConfigurationResult): void {
    this.#configuration = result;
    this.refresh();
  }

  /** While recovery cannot even begin: why, as a sentence. */
  setStartProblem(why: string): void {
    if (this.#summary.why === why) return;
    this.#summary = { ...this.#summary, why };
    this.#log.write("surface-problem", { text: why }, this.#options.clock.now());
  }

  /** TCP port for bulk lease queries, 0 for none. */
  get bulkQueryPort(): number {
    return this.#config?.shared.leasequery?.bulkPort ?? 0;
  }

  /** Addresses that may ask for leases of others. */
  get queriers(): readonly Ipv4[] {
    return this.#config?.core.leasequeryFrom ?? [];
  }

  get name(): string {
    return this.#config?.box.name ?? "(no name yet)";
  }

  get role(): Role {
    return this.#summary.role;
  }

  /** An address that is this box; 0.0.0.0 when it has none. */
  get serverId(): Ipv4 {
    return this.#config?.core.networks.find(({ serverId }) => serverId !== ANY)?.serverId ?? ANY;
  }

  /** Of this box on the LAN there; undefined: it has none. */
  ownAddress(interfaceName: string): Ipv4 | undefined {
    const networks = this.#config?.core.networks ?? [];
    const one = networks.find((network) => network.interfaceName === interfaceName);
    return one && one.ownAddress !== ANY ? one.ownAddress : undefined;
  }

  /** Both files as they are in force. */
  get inForce(): Pick<LoadedConfig, "shared" | "box"> | undefined {
    return this.#config;
  }

  /** Port for the page on 127.0.0.1, 0 for none. */
  get httpPort(): number {
    return this.#config?.box.http.port ?? 0;
  }

  /** What moves between the boxes, as the files in force and this board have it. */
  gatewayPlan(board: Board): GatewayPlan | undefined {
    return this.#config && buildGateway(this.#config.shared, this.#config.box, board);
  }

  /** Frames that never reached the core, or the wire, by reason: totals. */
  setLinkDrops(lan: number, totals: Readonly<Record<string, number>>): void {
    this.#linkDrops.set(lan, totals);
  }

  setJournalState(state: JournalState): void {
    this.#journalState = state;
  }

  get journalState(): JournalState {
    return this.#journalState;
  }

  // What the driver reports.

  leaseChanged(lease: Lease): void {
    if (this.#listeners.size > 0 && this.#changed.size < LIMITS.changedLeasesMax) {
      this.#changed.add(lease);
    }
    this.#follower?.changed(lease);
  }

  log(id: LogId, values: LogValues, now: Now): void {
    this.#log.write(id, values, now);
    if (id.startsWith("condition-")) this.refresh();
  }

  /** Works out role, state and sentence anew, and since when they are so. True when they changed. */
  refresh(): boolean {
    const { role, state, why } = this.#summary;
    const next = this.#parts ? summarise(this.#config, this.#parts.core) : this.#summary;
    this.#summary = next;
    if (next.role !== role || next.state !== state) {
      this.#since = isoTime(this.#options.clock.now().wall);
    }
    return next.role !== role || next.state !== state || next.why !== why;
  }

  /** Sends news to the listeners; called by a ticker a few times a second. */
  tick(): void {
    this.#follower?.tick(this.#options.clock.now().monotonic);
    if (this.#listeners.size === 0) {
      this.#changed.clear();
      return;
    }
    if (this.#changed.size > 0) {
      const leases = Array.from(this.#changed, (lease) => leaseView(lease, this.#isReserved));
      this.#changed.clear();
      this.#tell({ kind: "leases", leases });
    }
    this.#tell({ kind: "status", status: this.status() });
  }

  // What page, API, command line and bus ask.

  status(): Status {
    this.refresh();
    const parts = this.#parts;
    return {
      apiVersion: 1,
      box: {
        name: this.name,
        version: this.#options.version,
        startedAt: this.#startedAt,
        memoryBytes: this.#options.memoryBytes(),
      },
      role: this.#summary.role,
      state: this.#summary.state,
      why: this.#summary.why,
      since: this.#since,
      time: isoTime(this.#options.clock.now().wall),
      conditions: parts ? conditionsOf(parts.core) : [],
      networks: parts ? this.#networks(parts.core) : [],
      journal: {
        state: this.#journalState.kind,
        records: parts?.journal.durableThrough ?? 0,
        bytes: parts?.journal.segmentBytes ?? 0,
        leases: parts?.core.book.size ?? 0,
      },
      configuration: {
        source: this.#configuration.source,
        issues: this.#configuration.issues,
      },
      partner: this.#partner(),
      gateway: parts?.gateway.status ?? null,
      paths: parts?.partner.paths ?? [],
    };
  }

  leases(query: LeaseQuery): LeasePage {
    if (!this.#parts) return { total: 0, offset: query.offset, leases: [] };
    return selectLeases(this.#parts.core.book.leases(), query, this.#isReserved);
  }

  why(client: string): WhyView {
    const core = this.#parts?.core;
    if (!core) return notYet(client, this.#summary.why);
    const networks = this.#networks(core);
    return explain(client, {
      startedAt: Date.parse(this.#startedAt),
      networks: this.#config?.core.networks ?? [],
      book: core.book,
      pair: core.pairView(),
      history: core.history,
      status: (name) => networks.find((network) => network.name === name),
    });
  }

  events(sinceSequence: number): readonly EventView[] {
    return this.#log.since(sinceSequence);
  }

  /** What was written into the log in this run. */
  get logs(): Pick<EventLog, "logs" | "kept"> {
    return this.#log;
  }

  metrics(): Readonly<Record<string, number>> {
    const wires = Object.entries(this.#parts?.partner.counters ?? {}).map(
      ([name, count]) => [`pair_${name.replaceAll("-", "_")}`, count] as const,
    );
    return {
      ...Object.fromEntries(wires),
      memory_bytes: this.#options.memoryBytes(),
      leases: this.#parts?.core.book.size ?? 0,
      replies_waiting: this.#parts?.driver.waitingReplies ?? 0,
      requests_dropped_overload: this.#parts?.driver.overloadDrops ?? 0,
      journal_records: this.#parts?.journal.durableThrough ?? 0,
    };
  }

  subscribe(listener: (event: StreamEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get #config(): LoadedConfig | undefined {
    return this.#configuration.config;
  }

  #tell(event: StreamEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #partner(): PartnerStatus {
    const pair = this.#config?.core.pair;
    if (!pair) return { paired: false, why: "This box has not been paired with a second one yet." };
    const view = this.#parts?.core.pairView();
    return view ? partnerStatus(view, pair.name) : { paired: false, why: this.#summary.why };
  }

  #networks(core: Core): NetworkStatus[] {
    const networks = this.#config?.core.networks ?? [];
    return networks.map((network, index) => this.#network(core, network, index));
  }

  /** Which of the interfaces a network is on; -1 behind relays. */
  #lanOf(network: NetworkConfig): number {
    const config = this.#config;
    return config ? interfacesOf(config.core).indexOf(network.interfaceName) : -1;
  }

  #network(core: Core, network: NetworkConfig, index: number): NetworkStatus {
    const shared = this.#config?.shared.networks.find((entry) => entry.name === network.name);
    const serving = servedNow(core, index);
    const blocking = conditionsOf(core).find(
      (condition) =>
        condition.id === "standby" ||
        condition.id === "maintenance" ||
        (condition.subject === network.segment &&
          CONDITIONS[condition.id as keyof typeof CONDITIONS].impact === "lan"),
    );
    return {
      name: network.name,
      interface: network.interfaceName,
      subnet: formatSubnet(network.subnet),
      address: formatIpv4(network.ownAddress),
      serverId: formatIpv4(network.serverId),
      gateway: shared?.gateway ?? "",
      leaseSeconds: network.leaseSeconds,
      link: core.linkView(index),
      serving: serving.ok,
      why: serving.ok
        ? `Devices on ${network.name} get addresses from this box${isTogether(core) ? " or its partner" : ""}.`
        : (blocking?.sentence ?? notServed(core, serving.reason)),
      pools: network.pools.map((pool, at) => {
        const counts = core.poolCounts(index, at);
        return {
          from: formatIpv4(pool.from),
          to: formatIpv4(pool.to),
          ...counts,
          partners: core.pair ? leftToPartner(core, network, pool, counts) : 0,
          counters: core.poolCounters(index, at),
        };
      }),
      counters: { ...core.counters(index), ...this.#linkDrops.get(this.#lanOf(network)) },
    };
  }

  readonly #isReserved = (lease: Lease): boolean =>
    this.#parts?.core.isReserved(lease.address) ?? false;
}

/** Addresses of a pool that nobody has, that are not kept for anybody, and that are not this box's. */
function leftToPartner(
  core: Core,
  { reservations }: NetworkConfig,
  { from, to }: { readonly from: Ipv4; readonly to: Ipv4 },
  counts: ReturnType<Core["poolCounts"]>,
): number {
  const kept = reservations.filter(({ address }) => {
    const state = core.book.at(address)?.state;
    return address >= from && address <= to && state !== "active" && state !== "abandoned";
  });
  const { size, active, offered, abandoned, free } = counts;
  return Math.max(0, size - active - offered - abandoned - free - kept.length);
}

function isTogether(core: Core): boolean {
  const pair = core.pairView();
  return pair?.state === "normal" && pair.isConnected;
}

/** Why a network is not served, when no condition says it. */
function notServed(core: Core, reason: RefusalReason): string {
  const pair = reason === "pair-not-serving" ? core.pairView() : undefined;
  return pair ? pairSentence(pair) : `Not served: ${REFUSALS[reason]}.`;
}

function conditionsOf(core: Core): Condition[] {
  return core.conditions.active().map((condition) => {
    const entry = CONDITIONS[condition.id];
    const values = { ...condition.values, subject: condition.subject };
    return {
      id: condition.id,
      subject: condition.subject,
      severity: entry.severity,
      sentence: sentence(entry.text, values),
      advice: sentence(entry.advice, values),
      since: isoTime(condition.sinceWall),
    };
  });
}
