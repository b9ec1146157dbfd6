/**
 * The servers that are measured, one entry each: how it is started in the room with an empty
 * lease store, what its version is, and what a reader has to know to compare fairly.
 *
 * Common to all: the pool 10.0.1.0 to 10.0.255.250, leases of 4000 s, every ACK recorded again
 * even when the client already had the lease, no probing of addresses before an offer, as little
 * logging as the server allows.
 */
import { type ChildProcess, execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ENVIRONMENT, NODE_FLAGS } from "../../image/runtime.ts";
import { POOL_SIZE } from "./options.ts";
import { type Room, type RunOptions, SERVER_ADDRESS, SERVER_IFACE } from "./sandbox.ts";
import {
  BOX_CONFIG,
  FIRST,
  LAST,
  LEASE_SECONDS,
  plainConfig,
  richConfig,
} from "./tandem-config.ts";

/** Where a server under test keeps things. */
export interface Place {
  readonly room: Room;
  /** Top of the checkout. */
  readonly root: string;
  /** An empty folder on the disk under test: configuration, lease store, logs. */
  readonly dir: string;
  /** Where compiled helpers go; shared by all runs. */
  readonly tools: string;
  /** Folder for CPU profiles, null when none are wanted. */
  readonly profiles: string | null;
}

export interface Started {
  readonly name: string;
  readonly child: ChildProcess;
}

export interface Server {
  readonly name: string;
  /** What it does before its ACK, and which settings are not its defaults. */
  readonly note: string;
  /** First rate of the search, exchanges per second. */
  readonly startRate: number;
  /** Not a DHCP server but the measure of the measuring: left out of "best other". */
  readonly isCeiling: boolean;
  /** Another configuration of this server, and compared with it alone; null when it is none. */
  readonly variantOf: string | null;
  /** Why it cannot be measured here, one sentence with what to do; null when it can. */
  missing(root: string): string | null;
  version(root: string): string;
  start(place: Place): Promise<Started[]>;
}

export const SERVERS: readonly Server[] = [
  {
    name: "tandem",
    note:
      "each ACK leaves after its lease is on stable storage; rawlink and tandemd counted together; " +
      "probe off and keepForKnownPercent 0, as the others do neither",
    startRate: 2000,
    isCeiling: false,
    variantOf: null,
    missing: tandemMissing,
    version: tandemVersion,
    start: (place) => startTandem(place, plainConfig()),
  },
  {
    name: "tandem-rich",
    note: "the same with 50 classes, of which eight match every packet, and 1,000 reservations",
    startRate: 2000,
    isCeiling: false,
    variantOf: "tandem",
    missing: tandemMissing,
    version: tandemVersion,
    start: (place) => startTandem(place, richConfig()),
  },
  {
    name: "kea",
    note:
      "memfile, persist, multi-threading on with a thread per core; " +
      "appends to its lease file without fsync",
    startRate: 2000,
    isCeiling: false,
    variantOf: null,
    missing: () => needs("kea-dhcp4", "kea-dhcp4-server"),
    version: () => firstMatch("kea-dhcp4", ["-v"], /[\d.]+/),
    start: startKea,
  },
  {
    name: "dhcpd",
    note:
      "ISC dhcpd; fsync before each ACK; ping-check off (it would hold each offer for a second); " +
      "dhcp-cache-threshold 0 (else a returning client costs no write)",
    startRate: 200,
    isCeiling: false,
    variantOf: null,
    missing: () => needs("dhcpd", "isc-dhcp-server"),
    version: () => firstMatch("dhcpd", ["--version"], /\d[\w.-]*/),
    start: startDhcpd,
  },
  {
    name: "dnsmasq",
    note: "writes its whole lease file at each change, without fsync; --no-ping, --quiet-dhcp",
    startRate: 200,
    isCeiling: false,
    variantOf: null,
    missing: () => needs("dnsmasq", "dnsmasq-base"),
    version: () => firstMatch("dnsmasq", ["--version"], /\d+\.\S+/),
    start: startDnsmasq,
  },
  {
    name: "do-nothing",
    note: "answers without remembering anything: what perfdhcp and this machine can do at most",
    startRate: 8000,
    isCeiling: true,
    variantOf: null,
    missing: () => needs("cc", "gcc"),
    version: () => "-",
    start: startResponder,
  },
];

/** How one box of Tandem is started. */
export interface TandemBox {
  readonly root: string;
  /** For configuration, journal and logs; on the disk under test. */
  readonly dir: string;
  /** config.json and box.json. */
  readonly shared: unknown;
  readonly box: unknown;
  /** Of a box that finds its partner: its board.json, and the secret of its key. */
  readonly board?: unknown;
  readonly key?: Uint8Array;
  readonly profiles: string | null;
  run(command: readonly string[], options: RunOptions): ChildProcess;
}

/** Starts rawlink, waits for its socket, then starts the daemon as it is started on a box. The folder
 * of its sockets comes back too. */
export async function launchTandem(of: TandemBox): Promise<{ started: Started[]; run: string }> {
  const config = join(of.dir, "config");
  const state = join(of.dir, "state");
  // Sockets need no disk, and their paths must stay below 108 bytes.
  const run = join("/run", `tandem-${process.hrtime.bigint()}`);
  for (const dir of [config, state, run]) mkdirSync(dir, { recursive: true });
  writeJson(join(config, "config.json"), of.shared);
  writeJson(join(config, "box.json"), of.box);
  if (of.board) writeJson(join(config, "board.json"), of.board);
  if (of.key) writeFileSync(join(state, "key"), of.key, { mode: 0o600 });
  const socket = join(run, "rawlink.sock");
  const rawlink = of.run([rawlinkPath(of.root), "-s", socket], {
    log: join(of.dir, "rawlink.log"),
  });
  for (let tries = 0; !existsSync(socket) && tries < 50; tries++) await sleep(40);
  const profile = of.profiles === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${of.profiles}`];
  const environment = Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  const command = ["env", ...environment, process.execPath, ...NODE_FLAGS, ...profile];
  command.push(daemonPath(of.root), "--config", config, "--state", state, "--run", run);
  const daemon = of.run(command, { log: join(of.dir, "tandemd.log") });
  const started = [
    { name: "rawlink", child: rawlink },
    { name: "tandemd", child: daemon },
  ];
  return { started, run };
}

async function startTandem(place: Place, shared: unknown): Promise<Started[]> {
  const { root, dir, profiles, room } = place;
  const { started } = await launchTandem({
    ...{ root, dir, profiles, shared, box: BOX_CONFIG },
    run: (command, options) => room.run("server", command, options),
  });
  return started;
}

async function startKea(place: Place): Promise<Started[]> {
  const config = join(place.dir, "kea.json");
  const severity = { name: "kea-dhcp4", severity: "ERROR", output_options: [{ output: "stderr" }] };
  writeJson(config, {
    Dhcp4: {
      "interfaces-config": { interfaces: [SERVER_IFACE] },
      "lease-database": { type: "memfile", persist: true, name: join(place.dir, "leases.csv") },
      "multi-threading": { "enable-multi-threading": true, "thread-pool-size": 0 },
      "valid-lifetime": LEASE_SECONDS,
      subnet4: [
        {
          id: 1,
          subnet: "10.0.0.0/16",
          pools: [{ pool: `${FIRST} - ${LAST}` }],
          "option-data": [{ name: "routers", data: SERVER_ADDRESS }],
        },
      ],
      loggers: [severity],
    },
  });
  const child = place.room.run("server", ["kea-dhcp4", "-c", config], {
    log: join(place.dir, "kea.log"),
    env: { KEA_PIDFILE_DIR: place.dir, KEA_LOCKFILE_DIR: place.dir },
  });
  return [{ name: "kea-dhcp4", child }];
}

async function startDhcpd(place: Place): Promise<Started[]> {
  const config = join(place.dir, "dhcpd.conf");
  const leases = join(place.dir, "dhcpd.leases");
  const lines = [
    "authoritative;",
    "ping-check false;",
    "dhcp-cache-threshold 0;",
    `default-lease-time ${LEASE_SECONDS};`,
    `max-lease-time ${LEASE_SECONDS};`,
    "subnet 10.0.0.0 netmask 255.255.0.0 {",
    `  range ${FIRST} ${LAST};`,
    `  option routers ${SERVER_ADDRESS};`,
    "}",
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  writeFileSync(leases, "");
  const files = ["-cf", config, "-lf", leases, "-pf", join(place.dir, "dhcpd.pid")];
  const child = place.room.run("server", ["dhcpd", "-4", "-f", "-q", ...files, SERVER_IFACE], {
    log: join(place.dir, "dhcpd.log"),
  });
  return [{ name: "dhcpd", child }];
}

async function startDnsmasq(place: Place): Promise<Started[]> {
  const command = ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0"];
  command.push(`--interface=${SERVER_IFACE}`, "--bind-interfaces", "--dhcp-authoritative");
  command.push(`--dhcp-range=${FIRST},${LAST},255.255.0.0,${LEASE_SECONDS}`);
  command.push("--dhcp-lease-max=100000", "--no-ping", "--quiet-dhcp");
  command.push(`--dhcp-leasefile=${join(place.dir, "dnsmasq.leases")}`);
  command.push(`--pid-file=${join(place.dir, "dnsmasq.pid")}`);
  const child = place.room.run("server", command, { log: join(place.dir, "dnsmasq.log") });
  return [{ name: "dnsmasq", child }];
}

async function startResponder(place: Place): Promise<Started[]> {
  const program = join(place.tools, "responder");
  if (!existsSync(program)) {
    const source = join(import.meta.dirname, "responder.c");
    execFileSync("cc", ["-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source]);
  }
  const command = [program, SERVER_ADDRESS, FIRST, String(POOL_SIZE)];
  const child = place.room.run("server", command, { log: join(place.dir, "responder.log") });
  return [{ name: "responder", child }];
}

export function tandemMissing(root: string): string | null {
  if (!existsSync(daemonPath(root))) return "dist/tandemd.js is not built; run npm run build.";
  if (!existsSync(rawlinkPath(root))) {
    return "board/rawlink/rawlink is not built; run make -C board/rawlink.";
  }
  return null;
}

export function tandemVersion(root: string): string {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
}

function daemonPath(root: string): string {
  return join(root, "dist", "tandemd.js");
}

function rawlinkPath(root: string): string {
  return join(root, "board", "rawlink", "rawlink");
}

/** Why a program is not there, or null. */
export function needs(program: string, debianPackage: string): string | null {
  const found = spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
  return found ? null : `${program} is not installed (Debian package ${debianPackage}).`;
}

/** The first match in what a program prints about itself, on either output. */
export function firstMatch(program: string, args: readonly string[], pattern: RegExp): string {
  const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return pattern.exec(stdout)?.[0] ?? pattern.exec(stderr)?.[0] ?? "unknown";
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
