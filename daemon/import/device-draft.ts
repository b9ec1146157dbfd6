// The draft of a configuration while it is put together from the files of a device. Everything that `loadConfig` would
// refuse is mended or left out here, with a note at the statement that it comes from.

import { contains, formatIpv4, formatSubnet, type Ipv4, type Subnet } from "../base/address.ts";
import { hostProblem } from "../config/hosts.ts";
import { type CustomOptionRow, customOptionProblem, SHAPES } from "../config/options.ts";
import { LIMITS } from "../limits.ts";
import { decodeOption, MALFORMED } from "../wire/dhcp4-options.ts";
import { row } from "../wire/option-row.ts";
import {
  classOf,
  type DraftClass,
  type DraftLevel,
  type DraftNetwork,
  type DraftPool,
  type DraftReservation,
  freeName,
  keyText,
  levelOf,
  type Network,
  type Pool,
  poolOf,
  portOf,
  type Reservation,
  type Said,
} from "./device-parts.ts";
import {
  type AddressRange,
  formatRange,
  hostRange,
  isSameRange,
  overlap,
  withoutHoles,
} from "./device-ranges.ts";
import { timesFit } from "./device-times.ts";
import type { Imported, ImportedLease } from "./imported.ts";
import type { Notes } from "./notes.ts";

const REASON_CHARACTERS_MAX = 1000;

export class DeviceDraft {
  readonly notes: Notes;
  readonly networks: DraftNetwork[] = [];
  readonly level: DraftLevel = { options: {} };
  /** By their addresses. */
  readonly leases = new Map<string, ImportedLease>();
  readonly #deny = new Set<string>();
  readonly #classes: DraftClass[] = [];
  readonly #custom = new Map<number, CustomOptionRow & { isUsed: boolean }>();
  readonly #classNames = new Set<string>();
  /** Addresses and devices, for each wire by the name of its first network. */
  readonly #reserved = new Map<string, Map<string, Said>>();
  readonly #renewals: [DraftLevel, Said][] = [];
  #addresses = 0;

  constructor(notes: Notes) {
    this.notes = notes;
  }

  /** Undefined, with a note, when it overlaps another one or there are too many. */
  addNetwork(name: string, subnet: Subnet, said: Said): DraftNetwork | undefined {
    const clash = this.networks.find(
      (one) => contains(one.subnet, subnet.address) || contains(subnet, one.subnet.address),
    );
    if (clash) {
      const reason = `${formatSubnet(subnet)} overlaps the network "${clash.name}", which was taken over before.`;
      this.leftOut(said, reason);
      return undefined;
    }
    if (this.networks.length >= LIMITS.networksMax) {
      this.leftOut(said, `There may be ${LIMITS.networksMax} networks at most.`);
      return undefined;
    }
    const taken = new Set(this.networks.map((one) => one.name));
    const network: DraftNetwork = {
      name: freeName(name, "network", taken),
      subnet,
      said,
      options: {},
      own: undefined,
      interfaceName: undefined,
      gateway: undefined,
      dns: undefined,
      domain: undefined,
      settings: {},
      pools: [],
      excluded: [],
      reservations: [],
    };
    if (network.name !== name && name !== "") {
      this.changed(said, `The network is called "${network.name}" here.`);
    }
    this.networks.push(network);
    return network;
  }

  networkOf(address: Ipv4): DraftNetwork | undefined {
    return this.networks.find(({ subnet }) => contains(subnet, address));
  }

  /** Puts it into the network that its address is of; a note when there is none. */
  reserve(entry: DraftReservation): void {
    const network = this.networkOf(entry.address);
    if (network) network.reservations.push(entry);
    else {
      const reason = `${formatIpv4(entry.address)} is in none of the networks that were taken over.`;
      this.leftOut(entry.said, reason);
    }
  }

  /**
   * An option that the files have a name for, and the table has not; it becomes one of the configuration's own when
   * it is set. `type` as `customOptions` has it.
   */
  defineOption(code: number, name: string, type: string): void {
    const plain = freeName(name.toLowerCase(), `private-${code}`, new Set()).replaceAll("_", "-");
    const known = /^[a-z]/.test(plain) ? plain : `private-${plain}`;
    const isFree = Array.from(this.#custom.values()).every((one) => one.name !== known);
    if (customOptionProblem(code, known) !== undefined || code < 1 || code > 254 || !isFree) return;
    if (!this.#custom.has(code)) this.#custom.set(code, { code, name: known, type, isUsed: false });
  }

  /** Undefined when the files define no such option. */
  customName(code: number): string | undefined {
    return this.#custom.get(code)?.name;
  }

  /** Name and value of an option; undefined when it has no definition, or is not what that says. */
  customOption(code: number, content: Uint8Array): { name: string; value: unknown } | undefined {
    const custom = this.#custom.get(code);
    const codec = custom && SHAPES[custom.type];
    if (!custom || !codec) return undefined;
    const value = decodeOption(row(code, custom.name, codec, "", "network"), content);
    if (value === MALFORMED) return undefined;
    custom.isUsed = true;
    return { name: custom.name, value: codec.format(value) };
  }

  /** A MAC or its first bytes, lower case with colons. */
  deny(mac: string, said: Said): void {
    if (this.#deny.size < LIMITS.deniedMax) this.#deny.add(mac);
    else this.leftOut(said, `There may be ${LIMITS.deniedMax} denied devices at most.`);
  }

  /** Undefined, with a note, when there are too many. Those of a higher rank come first, and win. */
  addClass(
    name: string,
    match: DraftClass["match"],
    rank: number,
    said: Said,
  ): DraftClass | undefined {
    if (this.#classes.length >= LIMITS.classesMax) {
      this.leftOut(said, `There may be ${LIMITS.classesMax} classes at most.`);
      return undefined;
    }
    const free = freeName(name, "class", this.#classNames);
    this.#classNames.add(free);
    const one: DraftClass = { name: free, match, rank, isDenied: false, options: {} };
    this.#classes.push(one);
    return one;
  }

  leftOut({ place, text }: Said, reason: string): void {
    this.notes.leftOut(place, text, plainReason(reason));
  }

  changed({ place, text }: Said, reason: string): void {
    this.notes.changed(place, text, plainReason(reason));
  }

  unreadable({ place, text }: Said, reason: string): void {
    this.notes.unreadable(place, text, plainReason(reason));
  }

  /** When clients renew; kept only if it fits all leases. Seconds. */
  renewal(
    level: DraftLevel,
    setting: "renewSeconds" | "rebindSeconds",
    seconds: number,
    said: Said,
  ): void {
    level[setting] = seconds;
    this.#renewals.push([level, said]);
  }

  done(): Imported {
    if (!timesFit(this.level, this.networks, this.#classes)) this.#withoutRenewals();
    const networks = this.networks.map((network) => this.#network(network));
    const { level } = this;
    const classes = this.#classes.toSorted((a, b) => b.rank - a.rank).map(classOf);
    const deny = Array.from(this.#deny);
    const customOptions = Array.from(this.#custom.values())
      .filter(({ isUsed }) => isUsed)
      .map(({ code, name, type }) => ({ code, name, type }));
    return {
      shared: {
        version: 1,
        ...levelOf(level),
        ...(customOptions.length > 0 ? { customOptions } : {}),
        ...(deny.length > 0 ? { deny } : {}),
        ...(classes.length > 0 ? { classes } : {}),
        networks,
      },
      ports: Object.fromEntries(this.networks.map((one) => [one.name, portOf(one)])),
      leases: Array.from(this.leases.values()),
      notes: this.notes.done(),
    };
  }

  #withoutRenewals(): void {
    for (const [level, said] of this.#renewals) {
      delete level.renewSeconds;
      delete level.rebindSeconds;
      this.leftOut(said, "When clients renew is left out: it does not fit the length of leases.");
    }
  }

  #network(network: DraftNetwork): Network {
    const { name, subnet, gateway, dns, domain } = network;
    this.#checkGateway(network);
    const pools = this.#pools(network);
    const reservations = this.#reservations(network);
    return {
      name,
      subnet: formatSubnet(subnet),
      ...network.settings,
      ...(network.gateway === undefined || gateway === undefined
        ? {}
        : { gateway: formatIpv4(gateway) }),
      ...(dns && dns.length > 0 ? { dns: dns.map(formatIpv4) } : {}),
      ...(domain === undefined ? {} : { domain }),
      ...levelOf(network),
      pools,
      ...(reservations.length > 0 ? { reservations } : {}),
    };
  }

  /** A router outside of the subnet cannot be the address that the pair has. */
  #checkGateway(network: DraftNetwork): void {
    const { gateway, subnet } = network;
    if (gateway === undefined) return;
    const problem = hostProblem(gateway, subnet, formatSubnet(subnet));
    if (problem === undefined) return;
    network.gateway = undefined;
    network.options.router ??= [formatIpv4(gateway)];
    this.changed(network.said, `The router is told to clients as an option only: ${problem}.`);
  }

  #pools(network: DraftNetwork): Pool[] {
    const pools: Pool[] = [];
    const taken: AddressRange[] = [];
    for (const pool of network.pools) {
      const pieces = withoutHoles(pool.range, network.excluded).flatMap((piece) =>
        this.#freeParts(piece, network, pool, taken),
      );
      if (pieces.length === 0) {
        this.leftOut(pool.said, "Nothing is left of this range to give to clients.");
      }
      for (const piece of pieces) {
        const size = piece.to - piece.from + 1;
        if (pools.length >= LIMITS.poolsPerNetworkMax) {
          const reason = `${formatRange(piece)} is left out: a network may have ${LIMITS.poolsPerNetworkMax} pools at most.`;
          this.leftOut(pool.said, reason);
        } else if (this.#addresses + size > LIMITS.poolAddressesMax) {
          const reason = `${formatRange(piece)} is left out: all pools together may hold ${LIMITS.poolAddressesMax} addresses at most.`;
          this.leftOut(pool.said, reason);
        } else {
          this.#addresses += size;
          taken.push(piece);
          pools.push(poolOf(pool, piece));
        }
      }
    }
    return pools;
  }

  /** Without addresses outside of the subnet, those of routers, and those of earlier pools. */
  #freeParts(
    piece: AddressRange,
    { subnet, gateway, own }: DraftNetwork,
    { said }: DraftPool,
    taken: readonly AddressRange[],
  ): AddressRange[] {
    const inside = overlap(piece, hostRange(subnet));
    if (!inside || !isSameRange(inside, piece)) {
      const reason = `Of ${formatRange(piece)} only what hosts of ${formatSubnet(subnet)} may have is used.`;
      this.changed(said, reason);
    }
    if (!inside) return [];
    const routers = new Set([gateway, own].filter((address) => address !== undefined));
    const holes = Array.from(routers, (at) => ({ from: at, to: at }));
    for (const { from } of holes.filter((hole) => overlap(hole, inside))) {
      this.changed(said, `${formatIpv4(from)}, the router itself, is taken out of this range.`);
    }
    if (taken.some((other) => overlap(other, inside))) {
      this.changed(said, "What an earlier range has already is taken out of this one.");
    }
    return withoutHoles(inside, [...holes, ...taken]);
  }

  #reservations(network: DraftNetwork): Reservation[] {
    const kept: Reservation[] = [];
    const segment = network.settings.sharedWith ?? network.name;
    const seen = this.#reserved.get(segment) ?? new Map<string, Said>();
    this.#reserved.set(segment, seen);
    for (const entry of network.reservations) {
      const problem = this.#reservationProblem(entry, network, seen);
      if (problem !== undefined) this.leftOut(entry.said, problem);
      else if (kept.length >= LIMITS.reservationsMax) {
        const reason = `A network may have ${LIMITS.reservationsMax} reservations at most.`;
        this.leftOut(entry.said, reason);
      } else {
        const name = entry.name === undefined ? {} : { name: entry.name };
        const address = formatIpv4(entry.address);
        kept.push({ ...entry.key, address, ...name, ...levelOf(entry) });
        seen.set(address, entry.said);
        seen.set(keyText(entry), entry.said);
      }
    }
    return kept;
  }

  #reservationProblem(
    entry: DraftReservation,
    { subnet, gateway, own }: DraftNetwork,
    seen: ReadonlyMap<string, Said>,
  ): string | undefined {
    const text = formatIpv4(entry.address);
    const problem = hostProblem(entry.address, subnet, formatSubnet(subnet));
    if (problem !== undefined) return `The address cannot be reserved: ${problem}.`;
    if (entry.address === gateway || entry.address === own) return `${text} is the router itself.`;
    const sameAddress = seen.get(text);
    if (sameAddress) return `${text} is reserved already in line ${sameAddress.place.line}.`;
    const sameDevice = seen.get(keyText(entry));
    return sameDevice && `The device has a reservation already in line ${sameDevice.place.line}.`;
  }
}

/** Words of hostile files may be quoted in it: without what a terminal would obey, and no longer than a note is read. */
function plainReason(reason: string): string {
  const start = reason.slice(0, REASON_CHARACTERS_MAX);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
  return start.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").toWellFormed();
}
