// What listeners on the bus must be told when something is otherwise: the signals, in order.

import type { LeaseChange } from "../http/box-view.ts";
import { APPLIANCE, OBJECT_MANAGER, PROPERTIES } from "./dbus-interfaces.ts";
import { type BusObject, type BusObjects, clean, ROOT, unsigned } from "./dbus-view.ts";

export interface Signal {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly body: unknown[];
}

/** From one set of objects to the other. */
export function changes(before: BusObjects, after: BusObjects): Signal[] {
  const signals: Signal[] = [];
  for (const [path, { table }] of before) {
    if (after.has(path)) continue;
    signals.push(
      signal(ROOT, OBJECT_MANAGER.name, "InterfacesRemoved", "oas", [path, [table.name]]),
    );
  }
  for (const [path, object] of after) {
    const old = before.get(path);
    if (old === undefined) {
      const interfaces = [[object.table.name, propertyList(object)]];
      signals.push(
        signal(ROOT, OBJECT_MANAGER.name, "InterfacesAdded", "oa{sa{sv}}", [path, interfaces]),
      );
      continue;
    }
    const changed = propertyList(object).filter(
      ([name]) => !isSame(old.values[name], object.values[name]),
    );
    if (changed.length === 0) continue;
    const body = [object.table.name, changed, []];
    signals.push(signal(path, PROPERTIES.name, "PropertiesChanged", "sa{sv}as", body));
  }
  return [
    ...signals,
    ...namedChange(before, after, "Role", "Why"),
    ...namedChange(before, after, "State", "Why"),
    ...namedChange(before, after, "GatewayRole", "GatewayWhy"),
  ];
}

/**
 * The new objects, but the old ones where nothing but figures has changed: a time in milliseconds is another one
 * with every look, and whoever listens shall not be woken by each.
 */
export function withOldFigures(before: BusObjects, after: BusObjects): BusObjects {
  return new Map(
    Array.from(after, ([path, object]): [string, BusObject] => {
      const old = before.get(path);
      return [path, old && isSameButFigures(old, object) ? old : object];
    }),
  );
}

function isSameButFigures(old: BusObject, object: BusObject): boolean {
  return object.table.properties.every(([name, , pace]) => {
    const [before, after] = [old.values[name], object.values[name]];
    if (isSame(before, after)) return true;
    return pace === "figures" && withoutFigures(before) === withoutFigures(after);
  });
}

/** Numbers that are part of a name or an address ("lan1", "10.0.0.1", "guest-2") are no figures. */
function withoutFigures(value: unknown): string {
  return JSON.stringify(value).replace(/(?<![\w.:-])\d+(?![\w:-]|\.\d)/g, "#");
}

const LEASE_SIGNALS = { added: "LeaseAdded", updated: "LeaseUpdated", removed: "LeaseRemoved" };

export function leaseSignal({ kind, ...lease }: LeaseChange): Signal {
  const { network, address, mac, hostname, expires } = lease;
  const body = [network, address, mac, hostname, expires].map(clean);
  return signal(ROOT, APPLIANCE.name, LEASE_SIGNALS[kind], "sssss", body);
}

/** So many lease signals were left out. */
export function skippedSignal(count: number): Signal {
  return signal(ROOT, APPLIANCE.name, "LeasesSkipped", "u", [unsigned(count)]);
}

/** As the codec takes an a{sv}: names with pairs of signature and value. */
export function propertyList({ table, values }: BusObject): [string, [string, unknown]][] {
  return table.properties.map(([name, type]) => [name, [type, values[name]]]);
}

function namedChange(
  before: BusObjects,
  after: BusObjects,
  property: "Role" | "State" | "GatewayRole",
  why: "Why" | "GatewayWhy",
): Signal[] {
  const now = after.get(ROOT)?.values ?? {};
  const old = before.get(ROOT)?.values[property];
  if (old === now[property]) return [];
  const body = [old, now[property], now[why]];
  return [signal(ROOT, APPLIANCE.name, `${property}Changed`, "sss", body)];
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function signal(
  path: string,
  interfaceName: string,
  member: string,
  signature: string,
  body: unknown[],
): Signal {
  return { path, interface: interfaceName, member, signature, body };
}
