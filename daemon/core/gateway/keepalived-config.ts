// The configuration of keepalived, as text. `{` ends a line and `}` stands alone: its parser wants it so. Whoever runs
// keepalived takes only what is here (board/gatekeeper), so a new keyword has to be allowed there as well.

import { HEARTBEAT_PREFIX } from "../../base/link-local.ts";
import type { GatewayPlan } from "./plan.ts";

/** Between the boxes on the pair port; LANs have numbers up to 249. */
const HEARTBEAT_ROUTER_ID = 250;
/** Next to each other, so that a planned move takes only a few milliseconds (RFC 5798 §6.1, Skew_Time). */
const PRIORITY = { primary: 250, secondary: 249 } as const;

/** Such as "LAN-lan0" or "HB-ded0": it stays the same when other LANs come and go. */
export function instanceName(kind: "LAN" | "HB", interfaceName: string): string {
  return `${kind}-${interfaceName.replace(/[^A-Za-z0-9_.-]/g, "_")}`;
}

/** `folder`: where whoever runs keepalived has its files. */
export function keepalivedConfig(plan: GatewayPlan, folder: string): string {
  return [
    ...globals(plan, folder),
    ...heartbeatAddresses(plan),
    ...block("track_file health", [`file "${folder}/health"`, "weight 1"]),
    ...syncGroup(plan),
    ...plan.pairPorts.flatMap((port, index) => heartbeat(plan, port, index === 0)),
    ...plan.lans.flatMap((_, index) => lanInstance(plan, index)),
    "",
  ].join("\n");
}

function globals({ box }: GatewayPlan, folder: string): string[] {
  return block("global_defs", [
    `router_id ${box}`,
    "enable_dbus",
    "vrrp_version 3",
    "vrrp_startup_delay 0.5",
    // Clients and switches that lose the first announcement hear the next one.
    "vrrp_garp_master_repeat 3",
    "vrrp_garp_master_delay 1",
    "vrrp_garp_lower_prio_repeat 3",
    "vrrp_garp_lower_prio_delay 1",
    "vrrp_garp_master_refresh 60",
    "vrrp_higher_prio_send_advert true",
    "dynamic_interfaces allow_if_changes",
    "max_auto_priority -1",
    "vrrp_no_swap",
    `vrrp_notify_fifo ${folder}/vrrp.fifo`,
  ]);
}

/**
 * A port without carrier has no address by itself, and an instance without one would fault them all. Nobody else is to
 * speak from these: where a box is reached must not change when the gateway moves.
 */
function heartbeatAddresses({ pairPorts, isPrimary }: GatewayPlan): string[] {
  if (pairPorts.length === 0) return [];
  const address = `${HEARTBEAT_PREFIX}${isPrimary ? 1 : 2}/64`;
  return block(
    "static_ipaddress",
    pairPorts.map((port) => `${address} dev ${port} preferred_lft 0`),
  );
}

/** All or nothing moves; and only when the pair cable and every LAN are silent. One alone is no group to keepalived. */
function syncGroup(plan: GatewayPlan): string[] {
  if (isAlone(plan)) return [];
  const { pairPorts, lans } = plan;
  const members = [
    ...pairPorts.map((port) => instanceName("HB", port)),
    ...lans.map(({ interfaceName }) => instanceName("LAN", interfaceName)),
  ];
  return block("vrrp_sync_group TANDEM", [
    ...block("group", members),
    "sync_group_tracking_weight",
    ...block("track_file", ["health weight 1"]),
  ]);
}

/** Multicast from fixed addresses: whichever ports the cable joins, nothing has to be said about it. */
function heartbeat(plan: GatewayPlan, port: string, isFirst: boolean): string[] {
  const name = instanceName("HB", port);
  return block(`vrrp_instance ${name}`, [
    `interface ${port}`,
    "native_ipv6",
    ...common(plan, HEARTBEAT_ROUTER_ID),
    ...block("virtual_ipaddress", [`${HEARTBEAT_PREFIX}fa/64 dev ${port} preferred_lft 0`]),
    ...(isFirst ? wanPart(plan) : []),
  ]);
}

function lanInstance(plan: GatewayPlan, index: number): string[] {
  const lan = plan.lans[index];
  if (!lan) return [];
  const { interfaceName, addresses } = lan;
  const device = plan.hasVirtualMac ? "" : ` dev ${interfaceName}`;
  return block(`vrrp_instance ${instanceName("LAN", interfaceName)}`, [
    `interface ${interfaceName}`,
    ...(plan.hasVirtualMac ? [`use_vmac vmac${index}`] : []),
    ...common(plan, plan.virtualRouterId),
    ...block(
      "virtual_ipaddress",
      addresses.map((address) => `${address}${device}`),
    ),
    ...(plan.pairPorts.length === 0 && index === 0 ? wanPart(plan) : []),
  ]);
}

/** No carrier on the way to the provider must take the LANs along: the daemon decides that by its health. */
function wanPart({ wan }: GatewayPlan): string[] {
  if (!wan) return [];
  const { interfaceName, address, router } = wan;
  return [
    ...block("virtual_ipaddress_excluded", [`${address} dev ${interfaceName} no_track`]),
    ...block("virtual_routes", [`default via ${router} dev ${interfaceName} no_track`]),
  ];
}

function common(plan: GatewayPlan, routerId: number): string[] {
  const { isPrimary, advertMilliseconds } = plan;
  return [
    "dont_track_primary",
    "state BACKUP",
    "nopreempt",
    `virtual_router_id ${routerId}`,
    `priority ${isPrimary ? PRIORITY.primary : PRIORITY.secondary}`,
    `advert_int ${advertMilliseconds / 1000}`,
    "notify_priority_changes true",
    ...(isAlone(plan) ? block("track_file", ["health weight 1"]) : []),
  ];
}

function isAlone({ pairPorts, lans }: GatewayPlan): boolean {
  return pairPorts.length + lans.length === 1;
}

function block(head: string, lines: readonly string[]): string[] {
  return [`${head} {`, ...lines.map((line) => `    ${line}`), "}"];
}
