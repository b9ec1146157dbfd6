// Networks and messages that several of the walks through the RFCs share.

import { ANY, ipv4, parseSubnet, type Subnet } from "../../daemon/base/address.ts";
import type { NetworkConfig, OptionValue } from "../../daemon/core/config-view.ts";
import { encodeOption, optionByName } from "../../daemon/wire/dhcp4-options.ts";
import type { Plain } from "../../daemon/wire/option-codecs.ts";
import { type ClientMessage, clientFrame } from "../support/client-frame.ts";
import {
  address,
  bytes,
  CoreBench,
  network,
  type Reply,
  repliesIn,
} from "../support/core-bench.ts";

export const A = "02:00:00:00:00:0a";
export const B = "02:00:00:00:00:0b";
export const C = "02:00:00:00:00:0c";

/** A relay in the network "office"; its frames carry its own hardware address. */
export const RELAY = {
  giaddr: "10.77.0.9",
  sourceIp: "10.77.0.9",
  sourceMac: "02:00:00:00:00:99",
  destinationIp: "10.77.0.2",
} as const;

/** Makes of `far` a network that no LAN of the box is on. */
export const BEHIND_RELAYS = { interfaceName: "", ownAddress: ANY, serverId: ANY };

type Changes = Parameters<typeof network>[0];

/** 10.78.0.0/24 on `lan1`: pool .100 to .199, server .2, gateway .1. */
export function far(changes: Changes = {}): NetworkConfig {
  return network({
    name: "far",
    interfaceName: "lan1",
    subnet: subnet("10.78.0.0/24"),
    ownAddress: ipv4("10.78.0.2"),
    serverId: ipv4("10.78.0.2"),
    pool: ["10.78.0.100", "10.78.0.199"],
    options: [
      { code: 1, data: address("255.255.255.0") },
      { code: 3, data: address("10.78.0.1") },
    ],
    ...changes,
  });
}

export function twoNetworks(office: Changes = {}, other: Changes = {}): CoreBench {
  return new CoreBench([network(office), far(other)]);
}

export function subnet(text: string): Subnet {
  const parsed = parseSubnet(text);
  if (!parsed) throw new Error(`"${text}" is not a subnet`);
  return parsed;
}

/** One sub-option of relay agent information (RFC 3046 §2.0). */
export function sub(code: number, ...content: number[]): number[] {
  return [code, content.length, ...content];
}

/** Option 82 with these sub-options. */
export function relayAgent(...parts: readonly number[][]): Uint8Array {
  return bytes(...parts.flat());
}

/** Sends a message from another UDP port than the usual one. */
export function sendFromPort(
  bench: CoreBench,
  message: ClientMessage,
  port: number,
): Reply | undefined {
  const frame = clientFrame(message);
  frame.set([port >>> 8, port & 255], 34);
  bench.frame(frame);
  return repliesIn(bench.effects)[0];
}

/** An option as configuration writes it. */
export function configured(name: string, value: Plain): OptionValue {
  const row = optionByName(name);
  if (!row) throw new Error(`there is no option "${name}"`);
  return { code: row.code, data: encodeOption(row, row.codec.parse(value)) };
}

/** Text of an option. */
export function textOf(reply: Reply | undefined, code: number): string {
  return String.fromCharCode(...(reply?.option(code) ?? []));
}
