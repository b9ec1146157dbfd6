/**
 * A fleet of clients behind a relay, as a program of its own: runs in the clients' namespace, is told
 * by SIGUSR2 that a server has died, and prints what its clients saw as JSON.
 *
 * First a survey: every client finds out which server serves it, the known ones by taking a lease,
 * newcomers by a DISCOVER that they do not pursue. Then known clients come back in turn at a steady
 * rate. When the server is dead, newcomers join them. A client that gets no answer sends again as
 * RFC 2131 §4.1 says: after 4, 8, 16, 32 and 64 seconds, each give or take one.
 */
import { createSocket } from "node:dgram";
import { pathToFileURL } from "node:url";
import { type Dhcp4Message, decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { clientFrame } from "../support/client-frame.ts";
import { below, seeded } from "../support/random.ts";

export interface FleetPlan {
  /** Own address, where the relay listens. */
  readonly address: string;
  readonly clients: number;
  /** The first so many take their lease in the survey; the others are newcomers. */
  readonly known: number;
  /** Exchanges begun per second. */
  readonly rate: number;
  /** Ends after the survey: nobody will die. */
  readonly surveyOnly: boolean;
  /** After the death: at least so long, seconds, and until every client was served. */
  readonly afterMin: number;
  /** … but no longer than this. */
  readonly afterMax: number;
  readonly seed: number;
}

/** One exchange from its first DISCOVER to its ACK. Times are monotonic milliseconds. */
export interface Exchange {
  readonly client: number;
  readonly begun: number;
  /** Null: never. */
  readonly ended: number | null;
  readonly server: string | null;
  readonly leaseSeconds: number | null;
}

export interface FleetReport {
  /** Servers that answered each client in the survey; empty for nobody. */
  readonly servedBy: readonly (readonly string[])[];
  /** Lease times of first exchanges, seconds. */
  readonly firstLeases: readonly number[];
  /** Exchanges that ended after the death, or never. */
  readonly exchanges: readonly Exchange[];
  /** The first so many clients had a lease before the death. */
  readonly known: number;
  readonly naks: number;
  /** ACKs of an address that another client had been given; every lease is longer than the run. */
  readonly duplicates: number;
  /** When it was all over. */
  readonly ended: number;
}

/** Printed when the survey is over and the server may die. */
export const READY = "ready";

const DISCOVER = 1;
const OFFER = 2;
const REQUEST = 3;
const ACK = 5;
const NAK = 6;

const FIRST_RETRY_SECONDS = 4;
const LAST_RETRY_SECONDS = 64;
/** REQUESTs without an answer before the client begins again. */
const REQUESTS_MAX = 2;
/** A survey ends so long after its last client began, milliseconds. */
const SURVEY_GRACE_MS = 1500;
const TICK_MS = 5;

interface Client {
  readonly index: number;
  readonly mac: string;
  readonly servers: Set<string>;
  /** "asked": DISCOVER sent and answers only counted; the others are RFC 2131's. */
  state: "idle" | "asked" | "selecting" | "requesting";
  begun: number;
  retryAt: number;
  retrySeconds: number;
  requests: number;
  xid: number;
  address: Uint8Array;
  server: string;
  hadLease: boolean;
  /** Served at least once since the death. */
  served: boolean;
}

class Fleet {
  readonly #plan: FleetPlan;
  readonly #random: () => number;
  readonly #clients: Client[];
  readonly #send: (message: Uint8Array) => void;
  readonly #firstLeases: number[] = [];
  readonly #exchanges: Exchange[] = [];
  /** Who was given which address. */
  readonly #holders = new Map<string, number>();
  #naks = 0;
  #duplicates = 0;
  #next = 0;
  #death: number | null = null;

  constructor(plan: FleetPlan, send: (message: Uint8Array) => void) {
    this.#plan = plan;
    this.#random = seeded(plan.seed);
    this.#send = send;
    this.#clients = Array.from({ length: plan.clients }, (_, index) => this.#client(index));
  }

  async run(onReady: () => void): Promise<void> {
    const { clients, rate, surveyOnly, afterMin, afterMax } = this.#plan;
    await this.#each(rate, (time, due) => {
      while (this.#next < Math.min(due, clients)) this.#survey(time);
      return due > clients + (SURVEY_GRACE_MS * rate) / 1000;
    });
    for (const client of this.#clients) if (client.state === "asked") client.state = "idle";
    onReady();
    if (surveyOnly) return;
    let begun = 0;
    await this.#each(rate, (time, due) => {
      for (; begun < due; begun++) this.#comeBack(time);
      const since = this.#death === null ? 0 : time - this.#death;
      return since > afterMax * 1000 || (since > afterMin * 1000 && this.#allServed());
    });
  }

  /** Calls back at every tick with how many exchanges are due by then, until that returns true. */
  async #each(rate: number, step: (time: number, due: number) => boolean): Promise<void> {
    const start = now();
    for (let time = start; ; time = now()) {
      this.#repeat(time);
      if (step(time, Math.floor(((time - start) * rate) / 1000))) return;
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  }

  died(): void {
    this.#death = now();
  }

  receive(bytes: Uint8Array): void {
    const time = now();
    const message = decodeDhcp4(bytes, 0, bytes.length);
    const client = this.#clients[message.xid >>> 8];
    if (client === undefined || client.xid !== message.xid) return;
    const server = dotted(message.raw(54));
    const type = message.raw(53)?.[0];
    if (type === OFFER && client.state === "asked") client.servers.add(server);
    if (type === OFFER && client.state === "selecting") this.#request(client, message, server);
    if (client.state !== "requesting") return;
    if (type === ACK) this.#acked(client, message, server, time);
    if (type === NAK) {
      this.#naks++;
      this.#discover(client, time);
    }
  }

  report(): FleetReport {
    const waiting = this.#clients
      .filter(({ state }) => state === "selecting" || state === "requesting")
      .map(({ index, begun }) => ({
        ...{ client: index, begun, ended: null, server: null, leaseSeconds: null },
      }));
    return {
      servedBy: this.#clients.map(({ servers }) => [...servers]),
      firstLeases: this.#firstLeases,
      exchanges: [...this.#exchanges, ...waiting],
      known: this.#plan.known,
      naks: this.#naks,
      duplicates: this.#duplicates,
      ended: now(),
    };
  }

  #client(index: number): Client {
    const mac = [2, ...Array.from({ length: 5 }, () => below(this.#random, 256))]
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join(":");
    return {
      ...{ index, mac, servers: new Set<string>(), state: "idle", begun: 0, retryAt: 0 },
      ...{ retrySeconds: 0, requests: 0, xid: index << 8, address: new Uint8Array(4), server: "" },
      ...{ hadLease: false, served: false },
    };
  }

  #survey(time: number): void {
    const client = this.#clients[this.#next++];
    if (client === undefined) return;
    client.begun = time;
    this.#discover(client, time);
    if (client.index >= this.#plan.known) client.state = "asked";
  }

  /** The next client that is not waiting for an answer begins an exchange. */
  #comeBack(time: number): void {
    const { clients, known } = this.#plan;
    const turn = this.#death === null ? known : clients;
    for (let tries = 0; tries < turn; tries++) {
      // Known clients and newcomers take turns.
      const place = this.#next++ % turn;
      const index = this.#death === null ? place : (place >> 1) + (place & 1) * known;
      const client = this.#clients[index % clients];
      if (client === undefined || client.state !== "idle") continue;
      client.begun = time;
      this.#discover(client, time);
      return;
    }
  }

  #discover(client: Client, time: number): void {
    if (client.state === "idle") client.retrySeconds = FIRST_RETRY_SECONDS;
    client.state = "selecting";
    client.xid = ((client.index << 8) | ((client.xid + 1) & 0xff)) >>> 0;
    this.#transmit(client, DISCOVER, time);
  }

  #request(client: Client, offer: Dhcp4Message, server: string): void {
    client.state = "requesting";
    client.requests = 0;
    client.retrySeconds = FIRST_RETRY_SECONDS;
    const { yiaddr } = offer;
    client.address = Uint8Array.of(yiaddr >>> 24, yiaddr >>> 16, yiaddr >>> 8, yiaddr);
    client.server = server;
    this.#transmit(client, REQUEST, now());
  }

  #acked(client: Client, ack: Dhcp4Message, server: string, time: number): void {
    client.state = "idle";
    const lease = ack.raw(51);
    const leaseSeconds = lease === undefined ? 0 : new DataView(lease.slice().buffer).getUint32(0);
    if (!client.hadLease) this.#firstLeases.push(leaseSeconds);
    client.hadLease = true;
    const address = dotted(client.address);
    const holder = this.#holders.get(address) ?? client.index;
    if (holder !== client.index) this.#duplicates++;
    this.#holders.set(address, client.index);
    if (this.#death === null) {
      client.servers.clear();
      client.servers.add(server);
      return;
    }
    client.served = true;
    const { index, begun } = client;
    this.#exchanges.push({ client: index, begun, ended: time, server, leaseSeconds });
  }

  /** Clients whose time is over send again. */
  #repeat(time: number): void {
    for (const client of this.#clients) {
      if (client.state !== "selecting" && client.state !== "requesting") continue;
      if (time < client.retryAt) continue;
      client.retrySeconds = Math.min(client.retrySeconds * 2, LAST_RETRY_SECONDS);
      if (client.state === "requesting" && ++client.requests < REQUESTS_MAX) {
        this.#transmit(client, REQUEST, time);
      } else {
        if (client.state === "requesting") client.retrySeconds = FIRST_RETRY_SECONDS;
        this.#discover(client, time);
      }
    }
  }

  #transmit(client: Client, type: number, time: number): void {
    client.retryAt = time + (client.retrySeconds - 1 + 2 * this.#random()) * 1000;
    const mac = client.mac.split(":").map((byte) => Number.parseInt(byte, 16));
    const server = Uint8Array.from(client.server.split("."), Number);
    const asks = type === REQUEST ? { 50: client.address, 54: server } : {};
    const frame = clientFrame({
      ...{ type, xid: client.xid, hops: 1, mac: client.mac, giaddr: this.#plan.address },
      secs: Math.min(0xffff, Math.floor((time - client.begun) / 1000)),
      options: { ...asks, 55: Uint8Array.of(1, 3, 51, 54), 61: Uint8Array.from([1, ...mac]) },
    });
    this.#send(frame.subarray(ETHERNET_IP_UDP));
  }

  #allServed(): boolean {
    return this.#clients.every(({ state, served }) => state === "idle" && served);
  }
}

/** Bytes before the DHCP message in a frame. */
const ETHERNET_IP_UDP = 42;

/** Comparable between processes of one machine. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

function dotted(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : [...bytes].join(".");
}

async function main(plan: FleetPlan): Promise<void> {
  const socket = createSocket("udp4");
  // Bound to the address: so the system knows on which interface to broadcast.
  await new Promise<void>((resolve) => socket.bind(67, plan.address, () => resolve()));
  socket.setBroadcast(true);
  const fleet = new Fleet(plan, (message) => socket.send(message, 67, "255.255.255.255"));
  socket.on("message", (bytes) => fleet.receive(bytes));
  process.on("SIGUSR2", () => fleet.died());
  await fleet.run(() => console.log(READY));
  socket.close();
  console.log(JSON.stringify(fleet.report()));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main(JSON.parse(process.argv[2] ?? "{}"));
}
