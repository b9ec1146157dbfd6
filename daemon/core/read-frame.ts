// From a frame to a message of a DHCP client; what else is heard on a LAN is of use otherwise.

import { DecodeError } from "../base/errors.ts";
import type { RefusalReason } from "../catalogue.ts";
import {
  BOOTREPLY,
  BOOTREQUEST,
  CLIENT_PORT,
  decodeDhcp4,
  SERVER_PORT,
} from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import { parseFrame } from "../wire/frame.ts";
import type { Dhcp4Server, FrameEvent } from "./dhcp4-server.ts";
import type { Effect } from "./effect.ts";
import type { Lan } from "./lan.ts";
import { hearServer, hearUse } from "./overheard.ts";

const MESSAGE_TYPE_OPTION = OPTION.dhcpMessageType.code;

/**
 * Is this a message of a DHCP client, and can it be read? Then `packet.type` is its type; it is 0 for
 * what was of use otherwise.
 */
export function look(
  server: Dhcp4Server,
  event: FrameEvent,
  lan: Lan,
  out: Effect[],
): RefusalReason | undefined {
  const { packet } = server;
  const { frame, message } = packet;
  packet.type = 0;
  try {
    parseFrame(frame, event.bytes, event.start, event.end, event.checksumReady);
  } catch (error) {
    return malformed(error, "frame-malformed");
  }
  if (isFrom(frame.bytes, frame.sourceMacStart, lan.link.mac)) return "own-frame";
  if (frame.kind !== "udp") return hearUse(server, lan, out);
  const { destinationPort } = frame;
  if (destinationPort !== SERVER_PORT && destinationPort !== CLIENT_PORT) return "frame-not-dhcp";
  try {
    decodeDhcp4(frame.bytes, frame.payloadStart, frame.payloadEnd, message);
  } catch (error) {
    return malformed(error, "dhcp-malformed");
  }
  if (message.op === BOOTREPLY) return hearServer(server, lan, out);
  if (destinationPort === CLIENT_PORT) return "frame-not-dhcp";
  const type = message.u8(MESSAGE_TYPE_OPTION);
  if (typeof type !== "number" || type === 0) {
    return type === undefined ? "no-message-type" : "option-malformed";
  }
  packet.type = type;
  if (message.op !== BOOTREQUEST) return "wrong-direction";
  return packet.relay.read(message) ? undefined : "option-malformed";
}

function malformed(error: unknown, reason: RefusalReason): RefusalReason {
  if (error instanceof DecodeError) return reason;
  throw error;
}

function isFrom(bytes: Uint8Array, start: number, mac: Uint8Array): boolean {
  for (let i = 0; i < 6; i++) if (bytes[start + i] !== mac[i]) return false;
  return true;
}
