// Devices that the other server knows: each becomes a reservation of the network that has its address. One without an
// address has no reservation here; what is set for it is kept as a class of its own.

import { formatSubnet, type Ipv4, ipv4, parseIpv4 } from "../base/address.ts";
import { hostProblem } from "../config/hosts.ts";
import { comparableKey } from "../config/reservations.ts";
import type { SharedReservation } from "../config/schema.ts";
import { LIMITS } from "../limits.ts";
import type { Plain } from "../wire/option-codecs.ts";
import type { Draft } from "./isc-draft.ts";
import type { LevelDraft } from "./isc-levels.ts";
import { anyOf } from "./isc-match.ts";
import { isDomain } from "./isc-network.ts";
import {
  type ClassPlan,
  KNOWN,
  type NetworkDraft,
  type NetworkPlan,
  UNKNOWN,
} from "./isc-plans.ts";
import { hasSettings, noSettings, type Settings, type Source } from "./isc-settings.ts";

/** What a device is recognised by. */
export type HostKey = Pick<SharedReservation, "mac" | "clientId" | "circuitId" | "remoteId">;

export interface HostPlan extends Source {
  /** "": it has none. */
  readonly name: string;
  /** Exactly one of them. */
  readonly key: HostKey;
  readonly addresses: readonly { readonly address: Ipv4 | undefined; readonly text: string }[];
  readonly settings: Settings;
}

export interface PlacedHosts {
  readonly classes: readonly ClassPlan[];
  /** Whether there are devices that are declared and have no address. */
  readonly hasHomeless: boolean;
  /** The class that stands for KNOWN or UNKNOWN; any other name as it is. */
  className(name: string): string;
  reservationsOf(
    network: NetworkPlan,
    gateway: string | undefined,
    levelOf: (settings: Settings) => LevelDraft,
  ): Pick<NetworkDraft, "reservations">;
}

export class Hosts {
  readonly #plans: HostPlan[] = [];

  get all(): readonly HostPlan[] {
    return this.#plans;
  }

  add(plan: HostPlan): void {
    this.#plans.push(plan);
  }

  place(draft: Draft): PlacedHosts {
    const { notes } = draft;
    const homes = new Map<NetworkPlan, (HostPlan & { readonly at: Ipv4 })[]>();
    const homeless: HostPlan[] = [];
    const classes: ClassPlan[] = [];
    for (const plan of this.#plans) {
      const { place, text } = plan;
      if (plan.addresses.length === 0) {
        homeless.push(plan);
        const own = classOf(plan, draft);
        if (own) classes.push(own);
        continue;
      }
      for (const { address, text: written } of plan.addresses) {
        const network = address === undefined ? undefined : draft.networkOf(address);
        if (address === undefined) {
          const reason = `"${written}" is the name of a host; names are not looked up here, so write its address.`;
          notes.leftOut(place, text, reason);
        } else if (!network) {
          notes.leftOut(place, text, `No network here has the address ${written}.`);
        } else {
          const there = homes.get(network) ?? [];
          there.push({ ...plan, at: address });
          homes.set(network, there);
        }
      }
    }
    return new Placed(draft, homes, homeless, classes);
  }
}

class Placed implements PlacedHosts {
  readonly hasHomeless: boolean;
  readonly #draft: Draft;
  readonly #homes: ReadonlyMap<NetworkPlan, readonly (HostPlan & { readonly at: Ipv4 })[]>;
  readonly #homeless: readonly HostPlan[];
  readonly #own: readonly ClassPlan[];
  readonly #special = new Map<string, ClassPlan>();
  /** Devices seen, by the wire they are on: one on a wire has one reservation there. */
  readonly #seen = new Map<string, Set<string>>();

  constructor(
    draft: Draft,
    homes: ReadonlyMap<NetworkPlan, readonly (HostPlan & { readonly at: Ipv4 })[]>,
    homeless: readonly HostPlan[],
    own: readonly ClassPlan[],
  ) {
    this.#draft = draft;
    this.#homes = homes;
    this.#homeless = homeless;
    this.#own = own;
    this.hasHomeless = homeless.length > 0;
  }

  get classes(): readonly ClassPlan[] {
    return [...this.#special.values(), ...this.#own];
  }

  className(name: string): string {
    if (name !== KNOWN && name !== UNKNOWN) return name;
    const made = this.#special.get(name);
    if (made) return made.name;
    const isKnown = name === KNOWN;
    const others = this.#homeless.map(({ key }) => matchOf(key));
    const known = others.length === 0 ? { known: true } : { any: [{ known: true }, anyOf(others)] };
    const plan: ClassPlan = {
      name: this.#draft.nameFor(isKnown ? "known-devices" : "unknown-devices"),
      match: isKnown ? known : { not: known },
      isDenied: false,
      settings: noSettings(),
      place: { file: "", line: 0 },
      text: "",
    };
    this.#special.set(name, plan);
    return plan.name;
  }

  reservationsOf(
    network: NetworkPlan,
    gateway: string | undefined,
    levelOf: (settings: Settings) => LevelDraft,
  ): Pick<NetworkDraft, "reservations"> {
    const { notes } = this.#draft;
    const wire = network.sharedWith ?? network.name;
    const devices = this.#seen.get(wire) ?? new Set<string>();
    this.#seen.set(wire, devices);
    const addresses = new Set<Ipv4>();
    const reservations: NonNullable<NetworkDraft["reservations"]> = [];
    for (const { key, at, name, text, place, settings } of this.#homes.get(network) ?? []) {
      const address = formatted(at);
      const device = comparableKey({ ...key, address, options: {} });
      const problem =
        hostProblem(at, network.subnet, formatSubnet(network.subnet)) ??
        (address === gateway ? `${address} is the gateway of the network` : undefined) ??
        (network.relays.includes(address) ? `${address} is a relay` : undefined) ??
        (addresses.has(at) ? `${address} is already reserved for another device` : undefined) ??
        (devices.has(device) ? "the device already has a reservation here" : undefined) ??
        (reservations.length >= LIMITS.reservationsMax
          ? `a network has ${LIMITS.reservationsMax} reservations at most`
          : undefined);
      if (problem !== undefined) {
        notes.leftOut(place, text, `${address} cannot be its reservation: ${problem}.`);
        continue;
      }
      addresses.add(at);
      devices.add(device);
      const label = isDomain(name) ? { name } : {};
      if (name !== "" && !isDomain(name)) {
        notes.changed(
          place,
          text,
          "Its name has characters that names cannot have here, and was left out.",
        );
      }
      reservations.push({ ...key, address, ...label, ...levelOf(settings) });
    }
    return reservations.length > 0 ? { reservations } : {};
  }
}

/** The conditions that a device itself fulfils. */
export function matchOf({ mac, clientId, circuitId, remoteId }: HostKey): Plain {
  if (mac !== undefined) return { mac };
  if (clientId !== undefined) return { clientId };
  return circuitId === undefined ? { remoteId: remoteId ?? "*" } : { circuitId };
}

function classOf(plan: HostPlan, draft: Draft): ClassPlan | undefined {
  const { place, text, settings, name, key } = plan;
  if (!hasSettings(settings)) {
    const reason =
      "A reservation needs an address here; where only known devices are let in, it is one of them.";
    draft.notes.leftOut(place, text, reason);
    return undefined;
  }
  const reason =
    "A reservation needs an address here: what is set for this device is kept as a class of its own.";
  draft.notes.changed(place, text, reason);
  const className = draft.nameFor(name === "" ? `device-${place.line}` : name);
  return { name: className, match: matchOf(key), isDenied: false, settings, place, text };
}

function formatted(address: Ipv4): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

/** An address text of a device; undefined as the address when it is a name. */
export function hostAddress(text: string): HostPlan["addresses"][number] {
  const address = parseIpv4(text);
  return { address: address === undefined ? undefined : ipv4(text), text };
}
