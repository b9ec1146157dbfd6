// Subnets, pools and shared networks of Kea.

import {
  broadcastOf,
  contains,
  formatIpv4,
  formatSubnet,
  type Ipv4,
  ipv4,
  parseIpv4,
  parseSubnet,
  type Subnet,
} from "../base/address.ts";
import type { ImportedPort } from "./imported.ts";
import type { Draft } from "./isc-draft.ts";
import { KNOWN, type NetworkPlan, type PoolPlan } from "./isc-plans.ts";
import { noSettings, type Settings, type Source, within } from "./isc-settings.ts";
import { type HostRead, readHost } from "./kea-hosts.ts";
import type { JsonEntry, JsonValue } from "./kea-json.ts";
import { entriesByKey, readKeys, textOf, textsOf } from "./kea-keys.ts";
import { type LevelTools, levelReaders, readDefs } from "./kea-levels.ts";

/** Names of classes in the file to those here. */
type ClassesHere = (names: readonly string[]) => string[] | undefined;

/** What holds for all subnets of a shared network. */
interface Around {
  readonly name: string | undefined;
  readonly settings: Settings;
  readonly interfaceName: string | undefined;
  readonly relays: readonly (Source & { readonly address: string })[];
  readonly classes: readonly string[];
}

interface SubnetRead extends Source {
  readonly subnet: Subnet;
  readonly around: Around;
  readonly own: Around;
  readonly pools: readonly PoolPlan[];
}

export class KeaNetworks {
  readonly #draft: Draft;
  readonly #tools: LevelTools;
  readonly #classesHere: ClassesHere;
  readonly #subnets: SubnetRead[] = [];
  #interfaces: readonly string[] = [];

  constructor(draft: Draft, tools: LevelTools, classesHere: ClassesHere) {
    this.#draft = draft;
    this.#tools = tools;
    this.#classesHere = classesHere;
  }

  /** "eth0", or "eth0/192.0.2.1". */
  setInterfaces(interfaces: readonly string[]): void {
    this.#interfaces = interfaces;
  }

  /** The reservations of all subnets, and definitions of options that stand there. */
  hostsIn(keys: ReadonlyMap<string, JsonEntry>): (HostRead | undefined)[] {
    const shared = keys.get("shared-networks")?.items ?? [];
    const subnets = [
      ...shared.flatMap((one) => entriesByKey(one).get("subnet4")?.items ?? []),
      ...(keys.get("subnet4")?.items ?? []),
    ];
    return [...shared, ...subnets].flatMap((one) =>
      (entriesByKey(one).get("reservations")?.items ?? []).map((host) =>
        readHost(host, this.#tools),
      ),
    );
  }

  readShared(list: readonly JsonValue[]): void {
    for (const one of list) {
      const name = textOf(entriesByKey(one).get("name"));
      let subnets: readonly JsonValue[] = [];
      const around = this.#around(one, name, {
        name: () => undefined,
        subnet4: (inner) => {
          subnets = inner.items ?? [];
        },
      });
      for (const subnet of subnets) this.#readSubnet(subnet, around);
    }
  }

  readSubnets(list: readonly JsonValue[]): void {
    for (const one of list) this.#readSubnet(one, NOTHING_AROUND);
  }

  /** Writes down what was read: now all subnets are known. */
  finish(): void {
    const { notes } = this.#tools;
    const speakers = new Map<Around, NetworkPlan>();
    const relays = new Set<string>();
    const wires = new Set(
      this.#subnets.map((one) => (one.around.name === undefined ? one : one.around)),
    );
    for (const read of this.#subnets) {
      const { around, own, subnet, place, text } = read;
      const speaker = speakers.get(around);
      const wanted = around.name ?? `net-${formatIpv4(subnet.address).replaceAll(".", "-")}`;
      const name = this.#draft.nameFor(wanted);
      const port = this.#portOf(read, wires.size === 1);
      const plan: NetworkPlan = {
        name,
        subnet,
        sharedWith: speaker?.name,
        settings: within(own.settings, around.settings),
        pools: [...read.pools],
        relays: this.#relaysOf(read, relays),
        isRelayed: speaker?.isRelayed ?? (port === undefined && this.#isRelayed(read)),
        port: speaker ? undefined : port,
        place,
        text,
      };
      if (!this.#draft.addNetwork(plan) || around.name === undefined || speaker) continue;
      speakers.set(around, plan);
      if (name !== around.name) notes.changed(place, text, `Its network is called "${name}" here.`);
    }
    this.#noteAuthority();
  }

  #readSubnet(one: JsonValue, around: Around): void {
    const { notes } = this.#tools;
    const keys = entriesByKey(one);
    const written = textOf(keys.get("subnet")) ?? "";
    const subnet = parseSubnet(written.includes("/") ? written : `${written}/32`);
    const source = { place: one.place, text: `subnet ${written}` };
    if (!subnet) {
      notes.unreadable(one.place, source.text, "It is not a network, so all of it was left out.");
      return;
    }
    let pools: readonly JsonValue[] = [];
    const own = this.#around(one, undefined, {
      subnet: () => undefined,
      pools: (list) => {
        pools = list.items ?? [];
      },
    });
    const classes = own.classes.length > 0 ? own.classes : around.classes;
    const read = pools.flatMap((pool) => this.#poolOf(pool, subnet, classes) ?? []);
    this.#subnets.push({ ...source, subnet, around, own, pools: read });
  }

  #around(
    one: JsonValue,
    name: string | undefined,
    readers: Readonly<Record<string, (entry: JsonEntry) => void>>,
  ): Around {
    const settings = noSettings();
    const relays: Around["relays"][number][] = [];
    let interfaceName: string | undefined;
    let classes: string[] = [];
    const takeClasses = (entry: JsonEntry) => {
      classes = textsOf(entry).filter((text) => text !== "" && text !== "ALL");
    };
    readDefs(entriesByKey(one).get("option-def"), this.#tools);
    readKeys(
      one,
      {
        ...levelReaders(settings, this.#tools),
        reservations: () => undefined,
        interface: (entry) => {
          interfaceName = textOf(entry) || undefined;
        },
        relay: (entry) => {
          const keys = entriesByKey(entry);
          const { place, text } = entry;
          const all = [...textsOf(keys.get("ip-addresses")), ...textsOf(keys.get("ip-address"))];
          for (const address of all) {
            const parsed = parseIpv4(address);
            if (parsed !== undefined && parsed !== 0) relays.push({ address, place, text });
          }
        },
        "client-class": takeClasses,
        "client-classes": takeClasses,
        ...readers,
      },
      this.#tools.notes,
    );
    return { name, settings, interfaceName, relays, classes };
  }

  #poolOf(one: JsonValue, subnet: Subnet, around: readonly string[]): PoolPlan | undefined {
    const { notes } = this.#tools;
    const written = textOf(entriesByKey(one).get("pool")) ?? "";
    const source = { place: one.place, text: `pool ${written}` };
    const { settings, classes } = this.#around(one, undefined, { pool: () => undefined });
    const range = rangeOf(written, subnet);
    if (!range) {
      notes.unreadable(one.place, source.text, "It is not a range of addresses.");
      return undefined;
    }
    const allow = this.#allowed(classes, around, source);
    return allow && { ...source, ...range, allow, deny: [], settings };
  }

  /** A client has to be in a class of the pool and in one of the subnet. */
  #allowed(
    own: readonly string[],
    around: readonly string[],
    source: Source,
  ): string[] | undefined {
    const { notes } = this.#tools;
    const [ofPool, ofSubnet] = [this.#classesHere(own), this.#classesHere(around)];
    if (!ofPool || !ofSubnet) {
      const reason = "A class that it is for could not be taken over, so neither was the pool.";
      notes.leftOut(source.place, source.text, reason);
      return undefined;
    }
    if (ofPool.length === 0 || ofSubnet.length === 0) return [...ofPool, ...ofSubnet];
    const asMatch = (names: readonly string[]) => ({
      any: names.map((name) =>
        name === KNOWN || name === "UNKNOWN" ? { known: name === KNOWN } : { class: name },
      ),
    });
    const name = this.#draft.nameFor(`pool-${source.place.line}`);
    const match = { all: [asMatch(ofPool), asMatch(ofSubnet)] };
    this.#draft.addClass({ ...source, name, match, isDenied: false, settings: noSettings() });
    notes.changed(
      source.place,
      source.text,
      `Who is in the classes of the pool and of the subnet became the class "${name}".`,
    );
    return [name];
  }

  #portOf({ own, around, subnet }: SubnetRead, isOnly: boolean): ImportedPort | undefined {
    const named = own.interfaceName ?? around.interfaceName;
    const listed = this.#interfaces.map((text) => text.split("/"));
    const at = listed.find(([, address]) => isIn(address, subnet));
    const only = isOnly && listed.length === 1 ? listed[0]?.[0] : undefined;
    const hasRelay = own.relays.length + around.relays.length > 0;
    const name = named ?? at?.[0] ?? (hasRelay ? undefined : only);
    if (name === undefined || name === "*") return undefined;
    const address = listed.find(([other, text]) => other === name && isIn(text, subnet))?.[1];
    return {
      interface: name,
      ...(address !== undefined && { address: `${address}/${subnet.prefix}` }),
    };
  }

  #isRelayed({ own, around }: SubnetRead): boolean {
    return own.relays.length + around.relays.length > 0;
  }

  #relaysOf({ own, around, subnet }: SubnetRead, seen: Set<string>): string[] {
    const relays = [...own.relays, ...around.relays];
    return relays.flatMap(({ address, place, text }) => {
      const isShared = around.relays.some((one) => one.address === address);
      const other = this.#subnets.find(
        (one) => contains(one.subnet, ipv4(address)) && one.subnet !== subnet,
      );
      // A relay in the subnet stands for it anyway.
      if (isIn(address, subnet) || (seen.has(address) && isShared)) return [];
      if (seen.has(address) || other) {
        const where = other ? formatSubnet(other.subnet) : "another network";
        const reason = `A relay stands for one network here, and ${address} already does for ${where}.`;
        this.#tools.notes.leftOut(place, text, reason);
        return [];
      }
      seen.add(address);
      return [address];
    });
  }

  #noteAuthority(): void {
    const { networks, settings: file } = this.#draft;
    const [first] = networks;
    const isSaid = networks.every(({ settings }) =>
      within(settings, file).flags.has("authoritative"),
    );
    if (!first || isSaid) return;
    const reason =
      "Not all networks say whether they are authoritative; Kea is not then, while here requests for unknown addresses are refused.";
    this.#tools.notes.changed({ file: first.place.file, line: 0 }, "", reason);
  }
}

const NOTHING_AROUND: Around = {
  name: undefined,
  settings: noSettings(),
  interfaceName: undefined,
  relays: [],
  classes: [],
};

function isIn(address: string | undefined, subnet: Subnet): boolean {
  const parsed = parseIpv4(address ?? "");
  return parsed !== undefined && contains(subnet, parsed);
}

/** "192.0.2.10 - 192.0.2.20", or a prefix, of which the network's own and the broadcast address are left out. */
function rangeOf(text: string, subnet: Subnet): { from: Ipv4; to: Ipv4 } | undefined {
  const whole = parseSubnet(text.trim());
  if (whole) {
    const isEdge = whole.prefix < 31;
    const last = broadcastOf(whole);
    const from = isEdge && whole.address === subnet.address ? whole.address + 1 : whole.address;
    const to = isEdge && last === broadcastOf(subnet) ? last - 1 : last;
    return { from: from as Ipv4, to: to as Ipv4 };
  }
  const [first = "", last = "", more] = text.split("-");
  const from = parseIpv4(first.trim());
  const to = parseIpv4(last.trim());
  return from === undefined || to === undefined || more !== undefined ? undefined : { from, to };
}
