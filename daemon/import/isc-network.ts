// What a network sets by itself here that is an option elsewhere: its gateway, DNS servers and domain.

import { contains, type Ipv4, ipv4, parseIpv4, type Subnet } from "../base/address.ts";
import { hostProblem } from "../config/hosts.ts";
import type { LeaseTimes } from "../config/levels.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import { type LevelDraft, type LevelKind, levelOf } from "./isc-levels.ts";
import type { NetworkDraft, NetworkPlan } from "./isc-plans.ts";
import { type SetOption, type Settings, within } from "./isc-settings.ts";

const ROUTER = OPTION.router.code;

type Rest = Pick<
  NetworkDraft,
  "gateway" | "dns" | "domain" | "authoritative" | "ignoreClientId" | "probe"
>;

/**
 * A router that is set for all networks becomes the gateway of the one it is in. True when that leaves no network to
 * which it would have to be told otherwise.
 */
export function liftRouters(file: Settings, networks: readonly NetworkPlan[]): boolean {
  const set = file.options.get(ROUTER);
  const first = firstAddress(set);
  if (!set || first === undefined) return false;
  let isLifted = networks.length > 0;
  for (const { settings, subnet } of networks) {
    if (settings.options.has(ROUTER)) continue;
    if (isHost(first, subnet)) settings.options.set(ROUTER, set);
    else isLifted = false;
  }
  return isLifted;
}

/** The level of a network, and the settings that only networks have. */
export function networkSettings(
  plan: NetworkPlan,
  kind: LevelKind & { readonly fileFlags: Settings },
): { readonly level: LevelDraft; readonly times: LeaseTimes; readonly rest: Rest } {
  const settings = within(plan.settings, { ...plan.settings, options: new Map() });
  const { options } = settings;
  const rest: Rest = {};
  dropMask(options, plan, kind);
  takeGateway(options, plan, kind, rest);
  const dns = options.get(OPTION.domainNameServer.code);
  if (Array.isArray(dns?.value) && dns.value.length > 0) {
    rest.dns = dns.value as string[];
    options.delete(OPTION.domainNameServer.code);
  }
  const domain = options.get(OPTION.domainName.code);
  if (typeof domain?.value === "string" && isDomain(domain.value)) {
    rest.domain = domain.value;
    options.delete(OPTION.domainName.code);
  }
  const flags = within(plan.settings, kind.fileFlags).flags;
  const authoritative = flags.get("authoritative")?.value;
  if (authoritative === false) rest.authoritative = false;
  if (flags.get("ignoreClientId")?.value === true) rest.ignoreClientId = true;
  if (flags.get("probe")?.value === false) rest.probe = false;
  return { ...levelOf(settings, kind), rest };
}

/** The server tells every client the mask of its network; only another one is worth a word. */
function dropMask(
  options: Map<number, SetOption>,
  { subnet }: NetworkPlan,
  { notes }: LevelKind,
): void {
  const mask = options.get(OPTION.subnetMask.code);
  if (!mask) return;
  options.delete(OPTION.subnetMask.code);
  if (typeof mask.value === "string" && parseIpv4(mask.value) === subnet.mask) return;
  notes.leftOut(mask.place, mask.text, "Every client is told the mask of its network.");
}

function takeGateway(
  options: Map<number, SetOption>,
  { subnet }: NetworkPlan,
  { notes }: LevelKind,
  rest: Rest,
): void {
  const set = options.get(ROUTER);
  const first = firstAddress(set);
  if (!set || first === undefined || !Array.isArray(set.value)) return;
  if (!isHost(first, subnet)) {
    const reason =
      "The router is not in the network, so clients are told it as an option, and it is no gateway of a box.";
    notes.changed(set.place, set.text, reason);
    return;
  }
  rest.gateway = set.value[0] as string;
  if (set.value.length === 1) {
    options.delete(ROUTER);
    return;
  }
  const reason =
    "The first router is the gateway of the network; clients are still told all of them.";
  notes.changed(set.place, set.text, reason);
}

function firstAddress(set: SetOption | undefined): Ipv4 | undefined {
  const [first] = Array.isArray(set?.value) ? set.value : [];
  return typeof first === "string" ? parseIpv4(first) : undefined;
}

function isHost(address: Ipv4, subnet: Subnet): boolean {
  return contains(subnet, address) && hostProblem(address, subnet, "") === undefined;
}

function isDomain(text: string): boolean {
  return (
    text.length <= 253 &&
    /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i.test(text)
  );
}

/** Whether a text is a domain name as our configuration takes it. */
export { isDomain };

/** Whether an address text is inside a subnet. */
export function isInside(text: string, subnet: Subnet): boolean {
  return parseIpv4(text) !== undefined && contains(subnet, ipv4(text));
}
