// One real dhcpd as a failover peer on a side of a room, with its lease file, its log and its control port.

import type { ChildProcess } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import { SERVER_STATE, type ServerState } from "../../daemon/wire/failover/numbers.ts";
import type { Known, PairServer } from "./isc-agree.ts";
import { type IscDatabase, parseIscLeases } from "./isc-leases.ts";
import { endChild, eventually, NET, type PairRoom, type Side } from "./isc-room.ts";

const DHCPD = "/usr/sbin/dhcpd";
const FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
export const hasFaketime = existsSync(FAKETIME);
export const hasDhcpd = existsSync(DHCPD) && existsSync("/usr/bin/omshell");

/** What both servers of a pair have in common, all in seconds. */
export interface PairTerms {
  readonly mclt: number;
  readonly leaseSeconds: number;
  /** First and last address of the pool, inclusive; numbers of 10.77.0.0/24. */
  readonly pool: readonly [number, number];
  /** Buckets of the primary, 0 to 256. */
  readonly split: number;
  readonly maxUnacked: number;
  /** Silence after which the partner counts as gone. */
  readonly receiveTimer: number;
  /** `secs` from which both servers answer; 0 switches load balancing off. */
  readonly loadBalanceSeconds: number;
  /** dhcpd looks after its share of the free addresses no more often than this. */
  readonly balanceSeconds: number;
  /** By how much the clock of a dhcpd is ahead of everybody else's. */
  readonly clockAhead: number;
}

export const TERMS: PairTerms = {
  mclt: 15,
  leaseSeconds: 60,
  pool: [10, 29],
  split: 128,
  maxUnacked: 10,
  receiveTimer: 6,
  loadBalanceSeconds: 3,
  balanceSeconds: 5,
  clockAhead: 0,
};

export const RELATIONSHIP = "pair";
export const FAILOVER_PORT = 647;

export class Dhcpd implements PairServer {
  readonly side: Side;
  readonly role: FailoverRole;
  /** All it said, over all its starts; without the time. */
  readonly log: string[] = [];
  readonly #room: PairRoom;
  readonly #folder: string;
  readonly #clockAhead: number;
  #child: ChildProcess | undefined;

  constructor(room: PairRoom, side: Side, role: FailoverRole, terms: PairTerms) {
    this.side = side;
    this.role = role;
    this.#room = room;
    this.#clockAhead = terms.clockAhead;
    this.#folder = join(room.folder, `dhcpd-${side}`);
    mkdirSync(this.#folder);
    // A copy: the original may be confined to the folders of the system.
    copyFileSync(DHCPD, this.#file("dhcpd"));
    const peer = failover(side, role, terms);
    writeFileSync(this.#file("dhcpd.conf"), configuration(side, terms, peer));
    writeFileSync(this.#file("alone.conf"), configuration(side, terms));
    writeFileSync(this.#leaseFile, "");
  }

  /** Resolves when it listens for its partner. */
  async start(): Promise<void> {
    await this.#start("dhcpd.conf", FAILOVER_PORT);
  }

  async startAlone(): Promise<void> {
    await this.#start("alone.conf", OMAPI_PORT);
  }

  async #start(conf: string, port: number): Promise<void> {
    const files = ["-cf", this.#file(conf), "-lf", this.#leaseFile];
    // The program faketime would be a process in between, which does not pass on how it is ended.
    const fake = ["env", `LD_PRELOAD=${FAKETIME}`, `FAKETIME=+${this.#clockAhead}s`];
    const argv = [
      ...(this.#clockAhead === 0 ? [] : fake),
      this.#file("dhcpd"),
      "-4",
      "-f",
      "-d",
      "--no-pid",
      ...files,
      "lan0",
    ];
    const child = this.#room.start(this.side, argv);
    this.#child = child;
    let rest = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      this.log.push(...lines);
    });
    const listening = ["ss", "-Hltn", `sport = :${port}`];
    const isUp = async () => {
      if (!this.isRunning) throw new Error(`dhcpd ended\n${this.tail()}`);
      return (await this.#room.try(this.side, listening)).out !== "";
    };
    await eventually("dhcpd listens", isUp, 10_000, () => this.tail());
  }

  get isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  async stop(): Promise<void> {
    if (this.#child) await endChild(this.#child, "SIGTERM");
  }

  async kill(): Promise<void> {
    if (this.#child) await endChild(this.#child, "SIGKILL");
  }

  async remove(): Promise<void> {
    await this.kill();
  }

  loseLeases(): void {
    rmSync(`${this.#leaseFile}~`, { force: true });
    writeFileSync(this.#leaseFile, "");
  }

  get database(): IscDatabase {
    return parseIscLeases(readFileSync(this.#leaseFile, "utf8"));
  }

  async known(): Promise<ReadonlyMap<string, Known>> {
    const leases = Array.from(this.database.leases.values());
    const ends = (time = 0) => time - this.#clockAhead;
    return new Map(leases.map((one) => [one.address, { ...one, ends: ends(one.ends) }]));
  }

  /** Its own state and what it knows of the partner's, as it says itself. */
  async states(): Promise<{ readonly local: string; readonly partner: string }> {
    const printed = await this.#omapi([]);
    const state = (which: string) => {
      const hex = new RegExp(`^${which}-state = ([0-9a-f:]+)`, "gm");
      const last = Array.from(printed.matchAll(hex)).at(-1)?.[1] ?? "0";
      return stateName(Number.parseInt(last.replaceAll(":", ""), 16));
    };
    return { local: state("local"), partner: state("partner") };
  }

  async state(): Promise<string> {
    return (await this.states()).local;
  }

  /** What an operator does with omshell. dhcpd does not check whether it makes sense. */
  async setState(state: ServerState): Promise<void> {
    await this.#omapi([`set local-state = ${SERVER_STATE[state]}`, "update"]);
  }

  async partnerDown(): Promise<void> {
    await this.setState("partner-down");
  }

  tail(lines = 25): string {
    return this.log.slice(-lines).join("\n");
  }

  get #leaseFile(): string {
    return this.#file("dhcpd.leases");
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }

  async #omapi(commands: readonly string[]): Promise<string> {
    const login = ["server 127.0.0.1", `port ${OMAPI_PORT}`, "connect"];
    const open = ["new failover-state", `set name = "${RELATIONSHIP}"`, "open"];
    const input = `${[...login, ...open, ...commands].join("\n")}\n`;
    const { out, err } = await this.#room.try(this.side, ["timeout", "10", "omshell"], input);
    return out + err;
  }
}

function stateName(number: number): string {
  const found = Object.entries(SERVER_STATE).find(([, value]) => value === number);
  return found?.[0] ?? `number ${number}`;
}

const OMAPI_PORT = 7911;

/**
 * `peer` is how it says that it has a partner. The first quarter of a lease is renewed in full as well, and
 * leases may be short.
 */
function configuration(side: Side, terms: PairTerms, peer = ""): string {
  const [from, to] = terms.pool;
  const prefix = NET[side].lan.replace(/\d+$/, "");
  return `authoritative;
default-lease-time ${terms.leaseSeconds};
max-lease-time ${terms.leaseSeconds};
min-lease-time ${Math.min(10, terms.leaseSeconds)};
dhcp-cache-threshold 0;
ddns-update-style none;
ping-check false;
omapi-port ${OMAPI_PORT};
${peer}
subnet 10.77.0.0 netmask 255.255.255.0 {
  option routers ${NET.gateway};
  pool {
    ${peer === "" ? "" : `failover peer "${RELATIONSHIP}";`}
    range ${prefix}${from} ${prefix}${to};
  }
}
`;
}

function failover(side: Side, role: FailoverRole, terms: PairTerms): string {
  const partner = NET[side === "a" ? "b" : "a"].pair;
  const primary = role === "primary" ? `mclt ${terms.mclt}; split ${terms.split};` : "";
  return `failover peer "${RELATIONSHIP}" {
  ${role};
  address ${NET[side].pair}; port ${FAILOVER_PORT};
  peer address ${partner}; peer port ${FAILOVER_PORT};
  max-response-delay ${terms.receiveTimer};
  max-unacked-updates ${terms.maxUnacked};
  load balance max seconds ${terms.loadBalanceSeconds};
  min-balance ${terms.balanceSeconds}; max-balance ${2 * terms.balanceSeconds};
  ${primary}
}`;
}
