// The match of a class in the languages of dhcpd and Kea, which differ in little more than their signs.

import { formatIpv4 } from "../base/address.ts";
import { hex } from "../base/bytes.ts";
import type { BytesTest, Match } from "../core/config-view.ts";
import { OPTION } from "../wire/dhcp4-options.ts";

/** What a match looks at. */
export type Source =
  | { readonly kind: "option" | "suboption"; readonly code: number }
  | { readonly kind: "mac" }
  | { readonly kind: "relay" };

/** Why a match cannot be said: a whole sentence. */
export class CannotSay extends Error {
  override readonly name = "CannotSay";
}

export interface Language {
  readonly equals: string;
  /** Throws CannotSay. */
  source(of: Source): string;
  exists(of: Source): string;
  /** The first `count` bytes of a source, or its last. */
  first(of: Source, count: number): string;
  last(of: Source, count: number): string;
  lowerCase(text: string): string;
  bytes(bytes: Uint8Array): string;
  readonly known: string;
  member(index: number): string;
}

/** Throws CannotSay. */
export function matchText(match: Match, language: Language): string {
  const joined = (parts: readonly string[], word: string) =>
    parts.length === 1 ? (parts[0] ?? "") : parts.map((part) => `(${part})`).join(` ${word} `);
  switch (match.kind) {
    case "all":
      return joined(
        match.of.map((one) => matchText(one, language)),
        "and",
      );
    case "any":
      return joined(
        match.of.map((one) => matchText(one, language)),
        "or",
      );
    case "not":
      return `not (${matchText(match.of, language)})`;
    case "option":
      return tested({ kind: "option", code: match.code }, match.test, language);
    case "user-class":
      return tested({ kind: "option", code: OPTION.userClass.code }, match.test, language);
    case "relay-suboption":
      return tested({ kind: "suboption", code: match.code }, match.test, language);
    case "mac": {
      const { prefix } = match;
      const of = { kind: "mac" } as const;
      return `${language.first(of, prefix.length)} ${language.equals} ${language.bytes(prefix)}`;
    }
    case "arch":
      return joined(
        match.of.map((one) => {
          const of = { kind: "option", code: OPTION.clientSystemArchitecture.code } as const;
          const bytes = language.bytes(Uint8Array.of(one >>> 8, one & 0xff));
          return `${language.source(of)} ${language.equals} ${bytes}`;
        }),
        "or",
      );
    case "relay":
      return joined(
        match.of.map((address) => {
          const bytes = Uint8Array.from(formatIpv4(address).split("."), Number);
          return `${language.source({ kind: "relay" })} ${language.equals} ${language.bytes(bytes)}`;
        }),
        "or",
      );
    case "known":
      return language.known;
    case "class":
      return language.member(match.index);
    case "randomised-mac":
      throw new CannotSay("Hardware addresses that devices make up are not told there.");
    case "network":
      throw new CannotSay("A class does not depend on the network there.");
  }
}

function tested(of: Source, test: BytesTest, language: Language): string {
  if (test.how === "present") return language.exists(of);
  const { how, ignoreCase } = test;
  const isLower = ignoreCase && /[a-z]/i.test(String.fromCharCode(...test.bytes));
  const bytes = isLower ? lower(test.bytes) : test.bytes;
  if (how === "contains") throw new CannotSay("What is somewhere inside a text is not told there.");
  const part =
    how === "is"
      ? language.source(of)
      : how === "starts-with"
        ? language.first(of, bytes.length)
        : language.last(of, bytes.length);
  return `${isLower ? language.lowerCase(part) : part} ${language.equals} ${language.bytes(bytes)}`;
}

function lower(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));
}

/** Bytes as hex digits with colons. */
export function colons(bytes: Uint8Array): string {
  return hex(bytes).replace(/(..)(?=.)/g, "$1:");
}
