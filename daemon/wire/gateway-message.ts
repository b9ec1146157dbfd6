// What the boxes of a pair say to each other about the gateway, besides their heartbeats: each message whole, on the
// channel between them, where both have shown their keys. The first byte is the kind; all are read to their last byte.

import { DecodeError } from "../base/errors.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export const GATEWAY_MESSAGE = {
  /** A person at the sender wants the receiver to hand the gateway over. */
  handover: 0x40,
  /** The receiver's wish is not carried out; why, as a part of a sentence. */
  refused: 0x41,
} as const;

export type GatewayMessage =
  | { readonly kind: "handover" }
  | { readonly kind: "refused"; readonly text: string };

const TEXT_BYTES_MAX = 500;

export function isGatewayMessage(bytes: Uint8Array): boolean {
  const kind = bytes[0] ?? 0;
  return kind >= 0x40 && kind < 0x50;
}

export function encodeGatewayMessage(message: GatewayMessage): Uint8Array {
  const writer = new Writer().u8(GATEWAY_MESSAGE[message.kind]);
  if (message.kind === "refused") {
    writer.bytes(new TextEncoder().encode(message.text.toWellFormed()).subarray(0, TEXT_BYTES_MAX));
  }
  return writer.done();
}

/** Throws DecodeError. */
export function decodeGatewayMessage(bytes: Uint8Array): GatewayMessage {
  const reader = new Reader(bytes, 0, bytes.length);
  const kind = reader.u8("kind");
  switch (kind) {
    case GATEWAY_MESSAGE.handover:
      if (reader.remaining > 0) throw reader.fail("handover", "has bytes too many");
      return { kind: "handover" };
    case GATEWAY_MESSAGE.refused: {
      if (reader.remaining > TEXT_BYTES_MAX) throw reader.fail("text", "is too long");
      const text = reader.bytes("text", reader.remaining);
      return { kind: "refused", text: plain(text) };
    }
    default:
      throw new DecodeError("kind", 0, `${kind} is not known`);
  }
}

/** A person is shown it: what is no text, or would be none, becomes a sign that says so. */
function plain(bytes: Uint8Array): string {
  const text = new TextDecoder("utf-8").decode(bytes);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be kept out.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\uFFFD");
}
