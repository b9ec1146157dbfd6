// Our configuration and leases as dhcpd.conf and dhcpd.leases.

import { formatIpv4, ipv4, parseSubnet, prefixMask } from "../base/address.ts";
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
import { type Exported, ExportNotes } from "./exported.ts";
import { bytesText, IscOptions, quoted } from "./isc-options.ts";
import { CannotSay, type Language, matchText } from "./match-text.ts";
import { noteWhatIsNotThere } from "./not-there.ts";

export function exportIsc(shared: SharedConfig, leases: readonly ImportedLease[]): Exported {
  const notes = new ExportNotes();
  noteWhatIsNotThere(shared, notes);
  const files = new Map([["dhcpd.conf", new IscText(shared, notes).whole()]]);
  if (leases.length > 0) files.set("dhcpd.leases", leasesText(leases));
  return { files, notes: notes.done() };
}

class IscText {
  readonly #shared: SharedConfig;
  readonly #notes: ExportNotes;
  readonly #names: OptionNames;
  readonly #options: IscOptions;
  readonly #lines: string[] = [];
  readonly #matches: readonly (Match | undefined)[];
  /** Of the classes, or undefined where one cannot be said. */
  readonly #conditions: (string | undefined)[] = [];
  readonly #hostNames = new Set<string>();
  #indent = "";

  constructor(shared: SharedConfig, notes: ExportNotes) {
    this.#shared = shared;
    this.#notes = notes;
    this.#names = new OptionNames(shared.customOptions);
    this.#options = new IscOptions(shared.customOptions);
    this.#matches = parseMatches(shared, this.#names, () => undefined);
  }

  whole(): string {
    const shared = this.#shared;
    this.#level(shared, "");
    for (const mac of shared.deny) this.#denied(mac, "deny");
    shared.classes.forEach((one, index) => {
      const path = `classes[${index}]`;
      const condition = this.#conditionOf(index, path);
      this.#conditions.push(condition);
      if (condition === undefined) return;
      this.#block(`class ${quoted(one.name)}`, () => {
        this.#line(`match if ${condition};`);
        if (one.deny) this.#line("deny booting;");
        this.#level(one, path);
      });
    });
    const wires = shared.networks.filter(({ sharedWith }) => sharedWith === undefined);
    for (const wire of wires) {
      const members = shared.networks.filter(
        ({ name, sharedWith }) => name === wire.name || sharedWith === wire.name,
      );
      const write = () => {
        for (const member of members) this.#network(member);
      };
      if (members.length === 1) write();
      else this.#block(`shared-network ${quoted(wire.name)}`, write);
      // Hosts hold for all of the file, and dhcpd warns of those that look as if they did not.
      for (const member of members) this.#hosts(member);
    }
    const definitions = this.#options.definitions();
    return `${["# Written by Tandem.", ...definitions, ...this.#lines].join("\n")}\n`;
  }

  #network(network: SharedNetwork): void {
    const path = `networks[${this.#shared.networks.indexOf(network)}]`;
    const subnet = parseSubnet(network.subnet);
    if (!subnet) return;
    const mask = formatIpv4(prefixMask(subnet.prefix));
    for (const mac of network.deny) this.#denied(mac, `${path}.deny`);
    this.#block(`subnet ${formatIpv4(subnet.address)} netmask ${mask}`, () => {
      this.#line(network.authoritative ? "authoritative;" : "not authoritative;");
      if (network.ignoreClientId) this.#line("ignore-client-uids true;");
      if (!network.probe) this.#line("ping-check false;");
      const { gateway, dns, domain } = network;
      const own = {
        ...(gateway !== undefined && { router: [gateway] }),
        ...(dns !== undefined && { "domain-name-server": dns }),
        ...(domain !== undefined && { "domain-name": domain }),
      };
      this.#level({ ...network, options: { ...own, ...network.options } }, path);
      network.pools.forEach((pool, index) => {
        this.#pool(pool, `${path}.pools[${index}]`);
      });
    });
    if (network.relays.length > 0) {
      this.#notes.add(`${path}.relays`, "A relay stands for the network of its own address there.");
    }
  }

  #hosts(network: SharedNetwork): void {
    const path = `networks[${this.#shared.networks.indexOf(network)}]`;
    network.reservations.forEach((entry, index) => {
      this.#host(entry, `${path}.reservations[${index}]`);
    });
  }

  #pool(pool: SharedPool, path: string): void {
    this.#block("pool", () => {
      const permits = [
        ...pool.allow.map((name) => `allow members of ${quoted(name)};`),
        ...pool.deny.map((name) => `deny members of ${quoted(name)};`),
      ];
      for (const name of [...pool.allow, ...pool.deny]) {
        const index = this.#shared.classes.findIndex((one) => one.name === name);
        if (this.#conditions[index] !== undefined) continue;
        this.#notes.add(
          path,
          `The class "${name}" cannot be said there, so nobody is a member of it.`,
        );
        permits.splice(0, permits.length, "deny all clients;");
      }
      if (pool.knownOnly && pool.allow.length > 0) {
        this.#notes.add(`${path}.knownOnly`, "Members of the classes need no reservation there.");
      } else if (pool.knownOnly) permits.push("deny unknown-clients;");
      for (const permit of permits) this.#line(permit);
      this.#line(`range ${pool.from} ${pool.to};`);
      this.#level(pool, path);
    });
  }

  #host(entry: SharedReservation, path: string): void {
    this.#block(`host ${this.#hostName(entry, path)}`, () => {
      this.#line(this.#keyOf(entry));
      this.#line(`fixed-address ${entry.address};`);
      this.#level(entry, path);
    });
  }

  /** dhcpd takes no quotes here, and no name twice. */
  #hostName({ name, address }: SharedReservation, path: string): string {
    const fallback = `at-${address.replaceAll(".", "-")}`;
    const isFit = name !== undefined && /^[a-z0-9][a-z0-9.-]*$/i.test(name);
    if (isFit && !this.#hostNames.has(name)) {
      this.#hostNames.add(name);
      return name;
    }
    if (name !== undefined) {
      this.#notes.add(
        `${path}.name`,
        `The host is called "${fallback}" there, as its name is not fit or taken.`,
      );
    }
    return fallback;
  }

  #keyOf({ mac, clientId, circuitId, remoteId, hostname }: SharedReservation): string {
    if (mac !== undefined) return `hardware ethernet ${mac.toLowerCase().replaceAll("-", ":")};`;
    if (clientId !== undefined) {
      return `option dhcp-client-identifier ${clientId.replace(/(..)(?=.)/g, "$1:")};`;
    }
    const written = (text: string) =>
      /^0x/i.test(text) ? text.slice(2).replace(/(..)(?=.)/g, "$1:") : quoted(text);
    if (circuitId !== undefined)
      return `host-identifier option agent.circuit-id ${written(circuitId)};`;
    if (remoteId !== undefined)
      return `host-identifier option agent.remote-id ${written(remoteId)};`;
    return `host-identifier option host-name ${quoted(hostname ?? "")};`;
  }

  /** dhcpd has no list of devices that get no answer: a class does it. */
  #denied(mac: string, path: string): void {
    const prefix = parseMacPrefix(mac);
    if (!prefix) return;
    if (path !== "deny") this.#notes.add(path, "A device is denied on all networks there.");
    this.#block(`class ${quoted(`deny-${mac}`)}`, () => {
      this.#line(
        `match if ${LANGUAGE_PARTS.first({ kind: "mac" }, prefix.length)} = ${bytesText(prefix)};`,
      );
      this.#line("deny booting;");
    });
  }

  #level(level: Level, path: string): void {
    const at = (setting: string) => (path === "" ? setting : `${path}.${setting}`);
    for (const [name, value] of Object.entries(level.options)) {
      const { code, data } = this.#names.encode(name, value);
      if (data.length === 0) {
        this.#notes.add(
          at(`options.${name}`),
          "What a wider level sets cannot be taken away there.",
        );
      } else this.#line(this.#options.statement(code, data));
    }
    const times: [string, number | undefined][] = [
      ["default-lease-time", level.leaseSeconds],
      ["min-lease-time", level.minLeaseSeconds],
      ["max-lease-time", level.maxLeaseSeconds ?? level.leaseSeconds],
      ["option dhcp-renewal-time", level.renewSeconds],
      ["option dhcp-rebinding-time", level.rebindSeconds],
    ];
    for (const [setting, seconds] of times) {
      if (seconds === undefined) continue;
      this.#line(`${setting} ${seconds === FOREVER_SECONDS ? "infinite" : seconds};`);
    }
    const { server, serverName, file } = level.boot ?? {};
    if (server === null)
      this.#notes.add(at("boot.server"), "What a wider level sets cannot be taken away there.");
    else if (server !== undefined) this.#line(`next-server ${server};`);
    if (serverName !== undefined) this.#line(`server-name ${quoted(serverName ?? "")};`);
    if (file !== undefined) this.#line(`filename ${quoted(file ?? "")};`);
  }

  #conditionOf(index: number, path: string): string | undefined {
    const match = this.#matches[index];
    if (!match) return undefined;
    const source: Language["source"] = (of) =>
      of.kind === "option" ? `option ${this.#options.name(of.code)}` : LANGUAGE_PARTS.source(of);
    const language: Language = {
      ...LANGUAGE_PARTS,
      source,
      exists: (of) => `exists ${source(of).replace(/^option /, "")}`,
      first: (of, count) =>
        of.kind === "mac"
          ? LANGUAGE_PARTS.first(of, count)
          : `substring(${source(of)}, 0, ${count})`,
      last: (of, count) => `suffix(${source(of)}, ${count})`,
      member: (other) => {
        const condition = this.#conditions[other];
        if (condition === undefined)
          throw new CannotSay("A class that it refers to cannot be said.");
        return condition;
      },
    };
    try {
      return matchText(match, language);
    } catch (error) {
      if (!(error instanceof CannotSay)) throw error;
      this.#notes.add(`${path}.match`, `${error.message} The class was left out.`);
      return undefined;
    }
  }

  #block(head: string, body: () => void): void {
    this.#line(`${head} {`);
    const outer = this.#indent;
    this.#indent = `${outer}  `;
    body();
    this.#indent = outer;
    this.#line("}");
  }

  #line(text: string): void {
    this.#lines.push(`${this.#indent}${text}`);
  }
}

/** What does not depend on the names of options. */
const LANGUAGE_PARTS = {
  equals: "=",
  known: "known",
  bytes: bytesText,
  lowerCase: (text: string) => `lcase(${text})`,
  source: (of: Parameters<Language["source"]>[0]): string => {
    if (of.kind === "relay") return "packet(24, 4)";
    if (of.kind === "mac") return "substring(hardware, 1, 6)";
    const name = of.kind === "suboption" ? SUBOPTIONS.get(of.code) : undefined;
    if (name === undefined)
      throw new CannotSay("This part of what a relay says is not told there.");
    return `option ${name}`;
  },
  first: (of: Parameters<Language["first"]>[0], count: number): string =>
    of.kind === "mac" ? `substring(hardware, 1, ${count})` : "",
};

const SUBOPTIONS: ReadonlyMap<number, string> = new Map([
  [1, "agent.circuit-id"],
  [2, "agent.remote-id"],
]);

function leasesText(leases: readonly ImportedLease[]): string {
  const texts = leases.map(({ address, state, mac, clientId, hostname, expiresAt }) =>
    [
      `lease ${formatIpv4(ipv4(address))} {`,
      `  ends ${expiresAt === undefined ? "never" : `epoch ${expiresAt}`};`,
      `  binding state ${state === "declined" ? "abandoned" : "active"};`,
      ...(mac === undefined ? [] : [`  hardware ethernet ${mac};`]),
      ...(clientId === undefined ? [] : [`  uid ${uidText(clientId)};`]),
      ...(hostname === undefined ? [] : [`  client-hostname ${quoted(hostname)};`]),
      "}\n",
    ].join("\n"),
  );
  return `# Written by Tandem.\n${texts.join("")}`;
}

function uidText(clientId: string): string {
  const octal = clientId.replace(
    /../g,
    (byte) => `\\${Number.parseInt(byte, 16).toString(8).padStart(3, "0")}`,
  );
  return `"${octal}"`;
}
