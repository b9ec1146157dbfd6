// A network that comes to a running pair comes to one of the boxes first: what that one says of it before the other
// has it too is refused there, and has to be said again.

import { expect, test } from "vitest";
import { ipv4, parseSubnet, type Subnet } from "../../../daemon/base/address.ts";
import type { NetworkConfig } from "../../../daemon/core/config-view.ts";
import { network } from "../../support/core-bench.ts";
import { pairedConfig } from "../../support/pair-config.ts";
import { type PairedBox, TwoCores } from "../../support/two-cores.ts";

function guests(box: PairedBox): NetworkConfig {
  const own = ipv4(box.ownAddress.replace("10.77.", "10.78."));
  return network({
    ...{ name: "guests", interfaceName: "lan1", subnet: parseSubnet("10.78.0.0/24") as Subnet },
    ...{ ownAddress: own, serverId: own, pool: ["10.78.0.100", "10.78.0.199"] },
  });
}

function giveGuests(cores: TwoCores, box: PairedBox): void {
  const own = ipv4(box.ownAddress);
  const networks = [network({ ownAddress: own, serverId: own }), guests(box)];
  box.step({
    kind: "config",
    config: pairedConfig(networks, box === cores.primary ? "primary" : "secondary"),
  });
  cores.settle();
}

test.each(["primary", "secondary"] as const)(
  "and first to the %s: both have their half of it in the end",
  (first) => {
    const cores = TwoCores.inStep();
    giveGuests(cores, cores.box(first));
    cores.pass(60_000);
    giveGuests(cores, cores.otherThan(cores.box(first)));
    cores.pass(2000);
    const free = cores.boxes.map((box) => box.core.poolCounts(1, 0).free);
    expect(free).toEqual([50, 50]);
    expect(cores.boxes.map((box) => box.core.pairView()?.isInStep)).toEqual([true, true]);
  },
);
