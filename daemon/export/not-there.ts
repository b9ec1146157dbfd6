// Settings of ours that neither dhcpd nor Kea has.

import type { SharedConfig, SharedNetwork } from "../config/schema.ts";
import type { ExportNotes } from "./exported.ts";

export function noteWhatIsNotThere(shared: SharedConfig, notes: ExportNotes): void {
  if (shared.pair) notes.add("pair", "Two servers that share the work are set up by hand there.");
  if (shared.gateway)
    notes.add(
      "gateway",
      "An address that moves between boxes is not the task of the server there.",
    );
  if (shared.leasequery) notes.add("leasequery", "Who may ask for leases is set up by hand there.");
  shared.networks.forEach((network, index) => {
    for (const { setting, isSet, reason } of NETWORK) {
      if (isSet(network)) notes.add(`networks[${index}].${setting}`, reason);
    }
  });
}

const NETWORK: readonly {
  readonly setting: keyof SharedNetwork;
  isSet(network: SharedNetwork): boolean;
  readonly reason: string;
}[] = [
  {
    setting: "randomisedMacLeaseSeconds",
    isSet: (network) => network.randomisedMacLeaseSeconds !== undefined,
    reason: "Devices that make up their hardware address have leases as all others there.",
  },
  {
    setting: "rapidCommit",
    isSet: (network) => network.rapidCommit,
    reason: "Every lease is offered first there.",
  },
  {
    setting: "forceRenew",
    isSet: (network) => network.forceRenew,
    reason: "Clients are not told when their parameters change there.",
  },
  {
    setting: "leasesPerPort",
    isSet: (network) => network.leasesPerPort > 0,
    reason: "Leases at one port of a relay are not limited there.",
  },
  {
    setting: "trustedServers",
    isSet: (network) => network.trustedServers.length > 0,
    reason: "Other servers are not looked for there.",
  },
];
