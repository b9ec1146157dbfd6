/** Kea's pairs: the HA hook in hot-standby and in load-balancing mode. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { type Contender, forBoxes, type PairPlace, type PairStart } from "./pair-contenders.ts";
import { keaActiveLeases } from "./pair-leases.ts";
import { type Box, PAIR_ADDRESS } from "./pair-room.ts";
import { SERVER_ADDRESS, SERVER_IFACE } from "./sandbox.ts";
import { firstMatch, needs } from "./servers.ts";
import { FIRST, LAST, LEASE_SECONDS } from "./tandem-config.ts";

const LEASE_COMMANDS = "libdhcp_lease_cmds.so";
const HIGH_AVAILABILITY = "libdhcp_ha.so";
const HOOKS = [LEASE_COMMANDS, HIGH_AVAILABILITY];

type Mode = "hot-standby" | "load-balancing";

/** The HA listeners' port; any but the control agent's. */
const PORT = 8080;

/** Kea asks its partner every 10 s; a pair that shall be in step soon asks more often. Costs one
 * small request a second. */
const QUICK_HEARTBEAT_MS = 1000;

/** Kea splits a pool between two servers by class, and the pool has to be cut by hand. */
const HALVES: Readonly<Record<Box, string>> = {
  a: `${FIRST} - 10.0.128.124`,
  b: `10.0.128.125 - ${LAST}`,
};

export const KEA_PAIRS: readonly Contender[] = (["hot-standby", "load-balancing"] as const).map(
  (mode) => ({
    name: `kea-${mode}`,
    note:
      `HA hook in ${mode} mode, memfile, multi-threading on everywhere, dedicated HTTP ` +
      "listeners; the partner has the lease in memory before the ACK",
    syncs: "neither",
    variantOf: null,
    startRate: 1000,
    missing,
    version: () => firstMatch("kea-dhcp4", ["-v"], /[\d.]+/),
    start: (place) => startKea(place, mode),
  }),
);

async function startKea(place: PairPlace, mode: Mode): Promise<PairStart> {
  const members = forBoxes((box) => {
    const dir = place.dirs[box];
    const config = join(dir, "kea.json");
    writeFileSync(config, JSON.stringify(keaConfig(place, mode, box), null, 2));
    const child = place.room.runOn(box, ["kea-dhcp4", "-c", config], {
      log: join(dir, "..", `kea-${box}.log`),
      env: { KEA_PIDFILE_DIR: dir, KEA_LOCKFILE_DIR: dir },
    });
    return {
      box,
      processes: [{ name: `kea-dhcp4 ${box}`, child }],
      activeLeases: async () => keaActiveLeases(readLeaseFiles(dir)),
    };
  });
  const isInStep = async (): Promise<boolean> => {
    const states = await Promise.all(forBoxes((box) => haState(socketOf(place, box))));
    return states.every((state) => state === mode);
  };
  return { members, isInStep };
}

function keaConfig(place: PairPlace, mode: Mode, box: Box): unknown {
  const pools =
    mode === "hot-standby"
      ? [{ pool: `${FIRST} - ${LAST}` }]
      : forBoxes((of) => ({ pool: HALVES[of], "client-class": `HA_${of}` }));
  return {
    Dhcp4: {
      "interfaces-config": { interfaces: [SERVER_IFACE] },
      "lease-database": {
        type: "memfile",
        persist: true,
        name: join(place.dirs[box], "leases.csv"),
      },
      "multi-threading": { "enable-multi-threading": true, "thread-pool-size": 0 },
      "control-socket": { "socket-type": "unix", "socket-name": socketOf(place, box) },
      "hooks-libraries": [
        { library: hook(LEASE_COMMANDS) },
        { library: hook(HIGH_AVAILABILITY), parameters: highAvailability(place, mode, box) },
      ],
      "valid-lifetime": LEASE_SECONDS,
      subnet4: [
        {
          id: 1,
          subnet: "10.0.0.0/16",
          pools,
          "option-data": [{ name: "routers", data: SERVER_ADDRESS }],
        },
      ],
      loggers: [{ name: "kea-dhcp4", severity: "ERROR", output_options: [{ output: "stderr" }] }],
    },
  };
}

function highAvailability(place: PairPlace, mode: Mode, box: Box): unknown {
  const second = mode === "hot-standby" ? "standby" : "secondary";
  const relationship = {
    "this-server-name": box,
    mode,
    "multi-threading": {
      "enable-multi-threading": true,
      "http-dedicated-listener": true,
      "http-listener-threads": 0,
      "http-client-threads": 0,
    },
    peers: forBoxes((of) => ({
      name: of,
      url: `http://${PAIR_ADDRESS[of]}:${PORT}/`,
      role: of === "a" ? "primary" : second,
    })),
    ...(place.asShipped ? {} : { "heartbeat-delay": QUICK_HEARTBEAT_MS }),
  };
  return { "high-availability": [relationship] };
}

/** Debian puts hooks below the machine's own folder of libraries, and Kea wants the whole path. */
function hook(name: string): string {
  const machine = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  return `/usr/lib/${machine}/kea/hooks/${name}`;
}

function missing(): string | null {
  const program = needs("kea-dhcp4", "kea-dhcp4-server");
  if (program !== null) return program;
  const absent = HOOKS.map(hook).find((path) => !existsSync(path));
  return absent === undefined ? null : `${absent} is not there (Debian package kea-common).`;
}

function socketOf(place: PairPlace, box: Box): string {
  return join(place.run, `kea-${box}.sock`);
}

/** The HA state as the server itself sees it; null while it does not answer. */
async function haState(socket: string): Promise<string | null> {
  const text = await new Promise<string>((resolve) => {
    let got = "";
    const connection = createConnection(socket, () =>
      connection.end(JSON.stringify({ command: "status-get" })),
    );
    connection.setEncoding("utf8").on("data", (part: string) => {
      got += part;
    });
    connection.on("error", () => resolve("")).on("close", () => resolve(got));
  });
  return /"local":\s*\{[^}]*"state":\s*"([^"]+)"/.exec(text)?.[1] ?? null;
}

/** The lease file and what lease file clean-up made of earlier ones, oldest first. */
function readLeaseFiles(dir: string): string[] {
  return ["leases.csv.2", "leases.csv.1", "leases.csv"].flatMap((name) => {
    try {
      return [readFileSync(join(dir, name), "utf8")];
    } catch {
      return [];
    }
  });
}
