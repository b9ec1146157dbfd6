// What consequences are worked out from: two configurations as the core would have them, and who has which address.

import { contains, type Ipv4 } from "../base/address.ts";
import { equalBytes, hex, packBytes } from "../base/bytes.ts";
import { CLIENT_ID_IDENTITY, HARDWARE_IDENTITY } from "../core/client-identity.ts";
import type {
  ClassConfig,
  NetworkConfig,
  PoolConfig,
  ReservationConfig,
} from "../core/config-view.ts";
import type { BindingState } from "../core/lease.ts";
import type { Board } from "./board.ts";
import { buildClasses } from "./classes.ts";
import { buildNetworks } from "./networks.ts";
import { OptionNames } from "./options.ts";
import type { BoxConfig, SharedConfig } from "./schema.ts";

/** What is asked of a lease; every `Lease` of the core is one. */
export interface LeaseFacts {
  readonly address: Ipv4;
  /** Name of its network when it was written. */
  readonly network: string;
  /** As `Lease.client`: 1 and option 61, or 0, the type of hardware and the hardware address. */
  readonly client: Uint8Array;
  /** Hardware address as seen last, empty when it is not known. */
  readonly chaddr: Uint8Array;
  /** As the client says it, "" for none. */
  readonly hostname: string;
  /** Option 60 as text, "" for none. */
  readonly vendorClass: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** FOREVER_SECONDS for one that never ends. */
  readonly leaseSeconds: number;
  readonly state: BindingState;
}

/** Both files, each valid, and together as well. */
export interface Files {
  readonly shared: SharedConfig;
  readonly box: BoxConfig;
}

export interface Side extends Files {
  /** Of all networks, also of those that this box has no port on. */
  readonly networks: readonly NetworkConfig[];
  readonly classes: readonly ClassConfig[];
  readonly names: ReadonlyMap<string, NetworkConfig>;
}

/** A network that is in both, by its name, or by its subnet if it has another name now. */
export interface Kept {
  readonly before: NetworkConfig;
  readonly after: NetworkConfig;
  /** Leases in force on addresses of the subnet that it had. */
  readonly leases: readonly LeaseFacts[];
  /** The reservations that it has then. */
  readonly reserved: ReservationIndex;
}

export type Gone = Pick<Kept, "before" | "leases">;

export interface Scene {
  readonly before: Side;
  readonly after: Side;
  readonly board: Board;
  readonly nowSeconds: number;
  readonly kept: readonly Kept[];
  readonly gone: readonly Gone[];
  readonly added: readonly NetworkConfig[];
}

export function sceneOf(
  before: Files,
  after: Files,
  board: Board,
  leases: Iterable<LeaseFacts>,
  nowSeconds: number,
): Scene {
  const [one, other] = [sideOf(before), sideOf(after)];
  const inForce = leasesByNetwork(one.networks, leases);
  const kept: Kept[] = [];
  const gone: Gone[] = [];
  for (const network of one.networks) {
    const found = counterpart(network, one, other);
    const own = inForce.get(network) ?? [];
    if (found) kept.push(keptOf(network, found, own));
    else gone.push({ before: network, leases: own });
  }
  const added = other.networks.filter((network) => !kept.some(({ after }) => after === network));
  return { before: one, after: other, board, nowSeconds, kept, gone, added };
}

function keptOf(before: NetworkConfig, after: NetworkConfig, leases: readonly LeaseFacts[]): Kept {
  return { before, after, leases, reserved: new ReservationIndex(after.reservations) };
}

/** Of the same name; a name that came instead of this one has the same subnet. */
function counterpart(network: NetworkConfig, before: Side, after: Side): NetworkConfig | undefined {
  return (
    after.names.get(network.name) ??
    after.networks.find(
      ({ name, subnet }) =>
        !before.names.has(name) &&
        subnet.address === network.subnet.address &&
        subnet.prefix === network.subnet.prefix,
    )
  );
}

function sideOf(files: Files): Side {
  const { shared } = files;
  const optionNames = new OptionNames(shared.customOptions);
  const networks = buildNetworks(shared, boxOnAll(files), optionNames);
  const classes = buildClasses(shared, optionNames);
  const names = new Map(networks.map((network) => [network.name, network]));
  return { ...files, networks, classes, names };
}

/** As if this box had a port on every network: what the partner alone serves has consequences as well. */
function boxOnAll({ shared, box }: Files): BoxConfig {
  const nowhere = { interface: "none", address: "0.0.0.0/0" };
  const ports = shared.networks.flatMap(({ name, relayed }) =>
    relayed ? [] : [[name, box.networks[name] ?? nowhere] as const],
  );
  return { ...box, networks: Object.fromEntries(ports) };
}

function leasesByNetwork(
  networks: readonly NetworkConfig[],
  leases: Iterable<LeaseFacts>,
): ReadonlyMap<NetworkConfig, LeaseFacts[]> {
  const found = new Map<NetworkConfig, LeaseFacts[]>();
  let last: NetworkConfig | undefined;
  for (const lease of leases) {
    if (lease.state !== "active") continue;
    const { address } = lease;
    // Leases of one network mostly come in a row.
    if (!last || !contains(last.subnet, address)) {
      last = networks.find(({ subnet }) => contains(subnet, address));
    }
    if (!last) continue;
    const list = found.get(last);
    if (list) list.push(lease);
    else found.set(last, [lease]);
  }
  return found;
}

export function poolOf(network: NetworkConfig, address: Ipv4): PoolConfig | undefined {
  return network.pools.find(({ from, to }) => from <= address && address <= to);
}

/** Whether a reservation is this device's; undefined where only its relay could tell. */
export function isFor({ key }: ReservationConfig, lease: LeaseFacts): boolean | undefined {
  if (key.kind === "hostname") return lease.hostname === key.hostname;
  if (key.kind !== "client") return undefined;
  const { client } = key;
  if (equalBytes(client, lease.client)) return true;
  return isMac(client) && macNumber(client, 2) === macNumber(lease.chaddr, 0);
}

const MAC_BYTES = 6;
const ETHERNET = 1;

/** An identity that is made of a hardware address, by whichever of the two ways. */
function isMac(client: Uint8Array): boolean {
  return (
    client.length === 2 + MAC_BYTES &&
    (client[0] === HARDWARE_IDENTITY || client[0] === CLIENT_ID_IDENTITY) &&
    client[1] === ETHERNET
  );
}

/** Thousands are looked up; -1 for what is no such address. */
function macNumber(bytes: Uint8Array, start: number): number {
  if (bytes.length !== start + MAC_BYTES) return -1;
  let number = 0;
  for (let at = start; at < bytes.length; at++) number = number * 256 + (bytes[at] as number);
  return number;
}

/** Finds the reservation of a device among up to thousands; one by a relay's words is never found. */
export class ReservationIndex {
  readonly #byMac = new Map<number, ReservationConfig>();
  readonly #byClient = new Map<string, ReservationConfig>();
  readonly #byHostname = new Map<string, ReservationConfig>();
  readonly #byAddress = new Map<Ipv4, ReservationConfig>();

  constructor(reservations: readonly ReservationConfig[]) {
    for (const one of reservations) {
      const { key, address } = one;
      this.#byAddress.set(address, one);
      if (key.kind === "hostname") this.#byHostname.set(key.hostname, one);
      if (key.kind !== "client") continue;
      if (isMac(key.client)) this.#byMac.set(macNumber(key.client, 2), one);
      else this.#byClient.set(packBytes(key.client), one);
    }
  }

  at(address: Ipv4): ReservationConfig | undefined {
    return this.#byAddress.get(address);
  }

  of(lease: LeaseFacts): ReservationConfig | undefined {
    return (
      (this.#byMac.size > 0 ? this.#byMac.get(macNumber(lease.chaddr, 0)) : undefined) ??
      (this.#byClient.size > 0 ? this.#byClient.get(packBytes(lease.client)) : undefined) ??
      (this.#byHostname.size > 0 ? this.#byHostname.get(lease.hostname) : undefined)
    );
  }
}

/** The same text exactly for two that say the same, whatever bytes and numbers are in them. */
export function fingerprintOf(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (one instanceof Uint8Array ? hex(one) : one));
}
