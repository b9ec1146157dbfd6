// A box without a network: data that a test changes at will, seen through the real BoxView.

import type {
  Condition,
  ConfigSyncView,
  EventView,
  LeasePage,
  LeaseView,
  NetworkStatus,
  Status,
  StreamEvent,
  WhyView,
} from "../../daemon/http/api-types.ts";
import type { ActionResult, BoxActions, BoxView, LeaseQuery } from "../../daemon/http/box-view.ts";

/** 2026-05-03 07:12:00 UTC: the moment at which a fake box stands still unless told otherwise. */
export const FAKE_NOW = Date.UTC(2026, 4, 3, 7, 12, 0);

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export const FAKE_IDENTITY = "0123456789abcdef".repeat(4);

export class FakeBox implements BoxView, BoxActions {
  readonly #listeners = new Set<(event: StreamEvent) => void>();
  readonly #now: () => number;
  readonly log: EventView[] = [];
  readonly book = new Map<string, LeaseView>();
  readonly current: Writable<Status>;
  figures: Record<string, number> = { memory_bytes: 48_000_000 };
  /** What `why` answers, by what is asked; other questions find nobody. */
  readonly answers = new Map<string, WhyView>();
  /** What comes of it when the partner is declared down, and how often it was. */
  configView: ConfigSyncView | undefined = fakeConfigView();
  /** What is in force by now, where a test changes that. */
  configNow: () => Partial<ConfigSyncView> = () => ({});
  choices: string[] = [];
  choiceResult: ActionResult = { isDone: false, text: "both boxes have the same configuration" };
  partnerDownResult: ActionResult = { isDone: false, text: "this box is in no pair" };
  partnerDowns = 0;
  /** How many times the lease list was asked for. */
  leaseQueries = 0;

  constructor(now: () => number = () => FAKE_NOW) {
    this.#now = now;
    this.current = fineStatus(now());
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  status(): Status {
    return { ...this.current, time: iso(this.#now()) };
  }

  leases(query: LeaseQuery): LeasePage {
    this.leaseQueries++;
    const found = [...this.book.values()].filter(
      (lease) =>
        (query.network === undefined || lease.network === query.network) &&
        (query.state === undefined || lease.state === query.state) &&
        JSON.stringify(lease)
          .toLowerCase()
          .includes(query.search ?? ""),
    );
    const key = query.sort ?? "address";
    const text = (lease: LeaseView) =>
      key === "address"
        ? lease.address.replace(/\d+/g, (part) => part.padStart(3, "0"))
        : lease[key].toLowerCase();
    found.sort((a, b) => (text(a) < text(b) ? -1 : 1) * (query.descending ? -1 : 1));
    const { offset, limit } = query;
    return { total: found.length, offset, leases: found.slice(offset, offset + limit) };
  }

  events(sinceSequence: number): readonly EventView[] {
    return this.log.filter((event) => event.sequence > sinceSequence);
  }

  why(client: string): WhyView {
    return this.answers.get(client) ?? fakeWhy({ query: client });
  }

  readonly configuration = {
    view: () => this.configView && { ...this.configView, ...this.configNow() },
    choose: (choice: "keep" | "take") => {
      this.choices.push(choice);
      return this.choiceResult;
    },
  };

  identity(): string {
    return FAKE_IDENTITY;
  }

  partnerDown(): ActionResult {
    this.partnerDowns++;
    return this.partnerDownResult;
  }

  subscribe(listener: (event: StreamEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  metrics(): Readonly<Record<string, number>> {
    return this.figures;
  }

  /** Changes the status and tells the listeners. */
  change(changes: Partial<Status>): void {
    Object.assign(this.current, changes);
    this.emit({ kind: "status", status: this.status() });
  }

  /** Puts leases into the book, or changes those with the same address, and tells the listeners. */
  grant(...leases: LeaseView[]): void {
    for (const lease of leases) this.book.set(lease.address, lease);
    this.emit({ kind: "leases", leases });
  }

  say(sentence: string, severity: EventView["severity"] = "info", id = "lease-granted"): void {
    const sequence = (this.log.at(-1)?.sequence ?? 0) + 1;
    const event: EventView = { sequence, at: iso(this.#now()), id, severity, sentence };
    this.log.push(event);
    this.emit({ kind: "log", event });
  }

  emit(event: StreamEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Lease number `n` of the fake office, 10.77.0.100 and up; `changes` replace what is given. */
export function fakeLease(
  n: number,
  changes: Partial<LeaseView> = {},
  now: number = FAKE_NOW,
): LeaseView {
  const minute = 60_000;
  const host = 100 + n;
  return {
    address: `10.77.${host >> 8}.${host & 255}`,
    network: "office",
    state: "active",
    mac: `02:00:5e:10:${byte(n >> 8)}:${byte(n)}`,
    randomisedMac: n % 3 === 0,
    clientId: "",
    hostname: `device-${n}`,
    vendorClass: n % 2 === 0 ? "udhcp 1.35.0" : "dhcpcd-9.4.1",
    startsAt: iso(now - n * 7 * minute),
    seenAt: iso(now - n * minute),
    expiresAt: iso(now + (720 - n) * minute),
    neverEnds: false,
    reserved: false,
    ...changes,
  };
}

export function fakeCondition(changes: Partial<Condition> = {}): Condition {
  return {
    id: "interface-no-carrier",
    subject: "office",
    severity: "error",
    sentence: "No cable or no device on lan0, so nobody on office can be reached.",
    advice: "Check the cable and the switch.",
    since: iso(FAKE_NOW - 125_000),
    ...changes,
  };
}

/** A device that nobody knows; `changes` replace what is given. */
export function fakeWhy(changes: Partial<WhyView> = {}): WhyView {
  return {
    query: "02:00:5e:10:00:63",
    client: "",
    severity: "unknown",
    verdict: "Nothing was heard from 02:00:5e:10:00:63 since the start (2026-05-03 04:12 UTC).",
    advice: "Check its cable or Wi-Fi, and the VLAN of its port.",
    decisions: [],
    ...changes,
  };
}

/** Both boxes have the same; `changes` replace what is given. */
export function fakeConfigView(changes: Partial<ConfigSyncView> = {}): ConfigSyncView {
  const hash = "ab".repeat(32);
  return {
    generation: 4,
    hash,
    origin: null,
    trial: null,
    inStep: true,
    diverged: false,
    sentence: "Configuration 4 is in force on both boxes.",
    pending: "",
    refused: "",
    partner: { generation: 4, hash },
    differences: [],
    moreDifferences: 0,
    keptAside: [],
    ...changes,
  };
}

export function fakeNetwork(changes: Partial<NetworkStatus> = {}): NetworkStatus {
  return {
    name: "office",
    interface: "lan0",
    subnet: "10.77.0.0/24",
    address: "10.77.0.2/24",
    serverId: "10.77.0.2",
    gateway: "10.77.0.1",
    leaseSeconds: 43_200,
    link: { helper: true, present: true, carrier: true, mac: "02:00:5e:00:00:02", mtu: 1500 },
    serving: true,
    why: "Devices on office get addresses from this box.",
    pools: [
      {
        from: "10.77.0.100",
        to: "10.77.0.199",
        size: 100,
        active: 12,
        offered: 1,
        abandoned: 2,
        free: 85,
        partners: 0,
        counters: { offers: 30, acks: 41, "refused-address-taken": 2 },
      },
    ],
    counters: { discover: 31, offer: 30, request: 44, ack: 41, nak: 1, "no-free-address": 0 },
    ...changes,
  };
}

function fineStatus(now: number): Status {
  return {
    apiVersion: 1,
    box: {
      name: "A",
      version: "0.1.0",
      startedAt: iso(now - 3 * 3_600_000),
      memoryBytes: 48_000_000,
    },
    role: "serving",
    state: "fine",
    why: "Box A is serving office.",
    since: iso(now - 3 * 3_600_000),
    time: iso(now),
    conditions: [],
    networks: [fakeNetwork()],
    journal: { state: "ok", records: 1204, bytes: 183_000, leases: 12 },
    configuration: { source: "files", issues: [] },
    partner: { paired: false, why: "This box has not been paired with a second one yet." },
    gateway: null,
    paths: [],
  };
}

function byte(value: number): string {
  return (value & 255).toString(16).padStart(2, "0");
}
