// The box as objects on the bus: paths, and the values of their properties.

import type { GatewayLanStatus } from "../http/api-types.ts";
import { APPLIANCE, type InterfaceTable, NETWORK } from "./dbus-interfaces.ts";

export interface ApplianceView {
  readonly role: string;
  readonly state: string;
  readonly why: string;
  /** Since when role and state are as they are; ISO 8601. */
  readonly since: string;
  readonly name: string;
  readonly version: string;
  readonly conditions: readonly {
    readonly id: string;
    readonly subject: string;
    readonly severity: string;
    readonly sentence: string;
  }[];
  /** `role` is "" when nothing moves between the boxes, and `since` with it. */
  readonly gateway: { readonly role: string; readonly why: string; readonly since: string };
  readonly health: {
    /** 0 to 100. */
    readonly score: number;
    readonly checks: readonly {
      readonly id: string;
      readonly subject: string;
      readonly isGood: boolean;
      readonly weight: number;
      readonly detail: string;
    }[];
  };
  readonly partner: { readonly state: string; readonly why: string };
  readonly isInMaintenance: boolean;
  readonly isSafeToSwitchOff: boolean;
  readonly isDrillUnderWay: boolean;
  /** The sentence of the last drill, "" without one. */
  readonly lastDrill: string;
  readonly networks: readonly NetworkView[];
}

export interface NetworkView {
  readonly name: string;
  readonly interface: string;
  readonly serving: boolean;
  readonly why: string;
  /** "" when none of its addresses move. */
  readonly gatewayRole: GatewayLanStatus["role"] | "";
  readonly gatewayAddresses: readonly string[];
  /** Active ones. */
  readonly leases: number;
}

/** An object: one interface of ours and the values of its properties. The standard ones go without saying. */
export interface BusObject {
  readonly table: InterfaceTable;
  readonly values: Readonly<Record<string, unknown>>;
}

export type BusObjects = ReadonlyMap<string, BusObject>;

export const ROOT = "/org/tandem/Appliance1";

export function objectsOf(view: ApplianceView): BusObjects {
  const objects = new Map<string, BusObject>([[ROOT, { table: APPLIANCE, values: boxOf(view) }]]);
  for (const network of view.networks) {
    const { name, serving, gatewayRole, gatewayAddresses, leases } = network;
    objects.set(networkPath(name), {
      table: NETWORK,
      values: {
        Name: clean(name),
        Interface: clean(network.interface),
        Serving: serving,
        Why: clean(network.why),
        GatewayRole: gatewayRole,
        GatewayAddresses: gatewayAddresses.map(clean),
        Leases: unsigned(leases),
      },
    });
  }
  return objects;
}

function boxOf(view: ApplianceView): BusObject["values"] {
  const { gateway, health, partner } = view;
  return {
    Name: clean(view.name),
    Version: clean(view.version),
    Role: clean(view.role),
    State: clean(view.state),
    Why: clean(view.why),
    Since: clean(view.since),
    Conditions: view.conditions.map(({ id, subject, severity, sentence }) =>
      [id, subject, severity, sentence].map(clean),
    ),
    GatewayRole: clean(gateway.role),
    GatewayWhy: clean(gateway.why),
    GatewaySince: clean(gateway.since),
    Health: unsigned(health.score),
    HealthChecks: health.checks.map(({ id, subject, isGood, weight, detail }) => [
      clean(id),
      clean(subject),
      isGood,
      unsigned(weight),
      clean(detail),
    ]),
    PartnerState: clean(partner.state),
    PartnerWhy: clean(partner.why),
    InMaintenance: view.isInMaintenance,
    SafeToSwitchOff: view.isSafeToSwitchOff,
    DrillUnderWay: view.isDrillUnderWay,
    LastDrill: clean(view.lastDrill),
  };
}

/** Any name as one path element: other bytes than letters and digits become _xx, as systemd writes them. */
export function networkPath(name: string): string {
  const label = Array.from(new TextEncoder().encode(name), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9]/.test(character) ? character : `_${byte.toString(16).padStart(2, "0")}`;
  }).join("");
  return `${ROOT}/network/${label === "" ? "_" : label}`;
}

/** D-Bus strings are valid UTF-8 without NUL; a bus ends the connection of who sends others. */
export function clean(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

/** As signature "u" takes it: what comes from the partner, or from a file, may be anything. */
export function unsigned(value: number): number {
  return Math.min(Math.max(0, Math.round(value) || 0), 0xffff_ffff);
}
