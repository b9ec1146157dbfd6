// What goes between two boxes, taken apart as far as a test needs it: each message begins with its length and
// its type (draft-ietf-dhc-failover-12 §6.1).

import { MESSAGE } from "../../daemon/wire/failover/messages.ts";

/** The messages in these bytes, of which there are only whole ones. */
export function messagesIn(bytes: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint16(at);
    messages.push(bytes.subarray(at, at + length));
    at += length;
  }
  return messages;
}

export function isUpdate(message: Uint8Array): boolean {
  return message[2] === MESSAGE.BNDUPD.code;
}
