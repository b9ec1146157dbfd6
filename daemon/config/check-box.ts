// What one box says of itself, against what both boxes share.

import { ipv4, parseSubnet } from "../base/address.ts";
import { hostProblem } from "./hosts.ts";
import {
  type BoxConfig,
  portsOf,
  type SharedConfig,
  type SharedNetwork,
  segmentOf,
} from "./schema.ts";
import type { Say } from "./validate.ts";

export function checkBox(shared: SharedConfig, box: BoxConfig, say: Say): void {
  const ports = portsOf(box);
  const byInterface = new Map<string, SharedNetwork>();
  for (const [name, port] of ports) {
    const network = shared.networks.find((candidate) => candidate.name === name);
    if (!network) {
      say(`networks.${name}`, `config.json has no network named "${name}"`);
      continue;
    }
    if (network.relayed) {
      say(`networks.${name}`, `"${name}" is relayed; no interface of this box is on it`);
      continue;
    }
    const earlier = byInterface.get(port.interface);
    if (earlier && segmentOf(earlier) !== segmentOf(network)) {
      say(`networks.${name}.interface`, `${port.interface} already serves "${earlier.name}"`);
    }
    byInterface.set(port.interface, network);
    checkSharedWire(network, port.interface, ports, say);
    checkOwnAddress(network, port.address, `networks.${name}.address`, say);
  }
  const { httpsPort } = box.http;
  if (httpsPort !== 0 && httpsPort === shared.leasequery?.bulkPort) {
    say("http.httpsPort", `${httpsPort} is also leasequery.bulkPort of config.json`);
  }
  const relayed = shared.networks.find((network) => network.relayed);
  if (relayed && ports.size === 0 && box.role === "serving") {
    say("networks", `is empty, but relays of "${relayed.name}" need an interface to reach`);
  }
}

function checkSharedWire(
  network: SharedNetwork,
  interfaceName: string,
  ports: ReturnType<typeof portsOf>,
  say: Say,
): void {
  const { name, sharedWith } = network;
  if (sharedWith === undefined) return;
  const primary = ports.get(sharedWith);
  if (!primary) {
    say(`networks.${name}`, `shares the wire of "${sharedWith}", which is missing here`);
  } else if (primary.interface !== interfaceName) {
    say(
      `networks.${name}.interface`,
      `${interfaceName} is not ${primary.interface}, the wire shared with "${sharedWith}"`,
    );
  }
}

function checkOwnAddress(network: SharedNetwork, own: string, path: string, say: Say): void {
  const subnet = parseSubnet(network.subnet);
  const [text = "", prefix = ""] = own.split("/");
  if (!subnet) return;
  const problem = hostProblem(ipv4(text), subnet, network.subnet);
  if (problem) say(path, problem);
  else if (Number(prefix) !== subnet.prefix) {
    say(path, `has the prefix /${prefix}, but the network is ${network.subnet}`);
  }
  const taken = network.reservations.findIndex((entry) => entry.address === text);
  if (taken >= 0) say(path, `${text} is reserved by reservations[${taken}] of "${network.name}"`);
}
