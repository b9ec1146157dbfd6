/** Two boxes of Tandem. */
import { join } from "node:path";
import { hex } from "../../daemon/base/bytes.ts";
import { Client } from "../../daemon/cli/client.ts";
import type { LeasePage, Status } from "../../daemon/http/api-types.ts";
import { identityOf } from "../../daemon/io/identity.ts";
import type { Contender, Member, PairPlace, PairStart } from "./pair-contenders.ts";
import { BOXES, type Box, LAN_ADDRESS, otherBox, PAIR_ADDRESS, PAIR_IFACE } from "./pair-room.ts";
import { launchTandem, tandemMissing, tandemVersion } from "./servers.ts";
import { pairBoxConfig, pairConfig } from "./tandem-config.ts";

type Mode = "load-balancing" | "hot-standby";

/** Leases asked for at once. */
const PAGE = 1000;

const COMMON =
  "partner first: the ACK waits for the partner's disk as well, for 50 ms at most; " +
  "probe off and keepForKnownPercent 0";

export const TANDEM_PAIRS: readonly Contender[] = [
  tandem("tandem-pair", { mode: "load-balancing", by: "key" }, null),
  tandem("tandem-hot-standby", { mode: "hot-standby", by: "key" }, "tandem-pair"),
  tandem("tandem-addresses", { mode: "load-balancing", by: "address" }, "tandem-pair"),
];

/** How the boxes share the work, and how they know each other. */
interface Kind {
  readonly mode: Mode;
  /** "key": as people pair them, found on the wires and over TLS; "address": plain TCP between two addresses. */
  readonly by: "key" | "address";
}

function tandem(name: string, kind: Kind, variantOf: string | null): Contender {
  const { mode, by } = kind;
  return {
    name,
    note: `${mode}; ${by === "key" ? "TLS" : "plain TCP, no heartbeats"}; ${COMMON}`,
    syncs: "both (fdatasync) before the ACK",
    startRate: 2000,
    variantOf,
    missing: tandemMissing,
    version: tandemVersion,
    start: (place) => startPair(place, kind),
  };
}

async function startPair(place: PairPlace, kind: Kind): Promise<PairStart> {
  const boxes = await Promise.all(BOXES.map((box) => startBox(place, kind, box)));
  const isInStep = async (): Promise<boolean> =>
    (await Promise.all(boxes.map(({ client }) => isNormal(client)))).every(Boolean);
  const restart = async (box: Box): Promise<Member> => {
    const started = await startBox(place, kind, box);
    boxes[BOXES.indexOf(box)] = started;
    return started.member;
  };
  return { members: boxes.map(({ member }) => member), isInStep, restart };
}

async function startBox(
  place: PairPlace,
  { mode, by }: Kind,
  box: Box,
): Promise<{ member: Member; client: Client }> {
  const { started, run } = await launchTandem({
    root: place.root,
    dir: place.dirs[box],
    profiles: place.profiles,
    shared: pairConfig(mode),
    box: pairBoxConfig({
      name: box.toUpperCase(),
      role: box === "a" ? "primary" : "secondary",
      lanAddress: LAN_ADDRESS[box],
      partner:
        by === "key"
          ? { partnerIdentity: hex(identityOf(keyOf(otherBox(box))).id) }
          : { address: PAIR_ADDRESS[box], partner: PAIR_ADDRESS[otherBox(box)] },
    }),
    ...(by === "key" ? { board: BOARD, key: keyOf(box) } : {}),
    run: (command, options) => place.room.runOn(box, command, options),
  });
  const client = new Client(join(run, "tandem.sock"));
  const processes = started.map(({ name, child }) => ({ name: `${name} ${box}`, child }));
  const activeLeases = async (): Promise<number> =>
    (await client.get<LeasePage>("/api/v1/leases?state=active&limit=1")).value.total;
  const book = (): Promise<readonly string[]> => readBook(client);
  return { member: { box, processes, activeLeases, book }, client };
}

const BOARD = { version: 1, model: "bench", pairPorts: [PAIR_IFACE] };

function keyOf(box: Box): Uint8Array {
  return new Uint8Array(32).fill(box.charCodeAt(0));
}

async function readBook(client: Client): Promise<readonly string[]> {
  const lines: string[] = [];
  for (;;) {
    const path = `/api/v1/leases?sort=address&limit=${PAGE}&offset=${lines.length}`;
    const { leases, total } = (await client.get<LeasePage>(path)).value;
    for (const { address, state, mac, clientId, expiresAt } of leases) {
      lines.push(`${address} ${state} ${mac} ${clientId} ${expiresAt}`);
    }
    if (leases.length === 0 || lines.length >= total) return lines;
  }
}

async function isNormal(client: Client): Promise<boolean> {
  try {
    const { value } = await client.get<Status>("/api/v1/status");
    return "state" in value.partner && value.partner.state === "normal";
  } catch {
    // It is still starting.
    return false;
  }
}
