// What a change means for what devices are told with their addresses, and for how long they have them.

import { formatIpv4, type Ipv4 } from "../base/address.ts";
import { FOREVER_SECONDS, type LevelConfig, type NetworkConfig } from "../core/config-view.ts";
import { decodeOption, OPTION, optionByCode } from "../wire/dhcp4-options.ts";
import { fingerprintOf, type Scene } from "./consequence-scene.ts";
import { lastEnd, learned, lengthOf, someOf } from "./consequence-words.ts";
import type { OfNetwork } from "./consequences-leases.ts";

const ROUTER = OPTION.router.code;
const DNS = OPTION.domainNameServer.code;
const SUBNET_MASK = OPTION.subnetMask.code;

export const router: OfNetwork = ({ before, after, leases }, scene) => {
  const [was, is] = [addressesIn(before, ROUTER), addressesIn(after, ROUTER)];
  if (was === is) return [];
  const moves = isVirtual(scene.before.shared, before.name);
  const lost =
    was !== "" && leases.length > 0
      ? ` Until then they go by way of ${was}${moves ? ", which none of the boxes has any more: they reach nothing outside of their LAN" : ""}.`
      : "";
  return [
    {
      id: "router-changed",
      severity: moves && leases.length > 0 ? "danger" : "warning",
      path: `networks[${after.name}].gateway`,
      sentence: `Devices of ${after.name} are told ${is === "" ? "no router" : `the router ${is}`}${instead(was)}.${learned(leases, scene.nowSeconds)}${lost}`,
    },
  ];
};

export const dns: OfNetwork = ({ before, after, leases }, { nowSeconds }) => {
  const [was, is] = [addressesIn(before, DNS), addressesIn(after, DNS)];
  if (was === is) return [];
  return [
    {
      id: "dns-changed",
      severity: "warning",
      path: `networks[${after.name}].dns`,
      sentence: `Devices of ${after.name} are told to ask ${is === "" ? "no server" : is} for names${instead(was)}.${learned(leases, nowSeconds)}`,
    },
  ];
};

function instead(was: string): string {
  return was === "" ? "" : ` instead of ${was}`;
}

/** Everything else that the network tells. */
export const options: OfNetwork = ({ before, after, leases }, { nowSeconds }) => {
  const changed = changedOptions(before, after).filter(
    (code) => code !== ROUTER && code !== DNS && code !== SUBNET_MASK,
  );
  if (changed.length === 0) return [];
  const names = changed.map((code) => optionByCode(code)?.name ?? `option-${code}`);
  return [
    {
      id: "options-changed",
      severity: "info",
      path: `networks[${after.name}].options`,
      sentence: `Devices of ${after.name} are told otherwise: ${someOf(names)}.${learned(leases, nowSeconds)}`,
    },
  ];
};

/** Of pools, reservations and classes: not all devices of the network are told so. */
export const innerLevels: OfNetwork = ({ before, after }, scene) => {
  const inner = (network: NetworkConfig, { classes }: Scene["before"]) =>
    fingerprintOf(
      [
        ...network.pools.map((one) => ({ ...level(one), at: [one.from, one.to] })),
        ...network.reservations.map((one) => ({ ...level(one), at: one.key })),
        ...classes.map((one) => ({ ...level(one), match: one.match })),
      ].filter(saysSomething),
    );
  if (inner(before, scene.before) === inner(after, scene.after)) return [];
  return [
    {
      id: "some-devices-told-otherwise",
      severity: "info",
      path: `networks[${after.name}]`,
      sentence: `Some devices of ${after.name} are told other options or lease times when they renew, by their pool, reservation or class.`,
    },
  ];
};

function level(one: LevelConfig): LevelConfig {
  const { nextServer, serverName, bootFile, leaseSeconds, minLeaseSeconds } = one;
  const { maxLeaseSeconds, renewSeconds, rebindSeconds } = one;
  return {
    ...{ options: one.options, nextServer, serverName, bootFile, leaseSeconds, minLeaseSeconds },
    ...{ maxLeaseSeconds, renewSeconds, rebindSeconds },
  };
}

/** A pool that only comes or goes changes nothing of what devices are told. */
function saysSomething(one: LevelConfig): boolean {
  const { options: own, nextServer, serverName, bootFile, leaseSeconds } = one;
  const { minLeaseSeconds, maxLeaseSeconds, renewSeconds, rebindSeconds } = one;
  const times = [leaseSeconds, minLeaseSeconds, maxLeaseSeconds, renewSeconds, rebindSeconds];
  const all = [nextServer, serverName, bootFile, ...times];
  return own.length > 0 || all.some((value) => value !== undefined);
}

export const boot: OfNetwork = ({ before, after }) => {
  const of = ({ nextServer, serverName, bootFile }: NetworkConfig) =>
    fingerprintOf([nextServer, serverName, bootFile]);
  if (of(before) === of(after)) return [];
  return [
    {
      id: "boot-changed",
      severity: "info",
      path: `networks[${after.name}].boot`,
      sentence: `Machines of ${after.name} that start over the network get another file, or another server, at their next start.`,
    },
  ];
};

/** From this factor on it is noticed: in load, or in how long an address stays with who is gone. */
const MUCH = 4;

export const leaseTime: OfNetwork = ({ before, after, leases }, { nowSeconds }) => {
  const [was, is] = [before.leaseSeconds, after.leaseSeconds];
  if (was === is) return [];
  const path = `networks[${after.name}].leaseSeconds`;
  const change = `Leases of ${after.name} last ${lengthOf(is)} instead of ${lengthOf(was)}`;
  if (is < was) {
    const end = lastEnd(leases, nowSeconds);
    const until = end === undefined ? "" : ` The last of the leases that run now ends by ${end}.`;
    const often =
      was === FOREVER_SECONDS
        ? ": devices ask again and again from then on"
        : `: devices ask ${Math.round(was / is)} times as often`;
    const isMuch = was / is >= MUCH;
    return [
      {
        id: isMuch ? "leases-much-shorter" : "leases-shorter",
        severity: isMuch ? "warning" : "info",
        path,
        sentence: `${change}${isMuch ? often : ""}.${until}`,
      },
    ];
  }
  const isMuch = is / was >= MUCH;
  const stay =
    is === FOREVER_SECONDS
      ? ": a device that is gone keeps its address, and changes are learned only by a device that is started anew"
      : ": a device that is gone keeps its address for so long, and a change is learned after up to half of that";
  return [
    {
      id: isMuch ? "leases-much-longer" : "leases-longer",
      severity: isMuch ? "warning" : "info",
      path,
      sentence: `${change}${isMuch ? stay : ""}.`,
    },
  ];
};

export const renamed: OfNetwork = ({ before, after }) => {
  if (before.name === after.name) return [];
  return [
    {
      id: "network-renamed",
      severity: "info",
      path: `networks[${after.name}].name`,
      sentence: `The network ${before.name} is called ${after.name} from then on. Its devices keep their addresses.`,
    },
  ];
};

/** It is told to clients and moves between the boxes. */
export function isVirtual(shared: Scene["before"]["shared"], name: string): boolean {
  const network = shared.networks.find((one) => one.name === name);
  return shared.gateway !== undefined && network?.gateway !== undefined && !network.relayed;
}

function contentOf(network: NetworkConfig, code: number): Uint8Array | undefined {
  return network.options.find((one) => one.code === code)?.data;
}

/** As people write them, "" for none. */
function addressesIn(network: NetworkConfig, code: typeof ROUTER | typeof DNS): string {
  const data = contentOf(network, code);
  const row = code === ROUTER ? OPTION.router : OPTION.domainNameServer;
  const decoded = data && decodeOption(row, data);
  return Array.isArray(decoded) ? decoded.map((one) => formatIpv4(one as Ipv4)).join(", ") : "";
}

function changedOptions(before: NetworkConfig, after: NetworkConfig): number[] {
  const codes = new Set([...before.options, ...after.options].map(({ code }) => code));
  return [...codes].filter(
    (code) => fingerprintOf(contentOf(before, code)) !== fingerprintOf(contentOf(after, code)),
  );
}
