// The gateway as config.json, box.json and board.json describe it together.

import { ipv4, parseSubnet } from "../base/address.ts";
import type { GatewayLan, GatewayPlan } from "../core/gateway/plan.ts";
import type { Board } from "./board.ts";
import { type BoxConfig, portsOf, type SharedConfig, segmentOf } from "./schema.ts";

/** Undefined: nothing moves, or this box has no LAN on which anything could. */
export function buildGateway(
  shared: SharedConfig,
  box: BoxConfig,
  board: Board,
): GatewayPlan | undefined {
  const { gateway } = shared;
  const lans = lansOf(shared, box);
  if (!gateway || lans.length === 0 || box.role !== "serving") return undefined;
  const { wan, targets, virtualMac, ...rest } = gateway;
  return {
    box: box.name,
    isPrimary: box.pair?.role !== "secondary",
    advertMilliseconds: rest.advertMilliseconds,
    virtualRouterId: rest.virtualRouterId,
    hasVirtualMac: virtualMac,
    lans,
    pairPorts: box.pair ? board.pairPorts : [],
    ownAddresses: Object.values(box.networks).map(({ address }) => address),
    wan: wan && board.wanPort ? { interfaceName: board.wanPort, ...wan } : undefined,
    targets: targets.map(ipv4),
    preferPrimaryAfterSeconds: rest.preferPrimaryAfterSeconds,
    releaseAfterSeconds: rest.releaseAfterSeconds,
  };
}

/** One for each wire; the networks that share it have their addresses there. */
function lansOf(shared: SharedConfig, box: BoxConfig): GatewayLan[] {
  const ports = portsOf(box);
  const lans = new Map<string, GatewayLan & { readonly addresses: string[] }>();
  for (const network of shared.networks) {
    const { gateway, subnet, relayed, dns = [] } = network;
    const name = segmentOf(network);
    const interfaceName = (ports.get(network.name) ?? ports.get(name))?.interface;
    if (relayed || gateway === undefined || interfaceName === undefined) continue;
    const isResolver = dns.includes(gateway);
    const lan = lans.get(interfaceName) ?? { name, interfaceName, addresses: [], isResolver };
    lan.addresses.push(`${gateway}/${parseSubnet(subnet)?.prefix}`);
    lans.set(interfaceName, lan);
  }
  return [...lans.values()];
}
