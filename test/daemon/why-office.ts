// An office with every usual trouble in its configuration and journal, and `tandem why` asked about it.

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { ipv4 } from "../../daemon/base/address.ts";
import { run } from "../../daemon/cli/run.ts";
import { segment } from "../journal/files.ts";
import { macBytes } from "../support/client-frame.ts";
import { makeLease } from "../support/leases.ts";
import { LanPeer } from "./lan-peer.ts";
import { RealDaemon } from "./real-daemon.ts";

export const PRINTER = "02:00:5e:10:00:50";
export const SCANNER = "02:00:5e:10:00:51";
export const OLD_SCANNER = "02:00:5e:10:00:05";
export const SQUATTER = "02:00:5e:10:00:99";
export const UNHEARD =
  "Check its cable or Wi-Fi, the VLAN of its port, and the relay when there is one; and whether it is set to a fixed address.";
const RELAYED = { relayed: true, probe: false, keepForKnownPercent: 0, leaseSeconds: 3600 };
const SHARED = {
  version: 1,
  classes: [
    { name: "game-consoles", match: { vendorClass: "acme-console*" }, deny: true },
    { name: "phones", match: { vendorClass: "acme-phone*" } },
  ],
  networks: [
    {
      name: "office",
      subnet: "10.77.0.0/24",
      pools: [{ from: "10.77.0.100", to: "10.77.0.199" }],
      gateway: "10.77.0.1",
      leaseSeconds: 3600,
      watchServers: false,
      deny: ["02:00:5e:10:00:dd", "02:00:5e:dd"],
      reservations: [
        { mac: PRINTER, address: "10.77.0.50", name: "printer" },
        { mac: SCANNER, address: "10.77.0.51", name: "scanner" },
      ],
    },
    net("tiny", 78, "10.78.0.10", "10.78.0.11"),
    net("shared", 79, "10.79.0.10", "10.79.0.19"),
    { ...net("lab", 80, "10.80.0.10", "10.80.0.19"), keepForKnownPercent: 80 },
    net("voice", 81, "10.81.0.10", "10.81.0.19", { allow: ["phones"] }),
    { ...net("flats", 82, "10.82.0.10", "10.82.0.19"), leasesPerPort: 1 },
  ],
};
const BOX = {
  version: 1,
  name: "A",
  role: "serving",
  networks: { office: { interface: "lan0", address: "10.77.0.2/24" } },
};

export interface Answer {
  readonly code: number;
  /** Verdict and advice in one line. */
  readonly says: string;
  readonly all: string;
}

export class Office {
  readonly lan = new LanPeer("10.77.0.2");
  readonly #daemon = new RealDaemon(SHARED, BOX);
  #clients = 0;

  get socket(): string {
    return path.join(this.#daemon.folder, "tandem.sock");
  }

  async open(): Promise<void> {
    await this.lan.listen(this.#daemon.rawlinkSocket);
    writeJournal(path.join(this.#daemon.stateDir, "journal"));
    this.#daemon.start();
    await this.#daemon.until((status) => status.networks[0]?.serving === true);
  }

  async close(): Promise<void> {
    await this.#daemon.remove();
    await this.lan.close();
  }

  /** The MAC of a device that was never here. */
  newMac(): string {
    this.#clients++;
    return `02:00:5e:20:00:${this.#clients.toString(16).padStart(2, "0")}`;
  }

  /** What `tandem why` answers, times taken out. Every line fits. */
  async why(query: string): Promise<Answer> {
    let out = "";
    const write = (part: string) => {
      out += part;
    };
    const code = await run(["why", query], {
      env: { TANDEM_SOCKET: this.socket },
      isTerminal: false,
      columns: 80,
      now: () => Date.now(),
      out: write,
      outBytes: async () => {},
      err: write,
    });
    for (const line of out.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    const says = withoutTimes(out.split("\n\n")[0] ?? "").replace(/^● /, "");
    return { code, says, all: withoutTimes(out) };
  }
}

/** In one line. */
function withoutTimes(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d(?!:\d)/g, "TIME")
    .trim();
}

function net(name: string, byte: number, from: string, to: string, pool: object = {}) {
  const subnet = `10.${byte}.0.0/24`;
  return { name, subnet, relays: [`10.${byte}.0.1`], pools: [{ from, to, ...pool }], ...RELAYED };
}

/** Somebody has the scanner's address. */
function writeJournal(folder: string): void {
  const now = Math.floor(Date.now() / 1000);
  const times = { startsAt: now - 60, seenAt: now - 60, expiresAt: now + 3540, leaseSeconds: 3600 };
  const lease = makeLease(1, 0, {
    address: ipv4("10.77.0.51"),
    client: Uint8Array.of(0, 1, ...macBytes(OLD_SCANNER)),
    chaddr: macBytes(OLD_SCANNER),
    ...times,
    durableExpiresAt: times.expiresAt,
    hostname: "old-scanner",
  });
  const file = segment([lease], { wall: now - 30 });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, file.name), file.bytes);
}
