// What a change means for the boxes themselves: the gateway that moves between them, the pair, and where their page is.

import type { PairConfig } from "../core/config-view.ts";
import { keepalivedConfig } from "../core/gateway/keepalived-config.ts";
import type { GatewayPlan } from "../core/gateway/plan.ts";
import type { Files, Scene } from "./consequence-scene.ts";
import { fingerprintOf } from "./consequence-scene.ts";
import { type Consequence, count, lengthOf, someOf } from "./consequence-words.ts";
import { buildGateway } from "./gateway.ts";
import { buildPair } from "./pair.ts";
import { portsOf } from "./schema.ts";

export type OfBoxes = (scene: Scene) => readonly Consequence[];

export const networksNew: OfBoxes = ({ added, after }) => {
  const ports = portsOf(after.box);
  return added.map(({ name, interfaceName, segment }) => {
    const isServed = ports.has(name) || ports.has(segment) || interfaceName === "";
    const served = isServed
      ? "this box serves it"
      : "no port of this box is on it in box.json, so it is left to the other box";
    return {
      id: "network-new",
      severity: "info",
      path: `networks[${name}]`,
      sentence: `The network ${name} is new; ${served}.`,
    };
  });
};

/** Virtual addresses by their network. */
function virtualOf({ shared }: Files): Map<string, string> {
  if (!shared.gateway) return new Map();
  const has = shared.networks.filter(({ relayed, gateway }) => !relayed && gateway !== undefined);
  return new Map(has.map(({ name, gateway = "" }) => [name, gateway]));
}

export const gatewaySection: OfBoxes = ({ before, after }) => {
  const [was, is] = [virtualOf(before), virtualOf(after)];
  if (before.shared.gateway && !after.shared.gateway) {
    return danger(
      "gateway-gone",
      "gateway",
      `No box has the gateway addresses any more (${someOf([...was.values()])}): devices that go out by way of them reach nothing outside of their LAN, unless another router takes them.`,
    );
  }
  if (before.shared.gateway || !after.shared.gateway) return [];
  return danger(
    "gateway-new",
    "gateway",
    `The boxes take the gateway addresses (${someOf([...is.values()])}): a router that has them now must have given them up before.`,
  );
};

function danger(id: string, path: string, sentence: string): Consequence[] {
  return [{ id, severity: "danger", path, sentence }];
}

const AWAY = "is away for about 300 milliseconds at the box that has it";

/** keepalived takes most of it in passing, but no other set of instances. */
export const gatewayPlan: OfBoxes = (scene) => {
  const [was, is] = plansOf(scene);
  if (!was || !is || textOf(was) === textOf(is)) return [];
  const { virtualRouterId, hasVirtualMac, wan } = was;
  if (virtualRouterId !== is.virtualRouterId || hasVirtualMac !== is.hasVirtualMac) {
    return [
      {
        id: "gateway-anew",
        severity: "warning",
        path:
          virtualRouterId === is.virtualRouterId ? "gateway.virtualMac" : "gateway.virtualRouterId",
        sentence: `The gateway is known by another hardware address or router number: it ${AWAY}, and for as long as the boxes do not both have the change they do not hear each other on the LANs.`,
      },
    ];
  }
  const isOther = fingerprintOf(instancesOf(was)) !== fingerprintOf(instancesOf(is));
  const provider =
    fingerprintOf(wan) === fingerprintOf(is.wan)
      ? ""
      : ` The address towards the provider is ${is.wan?.address ?? "none"} then: open connections to the Internet end.`;
  const cost = isOther
    ? `The gateway ${is.pairPorts.length > 0 ? "goes to the other box first; where that cannot be, it" : "is set up anew; it"} ${AWAY}.`
    : "The gateway takes its new settings in passing.";
  return [
    {
      id: isOther ? "gateway-moves" : "gateway-told",
      severity: isOther || provider !== "" ? "warning" : "info",
      path: "gateway",
      sentence: `${cost}${provider}`,
    },
  ];
};

function plansOf({ before, after, board }: Scene): (GatewayPlan | undefined)[] {
  return [before, after].map(({ shared, box }) => buildGateway(shared, box, board));
}

function textOf(plan: GatewayPlan | undefined): string {
  return plan ? keepalivedConfig(plan, "") : "";
}

function instancesOf({ pairPorts, lans }: GatewayPlan) {
  return [pairPorts, lans.map(({ interfaceName }) => interfaceName)];
}

/** By name of the setting: what its change costs. */
const PAIR_COSTS: Readonly<
  Partial<Record<keyof PairConfig, (was: PairConfig, is: PairConfig) => Omit<Consequence, "path">>>
> = {
  name: (was, is) => anew(`The pair is called ${is.name} instead of ${was.name}`),
  dialect: () => anew("The partner is spoken to in another protocol"),
  role: (_, is) => anew(`This box becomes the ${is.role} of the pair`),
  mode: (_, { mode }) => ({
    id: "pair-shares",
    severity: "warning",
    sentence:
      mode.kind === "hot-standby"
        ? "The primary answers all devices, and the secondary only when the primary is gone. Free addresses change hands between the boxes."
        : `The boxes share new devices, ${mode.primaryPercent} per cent for the primary. Free addresses change hands between the boxes.`,
  }),
  mcltSeconds: (was, is) => ({
    id: "pair-mclt",
    severity: "warning",
    sentence: `A box that is alone gives new devices ${lengthOf(is.mcltSeconds)} instead of ${lengthOf(was.mcltSeconds)} at first. It counts from the next time at which the boxes begin their session.`,
  }),
  safeSeconds: (_, is) => ({
    id: "pair-safe-time",
    severity: is.safeSeconds === 0 ? "info" : "warning",
    sentence:
      is.safeSeconds === 0
        ? "A partner that is gone counts as down only when a person says so."
        : `A partner that is silent on two wires counts as down after ${lengthOf(is.safeSeconds)}, and its addresses are given out then.`,
  }),
};

function anew(what: string): Omit<Consequence, "path"> {
  return {
    id: "pair-anew",
    severity: "warning",
    sentence: `${what}: their session begins anew, and each box works alone until both have the change.`,
  };
}

export const pairSettings: OfBoxes = ({ before, after }) => {
  const [was, is] = [before, after].map(({ shared, box }) => buildPair(shared, box).config);
  if (!was && !is) return [];
  if (!is) {
    return danger(
      "pair-gone",
      "pair",
      "The boxes tell each other nothing of leases any more. If both go on serving, they may give one address to two devices.",
    );
  }
  if (!was) {
    const sentence = `The boxes keep one book of leases as the pair ${is.name}. Until they have compared what they know, each is careful with addresses.`;
    return [{ id: "pair-new", severity: "warning", path: "pair", sentence }];
  }
  return Object.entries(PAIR_COSTS).flatMap(([setting, cost]) => {
    const key = setting as keyof PairConfig;
    if (fingerprintOf(was[key]) === fingerprintOf(is[key])) return [];
    return { ...cost(was, is), path: `pair.${key === "dialect" ? "protocol" : key}` };
  });
};

/** Where people find the page, by what they would type. */
function pagesOf(files: Files): Map<string, string> {
  const own = Object.entries(files.box.networks).map(([name, { address }]): [string, string] => [
    `this box on ${name}`,
    address.split("/")[0] ?? "",
  ]);
  const virtual = [...virtualOf(files)].map(([name, address]): [string, string] => [
    `the gateway of ${name}`,
    address,
  ]);
  return new Map([...own, ...virtual]);
}

export const pageMoves: OfBoxes = ({ before, after }) => {
  const is = pagesOf(after);
  return [...pagesOf(before)].flatMap(([place, address]) => {
    const next = is.get(place);
    if (next === address) return [];
    const sentence =
      next === undefined
        ? `Whoever opened this page at ${address} does not find it there any more.`
        : `Whoever opened this page at ${address} finds it at ${next} then.`;
    const path = place.startsWith("the gateway")
      ? `networks[${place.slice("the gateway of ".length)}].gateway`
      : `box.json networks.${place.slice("this box on ".length)}`;
    return { id: "page-moves", severity: "warning" as const, path, sentence };
  });
};

/** Of box.json, which changes only with a restored box. */
export const ownBox: OfBoxes = ({ before, after }) => {
  const [was, is] = [before.box, after.box];
  const found: Consequence[] = [];
  if (was.role !== is.role) {
    const isServing = is.role === "serving";
    found.push({
      id: "role-changed",
      severity: isServing ? "warning" : "danger",
      path: "box.json role",
      sentence: isServing
        ? "This box answers devices from then on. No other server may do so beside it, unless they are a pair."
        : "This box answers no device any more.",
    });
  }
  const names = new Set([...Object.keys(was.networks), ...Object.keys(is.networks)]);
  const moved = [...names].filter(
    (name) => fingerprintOf(was.networks[name]) !== fingerprintOf(is.networks[name]),
  );
  if (moved.length > 0) {
    found.push({
      id: "own-ports-changed",
      severity: "warning",
      path: "box.json networks",
      sentence: `This box has other ports or addresses on ${count(moved.length, "network")} (${someOf(moved)}): devices that renew at an address that it had ask everybody, somewhat later.`,
    });
  }
  return found;
};

export interface Touched {
  /** Names of the networks on which DHCP says anything otherwise. */
  readonly networks: readonly string[];
  readonly gateway: boolean;
  readonly pair: boolean;
  readonly page: boolean;
}

export function touchedBy(scene: Scene): Touched {
  const { before, after, kept, gone, added } = scene;
  const [was, is] = plansOf(scene);
  const pairs = [before, after].map(({ shared, box }) => fingerprintOf(buildPair(shared, box)));
  const pages = [before, after].map((files) =>
    fingerprintOf([...pagesOf(files), files.box.http, files.box.name]),
  );
  const isForAll = fingerprintOf(before.classes) !== fingerprintOf(after.classes);
  const changed = kept.filter(
    (one) => isForAll || fingerprintOf(one.before) !== fingerprintOf(one.after),
  );
  const names = [...changed.map((one) => one.after), ...gone.map((one) => one.before), ...added];
  return {
    networks: names.map(({ name }) => name),
    gateway: textOf(was) !== textOf(is),
    pair: pairs[0] !== pairs[1],
    page: pages[0] !== pages[1],
  };
}
