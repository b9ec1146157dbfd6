// Reads all VRRP instances from keepalived's objects on the bus. Total: whatever a program that has
// keepalived's name answers, the outcome is the instances or a reason.
//
// An instance is at /org/keepalived/Vrrp1/Instance/<interface>/<virtual router>/<IPv4 or IPv6>, and a
// network namespace or an instance name of the process stand in front of Instance. Of the interface's
// name only letters and digits are left, so the path does not tell which instance it is. Where the rest
// of two paths is the same as well, keepalived shows one of both and says the changes of both for it.

import { type VrrpState, vrrpState } from "../core/gateway/vrrp.ts";
import { type BusConnection, BusError, TIMED_OUT } from "./dbus-connection.ts";

export const VRRP_NAME = "org.keepalived.Vrrp1";
export const VRRP_ROOT = "/org/keepalived/Vrrp1";
/** Of the process as a whole. */
export const VRRP_INTERFACE = `${VRRP_NAME}.Vrrp`;
export const INSTANCE_INTERFACE = `${VRRP_NAME}.Instance`;

export interface VrrpObject {
  readonly path: string;
  /** As in the configuration. */
  readonly name: string;
  readonly state: VrrpState;
}

/** Why the instances could not be read; the message fits behind a colon. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/** keepalived answers within a millisecond or two, unless it is loading its configuration. */
const ANSWER_MILLISECONDS = 1000;
/** Path elements below the root: namespace, name of the process, Instance, interface, number, family. */
const DEPTH_MAX = 6;
/** Three objects for each instance: far more than a box has networks. */
const OBJECTS_MAX = 1024;
/** Asked at once; a bus may allow a program as few as 128 calls that wait for an answer. */
const CALLS_MAX = 16;

/** `owner` is the unique name of the program that has keepalived's name. Rejects with Unreadable. */
export async function readInstances(
  connection: BusConnection,
  owner: string,
): Promise<VrrpObject[]> {
  const ask: Ask = (path, interfaceName, member, body) =>
    askOne(connection, owner, path, interfaceName, member, body);
  const paths = await instancePaths(ask);
  const objects = await inTurns(paths, (path) => readInstance(ask, path));
  const names = new Set(objects.map(({ name }) => name));
  if (names.size < objects.length) throw notKeepalived("two instances have the same name");
  return objects;
}

type Ask = (
  path: string,
  interfaceName: string,
  member: string,
  body: readonly string[],
) => Promise<unknown>;

async function askOne(
  connection: BusConnection,
  owner: string,
  path: string,
  interfaceName: string,
  member: string,
  body: readonly string[],
): Promise<unknown> {
  const what = { destination: owner, path, interface: interfaceName, member };
  const content = { signature: "s".repeat(body.length), body: [...body] };
  try {
    const [answer] = await connection.call({ ...what, ...content }, ANSWER_MILLISECONDS);
    return answer;
  } catch (error) {
    throw error instanceof BusError ? unanswered(error) : error;
  }
}

function unanswered({ errorName, message }: BusError): Unreadable {
  if (errorName === TIMED_OUT)
    return new Unreadable("keepalived does not answer on the system bus");
  if (errorName.endsWith(".AccessDenied")) {
    return new Unreadable(`the system bus does not let this program ask keepalived (${message})`);
  }
  return new Unreadable(`keepalived did not tell its states (${message})`);
}

/** Level by level. A path that does not exist is answered as well: with nothing in it. */
async function instancePaths(ask: Ask): Promise<string[]> {
  const found: string[] = [];
  let isKeepalived = false;
  let objects = 1;
  for (let level = [VRRP_ROOT], depth = 0; level.length > 0; depth++) {
    const nodes = await inTurns(level, (path) => introspect(ask, path));
    level = [];
    for (const { path, interfaces, children } of nodes) {
      if (interfaces.includes(INSTANCE_INTERFACE)) found.push(path);
      if (interfaces.includes(VRRP_INTERFACE)) isKeepalived = true;
      for (const child of children) level.push(`${path}/${child}`);
    }
    objects += level.length;
    if (objects > OBJECTS_MAX || (level.length > 0 && depth === DEPTH_MAX)) {
      throw notKeepalived("it has more objects than keepalived ever has");
    }
  }
  if (!isKeepalived) throw notKeepalived(`it has no object with ${VRRP_INTERFACE}`);
  return found;
}

interface Node {
  readonly path: string;
  readonly interfaces: readonly string[];
  readonly children: readonly string[];
}

/** D-Bus specification, "Introspection Data Format": as much of it as matters here. */
async function introspect(ask: Ask, path: string): Promise<Node> {
  const xml = await ask(path, "org.freedesktop.DBus.Introspectable", "Introspect", []);
  if (typeof xml !== "string") throw notKeepalived(`it describes ${path} by other than a text`);
  const named = (element: string) =>
    Array.from(
      xml.matchAll(new RegExp(`<${element} name=["']([A-Za-z0-9_.]+)["']`, "g")),
      ([, name = ""]) => name,
    );
  const children = named("node").filter((name) => !name.includes("."));
  return { path, interfaces: named("interface"), children };
}

async function readInstance(ask: Ask, path: string): Promise<VrrpObject> {
  const properties = await ask(path, "org.freedesktop.DBus.Properties", "GetAll", [
    INSTANCE_INTERFACE,
  ]);
  const { Name, State } = Object(properties) as Record<"Name" | "State", unknown>;
  // A reload has just taken the instance away; or D-Bus was switched off and on by reloads, and the process
  // holds its addresses, sends nothing and cannot reach its own states any more.
  if (Name === undefined && State === undefined) {
    throw new Unreadable(`keepalived tells no state of ${path}`);
  }
  const name = nameIn(Name);
  const state = Array.isArray(State) ? vrrpState(State[0]) : undefined;
  if (name === undefined) throw notKeepalived(`${path} has no name`);
  if (state === undefined) throw notKeepalived(`${path} has no state that is known`);
  return { path, name, state };
}

/** 2.2.7 announces a string and gives a structure with one in it; later versions announce that. */
function nameIn(value: unknown): string | undefined {
  const name: unknown = Array.isArray(value) ? value[0] : value;
  return typeof name === "string" && name !== "" ? name : undefined;
}

export function notKeepalived(why: string): Unreadable {
  return new Unreadable(`who has the name ${VRRP_NAME} does not speak as keepalived does (${why})`);
}

/** The results in the order of the items, of which a bounded number is under way. */
async function inTurns<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += CALLS_MAX) {
    results.push(...(await Promise.all(items.slice(from, from + CALLS_MAX).map(act))));
  }
  return results;
}
