/**
 * What Tandem is measured with: the plain configuration, which says what every server of the bench is
 * told, and a rich one with as much to decide about each packet as a large site has.
 */
import { CLIENT_ADDRESS, SERVER_ADDRESS, SERVER_IFACE } from "./sandbox.ts";

/** First and last address of the pool, and the lease: the same for every server of the bench. */
export const FIRST = "10.0.1.0";
export const LAST = "10.0.255.250";
export const LEASE_SECONDS = 4000;

/** Name of the only network. */
const NETWORK = "bench";
const RESERVATIONS = 1000;
/** Distinct classes of each kind that no packet of the bench is in. */
const OF_EACH_KIND = 7;

type Json = Readonly<Record<string, unknown>>;

export const BOX_CONFIG: Json = {
  version: 1,
  name: "A",
  role: "serving",
  networks: { [NETWORK]: { interface: SERVER_IFACE, address: `${SERVER_ADDRESS}/16` } },
};

/** As little as there can be. */
export function plainConfig(): Json {
  return { version: 1, networks: [network({})] };
}

/** The plain one for two boxes; what is not said is the default. */
export function pairConfig(mode: "load-balancing" | "hot-standby"): Json {
  return { ...plainConfig(), pair: { name: "bench", mode } };
}

export interface PairEnds {
  readonly name: string;
  readonly role: "primary" | "secondary";
  readonly lanAddress: string;
  /** Where the partner is, or who. */
  readonly partner:
    | { readonly address: string; readonly partner: string }
    | { readonly partnerIdentity: string };
}

export function pairBoxConfig({ name, role, lanAddress, partner }: PairEnds): Json {
  const networks = { [NETWORK]: { interface: SERVER_IFACE, address: `${lanAddress}/16` } };
  return { ...BOX_CONFIG, name, networks, pair: { role, ...partner } };
}

/** 50 classes of all kinds, of which a packet of perfdhcp is in eight, and 1,000 reservations. */
export function richConfig(): Json {
  return {
    version: 1,
    options: { "tz-database-timezone": "Europe/Berlin", "ntp-servers": ["10.0.0.5"] },
    classes: [...unmatchedClasses(), ...matchedClasses()],
    networks: [
      network({
        dns: ["10.0.0.3", "10.0.0.4"],
        domain: "bench.example",
        reservations: Array.from({ length: RESERVATIONS }, (_, index) => reservation(index)),
      }),
    ],
  };
}

/** Not asking the wire and keeping nothing back for known clients: no other server here does either. */
function network(more: Json): Json {
  return {
    name: NETWORK,
    subnet: "10.0.0.0/16",
    pools: [{ from: FIRST, to: LAST }],
    leaseSeconds: LEASE_SECONDS,
    gateway: SERVER_ADDRESS,
    probe: false,
    keepForKnownPercent: 0,
    ...more,
  };
}

/** Phones, boot firmware, switch ports: each asks something of the packet and finds that it is not so. */
function unmatchedClasses(): Json[] {
  const numbers = Array.from({ length: OF_EACH_KIND }, (_, index) => index);
  return numbers.flatMap((n) => [
    {
      name: `phones-${n}`,
      match: { vendorClass: [`Phone${n}*`, `*-sip-${n}-*`] },
      leaseSeconds: 86_400,
      options: { "tftp-server-name": "phones.bench.example" },
    },
    {
      name: `boot-${n}`,
      match: { userClass: `loader-${n}`, not: { known: true } },
      boot: { server: "10.0.0.6", file: `loader-${n}.ipxe` },
    },
    { name: `firmware-${n}`, match: { arch: n + 6 }, boot: { file: `firmware-${n}.efi` } },
    {
      name: `vendor-${n}`,
      match: { mac: [`02:00:5e:${n}0`, `02:00:5f:${n}0`] },
      options: { "domain-name-server": ["10.0.0.7"] },
    },
    { name: `port-${n}`, match: { circuitId: `ge-0/0/${n}*` }, maxLeaseSeconds: 600 },
    { name: `till-${n}`, match: { option: { "option-224": `till-${n}*` } }, renewSeconds: 300 },
  ]);
}

/** perfdhcp is a relay and asks for 1, 28, 2, 3, 15, 6 and 12, in this order. */
function matchedClasses(): Json[] {
  return [
    { name: "strangers", match: { known: false }, options: { "time-offset": 3600 } },
    { name: "here", match: { network: NETWORK }, renewSeconds: 1500 },
    { name: "office", match: { class: "here", randomisedMac: false }, rebindSeconds: 3000 },
    {
      name: "asks-for-mask",
      match: { option: { "parameter-request-list": "0x01*" } },
      options: { "broadcast-address": "10.0.255.255" },
    },
    {
      name: "ethernet",
      match: { option: { "client-identifier": "0x01*" } },
      options: { "domain-name": "ethernet.bench.example" },
    },
    {
      name: "makers",
      match: { mac: ["00:0c:01", "00:0c:f1", "00:0c:e1"] },
      leaseSeconds: LEASE_SECONDS,
      boot: { server: "10.0.0.8" },
    },
    {
      name: "relayed",
      match: { any: [{ relay: CLIENT_ADDRESS }, { circuitId: "*" }] },
      options: { "host-name": "relayed", "domain-name": null },
    },
    {
      name: "both",
      match: { class: ["makers", "relayed"], all: [{ class: "office" }] },
      minLeaseSeconds: 300,
      options: { "log-server": ["10.0.0.9"] },
    },
  ];
}

/** By MAC, client identifier, port and host name in turn; some bring options of their own. */
function reservation(index: number): Json {
  const byte = (value: number): string => (value & 0xff).toString(16).padStart(2, "0");
  const keys: readonly Json[] = [
    { mac: `02:00:00:00:${byte(index >> 8)}:${byte(index)}` },
    { clientId: `00${byte(index >> 8)}${byte(index)}` },
    { circuitId: `xe-1/0/${index}` },
    { hostname: `device-${index}` },
  ];
  const more = index % 10 === 0 ? { options: { "root-path": `/devices/${index}` } } : {};
  return {
    ...keys[index % keys.length],
    address: `10.0.${240 + (index >> 8)}.${index & 0xff}`,
    ...more,
  };
}
