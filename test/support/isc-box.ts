// Our own box on a side of a room, as the partner of a dhcpd: rawlink and the bundled daemon, as they are.

import type { ChildProcess } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import { DAEMON, RealDaemon } from "../daemon/real-daemon.ts";
import type { Known, PairServer } from "./isc-agree.ts";
import { FAILOVER_PORT, type PairTerms, RELATIONSHIP } from "./isc-dhcpd.ts";
import type { MakeServer } from "./isc-pair.ts";
import { endChild, eventually, NET, type PairRoom, type Side } from "./isc-room.ts";

const RAWLINK = path.resolve(import.meta.dirname, "../../board/rawlink/rawlink");

/** Undefined when both programs are there. */
export function boxMissing(): string | undefined {
  const missing = [DAEMON, RAWLINK].find((file) => !existsSync(file));
  return missing === undefined ? undefined : `${missing} is not built`;
}

export const makeBox: MakeServer = (room, side, role, terms) => new IscBox(room, side, role, terms);

export class IscBox implements PairServer {
  readonly side: Side;
  readonly #room: PairRoom;
  readonly #daemon: RealDaemon;
  readonly #shared: SharedConfig;
  readonly #own: OwnConfig;
  #rawlink: ChildProcess | undefined;

  constructor(room: PairRoom, side: Side, role: FailoverRole, terms: PairTerms) {
    this.side = side;
    this.#room = room;
    this.#shared = sharedConfig(terms, role);
    this.#own = ownConfig(side, role);
    this.#daemon = new RealDaemon();
  }

  async start(): Promise<void> {
    this.#daemon.configure(this.#shared, this.#own);
    await this.#start();
  }

  async startAlone(): Promise<void> {
    this.#daemon.configure({ ...this.#shared, pair: undefined }, { ...this.#own, pair: undefined });
    await this.#start();
  }

  async #start(): Promise<void> {
    const { rawlinkSocket } = this.#daemon;
    rmSync(rawlinkSocket, { force: true });
    const rawlink = this.#room.start(this.side, [RAWLINK, "-s", rawlinkSocket]);
    this.#rawlink = rawlink;
    await eventually("rawlink listens", () => existsSync(rawlinkSocket), 5000);
    this.#daemon.start(this.#room.wrapper(this.side));
    await this.#daemon.until((status) => status.configuration.source === "files", 10_000);
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    await this.#daemon.end(signal);
    if (this.#rawlink) await endChild(this.#rawlink, "SIGKILL");
  }

  loseLeases(): void {
    rmSync(this.#daemon.stateDir, { recursive: true, force: true });
  }

  async known(): Promise<ReadonlyMap<string, Known>> {
    const leases = await this.#daemon.leases();
    return new Map(
      leases.map(({ address, state, mac, clientId, expiresAt }) => {
        const ends = Math.round(Date.parse(expiresAt) / 1000);
        return [address, { state, mac, clientId, ends }];
      }),
    );
  }

  async state(): Promise<string> {
    try {
      const { partner } = await this.#daemon.status();
      return (partner as unknown as { readonly state: string }).state;
    } catch {
      return "not running";
    }
  }

  async partnerDown(): Promise<void> {
    process.kill(this.#daemon.pid, "SIGUSR2");
  }

  tail(lines = 25): string {
    return this.#daemon.output.split("\n").slice(-lines).join("\n");
  }

  async remove(): Promise<void> {
    await this.#daemon.remove();
  }
}

type SharedConfig = ReturnType<typeof sharedConfig>;
type OwnConfig = ReturnType<typeof ownConfig>;

function sharedConfig(terms: PairTerms, role: FailoverRole) {
  const [from, to] = terms.pool;
  return {
    version: 1,
    pair: {
      name: RELATIONSHIP,
      protocol: "isc",
      // Of a secondary it does not count: the primary tells its own.
      mcltSeconds: role === "primary" ? terms.mclt : 60,
      primaryPercent: Math.round((terms.split * 100) / 256),
      loadBalanceSecondsMax: terms.loadBalanceSeconds,
      receiveTimerSeconds: terms.receiveTimer,
    },
    networks: [
      {
        name: "lan",
        subnet: NET.subnet,
        gateway: NET.gateway,
        pools: [{ from: `10.77.0.${from}`, to: `10.77.0.${to}` }],
        // Devices of a room do not answer probes, and waiting for that would take long.
        probe: false,
        leaseSeconds: terms.leaseSeconds,
        trustedServers: [NET.a.lan, NET.b.lan],
      },
    ],
  };
}

function ownConfig(side: Side, role: FailoverRole) {
  const own = NET[side];
  const partner = NET[side === "a" ? "b" : "a"];
  const port = { port: FAILOVER_PORT, partnerPort: FAILOVER_PORT };
  return {
    version: 1,
    name: side.toUpperCase(),
    role: "serving",
    networks: { lan: { interface: "lan0", address: `${own.lan}/24` } },
    pair: { role, address: own.pair, partner: partner.pair, ...port },
  };
}
