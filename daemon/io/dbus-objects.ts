// What a call to an object on the bus is answered.

import { propertyList } from "./dbus-changes.ts";
import {
  APPLIANCE,
  INTROSPECTABLE,
  type InterfaceTable,
  introspection,
  OBJECT_MANAGER,
  PEER,
  PROPERTIES,
} from "./dbus-interfaces.ts";
import { type Answer, type ApplianceControl, carryOut, failure, shown } from "./dbus-methods.ts";
import { type BusObject, type BusObjects, ROOT } from "./dbus-view.ts";

export interface Question {
  readonly path: string;
  /** "" when the caller left it out, which it may. */
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly body: readonly unknown[];
}

/**
 * Answers a method call. Total: any question of any caller gets a reply or an error. Without `control` nothing
 * can be had done.
 */
export function answer(
  question: Question,
  objects: BusObjects,
  machineId: string,
  control: ApplianceControl | undefined,
): Answer {
  const { path, member } = question;
  const object = objects.get(path);
  const children = childrenOf(path, objects);
  if (object === undefined && children.length === 0) {
    return failure("UnknownObject", `There is no object ${shown(path)}.`);
  }
  const interfaces = interfacesAt(path, object);
  const table = interfaces.find(
    ({ name, methods }) =>
      (question.interface === "" && methods.some((method) => method.name === member)) ||
      question.interface === name,
  );
  if (table === undefined) {
    return question.interface === ""
      ? failure("UnknownMethod", `${shown(path)} has no method ${shown(member)}.`)
      : failure(
          "UnknownInterface",
          `${shown(path)} has no interface ${shown(question.interface)}.`,
        );
  }
  const method = table.methods.find(({ name }) => name === member);
  if (method === undefined) {
    return failure("UnknownMethod", `${table.name} has no method ${shown(member)}.`);
  }
  const signature = method.in.map(([, type]) => type).join("");
  if (question.signature !== signature) {
    return failure("InvalidArgs", `${method.name} takes "${signature}".`);
  }
  switch (table) {
    case APPLIANCE:
      return control ? carryOut(method.name, question.body, control) : NOT_HERE;
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

const NOT_HERE = failure(
  "AccessDenied",
  `This program does not have the name ${APPLIANCE.name} on this bus, and does nothing here.`,
);

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
  const [interfaceName = "", property = ""] = body.map(String);
  if (interfaceName !== "" && !interfaces.some(({ name }) => name === interfaceName)) {
    return failure("UnknownInterface", `There is no interface ${shown(interfaceName)} here.`);
  }
  // D-Bus specification, "Properties": an empty interface name asks all interfaces of the object.
  const own = interfaceName === "" || interfaceName === object?.table.name ? object : undefined;
  const list = own === undefined ? [] : propertyList(own);
  if (member === "GetAll") return { signature: "a{sv}", body: [list] };
  const found = list.find(([name]) => name === property);
  if (found === undefined) {
    return failure("UnknownProperty", `There is no property ${shown(property)} here.`);
  }
  if (member === "Set") return failure("PropertyReadOnly", `${property} cannot be set.`);
  return { signature: "v", body: [found[1]] };
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
