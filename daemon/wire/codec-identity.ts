// Shapes of options that say who a client is, what it can do and how it proves it.

import { DecodeError } from "../base/errors.ts";
import { decodeName, labelsOf } from "./codec-names.ts";
import { counted8, countedList, fixed, repeated, rest, struct } from "./codec-structs.ts";
import {
  bool,
  bytes,
  bytesOf,
  bytesOrEmpty,
  CONTENT_BYTES_MAX,
  type Codec,
  ipv4List,
  isRecord,
  refused,
  text,
  textOrEmpty,
  u8,
  u32,
} from "./option-codecs.ts";
import { copyOf } from "./reader.ts";
import { EncodeError, Writer } from "./writer.ts";

export interface ClientFqdn {
  /** S: the server shall update (in a reply: updates) the name-to-address record. */
  readonly serverUpdates: boolean;
  /** O, only in replies: the server did not follow the client's S. */
  readonly serverOverrides: boolean;
  /** N: the server shall do (in a reply: does) no updates at all. */
  readonly noServerUpdates: boolean;
  /** E: the name is in the wire form of RFC 1035; else in ASCII, which is deprecated. */
  readonly isWireForm: boolean;
  /** RFC 4702 §2.2: deprecated; 0 from clients, 255 from servers. */
  readonly rcode1: number;
  readonly rcode2: number;
  /** With a final dot when fully qualified; "" when the client has no name and wants one. */
  readonly name: string;
}

const FQDN_S = 1;
const FQDN_O = 2;
const FQDN_E = 4;
const FQDN_N = 8;

/** RFC 4702 §2. */
export const clientFqdn: Codec<ClientFqdn> = {
  shape: "client-fqdn",
  min: 3,
  max: CONTENT_BYTES_MAX,
  decode: (data, start, end) => {
    const flags = data[start] as number;
    const isWireForm = (flags & FQDN_E) !== 0;
    return {
      serverUpdates: (flags & FQDN_S) !== 0,
      serverOverrides: (flags & FQDN_O) !== 0,
      noServerUpdates: (flags & FQDN_N) !== 0,
      isWireForm,
      rcode1: data[start + 1] as number,
      rcode2: data[start + 2] as number,
      name: isWireForm
        ? decodeWireName(data, start + 3, end)
        : textOrEmpty.decode(data, start + 3, end),
    };
  },
  encode: (value) => {
    const flags =
      (value.serverUpdates ? FQDN_S : 0) |
      (value.serverOverrides ? FQDN_O : 0) |
      (value.isWireForm ? FQDN_E : 0) |
      (value.noServerUpdates ? FQDN_N : 0);
    const writer = new Writer().u8(flags).u8(value.rcode1).u8(value.rcode2);
    if (!value.isWireForm) return writer.bytes(textOrEmpty.encode(value.name)).done();
    for (const label of labelsOf(value.name)) writer.counted8(label);
    // A final dot is the root's, unless it is an escaped dot of the last label.
    return /(^|[^\\])(\\\\)*\.$/.test(value.name) ? writer.u8(0).done() : writer.done();
  },
  parse: (input) => fqdnFields.parse(input),
  format: (value) => fqdnFields.format(value),
};

/** Only for the configuration form, whose parts are those of the value. */
const fqdnFields = struct("client-fqdn", {
  serverUpdates: fixed(bool),
  serverOverrides: fixed(bool),
  noServerUpdates: fixed(bool),
  isWireForm: fixed(bool),
  rcode1: fixed(u8),
  rcode2: fixed(u8),
  name: rest(textOrEmpty),
});

export interface UserClass {
  /** The option is not in the form of RFC 3004 but one class without its length. */
  readonly isRaw: boolean;
  readonly classes: readonly Uint8Array[];
}

const countedClasses = countedList(bytes, "counted8", "user-class");

/**
 * RFC 3004 §4 wants each class behind its length, but iPXE and others send the bare class. What does
 * not add up as the RFC says is taken for that.
 */
export const userClass: Codec<UserClass> = {
  shape: "user-class",
  min: 1,
  max: CONTENT_BYTES_MAX,
  decode: (data, start, end) => {
    try {
      return { isRaw: false, classes: countedClasses.decode(data, start, end) };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return { isRaw: true, classes: [copyOf(data, start, end)] };
    }
  },
  encode: (value) => {
    if (!value.isRaw) return countedClasses.encode(value.classes);
    const [only] = value.classes;
    if (value.classes.length !== 1 || only === undefined) {
      throw new EncodeError("a raw user class is just one");
    }
    return bytes.encode(only);
  },
  parse: (input) => {
    if (!isRecord(input) || typeof input.isRaw !== "boolean") {
      throw refused(input, 'a user class: an object with "isRaw" and "classes"');
    }
    return { isRaw: input.isRaw, classes: countedClasses.parse(input.classes ?? null) };
  },
  format: (value) => ({ isRaw: value.isRaw, classes: countedClasses.format(value.classes) }),
};

/**
 * RFC 3925 §3: vendor classes by IANA enterprise number. `data` is a series of counted items by the
 * RFC, and opaque here: a vendor that writes it otherwise must not hide the other vendors' classes.
 */
export const vendorClasses = repeated(
  struct("vendor-class", { enterprise: fixed(u32), data: counted8(bytesOrEmpty) }),
  "vendor-classes",
);

/** RFC 3925 §4. `data` is read with `suboptions` by whoever knows the enterprise. */
export const vendorOptions = repeated(
  struct("vendor-options", { enterprise: fixed(u32), data: counted8(bytesOrEmpty) }),
  "vendor-options-list",
);

/** RFC 2132 §9.14: a hardware type (or 0, or 255 for RFC 4361) and the identifier itself. */
export const clientIdentifier = struct("client-identifier", { type: fixed(u8), id: rest(bytes) });

/** RFC 4578 §2.2: the interface's boot ROM; type 1 is UNDI. */
export const networkInterface = struct("network-interface", {
  type: fixed(u8),
  major: fixed(u8),
  minor: fixed(u8),
});

/** RFC 4578 §2.3: type 0 and 16 bytes. Written like any UUID, in the order of the bytes. */
export const machineUuid: Codec<Uint8Array> = {
  shape: "uuid",
  min: 17,
  max: 17,
  decode: (data, start, end) => {
    if (data[start] !== 0) throw new DecodeError("uuid type", 0, `${data[start]} is not 0`);
    return copyOf(data, start + 1, end);
  },
  encode: (value) => new Writer().u8(0).bytes(bytesOf(16, 16).encode(value)).done(),
  parse: (input) => {
    const isUuid =
      typeof input === "string" &&
      /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(input);
    if (!isUuid) throw refused(input, "a UUID");
    return bytesOf(16, 16).parse(input.replaceAll("-", ""));
  },
  format: (value) =>
    String(bytes.format(value)).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
};

/** RFC 3118 §2. */
export const authentication = struct("authentication", {
  protocol: fixed(u8),
  algorithm: fixed(u8),
  replayMethod: fixed(u8),
  replayDetection: fixed(bytesOf(8, 8)),
  information: rest(bytesOrEmpty),
});

/** RFC 6926 §6.2.2. */
export const statusCode = struct("status-code", { code: fixed(u8), message: rest(textOrEmpty) });

/** RFC 6607 §3.1: virtual subnet selection; type 0 is a name, 1 a VPN identifier, 255 none. */
export const virtualSubnet = struct("virtual-subnet", { type: fixed(u8), id: rest(bytesOrEmpty) });

/** RFC 2610 §3 and §4: service location directory agents and scopes. */
export const directoryAgents = struct("directory-agents", {
  isMandatory: fixed(bool),
  addresses: rest(ipv4List),
});
export const serviceScope = struct("service-scope", {
  isMandatory: fixed(bool),
  scopes: rest(textOrEmpty),
});

/** RFC 8572 §8.1: bootstrap servers, each URI behind its length in two bytes. */
export const uriList = countedList(text, "counted16", "uri-list");

function decodeWireName(data: Uint8Array, start: number, end: number): string {
  if (start === end) return "";
  const { name, next, isComplete } = decodeName(data, start, start, end);
  if (next !== end) throw new DecodeError("client-fqdn name", next - start, "bytes behind it");
  return isComplete && name !== "." ? `${name}.` : name;
}
