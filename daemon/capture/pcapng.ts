// Blocks of a capture file (pcapng, draft-ietf-opsawg-pcapng): Ethernet frames with their interface, direction and
// the nanosecond at which they were seen, and how many are missing. Bytes only: when to write what is the capture's.

/** Towards the box, or from it. */
export type Direction = "received" | "sent";

/** A moment: whole seconds since 1970-01-01 UTC, and 0 to 999,999,999 nanoseconds. */
export interface Stamp {
  readonly seconds: number;
  readonly nanoseconds: number;
}

export interface CapturedFrame {
  /** Number of the interface in this file: they count from 0 in the order of their blocks. */
  readonly interfaceNumber: number;
  readonly direction: Direction;
  readonly at: Stamp;
  /** The frame without its checksum; copied. */
  readonly bytes: Uint8Array;
  /** A remark for people, "" for none. */
  readonly comment: string;
}

/** What became of the frames of one interface. */
export interface FrameCounts {
  readonly seen: number;
  /** Of those, how many are not in the file because its reader was too slow. */
  readonly dropped: number;
}

const BLOCK = { section: 0x0a0d0d0a, interface: 1, statistics: 5, packet: 6 } as const;
/** Written as a number, it tells a reader in which order the bytes of all numbers are. */
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const LINKTYPE_ETHERNET = 1;
/** No frame is cut. */
const SNAP_BYTES = 0;
/** Type and length, and the length again. */
const FRAMING_BYTES = 12;
const PACKET_HEAD_BYTES = 20;

const OPTION = {
  comment: 1,
  sectionApplication: 4,
  interfaceName: 2,
  interfaceDescription: 3,
  interfaceResolution: 9,
  packetFlags: 2,
  statisticsReceived: 4,
  statisticsDropped: 5,
} as const;

/** Stamps count units of 10^-9 s. */
const NANOSECONDS = 9;
/** The first two bits of the flags of a packet. */
const DIRECTION_BITS: Readonly<Record<Direction, number>> = { received: 1, sent: 2 };

interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

/** The first block of a file; `application` is what made it. */
export function sectionBlock(application: string): Uint8Array {
  const head = new Uint8Array(16);
  const view = new DataView(head.buffer);
  view.setUint32(0, BYTE_ORDER_MAGIC);
  view.setUint16(4, 1);
  // The length of the section is not known while it is made.
  view.setUint32(8, 0xffffffff);
  view.setUint32(12, 0xffffffff);
  return block(BLOCK.section, head, [textOption(OPTION.sectionApplication, application)]);
}

/** Comes before the first frame of the interface; `description` is for people. */
export function interfaceBlock(name: string, description: string): Uint8Array {
  const head = new Uint8Array(8);
  const view = new DataView(head.buffer);
  view.setUint16(0, LINKTYPE_ETHERNET);
  view.setUint32(4, SNAP_BYTES);
  return block(BLOCK.interface, head, [
    textOption(OPTION.interfaceName, name),
    ...(description === "" ? [] : [textOption(OPTION.interfaceDescription, description)]),
    { code: OPTION.interfaceResolution, value: Uint8Array.of(NANOSECONDS) },
  ]);
}

export function packetBlock(frame: CapturedFrame): Uint8Array {
  const { bytes, comment, direction } = frame;
  const head = new Uint8Array(PACKET_HEAD_BYTES + padded(bytes.length));
  const view = new DataView(head.buffer);
  view.setUint32(0, frame.interfaceNumber);
  putStamp(view, 4, frame.at);
  view.setUint32(12, bytes.length);
  view.setUint32(16, bytes.length);
  head.set(bytes, PACKET_HEAD_BYTES);
  return block(BLOCK.packet, head, [
    ...(comment === "" ? [] : [textOption(OPTION.comment, comment)]),
    { code: OPTION.packetFlags, value: wordBytes(0, DIRECTION_BITS[direction]).subarray(4) },
  ]);
}

/** Behind the last frame of the interface; `comment` says why it was the last one. */
export function statisticsBlock(
  interfaceNumber: number,
  at: Stamp,
  counts: FrameCounts,
  comment: string,
): Uint8Array {
  const head = new Uint8Array(12);
  const view = new DataView(head.buffer);
  view.setUint32(0, interfaceNumber);
  putStamp(view, 4, at);
  return block(BLOCK.statistics, head, [
    textOption(OPTION.comment, comment),
    { code: OPTION.statisticsReceived, value: countBytes(counts.seen) },
    { code: OPTION.statisticsDropped, value: countBytes(counts.dropped) },
  ]);
}

function block(type: number, head: Uint8Array, options: readonly Option[]): Uint8Array {
  const optionBytes = options.reduce((sum, { value }) => sum + 4 + padded(value.length), 4);
  const bytes = new Uint8Array(FRAMING_BYTES + head.length + optionBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type);
  view.setUint32(4, bytes.length);
  bytes.set(head, 8);
  let at = 8 + head.length;
  for (const { code, value } of options) {
    view.setUint16(at, code);
    view.setUint16(at + 2, value.length);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  // Four zeros, which are there already, say that the options end.
  view.setUint32(bytes.length - 4, bytes.length);
  return bytes;
}

/** Everything in a block begins at a multiple of four bytes. */
function padded(length: number): number {
  return (length + 3) & ~3;
}

function textOption(code: number, text: string): Option {
  return { code, value: new TextEncoder().encode(text) };
}

/**
 * Nanoseconds since 1970 have more bits than a number holds: 10^9 is 512 times 1,953,125, and seconds times
 * that are exact until the year 2116.
 */
function putStamp(view: DataView, at: number, { seconds, nanoseconds }: Stamp): void {
  const units = seconds * 1_953_125;
  const low = (units % 2 ** 23) * 512 + nanoseconds;
  view.setUint32(at, Math.floor(units / 2 ** 23) + Math.floor(low / 2 ** 32));
  view.setUint32(at + 4, low % 2 ** 32);
}

function countBytes(count: number): Uint8Array {
  return wordBytes(Math.floor(count / 2 ** 32), count % 2 ** 32);
}

function wordBytes(high: number, low: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, high);
  view.setUint32(4, low);
  return bytes;
}
