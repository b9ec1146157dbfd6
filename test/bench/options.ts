/** Command line of the bench. */
import { parseArgs } from "node:util";

export interface BenchOptions {
  /** Names from the table of servers, in the order to measure them. */
  readonly servers: readonly string[];
  /** Length of a confirming run, seconds. */
  readonly seconds: number;
  /** Length of a search run, seconds. */
  readonly searchSeconds: number;
  /** Where the search stops: 0.05 is 5 % between the passing and the failing rate. */
  readonly resolution: number;
  /** How many confirming runs at most. */
  readonly confirmations: number;
  /** Only this rate, no search. */
  readonly rate: number | null;
  /** Rates at which every server that can is also measured, for latency and CPU. */
  readonly paced: readonly number[];
  /** Distinct clients of a run. */
  readonly clients: number;
  /** Clients whose leases are held when resident memory is read; 0 leaves that out. */
  readonly memoryLeases: number;
  readonly json: string;
  readonly profile: boolean;
  /** Folder for lease stores, null for one inside dist/. */
  readonly store: string | null;
  readonly allowTmpfs: boolean;
  /** Pairs of servers instead of single ones. */
  readonly pair: boolean;
  /** Kill one of each pair; alone, nothing else is measured of them. */
  readonly takeover: boolean;
  readonly help: boolean;
}

/** A mistake on the command line; the message says which. */
export class UsageError extends Error {}

export const USAGE = `npm run bench -- [options]

Measures how many complete DHCP exchanges (DISCOVER, OFFER, REQUEST, ACK) per second each server
answers with less than 1 % loss, with what latency, CPU time and memory.

  --servers A,B    which servers, of: SERVERS
                   with --pair or --takeover: of: PAIRS
  --quick          shorter and coarser: a first look, not a result
  --seconds N      length of a confirming run (10)
  --rate N         no search: measure at this rate only
  --paced A,B      also measure at these rates (200,2000; pairs: 200); "none" leaves that out
  --clients N      distinct clients of a run (50000)
  --profile        tandem runs with --cpu-prof; the profile is kept beside the JSON file
  --store DIR      folder for the lease stores (a folder in dist/); must be on a real disk
  --allow-tmpfs    measure even if that folder is in memory
  --json FILE      where the results go (dist/bench.json)
  --pair           two servers that share the work: rates, first leases, both databases
  --takeover       kill one of each pair under load (with --pair: also that)
  --help           this text
`;

/** Addresses the bench's pool holds; more clients than that cannot all have one. */
export const POOL_SIZE = 65_274;

/** Addresses of the pool that warming up and reservations take. */
const POOL_SPARE = 4000;

/** Leases with which resident memory is stated. */
const MEMORY_LEASES = 10_000;

/** `single` and `pairs` are the names that may be asked for, without and with --pair or --takeover. */
export function parseOptions(
  args: readonly string[],
  single: readonly string[],
  pairs: readonly string[] = [],
): BenchOptions {
  const { values } = parse(args);
  const quick = values.quick === true;
  const takeover = values.takeover === true;
  const pair = values.pair === true;
  const known = pair || takeover ? pairs : single;
  const servers = values.servers?.split(",").filter((name) => name !== "") ?? known;
  for (const name of servers) {
    if (!known.includes(name)) {
      throw new UsageError(`There is no server "${name}"; known are ${known.join(", ")}.`);
    }
  }
  const clients = whole("clients", values.clients ?? "50000");
  if (clients > POOL_SIZE - POOL_SPARE) {
    throw new UsageError(`--clients must be at most ${POOL_SIZE - POOL_SPARE}: the pool is a /16.`);
  }
  const rate = values.rate === undefined ? null : whole("rate", values.rate);
  const usualPaced = pair ? "200" : "200,2000";
  const paced = values.paced ?? ((quick && !pair) || rate !== null ? "none" : usualPaced);
  return {
    servers,
    seconds: whole("seconds", values.seconds ?? (quick ? "4" : "10")),
    searchSeconds: quick ? 2 : 3,
    confirmations: quick ? 4 : 8,
    resolution: quick ? 0.12 : 0.04,
    rate,
    paced: paced === "none" ? [] : paced.split(",").map((text) => whole("paced", text)),
    clients,
    memoryLeases: quick || rate !== null ? 0 : MEMORY_LEASES,
    json: values.json ?? (pair || takeover ? "dist/bench-pair.json" : "dist/bench.json"),
    profile: values.profile === true,
    store: values.store ?? null,
    allowTmpfs: values["allow-tmpfs"] === true,
    ...{ pair, takeover, help: values.help === true },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        servers: { type: "string" },
        quick: { type: "boolean" },
        seconds: { type: "string" },
        rate: { type: "string" },
        paced: { type: "string" },
        clients: { type: "string" },
        profile: { type: "boolean" },
        store: { type: "string" },
        "allow-tmpfs": { type: "boolean" },
        json: { type: "string" },
        pair: { type: "boolean" },
        takeover: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function whole(option: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new UsageError(`--${option} needs a whole number from 1, not "${text}".`);
  }
  return Number(text);
}
