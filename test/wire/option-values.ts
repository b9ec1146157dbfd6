// Arbitrary values for every row of the option table, for property tests.

import fc from "fast-check";
import { type Ipv4, prefixMask, type Subnet } from "../../daemon/base/address.ts";
import { OPTION, type OptionRow } from "../../daemon/wire/dhcp4-options.ts";

const ipv4 = fc.nat(0xffffffff) as unknown as fc.Arbitrary<Ipv4>;
const ipv4List = fc.array(ipv4, { minLength: 1, maxLength: 20 });
const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const text = fc
  .string({ minLength: 1, maxLength: 80, unit: "grapheme" })
  .filter((value) => !value.includes("\0"));
const textOrEmpty = fc.oneof(fc.constant(""), text);
const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const plainLabel = fc.stringMatching(/^[a-zA-Z0-9_-]{1,63}$/);
const oddLabel = fc
  .uint8Array({ minLength: 1, maxLength: 8 })
  .map((label) => Array.from(label, escapeByte).join(""));
const name = fc
  .array(fc.oneof({ weight: 9, arbitrary: plainLabel }, oddLabel), { minLength: 1, maxLength: 4 })
  .map((labels) => labels.join("."))
  .filter((value) => value.length < 250);
const anyName = fc.oneof({ weight: 9, arbitrary: name }, fc.constant("."));
const names = fc
  .tuple(fc.array(anyName, { minLength: 1, maxLength: 6 }), fc.option(name, { nil: undefined }))
  // Common tails are what compression is about.
  .map(([list, tail]) => list.map((one) => (tail && one !== "." ? joined(one, tail) : one)));
const subnet: fc.Arbitrary<Subnet> = fc.tuple(ipv4, fc.nat(32)).map(([address, prefix]) => {
  const mask = prefixMask(prefix);
  return { address: ((address & mask) >>> 0) as Ipv4, prefix, mask };
});
const suboptions = fc.array(fc.record({ code: u8, data: bytes(0, 40) }), {
  minLength: 1,
  maxLength: 8,
});
const enterprises = fc.array(fc.record({ enterprise: u32, data: bytes(0, 60) }), {
  minLength: 1,
  maxLength: 4,
});
const uris = fc.array(text, { minLength: 1, maxLength: 3 });
const mtu = fc.integer({ min: 68, max: 0xffff });
const ttl = fc.integer({ min: 1, max: 0xff });

/** By the name of the codec's shape; rows whose codec is narrower stand in `BY_NAME`. */
const BY_SHAPE: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  ipv4,
  "ipv4-list": ipv4List,
  ipv6: bytes(16, 16),
  u8,
  u16,
  u32,
  i32: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  "u8-list": fc.array(u8, { minLength: 1, maxLength: 60 }),
  "u16-list": fc.array(u16, { minLength: 1, maxLength: 20 }),
  bool: fc.boolean(),
  flag: fc.constant(true),
  text,
  bytes: bytes(1, 300),
  uuid: bytes(16, 16),
  "domain-name": anyName,
  "domain-name-list": names,
  "static-routes": fc.array(fc.record({ destination: ipv4, router: ipv4 }), { minLength: 1 }),
  "policy-filters": fc.array(fc.record({ address: ipv4, mask: ipv4 }), { minLength: 1 }),
  "classless-routes": fc.array(fc.record({ destination: subnet, router: ipv4 }), { minLength: 1 }),
  "client-identifier": fc.record({ type: u8, id: bytes(1, 30) }),
  "client-fqdn": fc
    .record({
      serverUpdates: fc.boolean(),
      serverOverrides: fc.boolean(),
      noServerUpdates: fc.boolean(),
      isWireForm: fc.boolean(),
      rcode1: u8,
      rcode2: u8,
      name: fc.oneof(
        fc.constant(""),
        name,
        name.map((one) => `${one}.`),
        fc.constant("."),
      ),
    })
    .filter((value) => value.isWireForm || !value.name.includes("\\")),
  "user-class": fc.oneof(
    fc.record({
      isRaw: fc.constant(false),
      classes: fc.array(bytes(1, 30), { minLength: 1, maxLength: 4 }),
    }),
    // A first byte above what follows cannot be a length, and so the class is taken for a raw one.
    bytes(0, 30).map((rest) => ({ isRaw: true, classes: [Uint8Array.of(200, ...rest)] })),
  ),
  "vendor-classes": enterprises,
  "vendor-options-list": enterprises,
  suboptions,
  "relay-agent-information": suboptions,
  "network-interface": fc.record({ type: u8, major: u8, minor: u8 }),
  authentication: fc.record({
    protocol: u8,
    algorithm: u8,
    replayMethod: u8,
    replayDetection: bytes(8, 8),
    information: bytes(0, 30),
  }),
  "status-code": fc.record({ code: u8, message: textOrEmpty }),
  "virtual-subnet": fc.record({ type: u8, id: bytes(0, 20) }),
  "directory-agents": fc.record({ isMandatory: fc.boolean(), addresses: ipv4List }),
  "service-scope": fc.record({ isMandatory: fc.boolean(), scopes: textOrEmpty }),
  "uri-list": uris,
  "sip-servers": fc.oneof(fc.record({ names }), fc.record({ addresses: ipv4List })),
  "rdnss-selection": fc.record({
    preference: fc.constantFrom(0, 1, 3),
    primary: ipv4,
    secondary: ipv4,
    domains: names,
  }),
  "pcp-servers": fc.array(ipv4List, { minLength: 1, maxLength: 4 }),
  "port-parameters": fc.record({ offset: fc.nat(15), psidLength: fc.nat(16), psid: u16 }),
  "designated-resolvers": fc.array(
    fc.oneof(
      fc.record({ priority: u16, name: anyName, addresses: ipv4List, parameters: bytes(0, 20) }),
      fc.record({
        priority: u16,
        name: anyName,
        addresses: fc.constant([]),
        parameters: fc.constant(new Uint8Array(0)),
      }),
    ),
    { minLength: 1, maxLength: 4 },
  ),
  "6rd": fc.record({
    ipv4MaskLength: fc.nat(32),
    prefixLength: fc.nat(128),
    prefix: bytes(16, 16),
    borderRelays: ipv4List,
  }),
};

const BY_NAME: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  "maximum-datagram-reassembly-size": fc.integer({ min: 576, max: 0xffff }),
  "default-ip-ttl": ttl,
  "tcp-default-ttl": ttl,
  "path-mtu-plateau-table": fc.array(mtu, { minLength: 1, maxLength: 20 }),
  "interface-mtu": mtu,
  "netbios-node-type": fc.constantFrom(1, 2, 4, 8),
  "option-overload": fc.constantFrom(1, 2, 3),
  "mobile-ip-home-agent": fc.oneof(fc.constant([]), ipv4List),
  "civic-location": bytes(3, 60),
  geoconf: bytes(16, 16),
  geoloc: bytes(16, 16),
  "pxelinux-magic": bytes(4, 4),
};

export const ALL_ROWS: readonly OptionRow<unknown>[] = Object.values(OPTION);

export function anyValueOf(row: OptionRow<unknown>): fc.Arbitrary<unknown> {
  const found = BY_NAME[row.name] ?? BY_SHAPE[row.codec.shape];
  if (found === undefined) throw new Error(`no arbitrary for ${row.name} (${row.codec.shape})`);
  return found;
}

function escapeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  if (character === "." || character === "\\") return `\\${character}`;
  return byte > 0x20 && byte < 0x7f ? character : `\\${String(byte).padStart(3, "0")}`;
}

function joined(head: string, tail: string): string {
  const whole = `${head}.${tail}`;
  return whole.length < 250 ? whole : head;
}
