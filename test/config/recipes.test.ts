// daemon/CONFIGURATION.md: its recipes do what they say, and its tables name every setting.

import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIpv4 } from "../../daemon/base/address.ts";
import { ARCHITECTURES } from "../../daemon/config/architectures.ts";
import { loadConfig } from "../../daemon/config/load.ts";
import { matchKeys } from "../../daemon/config/match.ts";
import { SHAPES } from "../../daemon/config/options.ts";
import type { PairLinkConfig } from "../../daemon/config/pair.ts";
import { BoxSchema, SharedSchema } from "../../daemon/config/schema.ts";
import type { PairConfig } from "../../daemon/core/config-view.ts";
import { type CoreConfig, interfacesOf } from "../../daemon/core/config-view.ts";
import { ACK, bytes, CoreBench, type Reply, text } from "../support/core-bench.ts";
import { coreOf, issues } from "./loading.ts";

const FILE = path.join(import.meta.dirname, "../../daemon/CONFIGURATION.md");
const DOC = readFileSync(FILE, "utf8");
const BLOCK = /<!-- (recipe|box): ([a-z-]+) -->\n```json\n([\s\S]*?)\n```/g;
const blocks = new Map(
  Array.from(DOC.matchAll(BLOCK), ([, kind, name, json]) => [`${kind} ${name}`, json ?? ""]),
);
const recipes = Array.from(blocks.keys())
  .filter((key) => key.startsWith("recipe "))
  .map((key) => key.slice("recipe ".length));

const MAC = "00:11:22:33:44:55";
const MADE_UP = "02:11:22:33:44:55";

function boxOf(name: string): string {
  return blocks.get(`box ${name}`) ?? blocks.get("box default") ?? "";
}

function load(name: string, box = boxOf(name)) {
  return loadConfig(JSON.parse(blocks.get(`recipe ${name}`) ?? ""), JSON.parse(box));
}

/** The recipe in a core that answers at once. */
function bench(name: string): CoreBench {
  const core = coreOf(load(name));
  const networks = core.networks.map((one) => ({ ...one, probe: false, watchServers: false }));
  const config: CoreConfig = { ...core, networks };
  const made = new CoreBench(networks, { config, linkless: true });
  for (const lan of interfacesOf(config).keys()) made.link(lan, {});
  return made;
}

function textIn(reply: Reply | undefined, code: number): string | undefined {
  const content = reply?.option(code);
  return content && new TextDecoder().decode(Uint8Array.from(content));
}

function header(reply: Reply | undefined, start: number, length: number): string {
  const { frame } = reply ?? { frame: new Uint8Array(0) };
  return new TextDecoder().decode(frame.slice(42 + start, 42 + start + length)).replace(/\0+$/, "");
}

const bootFile = (reply: Reply | undefined) => header(reply, 108, 128);

test("the document has the recipes that are tried here", () => {
  expect(recipes).toEqual([
    ...["boot", "phones", "guests", "relayed", "shared", "options"],
    ...["pair", "dhcpd"],
  ]);
});

test.each(recipes)("recipe %s is a configuration without a fault", (name) => {
  expect(issues(load(name))).toEqual([]);
});

test("a recipe with any one value replaced is refused or loaded, and never throws", () => {
  const strange = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom("0x", "*", "infinite", "office", "10.77.0.0/33", "__proto__", -1, 2 ** 40),
  );
  let loaded = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.constantFrom(...recipes), fc.nat(), strange, (name, seed, value) => {
      const file: unknown = JSON.parse(blocks.get(`recipe ${name}`) ?? "");
      replaceOne(file, seed, value);
      const result = loadConfig(file, JSON.parse(boxOf(name)));
      if ("config" in result) loaded++;
      else refused++;
    }),
    { numRuns: 1000 },
  );
  expect(Math.min(loaded, refused)).toBeGreaterThan(0);
});

describe("network boot", () => {
  const firmware = (arch: number, vendor = "PXEClient") => ({
    options: {
      55: bytes(1, 3, 43, 60, 66, 67),
      60: text(`${vendor}:Arch:${String(arch).padStart(5, "0")}:UNDI:003016`),
      93: bytes(0, arch),
    },
  });

  test.each([
    ["BIOS", 0, "undionly.kpxe"],
    ["64-bit UEFI as most firmware says it", 7, "ipxe.efi"],
    ["64-bit UEFI as the erratum has it", 9, "ipxe.efi"],
    ["64-bit ARM", 11, "ipxe-arm64.efi"],
  ])("%s gets its own boot file", (_, arch, file) => {
    const offer = bench("boot").discover(MAC, firmware(arch));
    expect(bootFile(offer)).toBe(file);
    expect(offer?.message.siaddr).toBe(0x0a4d0005);
  });

  test.each([
    ["bare", text("iPXE")],
    ["as RFC 3004 says", bytes(4, ...text("iPXE"))],
  ])("iPXE gets its script: user class %s", (_, userClass) => {
    const { options } = firmware(0);
    const offer = bench("boot").discover(MAC, { options: { ...options, 77: userClass } });
    expect(bootFile(offer)).toBe("http://10.77.0.5/boot.ipxe");
  });

  test("HTTP boot gets a URL and its vendor class back", () => {
    const offer = bench("boot").discover(MAC, firmware(16, "HTTPClient"));
    expect(bootFile(offer)).toBe("http://10.77.0.5/ipxe.efi");
    expect(textIn(offer, 60)).toBe("HTTPClient");
  });

  test("a Raspberry Pi gets the menu that it waits for", () => {
    const offer = bench("boot").discover("b8:27:eb:00:00:01", firmware(0));
    expect(offer?.option(43)?.slice(0, 5)).toEqual([9, 20, 0, 0, 17]);
    expect(textIn(offer, 43)?.endsWith("Raspberry Pi Boot")).toBe(true);
    expect(textIn(offer, 60)).toBe("PXEClient");
  });

  test("who does not boot gets no boot file", () => {
    const offer = bench("boot").discover(MAC);
    expect(bootFile(offer)).toBe("");
    expect(offer?.option(60)).toBeUndefined();
  });
});

describe("phones", () => {
  const asks = { 55: bytes(1, 3, 66, 132, 176) };

  test.each([
    ["the vendor class's begin", MAC, { 60: text("AcmePhone v3") }],
    ["a part of the vendor class", MAC, { 60: text("x-sip-y") }],
    ["the first bytes of the MAC", "00:00:5e:00:00:07", {}],
  ])("known by %s, they get their own pool and options", (_, mac, options) => {
    const offer = bench("phones").discover(mac, { options: { ...asks, ...options } });
    expect(Number(offer?.yiaddr.split(".")[3])).toBeLessThan(100);
    expect(textIn(offer, 66)).toBe("phones.office.example");
    expect(textIn(offer, 132)).toBe("20");
    expect(textIn(offer, 176)).toBe("L2QVLAN=20");
    expect(offer?.option(51)).toEqual([0, 9, 58, 128]);
  });

  test("all others get the other pool, and no settings of phones", () => {
    const offer = bench("phones").discover(MAC, { options: asks });
    expect(Number(offer?.yiaddr.split(".")[3])).toBeGreaterThan(99);
    expect(offer?.option(66)).toBeUndefined();
  });
});

describe("guests", () => {
  const week = { 51: bytes(0, 9, 58, 128) };
  const seconds = (reply: Reply | undefined) =>
    reply?.option(51)?.reduce((sum, byte) => sum * 256 + byte, 0);

  test("leases are short, and shorter for made-up MACs, whatever a client asks for", () => {
    expect(seconds(bench("guests").discover(MAC, { options: week }, 1))).toBe(3600);
    expect(seconds(bench("guests").discover(MADE_UP, { options: week }, 1))).toBe(1200);
    expect(seconds(bench("guests").discover(MADE_UP, {}, 0))).toBe(43_200);
  });

  test("strangers keep out of the pool for known devices", () => {
    const offer = bench("guests").discover(MAC, {}, 1);
    expect(offer?.yiaddr).toMatch(/^10\.78\.[123]\./);
    expect(bench("guests").discover("02:00:5e:10:00:01", {}, 1)?.yiaddr).toBe("10.78.0.5");
  });

  test("denied vendors and classes get no answer", () => {
    expect(bench("guests").discover("02:00:5e:bb:00:01", {}, 0)).toBeUndefined();
    const camera = { options: { 60: text("cam-7") } };
    expect(bench("guests").discover(MAC, camera, 1)).toBeUndefined();
    expect(bench("guests").discover(MAC, camera, 0)?.yiaddr).toMatch(/^10\.77\.0\./);
  });
});

describe("a relayed network", () => {
  const through = (giaddr: string, ...suboption: number[]) => ({
    giaddr,
    sourceIp: giaddr,
    sourceMac: "02:00:00:00:00:99",
    destinationIp: "10.77.0.2",
    ...(suboption.length > 0 ? { options: { 82: Uint8Array.from(suboption) } } : {}),
  });
  const port = (...id: number[]) => [1, id.length, ...id];

  test.each([
    ["a port by text", port(...text("ge-0/0/1")), "10.80.0.11"],
    ["a port by bytes", port(0, 4, 0, 100, 1, 2), "10.80.0.12"],
    ["a remote-id", [2, 12, ...text("roof-antenna")], "10.80.0.13"],
  ])("%s has its address", (_, suboption, address) => {
    expect(bench("relayed").discover(MAC, through("10.80.0.1", ...suboption))?.yiaddr).toBe(
      address,
    );
  });

  test("a host name has its address", () => {
    const relay = { ...through("10.80.0.1"), options: { 12: text("Scale.branch.example") } };
    expect(bench("relayed").discover(MAC, relay)?.yiaddr).toBe("10.80.0.14");
  });

  test("the relay outside the subnet stands for it", () => {
    const offer = bench("relayed").discover(MAC, through("192.0.2.1"));
    expect(offer?.yiaddr).toMatch(/^10\.80\.0\.1\d\d$/);
    expect(offer?.option(54)).toEqual([10, 77, 0, 2]);
  });
});

test("a shared wire: when one network is used up, the next is used", () => {
  const shared = bench("shared");
  const seen = new Set<string>();
  for (let i = 0; i < 110; i++) {
    shared.pass(1);
    const mac = `00:11:22:33:44:${i.toString(16).padStart(2, "0")}`;
    const offer = shared.discover(mac);
    if (!offer) continue;
    const server = offer.option(54)?.join(".") ?? "";
    expect(server).toBe("10.77.0.2");
    expect(shared.select(mac, offer.yiaddr, server)?.type).toBe(ACK);
    shared.durable();
    seen.add(offer.yiaddr.split(".").slice(0, 3).join("."));
  }
  expect(Array.from(seen).sort()).toEqual(["10.77.0", "10.79.0"]);
});

describe("options for every device", () => {
  const asks = (...codes: number[]) => ({ options: { 55: bytes(...codes) } });
  const all = [1, 3, 6, 7, 15, 42, 100, 101, 114, 119, 120, 121, 162, 224, 252];

  test("those of the file, the network and the pool arrive together", () => {
    const offer = bench("options").discover(MAC, asks(...all));
    expect(offer?.option(42)).toEqual([10, 77, 0, 9]);
    expect(offer?.option(7)).toEqual([10, 77, 0, 8]);
    expect(offer?.option(114)).toBeUndefined();
    expect(textIn(offer, 252)).toBe("http://wpad.office.example/wpad.dat");
    expect(textIn(offer, 100)).toBe("CET-1CEST,M3.5.0,M10.5.0/3");
    expect(textIn(offer, 101)).toBe("Europe/Berlin");
    expect(offer?.option(121)).toEqual([0, 10, 77, 0, 1, 16, 10, 90, 10, 77, 0, 254]);
    expect(offer?.option(224)).toEqual([10, 11]);
    expect(offer?.option(119)?.slice(-6)).toEqual([3, ...text("lab"), 0xc0, 0]);
    expect(offer?.option(120)?.[0]).toBe(0);
    // RFC 9463 §5.1: length, priority, name, addresses, then alpn=dot.
    const resolver = offer?.option(162) ?? [];
    expect(resolver.slice(0, 4)).toEqual([0, resolver.length - 2, 0, 1]);
    expect(resolver.slice(-8)).toEqual([0, 1, 0, 4, 3, ...text("dot")]);
  });

  test("a device that does without IPv4 is told to, and given no address", () => {
    const offer = bench("options").discover(MAC, asks(...all, 108));
    expect([offer?.yiaddr, offer?.option(108)]).toEqual(["0.0.0.0", [0, 0, 7, 8]]);
  });

  test("a reservation takes one away and adds its own", () => {
    const offer = bench("options").discover("02:00:5e:10:00:01", asks(12, 119, 252));
    expect(offer?.yiaddr).toBe("10.77.0.20");
    expect(textIn(offer, 12)).toBe("printer");
    expect(offer?.option(119)).toBeUndefined();
    expect(offer?.option(252)).toBeDefined();
  });
});

describe("a pair", () => {
  const linkOf = <Kind extends "fixed" | "found">(
    kind: Kind,
    name: string,
    box = boxOf(name),
  ): Extract<PairLinkConfig, { kind: Kind }> & Partial<PairConfig> => {
    const result = load(name, box);
    const link = "config" in result ? result.config.pairLink : undefined;
    if (!("config" in result) || link?.kind !== kind) throw new Error(issues(result).join());
    const of = link as Extract<PairLinkConfig, { kind: Kind }>;
    return { ...of, ...result.config.core.pair };
  };

  test("both boxes agree, and each is the other's partner", () => {
    const own = linkOf("found", "pair");
    const other = linkOf("found", "pair", boxOf("pair-partner"));
    expect([own.role, other.role]).toEqual(["primary", "secondary"]);
    expect(own.port).toBe(other.port);
    expect(own.partnerIdentity).not.toEqual(other.partnerIdentity);
    expect(own.safeSeconds).toBe(1800);
    expect(own.name).toBe(other.name);
  });

  test("what is written for dhcpd is the other side of the recipe", () => {
    const { dialect, name, role, address, port, partner, partnerPort, ...rest } = linkOf(
      "fixed",
      "dhcpd",
    );
    expect([dialect, role]).toEqual(["isc", "secondary"]);
    const dhcpd = DOC.slice(DOC.indexOf(`failover peer "${name}" {`));
    const [own, peer] = [formatIpv4(partner), formatIpv4(address)];
    const lines = [
      ...["primary", `address ${own}`, `port ${partnerPort}`, `peer address ${peer}`],
      ...[`peer port ${port}`, `max-response-delay ${rest.receiveTimerSeconds}`],
      ...[`load balance max seconds ${rest.loadBalanceSecondsMax}`, `mclt ${rest.mcltSeconds}`],
    ];
    expect(lines.filter((line) => !dhcpd.includes(`\n  ${line};\n`))).toEqual([]);
  });
});

describe("the document names", () => {
  const named = (name: string) => DOC.includes(`\`${name}\``);

  test("every setting of both files", () => {
    const settings = [...settingsOf(SharedSchema), ...settingsOf(BoxSchema)];
    expect(settings).toContain("leasesPerPort");
    expect(settings).toContain("serverName");
    expect(settings.filter((setting) => !named(setting))).toEqual([]);
  });

  test("every key of a match, every machine with its numbers, every type of option", () => {
    expect(matchKeys().filter((key) => !named(key))).toEqual([]);
    expect(Object.keys(SHAPES).filter((shape) => !named(shape))).toEqual([]);
    const flat = DOC.replaceAll(/\s+/g, " ");
    const machines = Array.from(ARCHITECTURES, ([name, of]) => `\`${name}\` (${of.join(" and ")}`);
    expect(machines.filter((machine) => !flat.includes(machine))).toEqual([]);
  });
});

/** Names of the settings of a schema at any depth. */
function settingsOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { entries, item, value, wrapped, pipe } = schema as Record<string, unknown>;
  const inner = [item, value, wrapped, ...(Array.isArray(pipe) ? [pipe[0]] : [])].flatMap(
    settingsOf,
  );
  if (typeof entries !== "object" || entries === null) return inner;
  return Object.entries(entries).flatMap(([name, value]) => [name, ...settingsOf(value)]);
}

/** Puts `value` in the place of some member of the tree, chosen by `seed`. */
function replaceOne(tree: unknown, seed: number, value: unknown): void {
  const places: [Record<string, unknown>, string][] = [];
  const waiting = [tree];
  for (const node of waiting) {
    if (typeof node !== "object" || node === null) continue;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      waiting.push((node as Record<string, unknown>)[key]);
    }
  }
  const [parent, key] = places[seed % places.length] ?? [];
  if (parent && key !== undefined) parent[key] = value;
}
