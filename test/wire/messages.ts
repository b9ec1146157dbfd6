// Messages and frames for tests, put together byte by byte without the code under test.

export type Content = Uint8Array | readonly number[];

export interface MessageParts {
  readonly op?: number;
  readonly htype?: number;
  readonly hlen?: number;
  readonly hops?: number;
  readonly xid?: number;
  readonly secs?: number;
  readonly flags?: number;
  readonly ciaddr?: number;
  readonly yiaddr?: number;
  readonly siaddr?: number;
  readonly giaddr?: number;
  readonly chaddr?: Content;
  readonly sname?: Content;
  readonly file?: Content;
  readonly cookie?: number;
  /** The options field after the cookie, whole: with its End, if it has one. */
  readonly options?: Content;
}

export const CLIENT_MAC = [0x02, 0x00, 0x5e, 0x00, 0x01, 0x11];
export const SERVER_MAC = [0x02, 0x00, 0x5e, 0x00, 0x01, 0x01];
export const EVERYONE = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

/** RFC 2131 §2, figure 1, field after field. */
export function messageBytes(parts: MessageParts): Uint8Array {
  return Uint8Array.from([
    parts.op ?? 1,
    parts.htype ?? 1,
    parts.hlen ?? 6,
    parts.hops ?? 0,
    ...u32(parts.xid ?? 0),
    ...u16(parts.secs ?? 0),
    ...u16(parts.flags ?? 0),
    ...u32(parts.ciaddr ?? 0),
    ...u32(parts.yiaddr ?? 0),
    ...u32(parts.siaddr ?? 0),
    ...u32(parts.giaddr ?? 0),
    ...padded(parts.chaddr ?? CLIENT_MAC, 16),
    ...padded(parts.sname ?? [], 64),
    ...padded(parts.file ?? [], 128),
    ...u32(parts.cookie ?? 0x63825363),
    ...(parts.options ?? [255]),
  ]);
}

/** One option: code, length, content. Content above 255 bytes is a mistake of the test. */
export function option(code: number, content: Content): number[] {
  if (content.length > 255) throw new Error(`option ${code} has ${content.length} bytes`);
  return [code, content.length, ...content];
}

export interface FrameParts {
  readonly destinationMac?: Content;
  readonly sourceMac?: Content;
  readonly etherType?: number;
  readonly sourceIp?: number;
  readonly destinationIp?: number;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** IP options, a multiple of four bytes. */
  readonly ipOptions?: Content;
  readonly protocol?: number;
  /** The IP flags and fragment offset field. */
  readonly fragment?: number;
  /** Undefined computes it; 0 sends none. */
  readonly udpChecksum?: number;
  /** What follows the IP datagram, as Ethernet padding does. */
  readonly trailer?: Content;
}

/** An Ethernet frame of an IPv4 datagram of UDP, with right lengths and checksums. */
export function udpFrame(parts: FrameParts, payload: Content): Uint8Array {
  const ipOptions = parts.ipOptions ?? [];
  const addresses = [...u32(parts.sourceIp ?? 0), ...u32(parts.destinationIp ?? 0xffffffff)];
  const udpBytes = 8 + payload.length;
  const udp = [
    ...u16(parts.sourcePort ?? 68),
    ...u16(parts.destinationPort ?? 67),
    ...u16(udpBytes),
    ...u16(0),
    ...payload,
  ];
  const protocol = parts.protocol ?? 17;
  const computed = checksum([...addresses, 0, protocol, ...u16(udpBytes), ...udp]);
  udp.splice(6, 2, ...u16(parts.udpChecksum ?? (computed === 0 ? 0xffff : computed)));
  const ip = [
    0x45 + ipOptions.length / 4,
    0,
    ...u16(20 + ipOptions.length + udpBytes),
    ...u16(0),
    ...u16(parts.fragment ?? 0),
    64,
    protocol,
    ...u16(0),
    ...addresses,
    ...ipOptions,
  ];
  ip.splice(10, 2, ...u16(checksum(ip)));
  return Uint8Array.from([
    ...(parts.destinationMac ?? EVERYONE),
    ...(parts.sourceMac ?? CLIENT_MAC),
    ...u16(parts.etherType ?? 0x0800),
    ...ip,
    ...udp,
    ...(parts.trailer ?? []),
  ]);
}

/** RFC 1071, the slow and plain way. */
export function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum ^ 0xffff;
}

export function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

export function u16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

export function u32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** The bytes of hex text; white space is skipped, and so is everything from a "#" to its line's end. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/#.*/g, "").replace(/\s+/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

function padded(content: Content, length: number): number[] {
  return [...content, ...new Array<number>(length - content.length).fill(0)];
}
