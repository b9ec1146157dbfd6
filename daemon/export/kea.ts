// Our configuration and leases for kea-dhcp4: its JSON, and its memfile of leases.

import { parseSubnet } from "../base/address.ts";
import { hex } from "../base/bytes.ts";
import { parseMatches } from "../config/classes.ts";
import { parseMacPrefix } from "../config/fields.ts";
import { OptionNames } from "../config/options.ts";
import type {
  Level,
  SharedConfig,
  SharedNetwork,
  SharedPool,
  SharedReservation,
} from "../config/schema.ts";
import { FOREVER_SECONDS, type Match } from "../core/config-view.ts";
import type { ImportedLease } from "../import/imported.ts";
import type { Plain } from "../wire/option-codecs.ts";
import { type Exported, ExportNotes } from "./exported.ts";
import { CannotSay, colons, type Language, matchText } from "./match-text.ts";
import { noteWhatIsNotThere } from "./not-there.ts";

type Json = { [key: string]: Plain };

/** `now`: seconds since 1970; Kea has how long a lease is beside when it ends. */
export function exportKea(
  shared: SharedConfig,
  leases: readonly ImportedLease[],
  now: number,
): Exported {
  const notes = new ExportNotes();
  noteWhatIsNotThere(shared, notes);
  const text = JSON.stringify({ Dhcp4: new KeaText(shared, notes).whole() }, null, 2);
  const files = new Map([["kea-dhcp4.conf", `${text}\n`]]);
  if (leases.length > 0) files.set("kea-leases4.csv", leasesText(leases, shared, now));
  return { files, notes: notes.done() };
}

class KeaText {
  readonly #shared: SharedConfig;
  readonly #notes: ExportNotes;
  readonly #names: OptionNames;
  readonly #matches: readonly (Match | undefined)[];
  readonly #classes: Json[] = [];
  readonly #known = new Set<string>();
  /** Those made for pools stand behind the others. */
  readonly #poolClasses: Json[] = [];

  constructor(shared: SharedConfig, notes: ExportNotes) {
    this.#shared = shared;
    this.#notes = notes;
    this.#names = new OptionNames(shared.customOptions);
    this.#matches = parseMatches(shared, this.#names, () => undefined);
  }

  whole(): Json {
    const shared = this.#shared;
    const drops = shared.deny.map((mac) => macTest(mac));
    shared.networks.forEach((network, index) => {
      if (network.deny.length === 0) return;
      this.#notes.add(`networks[${index}].deny`, "A device is denied on all networks there.");
      drops.push(...network.deny.map((mac) => macTest(mac)));
    });
    for (let index = 0; index < shared.classes.length; index++) this.#class(index, drops);
    if (drops.length > 0) {
      this.#classes.push({ name: "DROP", test: drops.map((test) => `(${test})`).join(" or ") });
    }
    const wires = shared.networks.filter(({ sharedWith }) => sharedWith === undefined);
    const alone: Json[] = [];
    const together: Json[] = [];
    for (const wire of wires) {
      const members = shared.networks.filter(
        ({ name, sharedWith }) => name === wire.name || sharedWith === wire.name,
      );
      const subnets = members.map((member) => this.#subnet(member, wire.authoritative));
      if (members.length === 1) alone.push(...subnets);
      else together.push({ name: wire.name, authoritative: wire.authoritative, subnet4: subnets });
    }
    if (shared.networks.some(({ probe }) => probe)) {
      const reason =
        "Addresses are not asked for before they are offered there, unless a library does it.";
      this.#notes.add("networks", reason);
    }
    this.#notes.add("networks", "Which interfaces Kea listens on has to be written by hand.");
    const classes = [...this.#classes, ...this.#poolClasses];
    const level = this.#level(shared, "");
    return {
      "interfaces-config": { interfaces: [] },
      "lease-database": { type: "memfile" },
      "host-reservation-identifiers": ["hw-address", "client-id", "circuit-id"],
      ...level,
      ...(classes.length > 0 && { "client-classes": classes }),
      ...(together.length > 0 && { "shared-networks": together }),
      subnet4: alone,
    };
  }

  /** Kea wants the same of all subnets of a shared network. */
  #subnet(network: SharedNetwork, isAuthoritative: boolean): Json {
    const index = this.#shared.networks.indexOf(network);
    const path = `networks[${index}]`;
    const { gateway, dns, domain } = network;
    const own = {
      ...(gateway !== undefined && { router: [gateway] }),
      ...(dns !== undefined && { "domain-name-server": dns }),
      ...(domain !== undefined && { "domain-name": domain }),
    };
    const level = this.#level({ ...network, options: { ...own, ...network.options } }, path);
    const reservations = network.reservations.flatMap((entry, at) =>
      this.#reservation(entry, `${path}.reservations[${at}]`),
    );
    if (network.authoritative !== isAuthoritative) {
      const reason = "Networks that share a wire are all authoritative there, or none is.";
      this.#notes.add(`${path}.authoritative`, reason);
    }
    const pools = network.pools.map((pool, at) => this.#pool(pool, `${path}.pools[${at}]`));
    return {
      id: index + 1,
      subnet: network.subnet,
      authoritative: isAuthoritative,
      ...(network.ignoreClientId && { "match-client-id": false }),
      ...(network.relays.length > 0 && { relay: { "ip-addresses": [...network.relays] } }),
      ...level,
      pools,
      ...(reservations.length > 0 && { reservations }),
    };
  }

  #pool(pool: SharedPool, path: string): Json {
    const level = this.#level({ ...NO_TIMES, options: pool.options }, path);
    for (const [key, value] of Object.entries(pool)) {
      if (value !== undefined && /Seconds$|^boot$/.test(key)) {
        this.#notes.add(
          `${path}.${key}`,
          "A pool has options, and no times or boot files of its own there.",
        );
      }
    }
    const guard = this.#guardOf(pool, path);
    return {
      pool: `${pool.from} - ${pool.to}`,
      ...(guard !== undefined && { "client-class": guard }),
      ...level,
    };
  }

  /** One class that says who may have an address of a pool. */
  #guardOf({ allow, deny, knownOnly }: SharedPool, path: string): string | undefined {
    const member = (name: string) => {
      if (this.#known.has(name)) return `member('${nameThere(name)}')`;
      this.#notes.add(
        path,
        `The class "${name}" cannot be said there, so nobody is a member of it.`,
      );
      return "not member('ALL')";
    };
    const allowed = allow
      .map(member)
      .map((test) => `(${test})`)
      .join(" or ");
    const tests = [
      ...(allowed === "" ? [] : [allowed]),
      ...deny.map((name) => `not (${member(name)})`),
      ...(knownOnly ? ["member('KNOWN')"] : []),
    ];
    const [only, more] = tests;
    if (only === undefined) return undefined;
    if (more === undefined && knownOnly) return "KNOWN";
    const [single] = allow;
    if (more === undefined && allow.length === 1 && single !== undefined && this.#known.has(single))
      return nameThere(single);
    const name = `pool-${this.#poolClasses.length + 1}`;
    this.#poolClasses.push({ name, test: tests.map((test) => `(${test})`).join(" and ") });
    return name;
  }

  #reservation(entry: SharedReservation, path: string): Json[] {
    const { mac, clientId, circuitId, remoteId, hostname } = entry;
    if (remoteId !== undefined || hostname !== undefined) {
      this.#notes.add(
        path,
        "Devices are not recognised by their name or relay there; the reservation was left out.",
      );
      return [];
    }
    const circuit = circuitId ?? "";
    const key: Json =
      mac !== undefined
        ? { "hw-address": mac.toLowerCase().replaceAll("-", ":") }
        : clientId !== undefined
          ? { "client-id": clientId }
          : {
              "circuit-id": /^0x/i.test(circuit)
                ? circuit.slice(2)
                : hex(new TextEncoder().encode(circuit)),
            };
    for (const [setting, value] of Object.entries(entry)) {
      if (value === undefined || !/Seconds$/.test(setting)) continue;
      this.#notes.add(`${path}.${setting}`, "A reservation has no times of its own there.");
    }
    return [
      {
        ...key,
        "ip-address": entry.address,
        ...(entry.name !== undefined && { hostname: entry.name }),
        ...this.#level({ ...NO_TIMES, options: entry.options, boot: entry.boot }, path),
      },
    ];
  }

  #class(index: number, drops: string[]): void {
    const one = this.#shared.classes[index];
    const match = this.#matches[index];
    const path = `classes[${index}]`;
    if (!one || !match) return;
    try {
      const test = matchText(match, {
        ...LANGUAGE,
        member: (other) => {
          const name = this.#shared.classes[other]?.name ?? "";
          if (!this.#known.has(name))
            throw new CannotSay("A class that it refers to cannot be said.");
          return `member('${name}')`;
        },
      });
      if (one.deny) drops.push(test);
      this.#known.add(one.name);
      this.#classes.push({ name: nameThere(one.name), test, ...this.#level(one, path) });
    } catch (error) {
      if (!(error instanceof CannotSay)) throw error;
      this.#notes.add(`${path}.match`, `${error.message} The class was left out.`);
    }
  }

  #level(level: Level, path: string): Json {
    const at = (setting: string) => (path === "" ? setting : `${path}.${setting}`);
    const options = Object.entries(level.options).flatMap(([name, value]): Json[] => {
      const { code, data } = this.#names.encode(name, value);
      if (data.length > 0) return [{ code, "csv-format": false, data: hex(data) }];
      this.#notes.add(at(`options.${name}`), TAKEN_AWAY);
      return [];
    });
    const { server, serverName, file } = level.boot ?? {};
    for (const [setting, value] of Object.entries({ server, serverName, file })) {
      if (value !== null) continue;
      this.#notes.add(at(`boot.${setting}`), TAKEN_AWAY);
    }
    return {
      ...(options.length > 0 && { "option-data": options }),
      ...seconds("valid-lifetime", level.leaseSeconds),
      ...seconds("min-valid-lifetime", level.minLeaseSeconds),
      ...seconds("max-valid-lifetime", level.maxLeaseSeconds),
      ...seconds("renew-timer", level.renewSeconds),
      ...seconds("rebind-timer", level.rebindSeconds),
      ...(server && { "next-server": server }),
      ...(serverName && { "server-hostname": serverName }),
      ...(file && { "boot-file-name": file }),
    };
  }
}

/** Kea can from 2.4 on, with a setting that older ones refuse. */
const TAKEN_AWAY = "What a wider level sets is not taken away there.";

const NO_TIMES = {
  leaseSeconds: undefined,
  minLeaseSeconds: undefined,
  maxLeaseSeconds: undefined,
  renewSeconds: undefined,
  rebindSeconds: undefined,
  boot: undefined,
} as const;

/** Some names of classes mean something to Kea by themselves. */
function nameThere(name: string): string {
  return /^(ALL|KNOWN|UNKNOWN|DROP|BOOTP|SKIP_DDNS)$|^(VENDOR_CLASS|HA|AFTER|EXTERNAL|SPAWN|POOL)_/.test(
    name,
  )
    ? `our-${name}`
    : name;
}

function seconds(name: string, value: number | undefined): Json {
  return value === undefined ? {} : { [name]: value };
}

function macTest(mac: string): string {
  const prefix = parseMacPrefix(mac) ?? new Uint8Array(0);
  return `${LANGUAGE.first({ kind: "mac" }, prefix.length)} == 0x${hex(prefix)}`;
}

const LANGUAGE: Omit<Language, "member"> = {
  equals: "==",
  known: "member('KNOWN')",
  bytes: (bytes) => `0x${hex(bytes)}`,
  lowerCase: () => {
    throw new CannotSay("Upper and lower case always differ there.");
  },
  source: (of) => {
    if (of.kind === "mac") return "pkt4.mac";
    if (of.kind === "relay") return "pkt4.giaddr";
    return `${of.kind === "option" ? "option" : "relay4"}[${of.code}].hex`;
  },
  exists: (of) => `${LANGUAGE.source(of).replace(/\.hex$/, "")}.exists`,
  first: (of, count) => `substring(${LANGUAGE.source(of)},0,${count})`,
  last: (of, count) => `substring(${LANGUAGE.source(of)},-${count},all)`,
};

function leasesText(leases: readonly ImportedLease[], shared: SharedConfig, now: number): string {
  const subnets = shared.networks.map(({ subnet }) => parseSubnet(subnet));
  const rows = leases.map(
    ({ address, state, mac = "", clientId = "", hostname = "", expiresAt }) => {
      const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
      const at = subnets.findIndex((one) => one && (number & one.mask) >>> 0 === one.address);
      const lifetime = expiresAt === undefined ? FOREVER_SECONDS : Math.max(1, expiresAt - now);
      const id = clientId.replace(/(..)(?=.)/g, "$1:");
      const cells = [address, mac, id, lifetime, expiresAt ?? now, at + 1, 0, 0];
      const name = hostname.replace(
        /[^!-~]|[,&]/g,
        (sign) => `&#x${colons(new TextEncoder().encode(sign)).slice(0, 2)}`,
      );
      return [...cells, name, state === "declined" ? 1 : 0, "", 0].join(",");
    },
  );
  return [COLUMNS, ...rows, ""].join("\n");
}

const COLUMNS =
  "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id";
