// A draft of our configuration as the importers of dhcpd and Kea put it together: networks, classes and devices are
// gathered in any order, and written down when all are known.

import {
  contains,
  formatSubnet,
  type Ipv4,
  ipv4,
  parseIpv4,
  type Subnet,
} from "../base/address.ts";
import { DEFAULT_TIMES, UNKNOWN_TIMES } from "../config/levels.ts";
import { type CustomOptionRow, OptionNames } from "../config/options.ts";
import { LIMITS } from "../limits.ts";
import type { Imported, ImportedLease } from "./imported.ts";
import { Hosts } from "./isc-hosts.ts";
import { levelOf, noteFlags } from "./isc-levels.ts";
import { liftRouters, networkSettings } from "./isc-network.ts";
import {
  type ClassDraft,
  type ClassPlan,
  KNOWN,
  type NetworkDraft,
  type NetworkPlan,
  UNKNOWN,
} from "./isc-plans.ts";
import { PoolBudget, poolsOf } from "./isc-pools.ts";
import { noSettings, type Settings, type Source, within } from "./isc-settings.ts";
import type { Notes, Place } from "./notes.ts";

export class Draft {
  readonly notes: Notes;
  /** Those of the whole file. */
  readonly settings = noSettings();
  readonly customOptions: CustomOptionRow[] = [];
  readonly networks: NetworkPlan[] = [];
  readonly hosts = new Hosts();
  readonly #classes: ClassPlan[] = [];
  readonly #deny = new Map<string, Source>();
  /** How often each name was wanted: nobody counts from 1 for the thousandth one. */
  readonly #counts = new Map<string, number>();
  readonly #names = new Set<string>([KNOWN.toLowerCase(), UNKNOWN.toLowerCase()]);

  readonly #inheritsMax: boolean;

  /** `inheritsMax`: see LevelKind. */
  constructor(notes: Notes, inheritsMax: boolean) {
    this.notes = notes;
    this.#inheritsMax = inheritsMax;
  }

  /** A name that our configuration takes and that is not in use yet: that of the file if possible. */
  nameFor(wanted: string): string {
    const cleaned = wanted.replace(/[^a-z0-9_-]+/gi, "-").replace(/^[-_]+|[-_]+$/g, "");
    const base = (cleaned || "unnamed").slice(0, NAME_CHARACTERS_MAX);
    for (let count = (this.#counts.get(base.toLowerCase()) ?? 0) + 1; ; count++) {
      const suffix = count === 1 ? "" : `-${count}`;
      const name = `${base.slice(0, NAME_CHARACTERS_MAX - suffix.length)}${suffix}`;
      if (this.#names.has(name.toLowerCase())) continue;
      this.#names.add(name.toLowerCase());
      this.#counts.set(base.toLowerCase(), count);
      return name;
    }
  }

  addNetwork(plan: NetworkPlan): boolean {
    const { place, text, subnet } = plan;
    if (this.networks.length >= LIMITS.networksMax) {
      const reason = `A box serves ${LIMITS.networksMax} networks at most.`;
      this.notes.leftOut(place, text, reason);
      return false;
    }
    const other = this.networks.find(
      (one) => contains(one.subnet, subnet.address) || contains(subnet, one.subnet.address),
    );
    if (other) {
      const reason = `It overlaps ${formatSubnet(other.subnet)}, which stands in line ${other.place.line}.`;
      this.notes.leftOut(place, text, reason);
      return false;
    }
    this.networks.push(plan);
    return true;
  }

  networkOf(address: Ipv4): NetworkPlan | undefined {
    return this.networks.find(({ subnet }) => contains(subnet, address));
  }

  get classes(): readonly ClassPlan[] {
    return this.#classes;
  }

  addClass(plan: ClassPlan): void {
    this.#classes.push(plan);
  }

  /** A device that gets no answer at all. */
  deny(mac: string, source: Source): void {
    this.#deny.set(mac, source);
  }

  /** `leasesFrom`: what a note about the leases as a whole is about. */
  done(leases: readonly ImportedLease[], leasesFrom: Place): Imported {
    const { notes } = this;
    const inheritsMax = this.#inheritsMax;
    const names = new OptionNames(this.customOptions);
    const isGatewayEverywhere = liftRouters(this.settings, this.networks);
    const file = levelOf(this.settings, { outer: DEFAULT_TIMES, names, notes, inheritsMax });
    if (isGatewayEverywhere && file.level.options) delete file.level.options.router;
    const planned = this.hosts.place(this);
    for (const { settings } of this.#narrower()) noteFlags(settings, notes);
    const budget = new PoolBudget(notes);
    const networks = this.networks.map((plan): NetworkDraft => {
      const { level, times, rest } = networkSettings(plan, {
        outer: file.times,
        names,
        notes,
        inheritsMax,
        fileFlags: this.settings,
      });
      const pools = poolsOf(plan, budget, planned, within(plan.settings, this.settings));
      return {
        name: plan.name,
        subnet: formatSubnet(plan.subnet),
        ...(plan.isRelayed && { relayed: true }),
        ...(plan.relays.length > 0 && { relays: [...plan.relays] }),
        ...(plan.sharedWith !== undefined && { sharedWith: plan.sharedWith }),
        ...rest,
        ...level,
        pools: pools.map(({ settings, ...pool }) => ({
          ...pool,
          ...levelOf(settings, { outer: times, names, notes, inheritsMax }).level,
        })),
        ...planned.reservationsOf(
          plan,
          rest.gateway,
          (settings) => levelOf(settings, { outer: times, names, notes, inheritsMax }).level,
        ),
      };
    });
    const classes = this.#classesOf(planned.classes, names);
    const { options, ...others } = file.level;
    return {
      shared: {
        version: 1,
        ...(options && Object.keys(options).length > 0 && { options }),
        ...others,
        ...(this.customOptions.length > 0 && { customOptions: [...this.customOptions] }),
        ...(this.#deny.size > 0 && { deny: [...this.#deny.keys()] }),
        ...(classes.length > 0 && { classes }),
        networks,
      },
      ports: Object.fromEntries(
        this.networks.flatMap(({ name, port }) => (port ? [[name, port]] : [])),
      ),
      leases: this.#leasesHere(leases, leasesFrom),
      notes: notes.done(),
    };
  }

  /** Pools, classes and devices as they were read. */
  #narrower(): readonly { readonly settings: Settings }[] {
    return [...this.networks.flatMap(({ pools }) => pools), ...this.#classes, ...this.hosts.all];
  }

  #classesOf(first: readonly ClassPlan[], names: OptionNames): ClassDraft[] {
    const { notes } = this;
    const all = [...first, ...this.#classes];
    for (const { place, text } of all.slice(LIMITS.classesMax)) {
      notes.leftOut(place, text, `There are ${LIMITS.classesMax} classes at most.`);
    }
    return all.slice(0, LIMITS.classesMax).map(({ name, match, isDenied, settings }) => ({
      name,
      match,
      ...(isDenied && { deny: true }),
      ...levelOf(settings, { outer: UNKNOWN_TIMES, names, notes, inheritsMax: false }).level,
    }));
  }

  /** A lease outside all networks is of no use; without any network nobody can tell. */
  #leasesHere(leases: readonly ImportedLease[], from: Place): ImportedLease[] {
    if (this.networks.length === 0) return [...leases];
    const here = leases.filter(({ address }) => this.networkOf(ipv4(address)) !== undefined);
    const strangers = leases.length - here.length;
    if (strangers > 0) {
      const reason = `${strangers === 1 ? "One lease is" : `${strangers} leases are`} of no network that was taken over.`;
      this.notes.leftOut(from, "", reason);
    }
    return here;
  }
}

const NAME_CHARACTERS_MAX = 32;

/** The subnet of an address and a mask; undefined when the mask is none. */
export function subnetOf(addressText: string, maskText: string): Subnet | undefined {
  const address = parseIpv4(addressText);
  const mask = parseIpv4(maskText);
  if (address === undefined || mask === undefined) return undefined;
  const prefix = mask === 0 ? 0 : 32 - Math.log2(2 ** 32 - mask);
  if (!Number.isInteger(prefix)) return undefined;
  return { address: ((address & mask) >>> 0) as Ipv4, prefix, mask };
}
