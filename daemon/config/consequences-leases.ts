// What a change means for devices that have an address now: who has to take another one, and who gets none.

import { formatIpv4, formatSubnet, type Ipv4 } from "../base/address.ts";
import { packBytes } from "../base/bytes.ts";
import type { NetworkConfig, PoolConfig, ReservationConfig } from "../core/config-view.ts";
import { DenyList } from "../core/deny-list.ts";
import {
  fingerprintOf,
  isFor,
  type Kept,
  type LeaseFacts,
  poolOf,
  ReservationIndex,
  type Scene,
} from "./consequence-scene.ts";
import {
  type Consequence,
  count,
  device,
  lastEnd,
  nameOf,
  some,
  someOf,
} from "./consequence-words.ts";
import { type KnownDevice, membershipOf } from "./lease-match.ts";

/** What one network comes to. */
export type OfNetwork = (kept: Kept, scene: Scene) => readonly Consequence[];

export function networksGone({ gone, nowSeconds }: Scene): Consequence[] {
  return gone.map(({ before, leases }) => {
    const end = lastEnd(leases, nowSeconds);
    const until = end === undefined ? "" : ` They keep them until ${end} at the latest.`;
    const devices =
      leases.length === 0
        ? "no device has an address there now"
        : `${count(leases.length, "device")} with an address there will find no server that renews it (${some(leases)})`;
    return {
      id: "network-gone",
      severity: leases.length === 0 ? "warning" : "danger",
      path: `networks[${before.name}]`,
      sentence: `The network ${before.name} (${formatSubnet(before.subnet)}) goes away: ${devices}.${until}`,
    };
  });
}

/** Another subnet: whoever has an address there has to take another one. */
export const movedSubnet: OfNetwork = ({ before, after, leases }) => {
  if (formatSubnet(before.subnet) === formatSubnet(after.subnet)) return [];
  const subnets = `${formatSubnet(after.subnet)} instead of ${formatSubnet(before.subnet)}`;
  const isPlaced = placedIn(after);
  const outside = leases.filter(({ address }) => !isPlaced(address));
  const devices =
    outside.length === 0
      ? "Every device keeps its address."
      : `${count(outside.length, "device")} cannot keep the address that ${outside.length === 1 ? "it has" : "they have"}, and may be out of reach until ${outside.length === 1 ? "it asks" : "they ask"} again (${some(outside)}).`;
  return [
    {
      id: "subnet-changed",
      severity: outside.length === 0 ? "warning" : "danger",
      path: `networks[${after.name}].subnet`,
      sentence: `The network ${after.name} is ${subnets}. ${devices}`,
    },
  ];
};

/** Addresses that were theirs to renew, and are in no pool any more. */
export const outsidePools: OfNetwork = ({ before, after, leases, reserved }) => {
  if (!isSameSubnet(before, after) || isAlike(placesOf(before), placesOf(after))) return [];
  const wasPlaced = placedIn(before);
  const outside = leases.filter((lease) => {
    if (poolOf(after, lease.address)) return false;
    const one = reserved.at(lease.address);
    if (one && isFor(one, lease) !== false) return false;
    return wasPlaced(lease.address);
  });
  if (outside.length === 0) return [];
  const [fall, those] =
    outside.length === 1
      ? ["lease falls", "that device gets"]
      : ["leases fall", "those devices get"];
  return [
    {
      id: "leases-outside-pools",
      severity: "warning",
      path: `networks[${after.name}].pools`,
      sentence: `${outside.length} ${fall} outside the pools that ${after.name} has then: ${those} another address at the next renewal (${some(outside)}).`,
    },
  ];
};

/** Pools that are for others now. */
export const poolsForOthers: OfNetwork = ({ before, after, leases, reserved }, scene) => {
  if (!isSameSubnet(before, after)) return [];
  const changed = after.pools.filter(
    (pool) => isRestricted(pool) && isStricter(pool, before, scene),
  );
  if (changed.length === 0) return [];
  const refused = leases.filter((lease) => {
    const pool = poolOf(after, lease.address);
    if (!pool || !changed.includes(pool)) return false;
    if (reserved.of(lease)?.address === lease.address) return false;
    const isReserved = () => reserved.of(lease) !== undefined;
    return !mayHave(pool, { lease, isReserved, network: after.name }, scene);
  });
  if (refused.length === 0) return [];
  return [
    {
      id: "pool-for-others",
      severity: "warning",
      path: `networks[${after.name}].pools`,
      sentence: `${count(refused.length, "device")} of ${after.name} may not stay in ${refused.length === 1 ? "its pool, and gets" : "their pools, and get"} an address of another one, if there is any, at the next renewal (${some(refused)}).`,
    },
  ];
};

/** Fewer addresses than devices. Those that share a wire help each other out. */
export function roomOfSegments({ kept, after }: Scene): Consequence[] {
  const segments = Map.groupBy(kept, ({ after: network }) => network.segment);
  return [...segments].flatMap(([segment, networks]) => {
    const room = freeRoom(after.networks.filter((network) => network.segment === segment));
    const roomBefore = freeRoom(networks.map(({ before }) => before));
    const needed = networks.reduce((sum, one) => sum + withoutReservation(one), 0);
    if (room >= roomBefore || room >= needed) return [];
    return {
      id: "too-few-addresses",
      severity: "danger",
      path: `networks[${segment}].pools`,
      sentence: `The pools of ${segment} have room for ${count(room, "device")} then, and ${needed} have an address there now: ${needed - room} of them will be left without.`,
    };
  });
}

function freeRoom(networks: readonly NetworkConfig[]): number {
  let room = 0;
  for (const network of networks) {
    for (const { from, to } of network.pools) room += to - from + 1;
    room -= network.reservations.filter(({ address }) => poolOf(network, address)).length;
  }
  return room;
}

function withoutReservation({ after, leases, reserved }: Kept): number {
  if (after.reservations.length === 0) return leases.length;
  return leases.filter((lease) => !reserved.of(lease)).length;
}

/** An address that is promised to one device while another one has it. */
export const reservedForOthers: OfNetwork = ({ before, after, leases }, { nowSeconds }) => {
  const known = new Set(before.reservations.map(placeOf));
  const fresh = after.reservations.filter((one) => !known.has(placeOf(one)));
  if (fresh.length === 0) return [];
  const wanted = new Set(fresh.map(({ address }) => address));
  const holders = new Map<Ipv4, LeaseFacts>();
  for (const lease of leases) if (wanted.has(lease.address)) holders.set(lease.address, lease);
  return fresh.flatMap((one) => {
    const holder = holders.get(one.address);
    if (!holder || isFor(one, holder) !== false) return [];
    const end = lastEnd([holder], nowSeconds);
    const who = nameOf(holder) === "" ? "another device" : nameOf(holder);
    const whose =
      one.name === "" ? "is reserved for another device" : `is reserved for ${one.name}`;
    const until = end === undefined ? "has it now" : `has it now, until ${end} at the latest`;
    return {
      id: "reserved-address-in-use",
      severity: "warning",
      path: `networks[${after.name}].reservations[${formatIpv4(one.address)}]`,
      sentence: `The address ${formatIpv4(one.address)} ${whose}, but ${who} ${until}: that device gets another address at its next renewal, and the reservation counts from then on.`,
    };
  });
};

/** A device with a new reservation moves to it. */
export const reservedElsewhere: OfNetwork = ({ before, after, leases }) => {
  const known = new Set(before.reservations.map(placeOf));
  const fresh = after.reservations.filter((one) => !known.has(placeOf(one)));
  if (fresh.length === 0 || !isSameSubnet(before, after)) return [];
  const index = new ReservationIndex(fresh);
  const moving = leases.flatMap((lease) => {
    const one = index.of(lease);
    return one && one.address !== lease.address ? [{ lease, to: one.address }] : [];
  });
  if (moving.length === 0) return [];
  const shown = someOf(moving.map(({ lease, to }) => `${device(lease)} to ${formatIpv4(to)}`));
  return [
    {
      id: "devices-move-to-reservations",
      severity: "info",
      path: `networks[${after.name}].reservations`,
      sentence: `${count(moving.length, "device")} of ${after.name} ${moving.length === 1 ? "moves" : "move"} to the reserved address at the next renewal (${shown}).`,
    },
  ];
};

export const denied: OfNetwork = ({ before, after, leases }) => {
  if (isAlike(before.deny, after.deny)) return [];
  const [earlier, later] = [new DenyList(before.deny), new DenyList(after.deny)];
  const refused = leases.filter(
    ({ chaddr }) => later.has(chaddr, chaddr.length) && !earlier.has(chaddr, chaddr.length),
  );
  return refusedDevices(after, refused, `networks[${after.name}].deny`, "for the hardware address");
};

export const deniedByClass: OfNetwork = (kept, scene) => {
  const { after: network, leases } = kept;
  const isAnyDenied = scene.after.classes.some(({ isDenied }) => isDenied);
  if (!isAnyDenied || isAlike(scene.before.classes, scene.after.classes)) return [];
  const before = new ReservationIndex(kept.before.reservations);
  const refused = leases.filter((lease) => {
    const isDeniedNow = isDenied(scene.after.classes, lease, kept.reserved, network);
    return isDeniedNow && !isDenied(scene.before.classes, lease, before, kept.before);
  });
  return refusedDevices(network, refused, "classes", "for a class");
};

function isDenied(
  classes: Scene["after"]["classes"],
  lease: LeaseFacts,
  reserved: ReservationIndex,
  network: NetworkConfig,
): boolean {
  const isReserved = () => reserved.of(lease) !== undefined;
  const members = membershipOf(classes, { lease, isReserved, network: network.name });
  return classes.some((one, index) => one.isDenied && members[index] === true);
}

function refusedDevices(
  { name }: NetworkConfig,
  refused: readonly LeaseFacts[],
  path: string,
  how: string,
): Consequence[] {
  if (refused.length === 0) return [];
  const [have, lose] = refused.length === 1 ? ["has", "loses it"] : ["have", "lose them"];
  return [
    {
      id: "known-devices-refused",
      severity: "danger",
      path,
      sentence: `${count(refused.length, "device")} of ${name} that ${have} an address now will be refused ${how}, and ${lose} when the lease ends (${some(refused)}).`,
    },
  ];
}

function isRestricted({ allow, deny, isKnownOnly }: PoolConfig): boolean {
  return isKnownOnly || allow.length > 0 || deny.length > 0;
}

/** It says otherwise who may be in it than what had these addresses before. */
function isStricter(pool: PoolConfig, before: NetworkConfig, scene: Scene): boolean {
  const rules = (one: PoolConfig, { classes }: Scene["before"]) => [
    one.isKnownOnly,
    ...[one.allow, one.deny].map((list) => list.map((index) => classes[index])),
  ];
  const wanted = fingerprintOf(rules(pool, scene.after));
  const earlier = before.pools.filter(({ from, to }) => from <= pool.to && pool.from <= to);
  return earlier.some((one) => fingerprintOf(rules(one, scene.before)) !== wanted);
}

/** Unless the lease says for certain that it may not. */
function mayHave(pool: PoolConfig, known: KnownDevice, { after }: Scene): boolean {
  if (pool.isKnownOnly && !known.isReserved()) return false;
  const members = membershipOf(after.classes, known);
  if (pool.deny.some((index) => members[index] === true)) return false;
  return pool.allow.length === 0 || pool.allow.some((index) => members[index] !== false);
}

/** Whether an address is in a pool, or reserved. */
function placedIn(network: NetworkConfig): (address: Ipv4) => boolean {
  const reserved = new Set(network.reservations.map(({ address }) => address));
  return (address) => poolOf(network, address) !== undefined || reserved.has(address);
}

function isSameSubnet(before: NetworkConfig, after: NetworkConfig): boolean {
  return formatSubnet(before.subnet) === formatSubnet(after.subnet);
}

function placesOf({ pools, reservations }: NetworkConfig) {
  return [pools.map(({ from, to }) => [from, to]), reservations.map(placeOf)];
}

/** Who has which address, and nothing of what else it is given. */
function placeOf({ key, address }: ReservationConfig): string {
  switch (key.kind) {
    case "client":
      return `${address} client ${packBytes(key.client)}`;
    case "hostname":
      return `${address} hostname ${key.hostname}`;
    default:
      return `${address} ${key.kind} ${packBytes(key.bytes)}`;
  }
}

function isAlike(before: unknown, after: unknown): boolean {
  return fingerprintOf(before) === fingerprintOf(after);
}
