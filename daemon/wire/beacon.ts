// What boxes send each other on every path without a connection: who they are, so that boxes that have never
// met find each other, and that they are alive, so that boxes of a pair know at once when one is not.
//
//   "TNDM"  version  kind  fields …  signature
//
// A field is its code, its length and its content, all codes once and in rising order; what is not known is
// passed over, so that later versions may say more. The signature (Ed25519) is over all before it, with the key
// that it names, whose hash is the identity of the box. Anybody can send such a packet: nothing is believed of it that is not signed by a key that
// people have compared, but for what a person is shown before that.

import { DecodeError } from "../base/errors.ts";
import { copyOf, Reader } from "./reader.ts";
import { EncodeError, Writer } from "./writer.ts";

export const BEACON_BYTES_MAX = 1024;
export const SIGNATURE_BYTES = 64;
export const KEY_BYTES = 32;
export const IDENTITY_BYTES = 32;
export const BOOT_BYTES = 8;

/** The one that this code speaks. A box that speaks another one is shown by its version, and not paired with. */
export const BEACON_VERSION = 1;

export type BeaconKind = "hello" | "heartbeat";

/** The last beacon of the partner that was heard on the same path. */
export interface Echo {
  /** Of its process. */
  readonly boot: Uint8Array;
  readonly sequence: number;
  /** How long ago, in milliseconds. */
  readonly heldMilliseconds: number;
}

export interface LanHealth {
  readonly name: string;
  readonly hasCarrier: boolean;
  /** Serves it; false when the box stands down for it. */
  readonly isServed: boolean;
}

export interface Beacon {
  readonly kind: BeaconKind;
  /** The public key of the box (RFC 8032 §5.1.5). */
  readonly key: Uint8Array;
  /** Chosen at random by each process. */
  readonly boot: Uint8Array;
  /** Rises with every beacon of the process, on whatever path. */
  readonly sequence: number;
  /** What its clock shows, in milliseconds since 1970. */
  readonly wall: number;
  /** How long after it was due it was sent, in milliseconds: a box that is too busy says so. */
  readonly lateMilliseconds: number;
  /** Where its channel listens, 0 for nowhere. */
  readonly port: number;
  readonly model: string;
  readonly serial: string;
  readonly software: string;
  /** The identity of the box that it is a pair with. */
  readonly partner: Uint8Array | undefined;
  readonly echo: Echo | undefined;
  /** Its state in the pair, as a failover state has it in §12.25 of the draft; 0 for none. */
  readonly state: number;
  /** Of its configuration, 0 for that of the factory. */
  readonly generation: number;
  /** How it is as the gateway (core/gateway/word.ts), 0 when there is nothing to say. */
  readonly gateway: number;
  readonly lans: readonly LanHealth[];
}

/** The beacon, and what its signature is about and is. */
export interface SignedBeacon {
  readonly beacon: Beacon;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

const MAGIC = [0x54, 0x4e, 0x44, 0x4d];
const KINDS: readonly (BeaconKind | undefined)[] = [undefined, "hello", "heartbeat"];
const TEXT_BYTES_MAX = 64;
const LANS_MAX = 16;
/** All other fields take 527 bytes at most. */
const LANS_BYTES_MAX = 500;
const HAS_CARRIER = 1;
const IS_SERVED = 2;

type Content = Omit<Beacon, "kind">;
type Mutable = { -readonly [Key in keyof Content]: Content[Key] };

interface Field {
  readonly code: number;
  readonly name: keyof Content;
  /** A beacon without it is refused. */
  readonly isNeeded: boolean;
  read(reader: Reader, into: Mutable): void;
  /** Undefined: there is nothing to say. */
  write(from: Content): Writer | undefined;
}

/** Legend: code, name, whether it must be there, how it is read and written. */
const FIELDS: readonly Field[] = [
  bytesField(1, "key", KEY_BYTES),
  bytesField(2, "boot", BOOT_BYTES),
  numberField(3, "sequence", true),
  {
    code: 4,
    name: "wall",
    isNeeded: true,
    read: (reader, into) => {
      into.wall = reader.u16("wall") * 2 ** 32 + reader.u32("wall");
    },
    write: ({ wall }) => new Writer().u16(Math.floor(wall / 2 ** 32)).u32(wall % 2 ** 32),
  },
  numberField(5, "lateMilliseconds", false),
  numberField(6, "port", false),
  textField(7, "model"),
  textField(8, "serial"),
  textField(9, "software"),
  {
    code: 10,
    name: "partner",
    isNeeded: false,
    read: (reader, into) => {
      into.partner = reader.bytes("partner", IDENTITY_BYTES);
    },
    write: ({ partner }) => partner && new Writer().bytes(partner),
  },
  {
    code: 11,
    name: "echo",
    isNeeded: false,
    read: (reader, into) => {
      const boot = reader.bytes("echo", BOOT_BYTES);
      const sequence = reader.u32("echo");
      into.echo = { boot, sequence, heldMilliseconds: reader.u32("echo") };
    },
    write: ({ echo }) =>
      echo && new Writer().bytes(echo.boot).u32(echo.sequence).u32(echo.heldMilliseconds),
  },
  numberField(12, "state", false),
  numberField(13, "generation", false),
  { code: 14, name: "lans", isNeeded: false, read: readLans, write: writeLans },
  numberField(15, "gateway", false),
];
const NEEDED = FIELDS.filter(({ isNeeded }) => isNeeded);

/**
 * As many as a beacon has room for whatever else is in it: those first that are not served, for they are what the
 * partner has to know; of all others it takes for granted that they are.
 */
export function lansThatFit(lans: readonly LanHealth[]): readonly LanHealth[] {
  let room = LANS_BYTES_MAX;
  return lans
    .toSorted((a, b) => Number(a.isServed) - Number(b.isServed))
    .slice(0, LANS_MAX)
    .filter(({ name }) => {
      room -= 2 + name.length;
      return room >= 0;
    });
}

/** All but the signature. Throws EncodeError for what does not fit. */
export function encodeBeacon(beacon: Beacon): Uint8Array {
  const writer = new Writer().bytes(Uint8Array.from(MAGIC));
  writer.u8(BEACON_VERSION).u8(KINDS.indexOf(beacon.kind));
  for (const field of FIELDS) {
    const content = field.write(beacon)?.done();
    if (content) writer.u8(field.code).counted16(content);
  }
  const bytes = writer.done();
  if (bytes.length + SIGNATURE_BYTES > BEACON_BYTES_MAX) {
    throw new EncodeError(`a beacon of ${bytes.length} bytes`);
  }
  return bytes;
}

/** Throws DecodeError for anything that is no beacon. Nothing in the result is a view of `bytes`. */
export function decodeBeacon(bytes: Uint8Array): SignedBeacon {
  const end = bytes.length - SIGNATURE_BYTES;
  if (end < 0 || bytes.length > BEACON_BYTES_MAX) {
    throw new DecodeError("length", 0, `${bytes.length} bytes`);
  }
  const reader = new Reader(bytes, 0, end);
  for (const byte of MAGIC) {
    if (reader.u8("magic") !== byte) throw reader.fail("magic", "is of something else");
  }
  const version = reader.u8("version");
  if (version !== BEACON_VERSION) throw reader.fail("version", `${version} is not spoken here`);
  const code = reader.u8("kind");
  const kind = KINDS[code];
  if (kind === undefined) throw reader.fail("kind", `${code} is not known`);
  const beacon = { kind, ...readFields(reader) };
  return { beacon, signed: copyOf(bytes, 0, end), signature: copyOf(bytes, end) };
}

function readFields(reader: Reader): Content {
  const content: Mutable = {
    ...{ key: NOTHING, boot: NOTHING, sequence: 0, wall: 0, lateMilliseconds: 0, port: 0 },
    ...{ model: "", serial: "", software: "", partner: undefined, echo: undefined },
    ...{ state: 0, generation: 0, gateway: 0, lans: [] },
  };
  const seen = new Set<number>();
  for (let last = 0; reader.remaining > 0; ) {
    const code = reader.u8("field");
    if (code <= last) throw reader.fail("field", `${code} stands behind ${last}`);
    last = code;
    const field = FIELDS.find((one) => one.code === code);
    const name = field?.name ?? `field ${code}`;
    const part = reader.part(name, reader.u16(name));
    if (!field) continue;
    field.read(part, content);
    if (part.remaining > 0) throw part.fail(name, `has ${part.remaining} bytes too many`);
    seen.add(code);
  }
  const missing = NEEDED.find(({ code }) => !seen.has(code));
  if (missing) throw reader.fail(missing.name, "is missing");
  return content;
}

const NOTHING = new Uint8Array(0);

function bytesField(code: number, name: "key" | "boot", length: number): Field {
  return {
    ...{ code, name, isNeeded: true },
    read: (reader, into) => {
      into[name] = reader.bytes(name, length);
    },
    write: (from) => {
      if (from[name].length !== length) throw new EncodeError(`${name} of another length`);
      return new Writer().bytes(from[name]);
    },
  };
}

type NumberName = "sequence" | "lateMilliseconds" | "port" | "state" | "generation" | "gateway";

function numberField(code: number, name: NumberName, isNeeded: boolean): Field {
  return {
    ...{ code, name, isNeeded },
    read: (reader, into) => {
      into[name] = reader.u32(name);
    },
    write: (from) => (isNeeded || from[name] > 0 ? new Writer().u32(from[name]) : undefined),
  };
}

function textField(code: number, name: "model" | "serial" | "software"): Field {
  return {
    ...{ code, name, isNeeded: false },
    read: (reader, into) => {
      into[name] = readText(reader, name, reader.remaining);
    },
    write: (from) => (from[name] === "" ? undefined : new Writer().bytes(textBytes(from[name]))),
  };
}

/** Printable ASCII: a person is shown it. */
function readText(reader: Reader, name: string, length: number): string {
  if (length > TEXT_BYTES_MAX) throw reader.fail(name, `is ${length} bytes long`);
  const bytes = reader.bytes(name, length);
  for (const byte of bytes) {
    if (byte < 0x20 || byte > 0x7e) throw reader.fail(name, "is not plain text");
  }
  return String.fromCharCode(...bytes);
}

function textBytes(text: string): Uint8Array {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const isPlain = /^[\x20-\x7e]*$/.test(text);
  if (!isPlain || bytes.length > TEXT_BYTES_MAX)
    throw new EncodeError(`"${text}" is no plain text`);
  return bytes;
}

function readLans(reader: Reader, into: Mutable): void {
  const lans: LanHealth[] = [];
  while (reader.remaining > 0) {
    if (lans.length === LANS_MAX) throw reader.fail("lans", "are too many");
    const flags = reader.u8("lans");
    const name = readText(reader, "lans", reader.u8("lans"));
    const hasCarrier = (flags & HAS_CARRIER) !== 0;
    lans.push({ name, hasCarrier, isServed: (flags & IS_SERVED) !== 0 });
  }
  into.lans = lans;
}

function writeLans({ lans }: Content): Writer | undefined {
  if (lans.length === 0) return undefined;
  if (lans.length > LANS_MAX) throw new EncodeError(`${lans.length} LANs`);
  const writer = new Writer();
  for (const { name, hasCarrier, isServed } of lans) {
    writer.u8((hasCarrier ? HAS_CARRIER : 0) | (isServed ? IS_SERVED : 0));
    writer.counted8(textBytes(name));
  }
  return writer;
}
