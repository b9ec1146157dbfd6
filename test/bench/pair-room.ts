/**
 * The room for pairs: two boxes and the clients on one LAN, and a cable of their own between the
 * boxes. The clients' end is the same as in the room for one server, so that what drives a server
 * drives a pair.
 */
import { type ChildProcess, execFileSync } from "node:child_process";
import {
  CLIENT_ADDRESS,
  CLIENT_IFACE,
  makeSpaces,
  type Room,
  type RunOptions,
  readIn,
  runIn,
  SERVER_ADDRESS,
  SERVER_IFACE,
  spaceName,
} from "./sandbox.ts";

export const BOXES = ["a", "b"] as const;
export type Box = (typeof BOXES)[number];

export const LAN_ADDRESS: Readonly<Record<Box, string>> = { a: SERVER_ADDRESS, b: "10.0.0.3" };
const SECOND_CLIENT_ADDRESS = "10.0.0.4";
const LAN_BROADCAST = "10.0.255.255";

/** The cable between the boxes. */
export const PAIR_ADDRESS: Readonly<Record<Box, string>> = { a: "10.1.0.1", b: "10.1.0.2" };
export const PAIR_IFACE = "pair0";

const BRIDGE = "lan";

export interface PairRoom extends Room {
  /** Starts a program on one of the boxes; "server" of a Room is box a. */
  runOn(box: Box, command: readonly string[], options?: RunOptions): ChildProcess;
}

export function otherBox(box: Box): Box {
  return box === "a" ? "b" : "a";
}

/** Inside: makes the namespaces, the LAN and the cable. */
export function buildPairRoom(): PairRoom {
  const names = {
    ...{ a: spaceName("a"), b: spaceName("b") },
    ...{ client: spaceName("c"), second: spaceName("d") },
  };
  makeSpaces(Object.values(names));
  const ip = (...args: string[]): void => void execFileSync("ip", args);
  ip("link", "add", BRIDGE, "type", "bridge", "stp_state", "0", "forward_delay", "0");
  ip("link", "set", BRIDGE, "up");
  const onLan = [
    [names.a, SERVER_IFACE, LAN_ADDRESS.a],
    [names.b, SERVER_IFACE, LAN_ADDRESS.b],
    [names.client, CLIENT_IFACE, CLIENT_ADDRESS],
    [names.second, CLIENT_IFACE, SECOND_CLIENT_ADDRESS],
  ] as const;
  for (const [index, [name, iface, address]] of onLan.entries()) {
    const port = `lan-${index}`;
    ip("link", "add", port, "type", "veth", "peer", "name", iface, "netns", name);
    ip("link", "set", port, "master", BRIDGE, "up");
    ip("-n", name, "link", "set", "lo", "up");
    ip("-n", name, "address", "add", `${address}/16`, "brd", LAN_BROADCAST, "dev", iface);
    ip("-n", name, "link", "set", iface, "up");
  }
  ip(
    ...["link", "add", PAIR_IFACE, "netns", names.a],
    ...["type", "veth", "peer", "name", PAIR_IFACE, "netns", names.b],
  );
  for (const box of BOXES) {
    ip("-n", names[box], "address", "add", `${PAIR_ADDRESS[box]}/24`, "dev", PAIR_IFACE);
    ip("-n", names[box], "link", "set", PAIR_IFACE, "up");
  }
  const nameOf = { server: names.a, client: names.client, "client-2": names.second };
  return {
    // The answers of two boxes come in no order, and one perfdhcp takes a whole processor to sort them.
    drivers: ["client", "client-2"],
    run: (side, command, options) => runIn(nameOf[side], command, options ?? {}),
    read: (side, path) => readIn(nameOf[side], path),
    runOn: (box, command, options) => runIn(names[box], command, options ?? {}),
  };
}
