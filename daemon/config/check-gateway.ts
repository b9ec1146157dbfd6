// The virtual addresses of the boxes, against everything else that has an address.

import { contains, ipv4, parseSubnet } from "../base/address.ts";
import { hostProblem } from "./hosts.ts";
import type { BoxConfig, SharedConfig } from "./schema.ts";
import type { Say } from "./validate.ts";

type Gateway = NonNullable<SharedConfig["gateway"]>;

export function checkGateway(shared: SharedConfig, box: BoxConfig, say: Say, sayBox: Say): void {
  const { gateway, pair } = shared;
  if (!gateway) return;
  if (pair?.protocol === "isc") {
    say("gateway", "cannot be shared with a dhcpd (see pair.protocol)");
  }
  if (!shared.networks.some((network) => network.gateway !== undefined && !network.relayed)) {
    say("gateway", "has no address: no network of a LAN has a gateway");
  }
  checkNetworks(shared, box, say, sayBox);
  checkInterfaces(box, sayBox);
  checkWan(shared, gateway, say);
}

/** On the system bus keepalived says `_` for what is no letter or digit: of two such names nobody knows which it means. */
function checkInterfaces({ networks }: BoxConfig, sayBox: Say): void {
  const known = new Map<string, string>();
  for (const [name, { interface: own }] of Object.entries(networks)) {
    const word = own.replace(/[^A-Za-z0-9]/g, "_");
    const other = known.get(word) ?? own;
    if (other !== own) {
      sayBox(`networks.${name}.interface`, `${own} and ${other} are one name to keepalived`);
    }
    known.set(word, other);
  }
}

/** An address that moves can be no box's own, and no client may be given it. */
function checkNetworks(shared: SharedConfig, box: BoxConfig, say: Say, sayBox: Say): void {
  shared.networks.forEach((network, index) => {
    const { gateway, name } = network;
    if (gateway === undefined || network.relayed) return;
    const path = `networks[${index}].gateway`;
    const own = box.networks[name]?.address.split("/")[0];
    if (own === gateway) {
      sayBox(`networks.${name}.address`, `${own} is the gateway, which moves between the boxes`);
    }
    const value = ipv4(gateway);
    network.pools.forEach(({ from, to }, at) => {
      if (value < ipv4(from) || value > ipv4(to)) return;
      say(path, `${gateway} is inside pools[${at}] (${from}-${to})`);
    });
    const reserved = network.reservations.findIndex((entry) => entry.address === gateway);
    if (reserved >= 0) say(path, `${gateway} is reserved by reservations[${reserved}]`);
  });
}

function checkWan(shared: SharedConfig, { wan, targets }: Gateway, say: Say): void {
  if (!wan) {
    if (targets.length > 0) {
      say("gateway.targets", "are asked by way of gateway.wan, which is missing");
    }
    return;
  }
  const subnet = parseSubnet(wan.address);
  if (!subnet) return;
  const [own = ""] = wan.address.split("/");
  for (const [path, text] of [
    ["gateway.wan.address", own],
    ["gateway.wan.router", wan.router],
  ] as const) {
    const problem = hostProblem(ipv4(text), subnet, wan.address);
    if (problem) say(path, problem);
  }
  if (own === wan.router) say("gateway.wan.router", `${own} is gateway.wan.address`);
  shared.networks.forEach((network) => {
    const lan = parseSubnet(network.subnet);
    if (!lan || network.relayed) return;
    if (contains(lan, subnet.address) || contains(subnet, lan.address)) {
      say("gateway.wan.address", `${wan.address} overlaps ${network.subnet} of "${network.name}"`);
    }
  });
}
