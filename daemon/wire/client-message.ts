// Messages that this box sends as a client, to find out who answers on a LAN.

import { ANY, LIMITED_BROADCAST } from "../base/address.ts";
import {
  BOOTREQUEST,
  BROADCAST_FLAG,
  HEADER,
  MAGIC_COOKIE,
  MESSAGE_TYPE,
  SERVER_PORT,
} from "./dhcp4-message.ts";
import { OPTION } from "./dhcp4-options.ts";
import { addWords, HEADERS_BYTES, writeHeaders } from "./frame.ts";
import { EncodeError } from "./writer.ts";

export interface Discover {
  /** Six bytes; also the client's hardware address (`chaddr`). */
  readonly sourceMac: Uint8Array;
  readonly xid: number;
  /** Seconds since the client began to ask; 0 by default. */
  readonly secs?: number;
  /** The server shall answer to everyone, as the address is not ours yet (RFC 2131 §4.1). */
  readonly isBroadcast: boolean;
  /** Option 55: codes of the options wanted, 1 to 255 of them; none leaves the option out. */
  readonly parameterList: readonly number[];
  /** Content of option 61, 2 to 255 bytes; left out by default. */
  readonly clientId?: Uint8Array;
  /**
   * RFC 2131 §4.1 gives clients port 68, but the packet helper lets frames out of port 67 only, the
   * default. Servers answer to port 68 all the same, since the message came through no relay.
   */
  readonly sourcePort?: number;
}

/** RFC 1542 §2.1: BOOTP relays and old servers drop messages shorter than this. */
const BOOTP_BYTES_MIN = 300;
const OPTION_BYTES_MAX = 255;
const END = 255;
const ETHERNET = 1;
const EVERYONE = new Uint8Array(6).fill(0xff);

/** A DHCPDISCOVER (RFC 2131 §4.4.1) as a whole frame to everyone. Throws EncodeError for long options. */
export function buildDiscover(discover: Discover): Uint8Array {
  const options = optionsOf(discover);
  const length = Math.max(HEADER.options + options.length, BOOTP_BYTES_MIN);
  const frame = new Uint8Array(HEADERS_BYTES + length);
  const view = new DataView(frame.buffer);
  const message = HEADERS_BYTES;
  view.setUint8(message, BOOTREQUEST);
  view.setUint8(message + HEADER.htype, ETHERNET);
  view.setUint8(message + HEADER.hlen, 6);
  view.setUint32(message + HEADER.xid, discover.xid);
  view.setUint16(message + HEADER.secs, discover.secs ?? 0);
  view.setUint16(message + HEADER.flags, discover.isBroadcast ? BROADCAST_FLAG : 0);
  frame.set(discover.sourceMac, message + HEADER.chaddr);
  view.setUint32(message + HEADER.cookie, MAGIC_COOKIE);
  frame.set(options, message + HEADER.options);
  const addressing = {
    sourceMac: discover.sourceMac,
    destinationMac: EVERYONE,
    sourceIp: ANY,
    destinationIp: LIMITED_BROADCAST,
    sourcePort: discover.sourcePort ?? SERVER_PORT,
    destinationPort: SERVER_PORT,
  };
  writeHeaders(view, 0, addressing, length, addWords(frame, message, frame.length, 0));
  return frame;
}

function optionsOf({ clientId, parameterList }: Discover): number[] {
  const options = [OPTION.dhcpMessageType.code, 1, MESSAGE_TYPE.discover];
  const put = (code: number, content: ArrayLike<number>) => {
    if (content.length > OPTION_BYTES_MAX) {
      throw new EncodeError(`option ${code} has ${content.length} bytes`);
    }
    options.push(code, content.length, ...Array.from(content));
  };
  if (clientId) put(OPTION.clientIdentifier.code, clientId);
  if (parameterList.length > 0) put(OPTION.parameterRequestList.code, parameterList);
  options.push(END);
  return options;
}
