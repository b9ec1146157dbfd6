// Single settings as the schema is made of them, each with the sentence that refuses a wrong one. Where code decides
// (a check), the keywords say the same to other programs, as well as JSON Schema can.

import * as v from "valibot";
import { parseIpv4, parseMac, parseSubnet } from "../base/address.ts";
import { FOREVER_SECONDS } from "../core/config-view.ts";
import { parseHex } from "../wire/option-codecs.ts";

const BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const IPV4 = `${BYTE}(\\.${BYTE}){3}`;
const HEX_BYTE = "[0-9a-fA-F]{2}";

export const address = v.pipe(
  v.string("must be an IPv4 address in quotes"),
  v.check((text) => parseIpv4(text) !== undefined, "is not an IPv4 address such as 192.168.1.10"),
  keywords({ format: "ipv4", "x-ui": "address", pattern: `^${IPV4}$` }),
);

export const mac = v.pipe(
  v.string("must be a hardware address in quotes"),
  v.check((text) => parseMac(text) !== undefined, "is not a MAC such as 02:00:5e:10:00:01"),
  keywords({ "x-ui": "mac", pattern: `^${HEX_BYTE}([:-]${HEX_BYTE}){5}$` }),
);

export const macPrefix = v.pipe(
  v.string("must be a hardware address, or its first bytes, in quotes"),
  v.check(
    (text) => parseMacPrefix(text) !== undefined,
    "is not a MAC or its first bytes, such as 02:00:5e",
  ),
  keywords({ "x-ui": "mac-prefix", pattern: `^${HEX_BYTE}([:-]${HEX_BYTE}){0,5}$` }),
);

export const subnet = v.pipe(
  v.string("must be a network in quotes"),
  v.check((text) => parseSubnet(text) !== undefined, "is not a network such as 192.168.1.0/24"),
  keywords({ "x-ui": "subnet", pattern: `^${IPV4}/(3[0-2]|[0-2]?[0-9])$` }),
);

export const name = v.pipe(
  v.string("must be a name in quotes"),
  v.regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,31}$/, "must be 1 to 32 letters, digits, - or _"),
);

/** The partner compares it byte for byte, and dhcpd takes names that `name` does not. */
export const relationshipName = v.pipe(
  v.string("must be a name in quotes"),
  v.regex(
    /^[!-~]([ -~]{0,62}[!-~])?$/,
    "must be 1 to 64 letters, digits or signs of ASCII, without a space at either end",
  ),
);

export const domainName = v.pipe(
  v.string("must be a domain name in quotes"),
  v.regex(
    /^(?=.{1,253}$)[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?(\.[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?)*$/,
    "is not a domain name such as office.example",
  ),
);

/** One label of RFC 1123 §2.1: what the core keeps of a client's option 12. */
export const hostname = v.pipe(
  v.string("must be a host name in quotes"),
  v.regex(
    /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/,
    "is not a host name: 1 to 63 letters, digits or -, without a domain",
  ),
);

/** Content of an option, at most as long as one sub-option can be. */
export const textOrHex = v.pipe(
  v.string('must be text, or "0x" and hex digits, in quotes'),
  v.check((text) => {
    const length = bytesOfText(text)?.length ?? 0;
    return length > 0 && length <= 255;
  }, 'must be 1 to 255 bytes of text, or "0x" and hex digits in pairs'),
  keywords({
    pattern: `^(0[xX]${HEX_BYTE}(:?${HEX_BYTE}){0,254}|(?!0[xX])[\\s\\S]{1,255})$`,
  }),
);

export const flag = v.boolean("must be true or false");

/** What JSON Schema can say of a check. It costs nothing while a value is validated. */
export function keywords<T>(jsonSchema: Readonly<Record<string, unknown>>) {
  return v.metadata<T, { readonly jsonSchema: typeof jsonSchema }>({ jsonSchema });
}

export function wholeNumber(low: number, high: number, what: string) {
  const wanted = `must be ${what} from ${low} to ${high}`;
  return v.pipe(
    v.number(wanted),
    v.integer(wanted),
    v.minValue(low, wanted),
    v.maxValue(high, wanted),
  );
}

const anySeconds = v.pipe(
  v.number("must be a number of seconds"),
  v.integer("must be a whole number of seconds"),
  v.maxValue(0xfffffffe, "must be less than 2^32-1 seconds"),
);

/** Shorter leases would keep clients and server busy with nothing but renewing. */
export const leaseTime = v.pipe(anySeconds, v.minValue(60, "must be 60 seconds or more"));

export const renewTime = v.pipe(anySeconds, v.minValue(1, "must be 1 second or more"));

export const leaseTimeOrInfinite = v.union(
  [
    leaseTime,
    v.pipe(
      v.literal("infinite"),
      v.transform(() => FOREVER_SECONDS),
    ),
  ],
  'must be a number of seconds or "infinite"',
);

export const interfaceName = v.pipe(
  v.string("must be an interface name in quotes"),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the kernel refuses these in names too.
  v.regex(/^[^/\s\u0000-\u001f]{1,15}$/, "is not an interface name (1 to 15 characters)"),
);

/** Text for a field of the packet header that ends with a NUL (RFC 2131 §2). */
export function headerText(bytesMax: number) {
  return v.pipe(
    v.string("must be text in quotes"),
    v.check((text) => {
      const { length } = new TextEncoder().encode(text);
      return length > 0 && length <= bytesMax && !text.includes("\0") && text.isWellFormed();
    }, `must be 1 to ${bytesMax} bytes of text`),
    keywords({ minLength: 1, maxLength: bytesMax, pattern: "^[^\\u0000]*$" }),
  );
}

export function listAtMost<T extends v.GenericSchema>(item: T, max: number, what: string) {
  return v.pipe(
    v.array(item, "must be a list"),
    v.maxLength(max, `may list ${max} ${what} at most`),
  );
}

/** "02:00:5e" (or with dashes) to 1 to 6 bytes; undefined when it is not that form. */
export function parseMacPrefix(text: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){0,5}$/.test(text)) return undefined;
  return Uint8Array.from(text.split(/[:-]/), (part) => Number.parseInt(part, 16));
}

/** Text as UTF-8, or the bytes after "0x"; undefined when these are not hex digits in pairs. */
export function bytesOfText(text: string): Uint8Array | undefined {
  if (/^0x/i.test(text)) return parseHex(text.slice(2));
  return text.isWellFormed() ? new TextEncoder().encode(text) : undefined;
}
