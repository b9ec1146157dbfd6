// Bytes to message. Liberal where peers that exist are odd (draft and dhcpd), strict elsewhere.
//
// Taken: a payload offset of 8 (the text of §6.1) or above 12 (header bytes to come), options that are
// unknown or have no business in the message, any order of options, updates in groups, missing options,
// numbers without a name. Refused, which ends the connection: lengths that do not fit, an option twice,
// types that a receiver may not ignore.

import { DecodeError } from "../../base/errors.ts";
import { copyOf, readU16, readU32 } from "../reader.ts";
import type { Dialect, ReceivedMessage, SetAside } from "./messages.ts";
import { isKnownOption, OPTION, optionName } from "./options.ts";
import { isOfGroup, type MessagePlan, type PlannedOption, planOfType } from "./plan.ts";

/** §6.1. */
export const HEADER_BYTES = 12;
export const MESSAGE_BYTES_MAX = 2048;
/** §6.1 calls the header 8 bytes long and draws 12. */
const PAYLOAD_OFFSET_OF_TEXT = 8;
const OPTION_HEADER_BYTES = 4;
/** §6.1: types from here on are optional to understand. */
const OPTIONAL_TYPES = 128;

type Fields = Record<string, unknown>;

/**
 * Reads the one message that is `bytes` from `start` up to but not including `end`. Throws DecodeError
 * with the name of the message and option, and the offset from `start`: the connection has to be closed
 * then (§6.1, §6.2). Nothing in the result is a view of `bytes`.
 */
export function decodeMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  dialect: Dialect,
): ReceivedMessage {
  const length = end - start;
  if (length < HEADER_BYTES || length > MESSAGE_BYTES_MAX || length !== readU16(bytes, start)) {
    throw new DecodeError("message length", 0, `does not fit ${length} bytes`);
  }
  const code = bytes[start + 2] as number;
  const from = start + payloadOffset(bytes, start, length);
  const time = readU32(bytes, start + 4);
  const xid = readU32(bytes, start + 8);
  const plan = planOfType(code);
  if (plan === undefined) {
    if (!isIgnored(code, from < end, dialect)) {
      throw new DecodeError("message type", 2, `${code} is not known`);
    }
    return { type: "ignored", code, time, xid, setAside: NOTHING };
  }
  const head: Fields = plan.isGrouped
    ? { type: plan.name, time, xid, setAside: NOTHING, bindings: undefined }
    : { type: plan.name, time, xid, setAside: NOTHING, ...plan.blank };
  const options = new OptionReader(plan, head, bytes, start, end);
  options.read(from);
  return head as unknown as ReceivedMessage;
}

const TWICE = "stands here a second time";
const NOTHING: readonly SetAside[] = Object.freeze([]);

/**
 * The draft closes the connection for a type below 128 and ignores the others; dhcpd ignores every type
 * as long as there are no options in the message.
 */
function isIgnored(code: number, hasOptions: boolean, dialect: Dialect): boolean {
  return dialect === "isc" ? !hasOptions : code >= OPTIONAL_TYPES;
}

function payloadOffset(bytes: Uint8Array, start: number, length: number): number {
  const offset = bytes[start + 3] as number;
  if (offset === PAYLOAD_OFFSET_OF_TEXT) return HEADER_BYTES;
  if (offset >= HEADER_BYTES && offset <= length) return offset;
  throw new DecodeError("payload offset", 3, `${offset} of a message of ${length} bytes`);
}

/** One pass over the options of a message. */
class OptionReader {
  readonly #plan: MessagePlan;
  readonly #head: Fields;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  readonly #groups: Fields[] = [];
  #group: Fields | undefined;
  #setAside: SetAside[] | undefined;

  constructor(plan: MessagePlan, head: Fields, bytes: Uint8Array, start: number, end: number) {
    this.#plan = plan;
    this.#head = head;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  read(from: number): void {
    const bytes = this.#bytes;
    let vendorOptionsAt = -1;
    for (let at = from; at < this.#end; ) {
      if (this.#end - at < OPTION_HEADER_BYTES) {
        throw this.#fault("option header", at, `${this.#end - at} of ${OPTION_HEADER_BYTES} bytes`);
      }
      const code = readU16(bytes, at);
      const content = at + OPTION_HEADER_BYTES;
      const next = content + readU16(bytes, at + 2);
      if (next > this.#end) {
        const left = this.#end - content;
        throw this.#fault(
          optionName(code),
          at,
          `length ${next - content}, but the message ends after ${left}`,
        );
      }
      const planned = this.#plan.byCode[code];
      if (planned === undefined) {
        this.#putAside(code, at, next, isKnownOption(code) ? "misplaced" : "unknown");
      } else if (planned.field !== "vendorSpecificOptions") {
        this.#put(planned, at, next);
      } else if (vendorOptionsAt < 0) {
        vendorOptionsAt = at;
      } else {
        throw this.#fault(planned.option.name, at, TWICE);
      }
      at = next;
    }
    if (vendorOptionsAt >= 0) this.#putVendor(vendorOptionsAt);
    if (this.#plan.isGrouped) this.#head.bindings = this.#groups;
    if (this.#setAside !== undefined) this.#head.setAside = this.#setAside;
  }

  #put(planned: PlannedOption, at: number, next: number): void {
    const { field, option } = planned;
    const fields = isOfGroup(this.#plan, field) ? this.#groupOf(field) : this.#head;
    if (fields[field] !== undefined) throw this.#fault(option.name, at, TWICE);
    const content = at + OPTION_HEADER_BYTES;
    const length = next - content;
    const { min, max } = option.codec;
    if (length < min || length > max) {
      const wanted = min === max ? `${min}` : `${min} to ${max}`;
      throw this.#fault(option.name, at, `length ${length}, not ${wanted}`);
    }
    try {
      fields[field] = option.codec.decode(this.#bytes, content, next);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw this.#fault(option.name, content + error.offset, error.message);
    }
  }

  /**
   * §6.3: a group starts at each address. Options in front of the first address are that one's, since
   * dhcpd takes the options of its only group in any order.
   */
  #groupOf(field: string): Fields {
    const address = "assignedIpAddress";
    const isNext = field === address && this.#group?.[address] !== undefined;
    if (this.#group === undefined || isNext) {
      this.#group = { ...this.#plan.blank };
      this.#groups.push(this.#group);
    }
    return this.#group;
  }

  /** §12.29: vendor options without the class that they belong to must be ignored, whatever they are. */
  #putVendor(at: number): void {
    const { code } = OPTION.vendorSpecificOptions;
    const planned = this.#plan.byCode[code] as PlannedOption;
    const next = at + OPTION_HEADER_BYTES + readU16(this.#bytes, at + 2);
    if (this.#head.vendorClassIdentifier !== undefined) this.#put(planned, at, next);
    else this.#putAside(code, at, next, "no-vendor-class");
  }

  #putAside(code: number, at: number, next: number, reason: SetAside["reason"]): void {
    this.#setAside ??= [];
    this.#setAside.push({
      code,
      offset: at - this.#start,
      content: copyOf(this.#bytes, at + OPTION_HEADER_BYTES, next),
      reason,
    });
  }

  #fault(field: string, at: number, reason: string): DecodeError {
    return new DecodeError(`${this.#plan.name} ${field}`, at - this.#start, reason);
  }
}
