// What two boxes say to each other while they get to know each other, each message whole and within TLS. The
// first byte is the kind; all are read to their last byte, and what does not fit to the letter is refused.
//
// Before people have compared the six digits, a box says only what it is: name, model, serial number, versions,
// clock. Its configuration (which names devices, and how they can be reached) is said afterwards only.

import { DecodeError } from "../base/errors.ts";
import { IDENTITY_BYTES } from "./beacon.ts";
import { Reader } from "./reader.ts";
import { EncodeError, Writer } from "./writer.ts";

/** Of what follows the first message. Boxes that speak different ones tell people so, and no more. */
export const INTRODUCTION_VERSION = 1;
export const INTRODUCTION_BYTES_MAX = 1 << 20;

export type PairRole = "primary" | "secondary";

/** What a box that nobody has confirmed yet may know. */
export interface Profile {
  readonly kind: "profile";
  readonly software: string;
  readonly name: string;
  readonly model: string;
  readonly serial: string;
  /** Of its configuration, 0 for that of the factory. */
  readonly generation: number;
  /** What its clock shows, in milliseconds since 1970. */
  readonly wall: number;
  readonly isServing: boolean;
  /** Its part in a pair, with whom; undefined: it is in none. */
  readonly pair: { readonly role: PairRole; readonly partner: Uint8Array } | undefined;
}

/** Of a box that speaks another version: all that is understood of it. */
export interface ForeignProfile {
  readonly kind: "foreign-profile";
  readonly version: number;
  readonly software: string;
}

export type IntroductionMessage =
  | Profile
  | ForeignProfile
  | { readonly kind: "commitment"; readonly bytes: Uint8Array }
  | { readonly kind: "number"; readonly bytes: Uint8Array }
  /** A person at the sender says that the digits are the same. */
  | { readonly kind: "confirmed" }
  /** The shared configuration of the sender, for people to compare. */
  | { readonly kind: "configuration"; readonly shared: unknown }
  /** A person at the sender says whose configuration both shall have. */
  | { readonly kind: "choice"; readonly takes: "senders" | "receivers" }
  | Offer
  /** Written, and in force. */
  | { readonly kind: "taken" }
  /** Nothing comes of it; the code is one of the table in refusals.ts. */
  | { readonly kind: "refused"; readonly code: number }
  /** Between partners: the sender goes on alone, and the receiver shall answer nobody. */
  | { readonly kind: "leave" }
  /** Between partners: the sender will be no box of a pair any more, and the receiver shall go on alone. */
  | { readonly kind: "retire" }
  | { readonly kind: "left" };

/** What the receiver shall become. */
export interface Offer {
  readonly kind: "offer";
  /** Of the receiver. */
  readonly role: PairRole;
  /** Name of the sender. */
  readonly name: string;
  readonly shared: unknown;
  /** Where the sender is on each network, as its box.json says it. */
  readonly networks: unknown;
}

/** Of the random number of a box, and of what it commits itself by. */
export const NUMBER_BYTES = 32;
const TEXT_BYTES_MAX = 64;
/** Deeper than any configuration; those who read it do so by recursion. */
const NESTING_MAX = 64;
const NAMES = ["software", "name", "model", "serial"] as const;
const ROLES: readonly (PairRole | undefined)[] = [undefined, "primary", "secondary"];

type Kind = IntroductionMessage["kind"];
type Content<K extends Kind> = Extract<IntroductionMessage, { readonly kind: K }>;

interface Form<K extends Kind> {
  readonly code: number;
  write(writer: Writer, message: Content<K>): void;
  read(reader: Reader): Content<K> | ForeignProfile;
}

/** Legend: the first byte, how the rest is written and read. */
const FORMS: { readonly [K in Exclude<Kind, "foreign-profile">]: Form<K> } = {
  profile: { code: 0x30, write: writeProfile, read: readProfile },
  commitment: numberForm(0x31, "commitment"),
  number: numberForm(0x32, "number"),
  confirmed: emptyForm(0x33, "confirmed"),
  configuration: {
    code: 0x34,
    write: (writer, { shared }) => void writer.bytes(jsonBytes(shared)),
    read: (reader) => ({ kind: "configuration", shared: readJson(reader, reader.remaining) }),
  },
  choice: {
    code: 0x35,
    write: (writer, { takes }) => void writer.u8(takes === "senders" ? 1 : 2),
    read: (reader) => {
      const takes = ([undefined, "senders", "receivers"] as const)[reader.u8("choice")];
      if (!takes) throw reader.fail("choice", "is neither of the two");
      return { kind: "choice", takes };
    },
  },
  offer: { code: 0x36, write: writeOffer, read: readOffer },
  taken: emptyForm(0x37, "taken"),
  refused: {
    code: 0x38,
    write: (writer, { code }) => void writer.u8(code),
    read: (reader) => ({ kind: "refused", code: reader.u8("reason") }),
  },
  leave: emptyForm(0x39, "leave"),
  left: emptyForm(0x3a, "left"),
  retire: emptyForm(0x3b, "retire"),
};
const BY_CODE = new Map<number, Form<Kind>>(
  Object.values(FORMS).map((form) => [form.code, form as unknown as Form<Kind>]),
);

/** Throws EncodeError for what does not fit. */
export function encodeIntroduction(
  message: Exclude<IntroductionMessage, ForeignProfile>,
): Uint8Array {
  const form = FORMS[message.kind] as unknown as Form<Kind>;
  const writer = new Writer().u8(form.code);
  form.write(writer, message);
  if (writer.length > INTRODUCTION_BYTES_MAX) {
    throw new EncodeError(`a message of ${writer.length} bytes`);
  }
  return writer.done();
}

/** Whether a message of the channel is of this part, by its first byte. */
export function isIntroduction(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0xf0) === 0x30;
}

/** Throws DecodeError for anything else. Nothing in the result is a view of `bytes`. */
export function decodeIntroduction(bytes: Uint8Array): IntroductionMessage {
  if (bytes.length > INTRODUCTION_BYTES_MAX) {
    throw new DecodeError("length", 0, `${bytes.length} bytes`);
  }
  const reader = new Reader(bytes, 0, bytes.length);
  const code = reader.u8("kind");
  const form = BY_CODE.get(code);
  if (!form) throw reader.fail("kind", `${code} is not known`);
  const message = form.read(reader);
  if (reader.remaining > 0 && message.kind !== "foreign-profile") {
    throw reader.fail(message.kind, `has ${reader.remaining} bytes too many`);
  }
  return message;
}

function writeProfile(writer: Writer, profile: Profile): void {
  writer.u8(INTRODUCTION_VERSION);
  for (const name of NAMES) writeText(writer, profile[name]);
  writer.u32(profile.generation);
  writer.u16(Math.floor(profile.wall / 2 ** 32)).u32(profile.wall % 2 ** 32);
  writer.u8(profile.isServing ? 1 : 0);
  writer.u8(ROLES.indexOf(profile.pair?.role));
  if (profile.pair) writer.bytes(profile.pair.partner);
}

/** Version and software stand first in all versions. */
function readProfile(reader: Reader): Profile | ForeignProfile {
  const version = reader.u8("version");
  const software = readText(reader, "software");
  if (version !== INTRODUCTION_VERSION) {
    return { kind: "foreign-profile", version, software };
  }
  const [name, model, serial] = (["name", "model", "serial"] as const).map((field) =>
    readText(reader, field),
  ) as [string, string, string];
  const generation = reader.u32("generation");
  const wall = reader.u16("wall") * 2 ** 32 + reader.u32("wall");
  const serving = reader.u8("serving");
  if (serving > 1) throw reader.fail("serving", "is neither yes nor no");
  const code = reader.u8("role");
  if (code >= ROLES.length) throw reader.fail("role", `${code} is not known`);
  const role = ROLES[code];
  const pair = role && { role, partner: reader.bytes("partner", IDENTITY_BYTES) };
  const isServing = serving === 1;
  return { kind: "profile", software, name, model, serial, generation, wall, isServing, pair };
}

function writeOffer(writer: Writer, { role, name, shared, networks }: Offer): void {
  const ports = jsonBytes(networks);
  writer.u8(ROLES.indexOf(role));
  writeText(writer, name);
  writer.u32(ports.length).bytes(ports).bytes(jsonBytes(shared));
}

function readOffer(reader: Reader): Offer {
  const role = ROLES[reader.u8("role")];
  if (!role) throw reader.fail("role", "is neither of the two");
  const name = readText(reader, "name");
  const networks = readJson(reader, reader.u32("networks"));
  return { kind: "offer", role, name, networks, shared: readJson(reader, reader.remaining) };
}

function numberForm<K extends "commitment" | "number">(code: number, kind: K): Form<K> {
  return {
    code,
    write: (writer, message) => {
      const { bytes }: Content<"commitment" | "number"> = message;
      if (bytes.length !== NUMBER_BYTES) throw new EncodeError(`${kind} of another length`);
      writer.bytes(bytes);
    },
    read: (reader) => ({ kind, bytes: reader.bytes(kind, NUMBER_BYTES) }) as Content<K>,
  };
}

function emptyForm<K extends "confirmed" | "taken" | "leave" | "left" | "retire">(
  code: number,
  kind: K,
): Form<K> {
  return { code, write: () => {}, read: () => ({ kind }) as Content<K> };
}

/** Printable ASCII: a person is shown it. What is of another kind was no name to begin with. */
function writeText(writer: Writer, text: string): void {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  if (!/^[\x20-\x7e]*$/.test(text) || bytes.length > TEXT_BYTES_MAX) {
    throw new EncodeError(`"${text}" is no plain text`);
  }
  writer.counted8(bytes);
}

function readText(reader: Reader, field: string): string {
  const length = reader.u8(field);
  if (length > TEXT_BYTES_MAX) throw reader.fail(field, `is ${length} bytes long`);
  const bytes = reader.bytes(field, length);
  if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) throw reader.fail(field, "is no text");
  return String.fromCharCode(...bytes);
}

function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function readJson(reader: Reader, length: number): unknown {
  const bytes = reader.bytes("JSON", length);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (nestingOf(text) <= NESTING_MAX) return JSON.parse(text);
  } catch {
    throw reader.fail("JSON", "is none");
  }
  throw reader.fail("JSON", "is nested too deeply");
}

/** Counted before it is parsed; a bracket within a string counts as none. */
function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') isString = !isString;
    else if (isString && sign === "\\") at++;
    else if (isString) continue;
    else if (sign === "[" || sign === "{") deepest = Math.max(deepest, ++depth);
    else if (sign === "]" || sign === "}") depth--;
  }
  return deepest;
}
