// What a person may write into config.json (shared by both boxes) and box.json (this box only).
// Only shapes here; what depends on several fields at once is checked in check.ts.

import * as v from "valibot";
import { parseIpv4, parseMac, parseSubnet } from "../base/address.ts";
import { LIMITS } from "../limits.ts";

const address = v.pipe(
  v.string("must be an IPv4 address in quotes"),
  v.check((text) => parseIpv4(text) !== undefined, "is not an IPv4 address such as 192.168.1.10"),
);
const mac = v.pipe(
  v.string("must be a hardware address in quotes"),
  v.check((text) => parseMac(text) !== undefined, "is not a MAC such as 02:00:5e:10:00:01"),
);
const subnet = v.pipe(
  v.string("must be a network in quotes"),
  v.check((text) => parseSubnet(text) !== undefined, "is not a network such as 192.168.1.0/24"),
);
const name = v.pipe(
  v.string("must be a name in quotes"),
  v.regex(/^[a-z0-9][a-z0-9_-]{0,31}$/i, "must be 1 to 32 letters, digits, - or _"),
);
const domainName = v.pipe(
  v.string("must be a domain name in quotes"),
  v.regex(
    /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i,
    "is not a domain name such as office.example",
  ),
);
const seconds = v.pipe(
  v.number("must be a number of seconds"),
  v.integer("must be a whole number of seconds"),
  v.minValue(60, "must be 60 seconds or more"),
  v.maxValue(0xfffffffe, "must be less than 2^32-1 seconds"),
);
const version = v.literal(1, "must be 1; this file is of another version");
const interfaceName = v.pipe(
  v.string("must be an interface name in quotes"),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the kernel refuses these in names too.
  v.regex(/^[^/\s\u0000-\u001f]{1,15}$/, "is not an interface name (1 to 15 characters)"),
);

/** Option values by the option's name in the option table; checked against it in check.ts. */
const options = v.record(v.string(), v.unknown());

const pool = v.strictObject({ from: address, to: address });

const reservation = v.strictObject({
  mac: v.optional(mac),
  clientId: v.optional(
    v.pipe(
      v.string("must be hex digits in quotes"),
      v.regex(/^([0-9a-f]{2}){1,255}$/i, "must be an even number of hex digits"),
    ),
  ),
  address,
  name: v.optional(domainName),
});

const network = v.strictObject({
  name,
  subnet,
  pools: v.pipe(v.array(pool), v.maxLength(64, "may list 64 pools at most")),
  /** The router that clients are told; the virtual address of the pair. */
  gateway: v.optional(address),
  dns: v.optional(v.array(address)),
  domain: v.optional(domainName),
  leaseSeconds: v.optional(seconds, 43_200),
  minLeaseSeconds: v.optional(seconds, 120),
  maxLeaseSeconds: v.optional(seconds),
  authoritative: v.optional(v.boolean("must be true or false"), true),
  ignoreClientId: v.optional(v.boolean("must be true or false"), false),
  reservations: v.optional(
    v.pipe(
      v.array(reservation),
      v.maxLength(
        LIMITS.reservationsMax,
        `may list ${LIMITS.reservationsMax} reservations at most`,
      ),
    ),
    [],
  ),
  options: v.optional(options, {}),
});

export const SharedSchema = v.strictObject({
  version,
  networks: v.pipe(
    v.array(network),
    v.maxLength(LIMITS.networksMax, `may list ${LIMITS.networksMax} networks at most`),
  ),
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
  ),
  http: v.optional(
    v.strictObject({
      port: v.optional(
        v.pipe(
          v.number("must be a port number"),
          v.integer("must be a port number"),
          v.minValue(1, "must be 1 to 65535"),
          v.maxValue(65_535, "must be 1 to 65535"),
        ),
      ),
    }),
    {},
  ),
});

export type SharedConfig = v.InferOutput<typeof SharedSchema>;
export type BoxConfig = v.InferOutput<typeof BoxSchema>;
export type SharedNetwork = SharedConfig["networks"][number];

/** One thing that is wrong, with where it is and the value found there. */
export interface ConfigIssue {
  readonly file: string;
  readonly path: string;
  readonly reason: string;
}

/** Parses and validates; either the value or all issues at once. Never throws. */
export function validate<T extends v.GenericSchema>(
  schema: T,
  file: string,
  input: unknown,
): { readonly value: v.InferOutput<T> } | { readonly issues: ConfigIssue[] } {
  const result = v.safeParse(schema, input);
  if (result.success) return { value: result.output };
  return {
    issues: result.issues.map((issue) => ({
      file,
      path: pathOf(issue.path?.map((item) => item.key) ?? []),
      reason: reasonOf(issue),
    })),
  };
}

function pathOf(keys: readonly unknown[]): string {
  let path = "";
  for (const key of keys) {
    path += typeof key === "number" ? `[${key}]` : `${path === "" ? "" : "."}${String(key)}`;
  }
  return path === "" ? "(the whole file)" : path;
}

function reasonOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === "schema" && issue.type === "strict_object") {
    if (issue.expected === "never") return "is not a known setting";
    if (issue.received === "undefined") return "is missing";
    return `must be an object, not ${issue.received}`;
  }
  const found = JSON.stringify(issue.input) ?? "nothing";
  return `${issue.message} (found ${found.length > 60 ? `${found.slice(0, 57)}...` : found})`;
}
