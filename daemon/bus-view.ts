// The box as it is shown on the system bus.

import type { DrillsView, GatewayStatus, NetworkStatus, Status } from "./http/api-types.ts";
import type { ApplianceView, NetworkView } from "./io/dbus-view.ts";

export interface BusFacts {
  readonly status: Status;
  readonly maintenance: GatewayStatus["maintenance"];
  readonly drills: DrillsView;
}

/** With no check there is nothing that speaks against this box. */
const NO_HEALTH: GatewayStatus["health"] = { score: 100, checks: [] };
const NOTHING_MOVES = { role: "", why: "No address moves between the boxes.", since: "" };

export function busView({ status, maintenance, drills }: BusFacts): ApplianceView {
  const { box, role, state, why, since, conditions, networks, gateway } = status;
  const { name, version } = box;
  return {
    ...{ name, version, role, state, why, since, conditions },
    gateway: gateway ?? NOTHING_MOVES,
    health: gateway?.health ?? NO_HEALTH,
    partner: { state: partnerState(status.partner), why: status.partner.why },
    isInMaintenance: maintenance !== null,
    isSafeToSwitchOff: maintenance?.isSafeToSwitchOff ?? false,
    isDrillUnderWay: drills.underWay,
    lastDrill: drills.drills[0]?.sentence ?? "",
    networks: networks.map((network) => networkView(network, gateway)),
  };
}

/** What it said last counts only while it is there to say something else. */
function partnerState(partner: Status["partner"]): string {
  if (!partner.paired) return "";
  return (partner.connected ? partner.partnerState : null) ?? "away";
}

/** Networks that share a wire have their addresses moved together. */
function networkView(network: NetworkStatus, gateway: GatewayStatus | null): NetworkView {
  const { name, serving, why, pools } = network;
  const lan = gateway?.lans.find((one) => one.interface === network.interface);
  const own = lan?.addresses.filter((address) => address.split("/")[0] === network.gateway) ?? [];
  return {
    ...{ name, interface: network.interface, serving, why },
    gatewayRole: lan && own.length > 0 ? lan.role : "",
    gatewayAddresses: own,
    leases: pools.reduce((sum, { active }) => sum + active, 0),
  };
}
