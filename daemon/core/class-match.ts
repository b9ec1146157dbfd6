// The conditions of classes, made from configuration once into objects that ask the packet in hand.

import type { Ipv4 } from "../base/address.ts";
import { assert, assertNever } from "../base/assert.ts";
import { Dhcp4Message } from "../wire/dhcp4-message.ts";
import { OPTION, optionByCode } from "../wire/dhcp4-options.ts";
import { readU16 } from "../wire/reader.ts";
import { RelayView } from "../wire/relay-view.ts";
import { BytesMatcher } from "./bytes-match.ts";
import type { BytesTest, Match } from "./config-view.ts";

/** What conditions ask about. */
export interface MatchInput {
  readonly message: Dhcp4Message;
  /** Option 82 of the message, already read. */
  readonly relay: RelayView;
  /** The client has a reservation on this network. */
  readonly isKnown: boolean;
  readonly networkName: string;
}

/** The classes that were found to match so far. */
export interface EarlierClasses {
  has(index: number): boolean;
}

/** One condition. `matches` allocates nothing, except for an option that comes in pieces. */
export interface Matcher {
  matches(packet: PacketView): boolean;
}

/** Makes the condition of the class with index `own`, which may ask for the classes before it. */
export function compileMatch(match: Match, own: number): Matcher {
  switch (match.kind) {
    case "all":
    case "any": {
      const parts = match.of.map((part) => compileMatch(part, own));
      return new ManyMatcher(parts, match.kind === "any");
    }
    case "not":
      return new NotMatcher(compileMatch(match.of, own));
    case "option":
      return new OptionMatcher(match.code, match.test);
    case "user-class":
      return new UserClassMatcher(match.test);
    case "relay-suboption":
      return new RelaySuboptionMatcher(match.code, match.test);
    case "mac":
      return new MacMatcher(match.prefix);
    case "randomised-mac":
      return new RandomisedMacMatcher();
    case "arch":
      return new ArchMatcher(match.of);
    case "relay":
      return new RelayMatcher(match.of);
    case "known":
      return new KnownMatcher();
    case "network":
      return new NetworkMatcher(match.name);
    case "class":
      assert(match.index < own, "a class may ask only for earlier ones");
      return new ClassMatcher(match.index);
    default:
      return assertNever(match);
  }
}

/**
 * An option without which the condition cannot be true; 0 when there is none such. Of a relay's
 * sub-options there is none: they may be known from an earlier message.
 */
export function neededOption(match: Match): number {
  switch (match.kind) {
    case "option":
      return match.code;
    case "user-class":
      return USER_CLASS;
    case "arch":
      return ARCHITECTURE;
    case "all":
      return match.of.map(neededOption).find((code) => code !== 0) ?? 0;
    case "any": {
      const codes = match.of.map(neededOption);
      return codes.every((code) => code === codes[0]) ? (codes[0] ?? 0) : 0;
    }
    default:
      return 0;
  }
}

/**
 * The packet in hand as conditions see it: one reusable object of one shape, whatever the caller
 * hands in.
 */
export class PacketView {
  message = new Dhcp4Message();
  relay = new RelayView();
  isKnown = false;
  networkName = "";
  classes: EarlierClasses = { has: () => false };
  /** Where `findOption` and `findSuboption` found something. */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  /** Options in pieces are joined once for all classes: a client could make that costly. */
  readonly #joinedCodes: number[] = [];
  readonly #joinedBytes: Uint8Array[] = [];

  begin(input: MatchInput, classes: EarlierClasses): void {
    this.message = input.message;
    this.relay = input.relay;
    this.isKnown = input.isKnown;
    this.networkName = input.networkName;
    this.classes = classes;
    if (this.#joinedCodes.length > 0) {
      this.#joinedCodes.length = 0;
      this.#joinedBytes.length = 0;
    }
  }

  /** False when the message has no such option. */
  findOption(code: number): boolean {
    const { message } = this;
    if (!message.has(code)) return false;
    const at = message.contentStart(code);
    if (at === 0) return this.#findJoined(message, code);
    this.bytes = message.bytes;
    this.start = at;
    this.end = at + message.contentLength(code);
    return true;
  }

  /** A sub-option of option 82; false when it is absent. */
  findSuboption(code: number): boolean {
    const { relay } = this;
    const at = relay.start(code);
    if (at === 0) return false;
    this.bytes = relay.bytes;
    this.start = at;
    this.end = at + relay.length(code);
    return true;
  }

  #findJoined(message: Dhcp4Message, code: number): boolean {
    const known = this.#joinedCodes.indexOf(code);
    const joined = known >= 0 ? this.#joinedBytes[known] : message.raw(code);
    if (joined === undefined) return false;
    if (known < 0) {
      this.#joinedCodes.push(code);
      this.#joinedBytes.push(joined);
    }
    this.bytes = joined;
    this.start = 0;
    this.end = joined.length;
    return true;
  }
}

const USER_CLASS = OPTION.userClass.code;
const ARCHITECTURE = OPTION.clientSystemArchitecture.code;

class ManyMatcher implements Matcher {
  readonly #of: readonly Matcher[];
  /** What one part must say to settle it; the opposite needs all of them. */
  readonly #settles: boolean;

  constructor(of: readonly Matcher[], settles: boolean) {
    this.#of = of;
    this.#settles = settles;
  }

  matches(packet: PacketView): boolean {
    for (let i = 0; i < this.#of.length; i++) {
      if ((this.#of[i] as Matcher).matches(packet) === this.#settles) return this.#settles;
    }
    return !this.#settles;
  }
}

class NotMatcher implements Matcher {
  readonly #of: Matcher;

  constructor(of: Matcher) {
    this.#of = of;
  }

  matches(packet: PacketView): boolean {
    return !this.#of.matches(packet);
  }
}

class OptionMatcher implements Matcher {
  readonly #code: number;
  readonly #test: BytesMatcher;

  constructor(code: number, test: BytesTest) {
    this.#code = code;
    this.#test = new BytesMatcher(test, optionByCode(code)?.codec.shape === "text");
  }

  matches(packet: PacketView): boolean {
    if (!packet.findOption(this.#code)) return false;
    return this.#test.matches(packet.bytes, packet.start, packet.end);
  }
}

/**
 * RFC 3004 §4 wants each class behind its length. iPXE and others send one bare text, which is
 * why the whole is compared in any case.
 */
class UserClassMatcher implements Matcher {
  readonly #test: BytesMatcher;

  constructor(test: BytesTest) {
    this.#test = new BytesMatcher(test, true);
  }

  matches(packet: PacketView): boolean {
    if (!packet.findOption(USER_CLASS)) return false;
    const { bytes, start, end } = packet;
    if (this.#test.matches(bytes, start, end)) return true;
    if (!isCountedList(bytes, start, end)) return false;
    for (let at = start; at < end; at += 1 + (bytes[at] as number)) {
      if (this.#test.matches(bytes, at + 1, at + 1 + (bytes[at] as number))) return true;
    }
    return false;
  }
}

/** One or more items, none of them empty, whose lengths add up exactly. */
function isCountedList(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && bytes[at] !== 0) at += 1 + (bytes[at] as number);
  return at === end && end > start;
}

class RelaySuboptionMatcher implements Matcher {
  readonly #code: number;
  readonly #test: BytesMatcher;

  constructor(code: number, test: BytesTest) {
    this.#code = code;
    this.#test = new BytesMatcher(test, false);
  }

  matches(packet: PacketView): boolean {
    if (!packet.findSuboption(this.#code)) return false;
    return this.#test.matches(packet.bytes, packet.start, packet.end);
  }
}

const ETHERNET = 1;
const MAC_BYTES = 6;

class MacMatcher implements Matcher {
  readonly #prefix: Uint8Array;

  constructor(prefix: Uint8Array) {
    this.#prefix = prefix;
  }

  matches(packet: PacketView): boolean {
    const { message } = packet;
    const prefix = this.#prefix;
    if (message.htype !== ETHERNET || message.hlen < prefix.length) return false;
    const { chaddr } = message;
    for (let i = 0; i < prefix.length; i++) if (chaddr[i] !== prefix[i]) return false;
    return true;
  }
}

/** Bits of the first byte: locally administered, and group address. */
const LOCAL = 0x02;
const GROUP = 0x01;

class RandomisedMacMatcher implements Matcher {
  matches(packet: PacketView): boolean {
    const { message } = packet;
    if (message.htype !== ETHERNET || message.hlen !== MAC_BYTES) return false;
    return ((message.chaddr[0] as number) & (LOCAL | GROUP)) === LOCAL;
  }
}

class ArchMatcher implements Matcher {
  readonly #of: readonly number[];

  constructor(of: readonly number[]) {
    this.#of = of;
  }

  /** An odd number of bytes is no list of numbers, and names nothing. */
  matches(packet: PacketView): boolean {
    if (!packet.findOption(ARCHITECTURE)) return false;
    const { bytes, start, end } = packet;
    if ((end - start) % 2 !== 0) return false;
    for (let at = start; at < end; at += 2) {
      if (this.#of.includes(readU16(bytes, at))) return true;
    }
    return false;
  }
}

class RelayMatcher implements Matcher {
  readonly #of: readonly Ipv4[];

  constructor(of: readonly Ipv4[]) {
    this.#of = of;
  }

  matches(packet: PacketView): boolean {
    return this.#of.includes(packet.message.giaddr);
  }
}

class KnownMatcher implements Matcher {
  matches(packet: PacketView): boolean {
    return packet.isKnown;
  }
}

class NetworkMatcher implements Matcher {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  matches(packet: PacketView): boolean {
    return packet.networkName === this.#name;
  }
}

class ClassMatcher implements Matcher {
  readonly #index: number;

  constructor(index: number) {
    this.#index = index;
  }

  matches(packet: PacketView): boolean {
    return packet.classes.has(this.#index);
  }
}
