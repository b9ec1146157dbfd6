// What the boxes of a pair say to each other about the gateway, besides their heartbeats: each message whole, on the
// channel between them, where both have shown their keys. The first byte is the kind; all are read to their last byte.

import { DecodeError } from "../base/errors.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** 1: planned, 2: as if the power were gone. */
export type DrillCode = 1 | 2;

export type GatewayMessage =
  /** A person at the sender wants the receiver to hand the gateway over. */
  | { readonly kind: "handover" }
  /** What the receiver wished is not carried out; why, as a part of a sentence. */
  | { readonly kind: "refused"; readonly text: string }
  /** A person at the sender, which has the gateway, wants a drill: the receiver shall begin and measure it. */
  | { readonly kind: "drill-wish"; readonly drill: DrillCode }
  /** The receiver shall let go of the gateway so long after its answer, for so many seconds. */
  | {
      readonly kind: "drill-begin";
      readonly id: number;
      readonly drill: DrillCode;
      readonly seconds: number;
      readonly delayMilliseconds: number;
    }
  | { readonly kind: "drill-ready"; readonly id: number }
  /** What it showed, as JSON. */
  | { readonly kind: "drill-report"; readonly json: string };

type Kind = GatewayMessage["kind"];
type Content<K extends Kind> = Extract<GatewayMessage, { readonly kind: K }>;

interface Form<K extends Kind> {
  readonly code: number;
  write(writer: Writer, message: Content<K>): void;
  read(reader: Reader): Content<K>;
}

const TEXT_BYTES_MAX = 500;
const REPORT_BYTES_MAX = 4096;
export const DRILL_SECONDS_MAX = 60;
export const DRILL_DELAY_MILLISECONDS_MAX = 10_000;

/** Legend: the first byte, how the rest is written and read. */
const FORMS: { readonly [K in Kind]: Form<K> } = {
  handover: { code: 0x40, write: () => {}, read: () => ({ kind: "handover" }) },
  refused: {
    code: 0x41,
    write: (writer, { text }) => void writer.bytes(textBytes(text, TEXT_BYTES_MAX)),
    read: (reader) => ({ kind: "refused", text: readText(reader, TEXT_BYTES_MAX) }),
  },
  "drill-wish": {
    code: 0x42,
    write: (writer, { drill }) => void writer.u8(drill),
    read: (reader) => ({ kind: "drill-wish", drill: readDrill(reader) }),
  },
  "drill-begin": {
    code: 0x43,
    write: (writer, { id, drill, seconds, delayMilliseconds }) =>
      void writer.u32(id).u8(drill).u16(seconds).u16(delayMilliseconds),
    read: (reader) => {
      const id = reader.u32("id");
      const drill = readDrill(reader);
      const seconds = readUpTo(reader, "seconds", DRILL_SECONDS_MAX);
      const delayMilliseconds = readUpTo(reader, "delay", DRILL_DELAY_MILLISECONDS_MAX);
      return { kind: "drill-begin", id, drill, seconds, delayMilliseconds };
    },
  },
  "drill-ready": {
    code: 0x44,
    write: (writer, { id }) => void writer.u32(id),
    read: (reader) => ({ kind: "drill-ready", id: reader.u32("id") }),
  },
  "drill-report": {
    code: 0x45,
    write: (writer, { json }) => void writer.bytes(textBytes(json, REPORT_BYTES_MAX)),
    read: (reader) => ({ kind: "drill-report", json: readText(reader, REPORT_BYTES_MAX) }),
  },
};
const BY_CODE = new Map(Object.values(FORMS).map((form) => [form.code, form as Form<Kind>]));

export function isGatewayMessage(bytes: Uint8Array): boolean {
  const kind = bytes[0] ?? 0;
  return kind >= 0x40 && kind < 0x50;
}

export function encodeGatewayMessage(message: GatewayMessage): Uint8Array {
  const form = FORMS[message.kind] as Form<Kind>;
  const writer = new Writer().u8(form.code);
  form.write(writer, message);
  return writer.done();
}

/** Throws DecodeError. */
export function decodeGatewayMessage(bytes: Uint8Array): GatewayMessage {
  const reader = new Reader(bytes, 0, bytes.length);
  const code = reader.u8("kind");
  const form = BY_CODE.get(code);
  if (!form) throw new DecodeError("kind", 0, `${code} is not known`);
  const message = form.read(reader);
  if (reader.remaining > 0) throw reader.fail(message.kind, "has bytes too many");
  return message;
}

function readDrill(reader: Reader): DrillCode {
  const code = reader.u8("drill");
  if (code === 1 || code === 2) return code;
  throw reader.fail("drill", `${code} is not known`);
}

function readUpTo(reader: Reader, name: string, most: number): number {
  const value = reader.u16(name);
  if (value > most) throw reader.fail(name, `${value} is more than ${most}`);
  return value;
}

/** What does not fit is left out, and no character of it cut in two. */
function textBytes(text: string, most: number): Uint8Array {
  const room = new Uint8Array(most);
  const { written } = new TextEncoder().encodeInto(text, room);
  return room.subarray(0, written);
}

/** A person is shown it: what is no text, or would be none, becomes a sign that says so. */
function readText(reader: Reader, most: number): string {
  if (reader.remaining > most) throw reader.fail("text", "is too long");
  const bytes = reader.bytes("text", reader.remaining);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be kept out.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\uFFFD");
}
