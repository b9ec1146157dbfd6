// The page over HTTPS as config.json, box.json and board.json describe it together.

import { parseSubnet } from "../base/address.ts";
import type { WebPlan } from "../core/web/places.ts";
import type { Board } from "./board.ts";
import { buildGateway } from "./gateway.ts";
import type { BoxConfig, SharedConfig } from "./schema.ts";

export function buildWeb(shared: SharedConfig, box: BoxConfig, board: Board): WebPlan {
  const moving = buildGateway(shared, box, board)?.lans.flatMap(({ addresses }) => addresses) ?? [];
  return {
    box: box.name,
    port: box.http.httpsPort,
    lans: Object.values(box.networks).map((one) => ({
      interfaceName: one.interface,
      address: withoutPrefix(one.address),
    })),
    virtualAddresses: moving.map(withoutPrefix),
    wanInterface: board.wanPort,
    subnets: shared.networks.flatMap(({ subnet }) => parseSubnet(subnet) ?? []),
  };
}

function withoutPrefix(address: string): string {
  return address.split("/")[0] ?? "";
}
