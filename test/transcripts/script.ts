// Runs a transcript: lines at the margin are commands, indented lines below them what the box did.
// `runScript` returns the whole text anew, so that a transcript is checked by comparing the two.
//
//   network NAME SUBNET FROM-TO [lease N] [min N] [max N] [shared] [by-mac] [relay ADDRESS] [reserve MAC=ADDRESS]...
//   start                          a box with these networks, all links up
//   config                         the networks given since then replace those in force
//   client NAME MAC [id HEX]
//   NAME discover|reboot|renew|rebind|release|decline|inform [ADDRESS] [OPTION]...
//   NAME request ADDRESS [from SERVER] [OPTION]...
//       ADDRESS: "it" is the address that the client was offered or given last
//       OPTION: on NETWORK, via RELAY, wants SECONDS, host NAME, class TEXT, params N,N, broadcast
//   pass SECONDS | clock +-SECONDS | restart [clock SECONDS] | durable
//   link NETWORK up|no-carrier|missing|no-helper
//   disk ok|full|read-only|error|slow
//   leases | pool | conditions | refusals

import { formatIpv4, formatMac, ipv4, parseSubnet } from "../../daemon/base/address.ts";
import { hex } from "../../daemon/base/bytes.ts";
import { CONDITIONS, LOG, sentence } from "../../daemon/catalogue.ts";
import type { NetworkConfig } from "../../daemon/core/config-view.ts";
import type { Effect } from "../../daemon/core/effect.ts";
import type { Lease } from "../../daemon/core/lease.ts";
import type { JournalState } from "../../daemon/ports.ts";
import { describeFrame } from "../../daemon/wire/describe.ts";
import type { ClientMessage } from "../support/client-frame.ts";
import {
  address,
  bytes,
  CoreBench,
  configOf,
  DECLINE,
  DISCOVER,
  INFORM,
  network,
  RELEASE,
  REQUEST,
  reserve,
  seconds,
  text,
} from "../support/core-bench.ts";
import { readBack } from "../support/leases.ts";

const DISKS: Readonly<Record<string, JournalState>> = {
  ok: { kind: "ok" },
  full: { kind: "failing", reason: "full", text: "no space left" },
  "read-only": { kind: "failing", reason: "read-only", text: "read-only file system" },
  error: { kind: "failing", reason: "error", text: "input/output error" },
  slow: { kind: "slow", milliseconds: 4200 },
};
const LINKS: Readonly<Record<string, Parameters<CoreBench["link"]>[1]>> = {
  up: {},
  "no-carrier": { carrier: false },
  missing: { present: false, carrier: false },
  "no-helper": { helper: false, present: false, carrier: false },
};

/** The transcript with what happens now below each command. */
export function runScript(script: string): string {
  const run = new ScriptRun();
  const out: string[] = [];
  for (const line of script.split("\n")) {
    if (line.startsWith("  ")) continue;
    out.push(line);
    if (line === "" || line.startsWith("#")) continue;
    for (const result of run.command(line)) out.push(`  ${result}`);
  }
  return out.join("\n");
}

interface ScriptClient {
  readonly mac: string;
  readonly id: string | undefined;
  it: string;
}

class ScriptRun {
  #bench: CoreBench | undefined;
  #networks: NetworkConfig[] = [];
  readonly #clients = new Map<string, ScriptClient>();

  command(line: string): string[] {
    const [verb = "", ...words] = line.split(" ");
    const client = this.#clients.get(verb);
    if (client) return this.#send(client, words);
    switch (verb) {
      case "network":
        this.#networks.push(parseNetwork(words));
        return [];
      case "start":
        this.#bench = new CoreBench(this.#networks);
        this.#networks = [];
        return [];
      case "client":
        this.#clients.set(words[0] ?? "", { mac: words[1] ?? "", id: words[3], it: "" });
        return [];
      case "config":
        return this.#configure();
      case "restart":
        return this.#restart(words);
      default:
        return this.#onBench(verb, words);
    }
  }

  get #box(): CoreBench {
    if (!this.#bench) throw new Error("the transcript has no start yet");
    return this.#bench;
  }

  #onBench(verb: string, words: string[]): string[] {
    const bench = this.#box;
    const [word = ""] = words;
    switch (verb) {
      case "pass":
        return this.#pass(Number(word));
      case "clock":
        bench.offset += Number(word) * 1000;
        return describe(bench, bench.step({ kind: "alarm" }));
      case "durable":
        bench.durable();
        return [];
      case "link":
        return describe(bench, bench.link(this.#lan(word), known(LINKS, words[1])));
      case "disk":
        return describe(bench, bench.step({ kind: "journal", state: known(DISKS, word) }));
      case "leases":
        return Array.from(bench.core.book.leases(), (lease) => describeLease(bench, lease));
      case "pool":
        return bench.config.networks.map((_, lan) => JSON.stringify(bench.core.poolCounts(lan, 0)));
      case "conditions":
        return describeConditions(bench);
      case "refusals":
        return bench.config.networks.map(
          ({ name }, lan) => `${name} ${JSON.stringify(bench.refused(lan))}`,
        );
      default:
        throw new Error(`unknown command "${verb}"`);
    }
  }

  #pass(count: number): string[] {
    const bench = this.#box;
    const lines: string[] = [];
    for (let left = count; left > 0; left -= 5) {
      bench.monotonic += Math.min(left, 5) * 1000;
      lines.push(...describe(bench, bench.step({ kind: "alarm" })));
    }
    return lines;
  }

  #configure(): string[] {
    const bench = this.#box;
    bench.config = configOf(this.#networks);
    this.#networks = [];
    return describe(bench, bench.step({ kind: "config", config: bench.config }));
  }

  /** Only what is in the book comes back, as if all of it had been durable. */
  #restart(words: string[]): string[] {
    const before = this.#box;
    const leases = readBack(before.core.book.leases());
    const lastSequence = Math.max(0, ...leases.map((lease) => lease.sequence));
    const wall = words[0] === "clock" ? Number(words[1]) * 1000 : before.now.wall;
    const now = { monotonic: 5_000_000, wall };
    const { networks } = before.config;
    const bench = new CoreBench(networks, { leases, lastSequence, now, linkless: true });
    this.#bench = bench;
    const effects = bench.step({ kind: "alarm" });
    for (const lan of networks.keys()) effects.push(...bench.link(lan, {}));
    return describe(bench, effects);
  }

  /** Of all networks together. */
  #refusals(): Refusals {
    const sums: Record<string, number> = {};
    for (const index of this.#box.config.networks.keys()) {
      for (const [reason, count] of Object.entries(this.#box.refused(index))) {
        sums[reason] = (sums[reason] ?? 0) + count;
      }
    }
    return sums;
  }

  #lan(name: string | undefined): number {
    if (name === undefined) return 0;
    const lan = this.#box.config.networks.findIndex((entry) => entry.name === name);
    if (lan < 0) throw new Error(`no network "${name}"`);
    return lan;
  }

  #send(client: ScriptClient, words: string[]): string[] {
    const bench = this.#box;
    const [verb = "", ...rest] = words;
    const hasTarget = rest[0]?.includes(".") || rest[0] === "it";
    const word = hasTarget ? rest.shift() : undefined;
    const target = word === "it" ? client.it : word;
    const { options, more, lan } = this.#options(client.id, rest);
    const server = formatIpv4(bench.config.networks[this.#lan(lan)]?.serverId ?? ipv4("0.0.0.0"));
    const from = rest.includes("from") ? (rest[rest.indexOf("from") + 1] ?? "") : server;
    const message = messageOf(verb, target, from, options);
    const full: ClientMessage = { mac: client.mac, xid: 1, ...message, ...more };
    const before = this.#refusals();
    const reply = bench.send(full, this.#lan(lan));
    if (reply && reply.yiaddr !== "0.0.0.0") client.it = reply.yiaddr;
    const lines = describe(bench, bench.effects);
    const reason = newReason(before, this.#refusals());
    if (reason !== undefined) lines.push(`refused: ${reason}`);
    return lines.length === 0 ? ["(nothing)"] : lines;
  }

  #options(id: string | undefined, words: string[]) {
    const options: Record<number, Uint8Array> = {};
    const more: { giaddr?: string; broadcast?: boolean; sourceMac?: string } = {};
    let lan: string | undefined;
    if (id !== undefined)
      options[61] = Uint8Array.from(id.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    for (let i = 0; i < words.length; i++) {
      const value = words[i + 1] ?? "";
      if (words[i] === "on") lan = value;
      else if (words[i] === "via")
        Object.assign(more, { giaddr: value, sourceMac: "02:00:00:00:99:99" });
      else if (words[i] === "wants") options[51] = seconds(Number(value));
      else if (words[i] === "host") options[12] = text(value);
      else if (words[i] === "class") options[60] = text(value);
      else if (words[i] === "params") options[55] = bytes(...value.split(",").map(Number));
      else if (words[i] === "broadcast") more.broadcast = true;
    }
    return { options, more, lan };
  }
}

function messageOf(
  verb: string,
  target: string | undefined,
  server: string,
  options: Record<number, Uint8Array>,
): Partial<ClientMessage> {
  const wanted = target === undefined ? {} : { 50: address(target) };
  const named = { 54: address(server) };
  const held = target === undefined ? {} : { ciaddr: target };
  switch (verb) {
    case "discover":
      return { type: DISCOVER, options: { ...wanted, ...options } };
    case "request":
      return { type: REQUEST, options: { ...wanted, ...named, ...options } };
    case "reboot":
      return { type: REQUEST, options: { ...wanted, ...options } };
    case "renew":
      return { type: REQUEST, ...held, destinationIp: server, options };
    case "rebind":
      return { type: REQUEST, ...held, options };
    case "release":
      return { type: RELEASE, ...held, destinationIp: server, options: { ...named, ...options } };
    case "decline":
      return { type: DECLINE, options: { ...wanted, ...named, ...options } };
    case "inform":
      return { type: INFORM, ...held, options };
    default:
      throw new Error(`unknown message "${verb}"`);
  }
}

function parseNetwork(words: string[]): NetworkConfig {
  const [name = "", subnetText = "", range = "", ...rest] = words;
  const subnet = parseSubnet(subnetText);
  if (!subnet) throw new Error(`"${subnetText}" is not a subnet`);
  const [from = "", to = ""] = range.split("-");
  const own = formatIpv4(subnet.address).replace(/\.0$/, ".2");
  const gateway = formatIpv4(subnet.address).replace(/\.0$/, ".1");
  const after = (word: string) =>
    rest.includes(word) ? Number(rest[rest.indexOf(word) + 1]) : undefined;
  const leaseSeconds = after("lease") ?? 3600;
  return network({
    name,
    interfaceName: `if-${name}`,
    subnet,
    ownAddress: ipv4(own),
    serverId: ipv4(own),
    pool: [from, to],
    leaseSeconds,
    minLeaseSeconds: after("min") ?? 120,
    maxLeaseSeconds: after("max") ?? 7200,
    authoritative: !rest.includes("shared"),
    relays: rest.includes("relay") ? [ipv4(rest[rest.indexOf("relay") + 1] ?? "")] : [],
    ignoreClientId: rest.includes("by-mac"),
    reservations: rest
      .filter((word) => word.includes("="))
      .map((word) => reserve(word.split("=")[0] ?? "", word.split("=")[1] ?? "")),
    options: [
      { code: 1, data: address(formatIpv4(subnet.mask)) },
      { code: 3, data: address(gateway) },
      { code: 6, data: address(gateway) },
    ],
  });
}

/** Alarms are left out: when the core wakes up says nothing about what it does. */
function describe(bench: CoreBench, effects: readonly Effect[]): string[] {
  const lines: string[] = [];
  for (const effect of effects) {
    if (effect.kind === "persist") lines.push(`persist ${describeLease(bench, effect.lease)}`);
    else if (effect.kind === "snapshot") lines.push("snapshot");
    else if (effect.kind === "log")
      lines.push(`log: ${sentence(LOG[effect.id].text, effect.values)}`);
    else if (effect.kind === "send") {
      const name = bench.config.networks[effect.lan]?.name;
      lines.push(`send on ${name}: ${describeFrame(effect.frame, 0, effect.frame.length)}`);
    }
  }
  return lines;
}

function describeLease(bench: CoreBench, lease: Lease): string {
  const left = lease.expiresAt - Math.floor(bench.now.wall / 1000);
  const mac = lease.chaddr.length > 0 ? formatMac(lease.chaddr) : "-";
  const words = [`#${lease.sequence}`, formatIpv4(lease.address), lease.network, lease.state];
  words.push(`${left} s`, mac);
  if (lease.client[0] === 1) words.push(`id ${hex(lease.client.subarray(1))}`);
  if (lease.hostname) words.push(`host ${lease.hostname}`);
  if (lease.vendorClass) words.push(`class "${lease.vendorClass}"`);
  if (lease.clockUncertain) words.push("clock uncertain");
  return words.join(" ");
}

function describeConditions(bench: CoreBench): string[] {
  const lines = bench.core.conditions
    .active()
    .map(({ id, subject, values }) => sentence(CONDITIONS[id].text, { ...values, subject }));
  return lines.length === 0 ? ["(none)"] : lines;
}

type Refusals = Readonly<Record<string, number>>;

function newReason(before: Refusals, after: Refusals): string | undefined {
  return Object.keys(after).find((reason) => after[reason] !== before[reason]);
}

function known<T>(table: Readonly<Record<string, T>>, word: string | undefined): T {
  const value = table[word ?? ""];
  if (value === undefined) throw new Error(`"${word}" is none of ${Object.keys(table).join(", ")}`);
  return value;
}
