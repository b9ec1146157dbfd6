// What a person may write into config.json (shared by both boxes) and box.json (this box only).
// Only shapes here; what depends on several fields at once is checked in check.ts, matches of classes
// in match.ts and options in options.ts.

import * as v from "valibot";
import { LIMITS } from "../limits.ts";
import { DIALECTS } from "../wire/failover/messages.ts";
import {
  address,
  domainName,
  flag,
  headerText,
  hostname,
  interfaceName,
  keywords,
  leaseTime,
  leaseTimeOrInfinite,
  listAtMost,
  mac,
  macPrefix,
  name,
  relationshipName,
  renewTime,
  subnet,
  textOrHex,
  wholeNumber,
} from "./fields.ts";
import { SHAPES } from "./options.ts";

export type { ConfigIssue } from "./validate.ts";

const version = v.literal(1, "must be 1; this file is of another version");

/** What may stand at every level; null takes away what a wider level sets. */
const level = {
  /** Values by the option's name in the option table or in `customOptions`. */
  options: v.optional(v.record(v.string(), v.unknown(), "must be an object"), {}),
  leaseSeconds: v.optional(leaseTimeOrInfinite),
  minLeaseSeconds: v.optional(leaseTime),
  maxLeaseSeconds: v.optional(leaseTimeOrInfinite),
  renewSeconds: v.optional(renewTime),
  rebindSeconds: v.optional(renewTime),
  boot: v.optional(
    v.strictObject({
      server: v.optional(v.nullable(address)),
      serverName: v.optional(v.nullable(headerText(63))),
      file: v.optional(v.nullable(headerText(127))),
    }),
  ),
};

const classNames = v.optional(listAtMost(name, LIMITS.classesMax, "classes"), []);
const denied = v.optional(listAtMost(macPrefix, LIMITS.deniedMax, "hardware addresses"), []);
const addresses = v.optional(listAtMost(address, 256, "addresses"), []);

const pool = v.strictObject({
  from: address,
  to: address,
  allow: classNames,
  deny: classNames,
  knownOnly: v.optional(flag, false),
  ...level,
});

const reservation = v.strictObject({
  mac: v.optional(mac),
  clientId: v.optional(
    v.pipe(
      v.string("must be hex digits in quotes"),
      v.regex(/^([0-9a-fA-F]{2}){1,255}$/, "must be an even number of hex digits"),
    ),
  ),
  circuitId: v.optional(textOrHex),
  remoteId: v.optional(textOrHex),
  hostname: v.optional(hostname),
  address,
  name: v.optional(domainName),
  ...level,
});

const clientClass = v.strictObject({
  name,
  match: v.unknown(),
  deny: v.optional(flag, false),
  ...level,
});

const network = v.strictObject({
  name,
  subnet,
  relayed: v.optional(flag, false),
  relays: addresses,
  sharedWith: v.optional(name),
  pools: listAtMost(pool, LIMITS.poolsPerNetworkMax, "pools"),
  /** The router that clients are told; the virtual address of the pair. */
  gateway: v.optional(address),
  dns: v.optional(v.array(address, "must be a list")),
  domain: v.optional(domainName),
  ...level,
  randomisedMacLeaseSeconds: v.optional(leaseTime),
  authoritative: v.optional(flag, true),
  ignoreClientId: v.optional(flag, false),
  rapidCommit: v.optional(flag, false),
  forceRenew: v.optional(flag, false),
  probe: v.optional(flag, true),
  watchServers: v.optional(flag, true),
  deny: denied,
  leasesPerPort: v.optional(wholeNumber(0, 65_535, "a whole number"), 0),
  keepForKnownPercent: v.optional(wholeNumber(0, 100, "a whole number"), 5),
  trustedServers: addresses,
  reservations: v.optional(listAtMost(reservation, LIMITS.reservationsMax, "reservations"), []),
});

const customOption = v.strictObject({
  code: wholeNumber(1, 254, "an option code"),
  name: v.pipe(
    v.string("must be a name in quotes"),
    v.regex(/^[a-z][a-z0-9-]{0,62}$/, "must be 1 to 63 lower-case letters, digits or -"),
  ),
  type: v.picklist(
    Object.keys(SHAPES),
    `is not a type of option; there are ${Object.keys(SHAPES).join(", ")}`,
  ),
});

const SAFE_SECONDS = "must be 0, or a whole number of seconds from 60 to 86400";

/** How two boxes share the work. What is left out depends on other settings: see pair.ts. */
const sharedPair = v.strictObject({
  name: relationshipName,
  mode: v.optional(
    v.picklist(["load-balancing", "hot-standby"], 'must be "load-balancing" or "hot-standby"'),
    "load-balancing",
  ),
  primaryPercent: v.optional(wholeNumber(1, 99, "a whole number")),
  reservePercent: v.optional(wholeNumber(1, 50, "a whole number")),
  mcltSeconds: v.optional(wholeNumber(60, 86_400, "a whole number of seconds")),
  partnerWaitMilliseconds: v.optional(wholeNumber(0, 1000, "a whole number of milliseconds")),
  loadBalanceSecondsMax: v.optional(wholeNumber(0, 255, "a whole number of seconds"), 3),
  receiveTimerSeconds: v.optional(wholeNumber(5, 600, "a whole number of seconds"), 20),
  safeSeconds: v.optional(
    v.pipe(
      v.number(SAFE_SECONDS),
      v.check((n) => n === 0 || (Number.isInteger(n) && n >= 60 && n <= 86_400), SAFE_SECONDS),
      keywords({ anyOf: [{ const: 0 }, { type: "integer", minimum: 60, maximum: 86_400 }] }),
    ),
  ),
  protocol: v.optional(v.picklist(DIALECTS, 'must be "tandem" or "isc"'), "tandem"),
});

const boxPair = v.strictObject({
  role: v.picklist(["primary", "secondary"], 'must be "primary" or "secondary"'),
  /** Of this box on the wire to its partner, and the partner's there; without them it is looked for. */
  address: v.optional(address),
  partner: v.optional(address),
  port: v.optional(wholeNumber(1, 65_535, "a port number")),
  partnerPort: v.optional(wholeNumber(1, 65_535, "a port number")),
  /** Of the partner's key: whoever cannot show that key is not the partner. */
  partnerIdentity: v.optional(
    v.pipe(
      v.string("must be hex digits in quotes"),
      v.regex(
        /^[0-9a-fA-F]{64}$/,
        "must be the 64 hex digits that tandem identity says on the partner",
      ),
    ),
  ),
});

const advertTime = v.pipe(
  wholeNumber(50, 1000, "a whole number of milliseconds"),
  v.multipleOf(10, "must be a multiple of 10: VRRP counts hundredths of a second"),
);

/** The virtual addresses that one of the boxes has at a time; without this they are only told to clients. */
const gateway = v.strictObject({
  advertMilliseconds: v.optional(advertTime, 100),
  virtualRouterId: v.optional(wholeNumber(1, 249, "a whole number"), 51),
  virtualMac: v.optional(flag, false),
  wan: v.optional(v.strictObject({ address: subnet, router: address })),
  targets: v.optional(listAtMost(address, LIMITS.wanTargetsMax, "addresses"), []),
  preferPrimaryAfterSeconds: v.optional(wholeNumber(10, 86_400, "a whole number of seconds")),
  releaseAfterSeconds: v.optional(wholeNumber(5, 600, "a whole number of seconds"), 15),
});

export const SharedSchema = v.strictObject({
  version,
  ...level,
  customOptions: v.optional(v.array(customOption, "must be a list"), []),
  deny: denied,
  classes: v.optional(listAtMost(clientClass, LIMITS.classesMax, "classes"), []),
  leasequery: v.optional(
    v.strictObject({
      from: addresses,
      /** TCP port for bulk queries (RFC 6926 has 67, which an ordinary user may not open). */
      bulkPort: v.optional(wholeNumber(1, 65_535, "a port number")),
    }),
  ),
  pair: v.optional(sharedPair),
  gateway: v.optional(gateway),
  networks: listAtMost(network, LIMITS.networksMax, "networks"),
});

export const BoxSchema = v.strictObject({
  version,
  name,
  /** `standby` answers nobody: what an unpaired second box does. */
  role: v.picklist(["serving", "standby"], 'must be "serving" or "standby"'),
  networks: v.record(
    name,
    v.strictObject({
      interface: interfaceName,
      /** This box's own address with its prefix length, such as 192.168.1.2/24. */
      address: subnet,
    }),
    "must be an object",
  ),
  pair: v.optional(boxPair),
  http: v.optional(
    v.strictObject({
      port: v.optional(wholeNumber(1, 65_535, "a port number")),
      /** On the LANs; 0: the page is not reached from there. */
      httpsPort: v.optional(wholeNumber(0, 65_535, "a port number (0: none)"), 8443),
    }),
    {},
  ),
});

export type SharedConfig = v.InferOutput<typeof SharedSchema>;
export type BoxConfig = v.InferOutput<typeof BoxSchema>;
export type SharedNetwork = SharedConfig["networks"][number];
export type SharedPool = SharedNetwork["pools"][number];
export type SharedReservation = SharedNetwork["reservations"][number];
export type SharedClass = SharedConfig["classes"][number];
export type CustomOption = SharedConfig["customOptions"][number];
/** The settings that every level has. */
export type Level = Pick<SharedConfig, keyof typeof level>;

/** Where an address of this box stands, by the name of the network. */
export function portsOf(box: BoxConfig): ReadonlyMap<string, BoxConfig["networks"][string]> {
  return new Map(Object.entries(box.networks));
}

/** Networks of one segment share a wire; its name is that of the network that speaks for it. */
export function segmentOf(one: SharedNetwork): string {
  return one.sharedWith ?? one.name;
}
