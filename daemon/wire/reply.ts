// Writes one reply, from Ethernet header to padding, in one pass into memory that is sent as it is.

import type { Ipv4 } from "../base/address.ts";
import { assert } from "../base/assert.ts";
import { HEADER, MAGIC_COOKIE } from "./dhcp4-message.ts";
import {
  foldChecksum,
  HEADERS_BYTES,
  IPV4_HEADER_BYTES,
  UDP_HEADER_BYTES,
  type UdpAddressing,
  writeHeaders,
} from "./frame.ts";
import { EncodeError } from "./writer.ts";

/** Who sends the reply to whom. */
export type ReplyAddressing = UdpAddressing;

/** The fixed header, by the names of RFC 2131 §2. A decoded message has all of these fields. */
export interface ReplyHeader {
  readonly op: number;
  readonly htype: number;
  readonly hlen: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  readonly flags: number;
  readonly ciaddr: Ipv4;
  readonly yiaddr: Ipv4;
  readonly siaddr: Ipv4;
  readonly giaddr: Ipv4;
  /** At most 16 bytes. */
  readonly chaddr: Uint8Array;
}

/** RFC 2131 §2: an IP datagram of this size is taken by every client. */
export const MESSAGE_SIZE_MIN = 576;
/** What one Ethernet frame carries; a larger reply would have to be fragmented. */
export const MESSAGE_SIZE_MAX = 1500;

const SLAB_BYTES = 65_536;
/** RFC 1542 §2.1: BOOTP relays and old clients drop messages shorter than this. */
const BOOTP_BYTES_MIN = 300;
const END = 255;
const OVERLOAD = 52;
const RELAY_AGENT_INFORMATION = 82;
const OVERLOAD_OPTION_BYTES = 3;
const FILE_OVERLOADED = 1;
const SNAME_OVERLOADED = 2;
/**
 * RFC 3396 §6 lets pieces have up to 255 bytes. Ours are cut between addresses and pairs of them, so
 * that a client that does not join pieces still reads whole ones.
 */
const PIECE_BYTES = 248;
const OUTSIDE = "option outside begin and finish";
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * `begin`, then `sname`, `file` and the options in order of importance, then `finish`. An option
 * that does not fit into the options field goes into `file` or `sname` (RFC 2132 §9.3) unless those
 * hold names; one that fits nowhere is left out and its code is in `leftOut` until the next `begin`.
 *
 * Frames are cut out of 64 KB slabs, so that a reply costs no allocation but its view. A frame handed
 * out is never touched again. Slabs start out zeroed, and so padding and unused fields are free.
 */
export class ReplyWriter {
  #slab = new Uint8Array(0);
  #view = new DataView(this.#slab.buffer);
  #words = new Int32Array(0);
  /** First byte of the slab that no frame uses. */
  #free = 0;
  /** First byte of the DHCP message; everything before it is written by `finish`. */
  #message = 0;
  #isOpen = false;
  /** Where the next option goes, and where options must end to leave room for what `finish` adds. */
  #at = 0;
  #limit = 0;
  /** The same for the two fields that options may overflow into; 0 while the field is not in use. */
  #fileAt = 0;
  #snameAt = 0;
  #hasFileName = false;
  #hasServerName = false;
  #relayAgent: Uint8Array | undefined;
  #leftOut: number[] = [];

  /** Codes of the options that found no room since the last `begin`. */
  get leftOut(): readonly number[] {
    return this.#leftOut;
  }

  /**
   * Starts a message. `messageSize` is the client's option 57, the whole IP datagram in bytes; it is
   * brought into 576 to 1500.
   */
  begin(header: ReplyHeader, messageSize: number = MESSAGE_SIZE_MIN): void {
    if (header.chaddr.length > 16) throw new EncodeError("chaddr is longer than 16 bytes");
    this.#reserve();
    const view = this.#view;
    const at = this.#message;
    view.setUint8(at, header.op);
    view.setUint8(at + HEADER.htype, header.htype);
    view.setUint8(at + HEADER.hlen, header.hlen);
    view.setUint8(at + HEADER.hops, header.hops);
    view.setUint32(at + HEADER.xid, header.xid);
    view.setUint16(at + HEADER.secs, header.secs);
    view.setUint16(at + HEADER.flags, header.flags);
    view.setUint32(at + HEADER.ciaddr, header.ciaddr);
    view.setUint32(at + HEADER.yiaddr, header.yiaddr);
    view.setUint32(at + HEADER.siaddr, header.siaddr);
    view.setUint32(at + HEADER.giaddr, header.giaddr);
    this.#copy(header.chaddr, at + HEADER.chaddr);
    view.setUint32(at + HEADER.cookie, MAGIC_COOKIE);
    const size = Math.min(Math.max(messageSize, MESSAGE_SIZE_MIN), MESSAGE_SIZE_MAX);
    this.#at = at + HEADER.options;
    this.#limit = at + size - IPV4_HEADER_BYTES - UDP_HEADER_BYTES - OVERLOAD_OPTION_BYTES - 1;
    this.#fileAt = 0;
    this.#snameAt = 0;
    this.#hasFileName = false;
    this.#hasServerName = false;
    this.#relayAgent = undefined;
    if (this.#leftOut.length > 0) this.#leftOut = [];
  }

  /** The server's host name, at most 63 bytes; call it before the options. */
  sname(name: Uint8Array): void {
    assert(this.#isOpen && this.#snameAt === 0, "sname after options, or outside begin and finish");
    if (name.length > 63) throw new EncodeError("sname is longer than 63 bytes");
    this.#copy(name, this.#message + HEADER.sname);
    this.#hasServerName = true;
  }

  /** The boot file's name, at most 127 bytes; call it before the options. */
  file(name: Uint8Array): void {
    assert(this.#isOpen && this.#fileAt === 0, "file after options, or outside begin and finish");
    if (name.length > 127) throw new EncodeError("file is longer than 127 bytes");
    this.#copy(name, this.#message + HEADER.file);
    this.#hasFileName = true;
  }

  u8(code: number, value: number): void {
    const at = this.#place(code, 3);
    if (at === 0) return;
    const slab = this.#slab;
    slab[at] = code;
    slab[at + 1] = 1;
    slab[at + 2] = value;
  }

  u16(code: number, value: number): void {
    const at = this.#place(code, 4);
    if (at === 0) return;
    const slab = this.#slab;
    slab[at] = code;
    slab[at + 1] = 2;
    slab[at + 2] = value >>> 8;
    slab[at + 3] = value;
  }

  /** An address or a number of seconds. */
  u32(code: number, value: number): void {
    const at = this.#place(code, 6);
    if (at === 0) return;
    this.#slab[at] = code;
    this.#slab[at + 1] = 4;
    this.#view.setUint32(at + 2, value);
  }

  /**
   * Any content, also none. Relay agent information (82) is kept back for the end of the message,
   * where RFC 3046 §2.2 wants it; write it first, since room is kept for it from then on.
   */
  bytes(code: number, data: Uint8Array): void {
    const size = sizeInPieces(data.length);
    if (code === RELAY_AGENT_INFORMATION) {
      this.#keepForEnd(data, size);
      return;
    }
    if (data.length > 255 && this.#at + size > this.#limit) {
      this.#spread(code, data);
      return;
    }
    const at = this.#place(code, size);
    if (at !== 0) this.#writePieces(at, code, data);
  }

  /**
   * `length` bytes of `source` from `start`, at most 255; any option but relay agent information. For
   * what is repeated from another message: no view of it has to be made.
   */
  part(code: number, source: Uint8Array, start: number, length: number): void {
    const at = this.#place(code, length + 2);
    if (at === 0) return;
    const slab = this.#slab;
    slab[at] = code;
    slab[at + 1] = length;
    for (let i = 0; i < length; i++) slab[at + 2 + i] = source[start + i] as number;
  }

  /** Ends the message and returns the whole frame, which belongs to the caller alone. */
  finish(addressing: ReplyAddressing): Uint8Array {
    assert(this.#isOpen, "finish without begin");
    this.#endOverloadedFields();
    if (this.#relayAgent !== undefined) {
      this.#writePieces(this.#at, RELAY_AGENT_INFORMATION, this.#relayAgent);
      this.#at += sizeInPieces(this.#relayAgent.length);
    }
    this.#slab[this.#at++] = END;
    const length = Math.max(this.#at - this.#message, BOOTP_BYTES_MIN);
    const start = this.#message - HEADERS_BYTES;
    const end = this.#message + length;
    writeHeaders(this.#view, start, addressing, length, this.#messageWords());
    this.#isOpen = false;
    this.#free = end;
    // From here on an option finds no room, so that it cannot be written into a frame handed out.
    this.#limit = 0;
    return this.#slab.subarray(start, end);
  }

  /** Makes room for the largest frame. The IP header is aligned to 4 bytes, for the checksum. */
  #reserve(): void {
    if (this.#isOpen) {
      // The message before was begun and dropped: its bytes must not show through this one.
      this.#slab.fill(0, this.#message, this.#message + MESSAGE_SIZE_MAX);
    }
    let message = ((this.#free + HEADERS_BYTES + 3) >>> 2) << 2;
    if (message + MESSAGE_SIZE_MAX > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#view = new DataView(this.#slab.buffer);
      this.#words = new Int32Array(this.#slab.buffer);
      this.#free = 0;
      message = ((HEADERS_BYTES + 3) >>> 2) << 2;
    }
    this.#message = message;
    this.#isOpen = true;
  }

  /** Where an option of this size, header included, goes; 0 when it fits nowhere. */
  #place(code: number, size: number): number {
    const at = this.#at;
    if (at + size <= this.#limit) {
      this.#at = at + size;
      return at;
    }
    return this.#placeInOverload(code, size);
  }

  /**
   * RFC 2132 §9.3: `file` and `sname` may hold options. `file` first, as clients read them in this
   * order; the last byte of each is for its End.
   */
  #placeInOverload(code: number, size: number): number {
    assert(this.#isOpen, OUTSIDE);
    const message = this.#message;
    const fileAt = this.#fileAt === 0 ? message + HEADER.file : this.#fileAt;
    if (!this.#hasFileName && fileAt + size < message + HEADER.cookie) {
      this.#fileAt = fileAt + size;
      return fileAt;
    }
    const snameAt = this.#snameAt === 0 ? message + HEADER.sname : this.#snameAt;
    if (!this.#hasServerName && snameAt + size < message + HEADER.file) {
      this.#snameAt = snameAt + size;
      return snameAt;
    }
    this.#leftOut.push(code);
    return 0;
  }

  /**
   * RFC 3396 §5 and §6: an option of more than 255 bytes comes in pieces anyway, which may lie in
   * different fields, in the order options, file, sname. All of it is written, or nothing.
   */
  #spread(code: number, data: Uint8Array): void {
    assert(this.#isOpen, OUTSIDE);
    const message = this.#message;
    const file = this.#fileAt === 0 ? message + HEADER.file : this.#fileAt;
    const sname = this.#snameAt === 0 ? message + HEADER.sname : this.#snameAt;
    const inOptions = contentRoom(this.#limit - this.#at);
    const inFile = this.#hasFileName ? 0 : contentRoom(message + HEADER.cookie - 1 - file);
    const inSname = this.#hasServerName ? 0 : contentRoom(message + HEADER.file - 1 - sname);
    if (inOptions + inFile + inSname < data.length) {
      this.#leftOut.push(code);
      return;
    }
    const toFile = Math.min(inFile, data.length - inOptions);
    const toSname = data.length - inOptions - toFile;
    if (inOptions > 0) {
      this.#writePieces(this.#at, code, data.subarray(0, inOptions));
      this.#at += sizeInPieces(inOptions);
    }
    if (toFile > 0) {
      this.#writePieces(file, code, data.subarray(inOptions, inOptions + toFile));
      this.#fileAt = file + sizeInPieces(toFile);
    }
    if (toSname > 0) {
      this.#writePieces(sname, code, data.subarray(inOptions + toFile));
      this.#snameAt = sname + sizeInPieces(toSname);
    }
  }

  #keepForEnd(data: Uint8Array, size: number): void {
    assert(this.#isOpen, OUTSIDE);
    if (this.#relayAgent !== undefined || this.#at + size > this.#limit) {
      this.#leftOut.push(RELAY_AGENT_INFORMATION);
      return;
    }
    this.#relayAgent = data;
    this.#limit -= size;
  }

  #endOverloadedFields(): void {
    const slab = this.#slab;
    let overload = 0;
    if (this.#fileAt !== 0) {
      slab[this.#fileAt] = END;
      overload |= FILE_OVERLOADED;
    }
    if (this.#snameAt !== 0) {
      slab[this.#snameAt] = END;
      overload |= SNAME_OVERLOADED;
    }
    if (overload === 0) return;
    slab[this.#at++] = OVERLOAD;
    slab[this.#at++] = 1;
    slab[this.#at++] = overload;
  }

  /** RFC 3396 §6: content above 255 bytes is cut into several options of the same code. */
  #writePieces(at: number, code: number, data: Uint8Array): void {
    const slab = this.#slab;
    let to = at;
    let from = 0;
    do {
      const left = data.length - from;
      const length = data.length <= 255 ? left : Math.min(left, PIECE_BYTES);
      slab[to] = code;
      slab[to + 1] = length;
      if (length === data.length) this.#copy(data, to + 2);
      else slab.set(data.subarray(from, from + length), to + 2);
      to += 2 + length;
      from += length;
    } while (from < data.length);
  }

  /** A plain loop: for the few bytes of an option it beats the call into `set`. */
  #copy(data: Uint8Array, to: number): void {
    const slab = this.#slab;
    const length = data.length;
    for (let i = 0; i < length; i++) slab[to + i] = data[i] as number;
  }

  /** Sum of the message's 16-bit words; skips the parts that are known to be zero. */
  #messageWords(): number {
    const message = this.#message;
    let sum = this.#addWords(message, message + HEADER.sname);
    if (this.#hasServerName || this.#hasFileName || this.#fileAt !== 0 || this.#snameAt !== 0) {
      sum += this.#addWords(message + HEADER.sname, message + HEADER.cookie);
    }
    sum = foldChecksum(sum + this.#addWords(message + HEADER.cookie, this.#at));
    // The words were read in the machine's byte order; RFC 1071 §2 (B) lets us swap just the sum.
    return IS_LITTLE_ENDIAN ? ((sum & 0xff) << 8) | (sum >>> 8) : sum;
  }

  /** `from` is a multiple of 4, and the bytes from `to` to the next one are zero. */
  #addWords(from: number, to: number): number {
    const words = this.#words;
    const end = (to + 3) >>> 2;
    let sum = 0;
    for (let i = from >>> 2; i < end; i++) {
      const word = words[i] as number;
      sum += (word & 0xffff) + (word >>> 16);
    }
    return sum;
  }
}

/** Bytes an option takes on the wire, with the two header bytes of each of its pieces. */
function sizeInPieces(length: number): number {
  return length <= 255 ? length + 2 : length + 2 * Math.ceil(length / PIECE_BYTES);
}

/** Bytes of content that fit into `room` bytes with the header bytes of their pieces; whole pairs. */
function contentRoom(room: number): number {
  const pieces = Math.floor(Math.max(room, 0) / (PIECE_BYTES + 2));
  const last = Math.max(Math.max(room, 0) - pieces * (PIECE_BYTES + 2) - 2, 0);
  return pieces * PIECE_BYTES + last - (last % 8);
}
