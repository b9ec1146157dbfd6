/** Two boxes of Tandem. */
import { join } from "node:path";
import { Client } from "../../daemon/cli/client.ts";
import type { LeasePage, Status } from "../../daemon/http/api-types.ts";
import type { Contender, Member, PairPlace, PairStart } from "./pair-contenders.ts";
import { BOXES, type Box, LAN_ADDRESS, otherBox, PAIR_ADDRESS } from "./pair-room.ts";
import { launchTandem, tandemMissing, tandemVersion } from "./servers.ts";
import { pairBoxConfig, pairConfig } from "./tandem-config.ts";

type Mode = "load-balancing" | "hot-standby";

/** Leases asked for at once. */
const PAGE = 1000;

const COMMON =
  "partner first: the ACK waits for the partner's disk as well, for 50 ms at most; " +
  "probe off and keepForKnownPercent 0";

export const TANDEM_PAIRS: readonly Contender[] = [
  tandem("tandem-pair", "load-balancing", null),
  tandem("tandem-hot-standby", "hot-standby", "tandem-pair"),
];

function tandem(name: string, mode: Mode, variantOf: string | null): Contender {
  return {
    name,
    note: `${mode}; ${COMMON}`,
    syncs: "both (fdatasync) before the ACK",
    startRate: 2000,
    variantOf,
    missing: tandemMissing,
    version: tandemVersion,
    start: (place) => startPair(place, mode),
  };
}

async function startPair(place: PairPlace, mode: Mode): Promise<PairStart> {
  const boxes = await Promise.all(BOXES.map((box) => startBox(place, mode, box)));
  const isInStep = async (): Promise<boolean> =>
    (await Promise.all(boxes.map(({ client }) => isNormal(client)))).every(Boolean);
  const restart = async (box: Box): Promise<Member> => {
    const started = await startBox(place, mode, box);
    boxes[BOXES.indexOf(box)] = started;
    return started.member;
  };
  return { members: boxes.map(({ member }) => member), isInStep, restart };
}

async function startBox(
  place: PairPlace,
  mode: Mode,
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
      address: PAIR_ADDRESS[box],
      partner: PAIR_ADDRESS[otherBox(box)],
    }),
    run: (command, options) => place.room.runOn(box, command, options),
  });
  const client = new Client(join(run, "tandem.sock"));
  const processes = started.map(({ name, child }) => ({ name: `${name} ${box}`, child }));
  const activeLeases = async (): Promise<number> =>
    (await client.get<LeasePage>("/api/v1/leases?state=active&limit=1")).value.total;
  const book = (): Promise<readonly string[]> => readBook(client);
  return { member: { box, processes, activeLeases, book }, client };
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
