// Shapes of options that configure the client's network: routes, tunnels, servers by transport.

import {
  formatIpv4,
  formatSubnet,
  type Ipv4,
  parseSubnet,
  prefixMask,
  type Subnet,
} from "../base/address.ts";
import { DecodeError } from "../base/errors.ts";
import { domainName, domainNames } from "./codec-names.ts";
import { counted8, countedList, decodeContent, fixed, rest, struct } from "./codec-structs.ts";
import {
  bytesOrEmpty,
  CONTENT_BYTES_MAX,
  type Codec,
  integer,
  ipv4,
  ipv4List,
  isList,
  isRecord,
  listOf,
  type Plain,
  refused,
  u16,
} from "./option-codecs.ts";
import { copyOf, Reader } from "./reader.ts";
import { EncodeError, Writer } from "./writer.ts";

/** RFC 2132 §5.8: destination and router. */
export const staticRoutes = listOf(
  struct("static-route", { destination: fixed(ipv4), router: fixed(ipv4) }),
  "static-routes",
);

/** RFC 2132 §4.3: destinations that source routes may go through. */
export const policyFilters = listOf(
  struct("policy-filter", { address: fixed(ipv4), mask: fixed(ipv4) }),
  "policy-filters",
);

export interface Route {
  readonly destination: Subnet;
  /** 0.0.0.0: the destination is on the client's own link (RFC 3442, "Local Subnet Routes"). */
  readonly router: Ipv4;
}

/** RFC 3442: destinations as a prefix length and just its significant bytes. */
export const classlessRoutes: Codec<readonly Route[]> = {
  shape: "classless-routes",
  min: 5,
  max: CONTENT_BYTES_MAX,
  decode: (bytes, start, end) => {
    const reader = new Reader(bytes, start, end);
    const routes: Route[] = [];
    while (reader.remaining > 0) routes.push(readRoute(reader));
    return routes;
  },
  encode: (routes) => {
    if (routes.length === 0) throw new EncodeError("the list of routes is empty");
    const writer = new Writer();
    for (const { destination, router } of routes) {
      writer.u8(destination.prefix);
      const address = new Writer().u32(destination.address).done();
      writer.bytes(address.subarray(0, significantBytes(destination.prefix))).u32(router);
    }
    return writer.done();
  },
  parse: (input) => {
    if (!isList(input) || input.length === 0) throw refused(input, "a list of routes");
    return input.map(parseRoute);
  },
  format: (routes) =>
    routes.map(({ destination, router }) => ({
      destination: formatSubnet(destination),
      router: formatIpv4(router),
    })),
};

/** Sixteen bytes, written as RFC 5952 says. */
export const ipv6: Codec<Uint8Array> = {
  shape: "ipv6",
  min: 16,
  max: 16,
  decode: copyOf,
  encode: (value) => {
    if (value.length !== 16) throw new EncodeError(`${value.length} bytes are not an IPv6 address`);
    return copyOf(value);
  },
  parse: (input) => {
    const value = typeof input === "string" ? parseIpv6(input) : undefined;
    if (value === undefined) throw refused(input, "an IPv6 address");
    return value;
  },
  format: formatIpv6,
};

/** RFC 5969 §7.1.1. */
export const sixRd = struct("6rd", {
  ipv4MaskLength: fixed(integer("u8", 1, 0, 32)),
  prefixLength: fixed(integer("u8", 1, 0, 128)),
  prefix: fixed(ipv6),
  borderRelays: rest(ipv4List),
});

/** RFC 7291 §4.1: one list of addresses for each PCP server. */
export const pcpServers = countedList(ipv4List, "counted8", "pcp-servers");

/** RFC 6731 §4.3: 1 is high, 0 medium, 3 low; 2 is read as medium, and the other bits are ignored. */
const rdnssPreference: Codec<number> = {
  ...integer("u8", 1, 0, 3),
  decode: (bytes, start) => {
    const preference = (bytes[start] as number) & 3;
    return preference === 2 ? 0 : preference;
  },
};

/** RFC 6731 §4.3: which of two DNS servers to ask for which domains. */
export const rdnssSelection = struct("rdnss-selection", {
  preference: fixed(rdnssPreference),
  primary: fixed(ipv4),
  secondary: fixed(ipv4),
  domains: rest(domainNames),
});

/** RFC 7618 §9: the ports a client may use of a shared address. */
export const portParameters = struct("port-parameters", {
  offset: fixed(integer("u8", 1, 0, 15)),
  psidLength: fixed(integer("u8", 1, 0, 16)),
  psid: fixed(u16),
});

export type SipServers =
  | { readonly names: readonly string[] }
  | { readonly addresses: readonly Ipv4[] };

/** RFC 3361 §3: the first byte says whether names or addresses follow. */
export const sipServers: Codec<SipServers> = {
  shape: "sip-servers",
  min: 2,
  max: CONTENT_BYTES_MAX,
  decode: (bytes, start, end) => {
    const kind = bytes[start];
    if (kind === 0) return { names: decodeContent(domainNames, bytes, start + 1, end) };
    if (kind === 1) return { addresses: decodeContent(ipv4List, bytes, start + 1, end) };
    throw new DecodeError("sip-servers encoding", 0, `${kind} is neither 0 nor 1`);
  },
  encode: (value) =>
    "names" in value
      ? new Writer().u8(0).bytes(domainNames.encode(value.names)).done()
      : new Writer().u8(1).bytes(ipv4List.encode(value.addresses)).done(),
  parse: (input) => {
    if (isRecord(input) && "names" in input) {
      return { names: domainNames.parse(input.names ?? null) };
    }
    if (isRecord(input) && "addresses" in input) {
      return { addresses: ipv4List.parse(input.addresses ?? null) };
    }
    throw refused(input, 'an object with "names" or "addresses"');
  },
  format: (value) =>
    "names" in value ? { names: value.names } : { addresses: value.addresses.map(formatIpv4) },
};

export interface DesignatedResolver {
  readonly priority: number;
  readonly name: string;
  /** Empty: only the name is given and the client looks it up ("ADN-only mode"). */
  readonly addresses: readonly Ipv4[];
  /** Service parameters in the wire form of RFC 9460 §2.2. */
  readonly parameters: Uint8Array;
}

const resolverHead = struct("resolver", { priority: fixed(u16), name: counted8(domainName) });
const resolverTail = struct("resolver", {
  addresses: counted8(ipv4List),
  parameters: rest(bytesOrEmpty),
});

/** RFC 9463 §5.1: encrypted DNS resolvers, each instance behind its length in two bytes. */
export const designatedResolvers: Codec<readonly DesignatedResolver[]> = countedList(
  {
    shape: "designated-resolver",
    min: resolverHead.min,
    max: CONTENT_BYTES_MAX,
    decode: (bytes, start, end) => {
      const reader = new Reader(bytes, start, end);
      const head = resolverHead.read(reader);
      if (reader.remaining === 0) return { ...head, addresses: [], parameters: new Uint8Array(0) };
      return { ...head, ...resolverTail.read(reader) };
    },
    encode: (value) => {
      const writer = new Writer();
      resolverHead.write(writer, value);
      if (value.addresses.length > 0) resolverTail.write(writer, value);
      else if (value.parameters.length > 0) {
        throw new EncodeError("service parameters need an address beside them");
      }
      return writer.done();
    },
    parse: (input) => {
      if (!isRecord(input)) throw refused(input, "a resolver");
      const { addresses, parameters, ...head } = { addresses: [], parameters: "", ...input };
      const isNameOnly = isList(addresses) && addresses.length === 0;
      return {
        ...resolverHead.parse(head),
        addresses: isNameOnly ? [] : ipv4List.parse(addresses),
        parameters: bytesOrEmpty.parse(parameters),
      };
    },
    format: (value) => ({
      ...(resolverHead.format(value) as object),
      addresses: value.addresses.map(formatIpv4),
      parameters: bytesOrEmpty.format(value.parameters),
    }),
  },
  "counted16",
  "designated-resolvers",
);

function readRoute(reader: Reader): Route {
  const prefix = reader.u8("prefix length");
  if (prefix > 32) throw reader.fail("prefix length", `${prefix} is above 32`);
  let address = 0;
  for (let i = 0; i < significantBytes(prefix); i++) {
    address += reader.u8("destination") * 2 ** (24 - 8 * i);
  }
  const mask = prefixMask(prefix);
  // RFC 3442: bits outside the mask are zeroed by who receives them.
  const destination = { address: ((address & mask) >>> 0) as Ipv4, prefix, mask };
  return { destination, router: reader.ipv4("router") };
}

function significantBytes(prefix: number): number {
  return Math.ceil(prefix / 8);
}

function parseRoute(input: Plain): Route {
  if (!isRecord(input)) {
    throw refused(input, 'a route: an object with "destination" and "router"');
  }
  const { destination, router } = input;
  const isPrefix = typeof destination === "string" && destination.includes("/");
  const subnet = isPrefix ? parseSubnet(destination) : undefined;
  if (subnet === undefined) throw refused(destination, 'a destination like "10.0.0.0/8"');
  return { destination: subnet, router: ipv4.parse(router ?? null) };
}

function parseIpv6(input: string): Uint8Array | undefined {
  const halves = input.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":")));
  if (head === undefined) return undefined;
  const given = head.length + (tail?.length ?? 0);
  // "::" stands for at least one group of zeros (RFC 5952 §4.2.2).
  if (tail === undefined ? given !== 8 : given > 7) return undefined;
  const groups = [...head, ...new Array<string>(8 - given).fill("0"), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return Uint8Array.from(
    groups.flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >>> 8, value & 0xff];
    }),
  );
}

function formatIpv6(value: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((value[2 * i] ?? 0) << 8) | (value[2 * i + 1] ?? 0)).toString(16),
  );
  // RFC 5952 §4.2.3: the longest run of zero groups, of at least two, is shortened.
  const runs = groups.map((_, i) => groups.slice(i).findIndex((group) => group !== "0"));
  const lengths = runs.map((run, i) => (run < 0 ? 8 - i : run));
  const longest = Math.max(...lengths);
  if (longest < 2) return groups.join(":");
  const at = lengths.indexOf(longest);
  return `${groups.slice(0, at).join(":")}::${groups.slice(at + longest).join(":")}`;
}
