// The match of a class: a small language in JSON, read into what the core evaluates.
//
// An object holds when all its keys hold; a list of values means any of them. Text may have a `*` at
// its begin or end or both; "0x…" is bytes. Every key has one row in KEYS.

import { type Ipv4, parseIpv4 } from "../base/address.ts";
import type { BytesTest, Match } from "../core/config-view.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import { isRecord, type Plain, parseHex } from "../wire/option-codecs.ts";
import { RELAY_SUBOPTION } from "../wire/relay-agent.ts";
import { ARCHITECTURES } from "./architectures.ts";
import { bytesOfText, parseMacPrefix } from "./fields.ts";
import { found, type Say } from "./validate.ts";

/** What names in a match may refer to. */
export interface MatchNames {
  optionCode(name: string): number | undefined;
  /** Index of an earlier class; a sentence when it cannot be referred to. */
  earlierClass(name: string): number | string;
  hasNetwork(name: string): boolean;
}

/** The match, or undefined after at least one issue was said. */
export function parseMatch(
  input: unknown,
  names: MatchNames,
  path: string,
  say: Say,
): Match | undefined {
  return parseObject(input as Plain, { names, path, say });
}

/** All keys of the language. */
export function matchKeys(): string[] {
  return Object.keys(KEYS);
}

interface Place {
  readonly names: MatchNames;
  readonly path: string;
  readonly say: Say;
}
type Reader = (value: Plain, place: Place) => Match | undefined;

const KEYS: Readonly<Record<string, Reader>> = {
  vendorClass: anyOf(optionText(OPTION.vendorClassIdentifier.code, false)),
  userClass: anyOf(tested((test) => ({ kind: "user-class", test }))),
  hostname: anyOf(optionText(OPTION.hostName.code, true)),
  clientId: anyOf(parseClientId),
  mac: anyOf(parseMacPart),
  randomisedMac: trueOrFalse({ kind: "randomised-mac" }),
  arch: parseArchitectures,
  option: parseOptions,
  circuitId: anyOf(suboptionText(RELAY_SUBOPTION.agentCircuitId.code)),
  remoteId: anyOf(suboptionText(RELAY_SUBOPTION.agentRemoteId.code)),
  subscriberId: anyOf(suboptionText(RELAY_SUBOPTION.subscriberId.code)),
  relay: parseRelays,
  known: trueOrFalse({ kind: "known" }),
  network: anyOf(parseNetwork),
  class: anyOf(parseClass),
  any: listOfMatches("any"),
  all: listOfMatches("all"),
  not: (value, place) => {
    const of = parseObject(value, place);
    return of && { kind: "not", of };
  },
};

function parseObject(input: Plain | undefined, place: Place): Match | undefined {
  if (input === undefined) return refuse(place, "is missing");
  if (!isRecord(input)) return refuse(place, `must be an object of conditions ${found(input)}`);
  const keys = Object.keys(input);
  if (keys.length === 0) return refuse(place, "has no condition, and would match every client");
  return together(
    "all",
    keys.map((key) => {
      const at = { ...place, path: `${place.path}.${key}` };
      const read = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
      return read ? read(input[key] ?? null, at) : refuse(at, "is not a known condition");
    }),
  );
}

/** Undefined when a part is, so that issues found in it keep the whole from being used. */
function together(kind: "all" | "any", parts: readonly (Match | undefined)[]): Match | undefined {
  const of = parts.filter((part) => part !== undefined);
  if (of.length < parts.length) return undefined;
  return of.length === 1 ? of[0] : { kind, of };
}

/** One value or a list of which any may hold. */
function anyOf(read: Reader): Reader {
  return (value, place) => {
    const values = items(value, place);
    return (
      values &&
      together(
        "any",
        values.map(([one, at]) => read(one, at)),
      )
    );
  };
}

function items(value: Plain, place: Place): [Plain, Place][] | undefined {
  if (!Array.isArray(value)) return [[value, place]];
  if (value.length === 0) return refuse(place, "is an empty list, which no client matches");
  return value.map((one, index) => [one, { ...place, path: `${place.path}[${index}]` }]);
}

function trueOrFalse(match: Match): Reader {
  return (value, place) => {
    if (value === true) return match;
    if (value === false) return { kind: "not", of: match };
    return refuse(place, `must be true or false ${found(value)}`);
  };
}

function listOfMatches(kind: "all" | "any"): Reader {
  return (value, place) => {
    if (!Array.isArray(value)) return refuse(place, `must be a list of matches ${found(value)}`);
    const parts = items(value, place);
    return (
      parts &&
      together(
        kind,
        parts.map(([one, at]) => parseObject(one, at)),
      )
    );
  };
}

function optionText(code: number, ignoreCase: boolean): Reader {
  return tested((test) => ({ kind: "option", code, test }), ignoreCase);
}

function suboptionText(code: number): Reader {
  return tested((test) => ({ kind: "relay-suboption", code, test }));
}

function tested(make: (test: BytesTest) => Match, ignoreCase = false): Reader {
  return (value, place) => {
    const test = parseTest(value, place, bytesOfText, ignoreCase);
    return test && make(test);
  };
}

function parseClientId(value: Plain, place: Place): Match | undefined {
  const test = parseTest(value, place, (text) => parseHex(text.replace(/^0x/i, "")), false);
  return test && { kind: "option", code: OPTION.clientIdentifier.code, test };
}

function parseTest(
  value: Plain,
  place: Place,
  bytesOf: (text: string) => Uint8Array | undefined,
  ignoreCase: boolean,
): BytesTest | undefined {
  if (typeof value !== "string") return refuse(place, `must be text in quotes ${found(value)}`);
  if (value === "") return refuse(place, 'is empty; "*" stands for any content');
  if (/^\*+$/.test(value)) return { how: "present" };
  const isOpenBefore = value.startsWith("*");
  const isOpenAfter = value.endsWith("*");
  const bytes = bytesOf(value.slice(isOpenBefore ? 1 : 0, isOpenAfter ? -1 : undefined));
  if (bytes === undefined || bytes.length === 0) {
    return refuse(place, `is not hex digits in pairs ${found(value)}`);
  }
  if (isOpenBefore) return { how: isOpenAfter ? "contains" : "ends-with", bytes, ignoreCase };
  return { how: isOpenAfter ? "starts-with" : "is", bytes, ignoreCase };
}

function parseMacPart(value: Plain, place: Place): Match | undefined {
  const prefix = typeof value === "string" ? parseMacPrefix(value) : undefined;
  if (prefix) return { kind: "mac", prefix };
  return refuse(place, `is not a MAC or its first bytes, such as 02:00:5e ${found(value)}`);
}

function parseArchitectures(value: Plain, place: Place): Match | undefined {
  const numbers = items(value, place)?.map(([one, at]) => {
    if (typeof one === "number" && Number.isInteger(one) && one >= 0 && one <= 0xffff) return [one];
    const named = typeof one === "string" ? ARCHITECTURES.get(one) : undefined;
    if (named) return named;
    const reason = "is neither a number nor the name of a machine such as x86-64-uefi";
    return refuse<number[]>(at, `${reason} ${found(one)}`);
  });
  if (!numbers || numbers.includes(undefined)) return undefined;
  const all = numbers.flatMap((some) => some ?? []);
  return { kind: "arch", of: Array.from(new Set(all)) };
}

function parseRelays(value: Plain, place: Place): Match | undefined {
  const addresses = items(value, place)?.map(([one, at]) => {
    const address = typeof one === "string" ? parseIpv4(one) : undefined;
    return address ?? refuse<Ipv4>(at, `is not an IPv4 address such as 192.168.1.10 ${found(one)}`);
  });
  if (!addresses || addresses.includes(undefined)) return undefined;
  return { kind: "relay", of: addresses.filter((address) => address !== undefined) };
}

function parseOptions(value: Plain, place: Place): Match | undefined {
  if (!isRecord(value) || Object.keys(value).length === 0) {
    return refuse(place, `must be an object of option names ${found(value)}`);
  }
  return together(
    "all",
    Object.entries(value).map(([name, wanted]) => {
      const at = { ...place, path: `${place.path}.${name}` };
      const code = place.names.optionCode(name);
      if (code === undefined) return refuse(at, "there is no DHCP option of this name");
      return anyOf(optionContent(code))(wanted, at);
    }),
  );
}

function optionContent(code: number): Reader {
  const present: Match = { kind: "option", code, test: { how: "present" } };
  // RFC 3004 puts a length before each user class: a text must be compared behind it.
  const isUserClass = code === OPTION.userClass.code;
  const content = isUserClass
    ? tested((test) => ({ kind: "user-class", test }))
    : optionText(code, false);
  const presence = trueOrFalse(present);
  return (value, place) => (typeof value === "boolean" ? presence : content)(value, place);
}

function parseNetwork(value: Plain, place: Place): Match | undefined {
  if (typeof value === "string" && place.names.hasNetwork(value)) {
    return { kind: "network", name: value };
  }
  return refuse(place, `there is no network of this name ${found(value)}`);
}

function parseClass(value: Plain, place: Place): Match | undefined {
  const index = typeof value === "string" ? place.names.earlierClass(value) : "is not a name";
  return typeof index === "number"
    ? { kind: "class", index }
    : refuse(place, `${index} ${found(value)}`);
}

function refuse<T = never>(place: Place, reason: string): T | undefined {
  place.say(place.path, reason);
  return undefined;
}
