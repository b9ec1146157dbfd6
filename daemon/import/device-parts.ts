// The parts of a draft, and how each is written into a configuration.

import { formatIpv4, type Ipv4, type Subnet } from "../base/address.ts";
import type { AddressRange } from "./device-ranges.ts";
import type { Imported, ImportedPort } from "./imported.ts";
import type { Place } from "./notes.ts";

type Shared = Imported["shared"];
export type Network = Shared["networks"][number];
export type Pool = Network["pools"][number];
export type Reservation = NonNullable<Network["reservations"]>[number];
type Match = NonNullable<Shared["classes"]>[number]["match"];

/** A statement: where it stands, and its words. */
export interface Said {
  readonly place: Place;
  readonly text: string;
}

/** What any level may be given while it is drafted. */
export interface DraftLevel {
  options: Record<string, unknown>;
  leaseSeconds?: number | "infinite";
  renewSeconds?: number;
  rebindSeconds?: number;
  boot?: { server?: string; serverName?: string; file?: string };
}

export interface DraftClass extends DraftLevel {
  readonly name: string;
  readonly match: Match;
  readonly rank: number;
  isDenied: boolean;
}

export interface DraftPool extends DraftLevel {
  range: AddressRange;
  allow: string[];
  deny: string[];
  knownOnly: boolean;
  readonly said: Said;
}

export interface DraftReservation extends DraftLevel {
  /** Exactly one is set. MACs in lower case with colons. */
  key: { readonly mac?: string; readonly clientId?: string; readonly hostname?: string };
  address: Ipv4;
  name: string | undefined;
  readonly said: Said;
}

export interface DraftNetwork extends DraftLevel {
  readonly name: string;
  readonly subnet: Subnet;
  readonly said: Said;
  /** Address of the device itself. */
  own: Ipv4 | undefined;
  interfaceName: string | undefined;
  gateway: Ipv4 | undefined;
  dns: readonly Ipv4[] | undefined;
  domain: string | undefined;
  settings: Partial<
    Pick<Network, "authoritative" | "probe" | "rapidCommit" | "ignoreClientId" | "sharedWith">
  >;
  readonly pools: DraftPool[];
  readonly excluded: AddressRange[];
  readonly reservations: DraftReservation[];
}

/** Letters, digits, - and _ of a text, 32 at most, unlike those that are taken. */
export function freeName(text: string, otherwise: string, taken: ReadonlySet<string>): string {
  const plain = text
    .slice(0, 200)
    .replace(/[^a-zA-Z0-9_-]+/g, "-")
    .replace(/^[-_]+|-+$/g, "")
    .slice(0, 32);
  const base = plain === "" ? otherwise : plain;
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base.slice(0, 27)}-${n}`;
  return name;
}

/** The same text for entries that one device could be meant by. */
export function keyText({ key }: DraftReservation): string {
  if (key.mac !== undefined) return key.mac;
  if (key.hostname !== undefined) return `name ${key.hostname.toLowerCase()}`;
  // Option 61 with a hardware address in it is the same device.
  const digits = /^01([0-9a-f]{12})$/.exec(key.clientId ?? "")?.[1];
  return digits === undefined ? `id ${key.clientId}` : (digits.match(/../g) ?? []).join(":");
}

/** Only what is set. */
export function levelOf({ options, boot, ...times }: DraftLevel): Partial<DraftLevel> {
  const { leaseSeconds, renewSeconds, rebindSeconds } = times;
  return {
    ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
    ...(renewSeconds === undefined ? {} : { renewSeconds }),
    ...(rebindSeconds === undefined ? {} : { rebindSeconds }),
    ...(boot && Object.keys(boot).length > 0 ? { boot } : {}),
    ...(Object.keys(options).length > 0 ? { options } : {}),
  };
}

export function classOf(one: DraftClass): NonNullable<Shared["classes"]>[number] {
  const { name, match, isDenied } = one;
  return { name, match, ...(isDenied ? { deny: true } : {}), ...levelOf(one) };
}

export function poolOf(pool: DraftPool, { from, to }: AddressRange): Pool {
  return {
    from: formatIpv4(from),
    to: formatIpv4(to),
    ...(pool.allow.length > 0 ? { allow: pool.allow } : {}),
    ...(pool.deny.length > 0 ? { deny: pool.deny } : {}),
    ...(pool.knownOnly ? { knownOnly: true } : {}),
    ...levelOf(pool),
  };
}

export function portOf({ interfaceName, own, subnet }: DraftNetwork): ImportedPort {
  const isName = interfaceName !== undefined && /^[\w.@:+-]{1,15}$/.test(interfaceName);
  return {
    ...(isName ? { interface: interfaceName } : {}),
    ...(own === undefined ? {} : { address: `${formatIpv4(own)}/${subnet.prefix}` }),
  };
}
