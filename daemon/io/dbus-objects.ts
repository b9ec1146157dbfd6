// The objects on the bus as plain data, what calls to them answer, and what signals tell of a change.

import {
  APPLIANCE,
  INTROSPECTABLE,
  type InterfaceTable,
  introspection,
  NETWORK,
  OBJECT_MANAGER,
  PEER,
  PROPERTIES,
} from "./dbus-interfaces.ts";

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
  readonly networks: readonly {
    readonly name: string;
    readonly interface: string;
    readonly serving: boolean;
    readonly why: string;
  }[];
}

/** An object: one interface of ours and the values of its properties. The standard ones go without saying. */
export interface BusObject {
  readonly table: InterfaceTable;
  readonly values: Readonly<Record<string, unknown>>;
}

export type BusObjects = ReadonlyMap<string, BusObject>;

export const ROOT = "/org/tandem/Appliance1";

export interface Question {
  readonly path: string;
  /** "" when the caller left it out, which it may. */
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly body: readonly unknown[];
}

export type Answer =
  | { readonly signature: string; readonly body: unknown[] }
  | { readonly errorName: string; readonly text: string };

export interface Signal {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly body: unknown[];
}

export function objectsOf(view: ApplianceView): BusObjects {
  const objects = new Map<string, BusObject>();
  objects.set(ROOT, {
    table: APPLIANCE,
    values: {
      Name: clean(view.name),
      Version: clean(view.version),
      Role: clean(view.role),
      State: clean(view.state),
      Why: clean(view.why),
      Since: clean(view.since),
      Conditions: view.conditions.map(({ id, subject, severity, sentence }) =>
        [id, subject, severity, sentence].map(clean),
      ),
    },
  });
  for (const network of view.networks) {
    objects.set(networkPath(network.name), {
      table: NETWORK,
      values: {
        Name: clean(network.name),
        Interface: clean(network.interface),
        Serving: network.serving,
        Why: clean(network.why),
      },
    });
  }
  return objects;
}

/** Any name as one path element: other bytes than letters and digits become _xx, as systemd writes them. */
export function networkPath(name: string): string {
  const label = Array.from(new TextEncoder().encode(name), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9]/.test(character) ? character : `_${byte.toString(16).padStart(2, "0")}`;
  }).join("");
  return `${ROOT}/network/${label === "" ? "_" : label}`;
}

/** Answers a method call. Total: any question of any caller gets a reply or an error. */
export function answer(question: Question, objects: BusObjects, machineId: string): Answer {
  const { path } = question;
  const object = objects.get(path);
  const children = childrenOf(path, objects);
  if (object === undefined && children.length === 0) {
    return failure("UnknownObject", `There is no object ${path}.`);
  }
  const interfaces = interfacesAt(path, object);
  const table = interfaces.find(
    ({ name, methods }) =>
      (question.interface === "" && methods.some((method) => method.name === question.member)) ||
      question.interface === name,
  );
  if (table === undefined) {
    return question.interface === ""
      ? failure("UnknownMethod", `${path} has no method ${question.member}.`)
      : failure("UnknownInterface", `${path} has no interface ${question.interface}.`);
  }
  const method = table.methods.find(({ name }) => name === question.member);
  if (method === undefined) {
    return failure("UnknownMethod", `${table.name} has no method ${question.member}.`);
  }
  const signature = method.in.map(([, type]) => type).join("");
  if (question.signature !== signature) {
    return failure("InvalidArgs", `${method.name} takes "${signature}".`);
  }
  switch (table) {
    case INTROSPECTABLE:
      return { signature: "s", body: [introspection(interfaces, children)] };
    case OBJECT_MANAGER:
      return { signature: "a{oa{sa{sv}}}", body: [managed(objects)] };
    case PEER:
      return method.name === "Ping" ? { signature: "", body: [] } : machine(machineId);
    default:
      return aboutProperties(method.name, question, object, interfaces);
  }
}

/** What listeners must be told when the objects change from one set to the other, in order. */
export function changes(before: BusObjects, after: BusObjects): Signal[] {
  const signals: Signal[] = [];
  for (const [path, { table }] of before) {
    if (!after.has(path)) {
      signals.push(
        signal(ROOT, OBJECT_MANAGER.name, "InterfacesRemoved", "oas", [path, [table.name]]),
      );
    }
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
      ([name]) => JSON.stringify(old.values[name]) !== JSON.stringify(object.values[name]),
    );
    if (changed.length > 0) {
      signals.push(
        signal(path, PROPERTIES.name, "PropertiesChanged", "sa{sv}as", [
          object.table.name,
          changed,
          [],
        ]),
      );
    }
  }
  return [
    ...signals,
    ...namedChange(before, after, "Role"),
    ...namedChange(before, after, "State"),
  ];
}

function namedChange(before: BusObjects, after: BusObjects, property: "Role" | "State"): Signal[] {
  const now = after.get(ROOT)?.values ?? {};
  const old = before.get(ROOT)?.values[property];
  if (old === now[property]) return [];
  const body = [old, now[property], now.Why];
  return [signal(ROOT, APPLIANCE.name, `${property}Changed`, "sss", body)];
}

function interfacesAt(path: string, object: BusObject | undefined): InterfaceTable[] {
  if (object === undefined) return [INTROSPECTABLE, PEER];
  const manager = path === ROOT ? [OBJECT_MANAGER] : [];
  return [object.table, PROPERTIES, ...manager, INTROSPECTABLE, PEER];
}

/** The next path elements below this path, objects or only on the way to one. */
function childrenOf(path: string, objects: BusObjects): string[] {
  const prefix = path === "/" ? "/" : `${path}/`;
  const names = [...objects.keys()]
    .filter((other) => other.startsWith(prefix) && other !== path)
    .map((other) => other.slice(prefix.length).split("/", 1)[0] ?? "");
  return [...new Set(names)];
}

function aboutProperties(
  member: string,
  { body }: Question,
  object: BusObject | undefined,
  interfaces: readonly InterfaceTable[],
): Answer {
  const [interfaceName, property] = body.map(String);
  if (interfaceName !== "" && !interfaces.some(({ name }) => name === interfaceName)) {
    return failure("UnknownInterface", `There is no interface ${interfaceName} here.`);
  }
  // D-Bus specification, "Properties": an empty interface name asks all interfaces of the object.
  const own = interfaceName === "" || interfaceName === object?.table.name ? object : undefined;
  const list = own === undefined ? [] : propertyList(own);
  if (member === "GetAll") return { signature: "a{sv}", body: [list] };
  const found = list.find(([name]) => name === property);
  if (found === undefined) {
    return failure("UnknownProperty", `There is no property ${property} here.`);
  }
  if (member === "Set") return failure("PropertyReadOnly", `${property} cannot be set.`);
  return { signature: "v", body: [found[1]] };
}

/** As the codec takes an a{sv}: names with pairs of signature and value. */
function propertyList({ table, values }: BusObject): [string, [string, unknown]][] {
  return table.properties.map(([name, type]) => [name, [type, values[name]]]);
}

/** D-Bus specification, "ObjectManager": the objects below the root, not the root itself. */
function managed(objects: BusObjects): unknown[] {
  return [...objects]
    .filter(([path]) => path !== ROOT)
    .map(([path, object]) => [path, [[object.table.name, propertyList(object)]]]);
}

function machine(machineId: string): Answer {
  if (machineId !== "") return { signature: "s", body: [machineId] };
  return failure("FileNotFound", "This machine has no machine id.");
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

function failure(name: string, text: string): Answer {
  return { errorName: `org.freedesktop.DBus.Error.${name}`, text };
}

/** D-Bus strings are valid UTF-8 without NUL; a bus ends the connection of who sends others. */
function clean(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}
