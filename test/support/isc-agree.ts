// Whether two servers of a pair know the same of every address, whichever programs they are.

import type { ServerState } from "../../daemon/wire/failover/numbers.ts";
import { eventually, type Side } from "./isc-room.ts";

/** What one server knows of one address. */
export interface Known {
  /** "free", "backup", "active", …; an address without a record is "free". */
  readonly state: string;
  readonly mac: string;
  /** Option 61 in hex, "" for none. */
  readonly clientId: string;
  /** Seconds since 1970. */
  readonly ends: number;
}

/** A server of a pair as tests see it: dhcpd or our own. */
export interface PairServer {
  readonly side: Side;
  /** Resolves when it can be asked for its state. */
  start(): Promise<void>;
  /** The same without a partner: it serves everybody. */
  startAlone(): Promise<void>;
  /** Asks it to end. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Its disk is new: no lease, no memory of the pair. It must not run. */
  loseLeases(): void;
  /** Ends it and takes away what it left outside of the room. */
  remove(): Promise<void>;
  /** An operator says that the partner is down. */
  partnerDown(): Promise<void>;
  known(): Promise<ReadonlyMap<string, Known>>;
  /** Its failover state, in the words of the draft with hyphens. */
  state(): Promise<string>;
  /** Its last words, for a test that fails. */
  tail(): string;
}

/** The end of a lease is told in whole seconds, taken at two moments. */
const SECONDS_APART_MAX = 1;

/** One sentence for each address of the pool that the two do not see alike; none when they agree. */
export async function differences(
  one: PairServer,
  other: PairServer,
  addresses: readonly string[],
): Promise<string[]> {
  const [ones, others] = await Promise.all([one.known(), other.known()]);
  return addresses.flatMap((address) => {
    const [here, there] = [ones.get(address) ?? NEVER_USED, others.get(address) ?? NEVER_USED];
    if (isAlike(here, there)) return [];
    return [`${address}: ${one.side} has ${show(here)}, ${other.side} has ${show(there)}`];
  });
}

/** Waits until both know the same of every address. */
export async function untilAgreed(
  one: PairServer,
  other: PairServer,
  addresses: readonly string[],
  milliseconds = 15_000,
): Promise<void> {
  let last: string[] = [];
  const agreed = async () => {
    last = await differences(one, other, addresses);
    return last.length === 0;
  };
  await eventually("agreement on every address", agreed, milliseconds, () =>
    [...last, one.tail(), other.tail()].join("\n"),
  );
}

/** Waits until each of them is in that state. */
export async function untilState(
  servers: readonly PairServer[],
  state: ServerState,
  milliseconds = 30_000,
): Promise<void> {
  let last: string[] = [];
  const reached = async () => {
    last = await Promise.all(servers.map((server) => server.state()));
    return last.every((one) => one === state);
  };
  const saying = () => [last.join(" and "), ...servers.map((server) => server.tail())].join("\n");
  const who = servers.map((server) => server.side).join(" and ");
  await eventually(`${state} at ${who}`, reached, milliseconds, saying);
}

/** How many addresses of the pool are in each state. */
export async function counts(
  server: PairServer,
  addresses: readonly string[],
): Promise<Record<string, number>> {
  const known = await server.known();
  const found: Record<string, number> = {};
  for (const address of addresses) {
    const { state } = known.get(address) ?? NEVER_USED;
    found[state] = (found[state] ?? 0) + 1;
  }
  return found;
}

const NEVER_USED: Known = { state: "free", mac: "", clientId: "", ends: 0 };

/**
 * The client and the end count while there is a lease. Behind it, each server keeps of the client what it
 * wants (draft-ietf-dhc-failover-12 §7.1.1 leaves it open), and the end of an abandonment is its own.
 */
function isAlike(here: Known, there: Known): boolean {
  if (here.state !== there.state) return false;
  if (here.state !== "active") return true;
  const isSameClient = here.mac === there.mac && here.clientId === there.clientId;
  return isSameClient && Math.abs(here.ends - there.ends) <= SECONDS_APART_MAX;
}

function show({ state, mac, clientId, ends }: Known): string {
  return state === "active" ? `active ${mac} ${clientId} until ${ends}` : state;
}
