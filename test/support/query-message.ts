import { ipv4 } from "../../daemon/base/address.ts";
import { decodeDhcp4 } from "../../daemon/wire/dhcp4-message.ts";
import { HEADERS_BYTES } from "../../daemon/wire/frame.ts";
import { RelayView } from "../../daemon/wire/relay-view.ts";
import { ReplyWriter } from "../../daemon/wire/reply.ts";

export interface QueryParts {
  readonly ciaddr?: string;
  readonly yiaddr?: string;
  readonly siaddr?: string;
  readonly giaddr?: string;
  readonly htype?: number;
  readonly chaddr?: readonly number[];
  readonly xid?: number;
  readonly options?: readonly (readonly [number, readonly number[]])[];
}

/** A DHCP request of these parts, as it stands in a UDP datagram. */
export function queryBytes(parts: QueryParts): Uint8Array {
  const writer = new ReplyWriter();
  const chaddr = Uint8Array.from(parts.chaddr ?? []);
  const any = ipv4("0.0.0.0");
  writer.begin({
    op: 1,
    htype: parts.htype ?? (chaddr.length > 0 ? 1 : 0),
    hlen: chaddr.length,
    hops: 0,
    xid: parts.xid ?? 0x12345678,
    secs: 0,
    flags: 0,
    ciaddr: ipv4(parts.ciaddr ?? "0.0.0.0"),
    yiaddr: ipv4(parts.yiaddr ?? "0.0.0.0"),
    siaddr: ipv4(parts.siaddr ?? "0.0.0.0"),
    giaddr: ipv4(parts.giaddr ?? "0.0.0.0"),
    chaddr,
  });
  for (const [code, content] of parts.options ?? []) writer.bytes(code, Uint8Array.from(content));
  const mac = new Uint8Array(6);
  const ports = { sourcePort: 67, destinationPort: 67 };
  const frame = writer.finish({
    sourceMac: mac,
    destinationMac: mac,
    sourceIp: any,
    destinationIp: any,
    ...ports,
  });
  return frame.slice(HEADERS_BYTES);
}

/** The same, decoded. */
export function question(parts: QueryParts) {
  const bytes = queryBytes(parts);
  const message = decodeDhcp4(bytes, 0, bytes.length);
  const relay = new RelayView();
  relay.read(message);
  return { message, relay };
}
