/** A failover pair of ISC dhcpd. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Contender, forBoxes, type PairPlace, type PairStart } from "./pair-contenders.ts";
import { dhcpdActiveLeases } from "./pair-leases.ts";
import { type Box, otherBox, PAIR_ADDRESS } from "./pair-room.ts";
import { SERVER_ADDRESS, SERVER_IFACE } from "./sandbox.ts";
import { firstMatch, needs } from "./servers.ts";
import { FIRST, LAST, LEASE_SECONDS } from "./tandem-config.ts";

const NAME = "bench";
const PORT = 647;

/** The same as Tandem's own default, so that first leases can be compared. */
const MCLT_SECONDS = 600;

/** Replies that may wait together for one fsync, and for how long: what the manual suggests. */
const DELAYED_ACK = ["delayed-ack 28;", "max-ack-delay 10000;"];

/** A fresh pair gives the secondary its half of the addresses one by one, which takes half a minute;
 * when no lease file has grown for so long, that is done. */
const QUIET_MS = 1500;

/** Both lease files of a pair that has just divided its addresses: later pairs begin with them. */
const divided = new Map<string, Readonly<Record<Box, string>>>();

const COMMON =
  "failover, split 128, MCLT 600, max-unacked-updates 100; lazy: the partner hears later";

export const ISC_PAIRS: readonly Contender[] = [
  isc("isc-failover", `${COMMON}; fsync for each lease, its default`, []),
  isc(
    "isc-failover-delayed",
    `${COMMON}; delayed-ack 28, up to 28 ACKs for one fsync`,
    DELAYED_ACK,
  ),
];

function isc(name: string, note: string, more: readonly string[]): Contender {
  return {
    name,
    note,
    syncs: "serving box before the ACK, partner after",
    variantOf: null,
    startRate: 200,
    missing: () => needs("dhcpd", "isc-dhcp-server"),
    version: () => firstMatch("dhcpd", ["--version"], /\d[\w.-]*/),
    start: (place) => startIsc(place, name, more),
  };
}

async function startIsc(
  place: PairPlace,
  name: string,
  more: readonly string[],
): Promise<PairStart> {
  const begin = divided.get(name);
  const members = forBoxes((box) => {
    const dir = place.dirs[box];
    const config = join(dir, "dhcpd.conf");
    const leases = leaseFile(place, box);
    writeFileSync(config, dhcpdConfig(box, more));
    writeFileSync(leases, begin?.[box] ?? "");
    const files = ["-cf", config, "-lf", leases, "-pf", join(dir, "dhcpd.pid")];
    const child = place.room.runOn(box, ["dhcpd", "-4", "-f", "-q", ...files, SERVER_IFACE], {
      log: join(dir, "..", `dhcpd-${box}.log`),
    });
    return {
      box,
      processes: [{ name: `dhcpd ${box}`, child }],
      activeLeases: async () => dhcpdActiveLeases(readFileSync(leases, "utf8")),
    };
  });
  const texts = (): Record<Box, string> => ({
    a: readFileSync(leaseFile(place, "a"), "utf8"),
    b: readFileSync(leaseFile(place, "b"), "utf8"),
  });
  const isInStep = async (): Promise<boolean> => {
    if (!isConnected(place) || !Object.values(texts()).every(isNormal)) return false;
    if (!(await hasStoppedWriting(place))) return false;
    if (begin === undefined) divided.set(name, texts());
    return true;
  };
  return { members, isInStep };
}

function dhcpdConfig(box: Box, more: readonly string[]): string {
  const role = box === "a" ? "primary" : "secondary";
  const primaryOnly = box === "a" ? [`  mclt ${MCLT_SECONDS};`, "  split 128;"] : [];
  const lines = [
    "authoritative;",
    "ping-check false;",
    "dhcp-cache-threshold 0;",
    `default-lease-time ${LEASE_SECONDS};`,
    `max-lease-time ${LEASE_SECONDS};`,
    ...more,
    `failover peer "${NAME}" {`,
    `  ${role};`,
    `  address ${PAIR_ADDRESS[box]}; port ${PORT};`,
    `  peer address ${PAIR_ADDRESS[otherBox(box)]}; peer port ${PORT};`,
    "  max-response-delay 60;",
    "  max-unacked-updates 100;",
    "  load balance max seconds 3;",
    ...primaryOnly,
    "}",
    "subnet 10.0.0.0 netmask 255.255.0.0 {",
    `  option routers ${SERVER_ADDRESS};`,
    `  pool { failover peer "${NAME}"; range ${FIRST} ${LAST}; }`,
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

function leaseFile(place: PairPlace, box: Box): string {
  return join(place.dirs[box], "dhcpd.leases");
}

/** Whether box a has an established connection of the failover protocol. */
function isConnected(place: PairPlace): boolean {
  const port = PORT.toString(16).toUpperCase().padStart(4, "0");
  const established = new RegExp(`:${port} (?:\\S+ )?01 `);
  return established.test(place.room.read("server", "/proc/net/tcp"));
}

/** Whether the last state that a dhcpd wrote down is normal, its own and its partner's. */
function isNormal(text: string): boolean {
  const at = text.lastIndexOf(`failover peer "${NAME}" state {`);
  if (at < 0) return false;
  const last = text.slice(at, text.indexOf("}", at));
  return /my state normal /.test(last) && /partner state normal /.test(last);
}

async function hasStoppedWriting(place: PairPlace): Promise<boolean> {
  const sizes = (): string => forBoxes((box) => statSync(leaseFile(place, box)).size).join();
  const before = sizes();
  await sleep(QUIET_MS);
  return before === sizes();
}
