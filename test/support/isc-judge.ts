// What dhcpd 4.4.3 punishes: it closes the connection, forgets what was agreed, goes to SHUTDOWN or ends. The
// messages are taken apart here byte by byte, so that a mistake of our own codec cannot hide itself.

import { formatIpv4 } from "../../daemon/base/address.ts";
import type { FailoverRole } from "../../daemon/wire/failover/messages.ts";
import { SERVER_STATE, type ServerState } from "../../daemon/wire/failover/numbers.ts";
import { readU16, readU32 } from "../../daemon/wire/reader.ts";
import type { Side } from "./isc-room.ts";
import type { SentMessage } from "./isc-wire.ts";

/** A sentence for everything that `side` said and should not have; none when all is well. */
export function judgeSaid(
  messages: readonly SentMessage[],
  side: Side,
  role: FailoverRole,
): string[] {
  const talks = new Map<number, Talk>();
  const problems: string[] = [];
  messages.forEach((message, index) => {
    const talk = talks.get(message.connection) ?? new Talk(role);
    talks.set(message.connection, talk);
    const parts = partsOf(message.bytes);
    const found = message.from === side ? talk.say(parts) : talk.hear(parts);
    problems.push(...found.map((text) => `${index}: ${text} in ${show(message.bytes, parts)}`));
  });
  return problems;
}

/** What dhcpd knows of these messages by their numbers. */
export const TYPE = {
  poolReq: 1,
  poolResp: 2,
  bndUpd: 3,
  bndAck: 4,
  connect: 5,
  connectAck: 6,
  updReqAll: 7,
  updDone: 8,
  updReq: 9,
  state: 10,
  contact: 11,
  disconnect: 12,
} as const;

export interface Parts {
  readonly type: number;
  readonly offset: number;
  readonly xid: number;
  readonly codes: readonly number[];
  /** The first option with that code. */
  readonly value: (code: number) => Uint8Array | undefined;
  /** The first option with that code as a number of one or four octets. */
  readonly number: (code: number) => number | undefined;
}

export function partsOf(bytes: Uint8Array): Parts {
  const options: (readonly [number, Uint8Array])[] = [];
  for (let at = HEADER_BYTES; at + 4 <= bytes.length; ) {
    const end = at + 4 + readU16(bytes, at + 2);
    options.push([readU16(bytes, at), bytes.subarray(at + 4, end)]);
    at = end;
  }
  const value = (code: number) => options.find((one) => one[0] === code)?.[1];
  const number = (code: number) => {
    const found = value(code);
    if (found === undefined) return undefined;
    return found.length === 4 ? readU32(found, 0) : (found[0] ?? 0);
  };
  const [type = 0, offset = 0] = bytes.subarray(2, 4);
  return {
    type,
    offset,
    xid: readU32(bytes, 8),
    codes: options.map(([code]) => code),
    value,
    number,
  };
}

const HEADER_BYTES = 12;

/** Of options of a fixed size; dhcpd closes the connection on any other. */
const BYTES: Readonly<Record<number, number>> = {
  ...{ 1: 4, 2: 4, 3: 1, 6: 4, 11: 32, 12: 2, 13: 4, 14: 4, 15: 4, 18: 4, 19: 4, 20: 1, 21: 1 },
  ...{ 23: 1, 24: 1, 25: 4, 26: 1, 27: 1 },
};

/** Options as dhcpd sends them, in its order; those with a "?" may be missing. */
const ORDER: Readonly<Record<number, readonly string[]>> = {
  [TYPE.poolReq]: [],
  [TYPE.poolResp]: ["1"],
  [TYPE.bndUpd]: ["2", "3", "4?", "5?", "13", "18", "25", "6?", "12?"],
  [TYPE.bndAck]: ["2", "21?", "16?"],
  [TYPE.connect]: ["22", "14", "19", "28", "20", "27", "15", "11"],
  [TYPE.connectAck]: ["22?", "14?", "19?", "28?", "20", "26?", "21?", "16?"],
  [TYPE.updReqAll]: [],
  [TYPE.updDone]: [],
  [TYPE.updReq]: [],
  [TYPE.state]: ["24", "23", "25"],
  [TYPE.contact]: [],
  [TYPE.disconnect]: ["21", "16?"],
};

const STATUS = { active: 2, expired: 3, released: 4, abandoned: 5 } as const;
const BINDING_STATUS_MAX = 7;

const CONFLICTS: readonly ServerState[] = [
  "potential-conflict",
  "resolution-interrupted",
  "conflict-done",
];
/** States of ours that end dhcpd, or put it into SHUTDOWN, when it is in the state in front. */
const DEADLY: Partial<Record<ServerState, (ours: ServerState) => boolean>> = {
  normal: (ours) => CONFLICTS.includes(ours),
  "potential-conflict": (ours) => ours === "normal",
  "conflict-done": (ours) =>
    !["potential-conflict", "resolution-interrupted", "normal", "shutdown"].includes(ours),
};

/** One connection, as the side that is judged sees it. */
class Talk {
  readonly #role: FailoverRole;
  /** Addresses of updates by the partner that are not answered, by xid. */
  readonly #heard = new Map<number, string>();
  /** Addresses of own updates that are not answered, with the newest xid of each, as dhcpd counts. */
  readonly #asked = new Map<string, number>();
  #isFirst = true;
  #window = Number.POSITIVE_INFINITY;
  #theirState: ServerState | undefined;
  #theirConnect: Parts | undefined;
  readonly #theirRequests = new Set<number>();
  #theirPoolRequest: number | undefined;

  constructor(role: FailoverRole) {
    this.#role = role;
  }

  hear(parts: Parts): string[] {
    const { type, xid } = parts;
    if (type === TYPE.connect) this.#theirConnect = parts;
    if (type === TYPE.connect || type === TYPE.connectAck) {
      this.#window = parts.number(14) ?? this.#window;
    }
    if (type === TYPE.state) this.#theirState = stateOf(parts.number(24));
    if (type === TYPE.bndUpd) this.#heard.set(xid, dotted(parts));
    const answered = dotted(parts);
    if (type === TYPE.bndAck && this.#asked.get(answered) === xid) this.#asked.delete(answered);
    if (type === TYPE.updReq || type === TYPE.updReqAll) this.#theirRequests.add(xid);
    if (type === TYPE.poolReq) this.#theirPoolRequest = xid;
    return [];
  }

  say(parts: Parts): string[] {
    const problems = [...shapeProblems(parts), ...this.#flowProblems(parts)];
    this.#isFirst = false;
    return problems;
  }

  #flowProblems(parts: Parts): string[] {
    const opening = this.#role === "primary" ? TYPE.connect : TYPE.connectAck;
    const isOpening = parts.type === opening;
    if (this.#isFirst && !isOpening) return ["the first message is not the one that opens"];
    switch (parts.type) {
      case TYPE.connect:
      case TYPE.connectAck:
        return isOpening ? this.#openingProblems(parts) : [`not what a ${this.#role} sends`];
      case TYPE.bndUpd:
        return this.#updateProblems(parts);
      case TYPE.bndAck:
        return this.#answerProblems(parts);
      case TYPE.updDone:
        return this.#theirRequests.delete(parts.xid) ? [] : ["nobody asked for these updates"];
      case TYPE.poolResp:
        return this.#theirPoolRequest === parts.xid ? [] : ["nobody asked for addresses"];
      case TYPE.state:
        return this.#stateProblems(parts);
      default:
        return [];
    }
  }

  #openingProblems(parts: Parts): string[] {
    if (parts.type === TYPE.connect) return [];
    const problems: string[] = [];
    if (this.#theirConnect?.xid !== parts.xid) problems.push("not the xid of the CONNECT");
    const isTlsAsked = this.#theirConnect?.codes.includes(27) ?? false;
    if (isTlsAsked !== parts.codes.includes(26)) problems.push("TLS-reply without its request");
    return problems;
  }

  #updateProblems(parts: Parts): string[] {
    this.#asked.set(dotted(parts), parts.xid);
    if (parts.xid === 0) return ["0 means no update to dhcpd"];
    return this.#asked.size > this.#window ? [`more than ${this.#window} without an answer`] : [];
  }

  #answerProblems(parts: Parts): string[] {
    const asked = this.#heard.get(parts.xid);
    this.#heard.delete(parts.xid);
    return asked === dotted(parts) ? [] : [`that update was about ${asked ?? "nothing"}`];
  }

  #stateProblems(parts: Parts): string[] {
    const ours = stateOf(parts.number(24));
    if (ours === undefined || ours === "startup") return [`${parts.number(24)} is no state`];
    const theirs = this.#theirState;
    const isDeadly = theirs !== undefined && (DEADLY[theirs]?.(ours) ?? false);
    return isDeadly ? [`${ours} is fatal for a dhcpd in ${theirs}`] : [];
  }
}

function shapeProblems(parts: Parts): string[] {
  const { type, offset, codes } = parts;
  const order = ORDER[type];
  if (order === undefined) return [`type ${type} is not known`];
  const problems: string[] = [];
  if (offset !== HEADER_BYTES) problems.push(`payload offset ${offset}`);
  const left = [...codes];
  for (const each of order) {
    if (left[0] === Number.parseInt(each, 10)) left.shift();
    else if (!each.endsWith("?")) problems.push(`option ${each} is missing`);
  }
  if (left.length > 0) problems.push(`option ${left[0]} twice, misplaced or out of order`);
  for (const code of codes) {
    const bytes = parts.value(code)?.length;
    if (BYTES[code] !== undefined && bytes !== BYTES[code]) {
      problems.push(`option ${code} has ${bytes} octets`);
    }
  }
  return type === TYPE.bndUpd ? [...problems, ...clientProblems(parts)] : problems;
}

function clientProblems(parts: Parts): string[] {
  const status = parts.number(3) ?? 0;
  const problems: string[] = [];
  if (status < 1 || status > BINDING_STATUS_MAX) problems.push(`status ${status} ends dhcpd`);
  const hardware = parts.value(5);
  const needsClient = [STATUS.active, STATUS.expired, STATUS.released].some(
    (one) => one === status,
  );
  if (needsClient && hardware === undefined) problems.push("no hardware address");
  if (hardware !== undefined && (hardware.length < 2 || hardware[0] === 0)) {
    problems.push("not a hardware address");
  }
  const hasClient = hardware !== undefined || parts.value(4) !== undefined;
  if (status === STATUS.abandoned && hasClient) problems.push("a client in ABANDONED");
  return problems;
}

function stateOf(number: number | undefined): ServerState | undefined {
  return (Object.keys(SERVER_STATE) as ServerState[]).find((name) => SERVER_STATE[name] === number);
}

function dotted(parts: Parts): string {
  const number = parts.number(2);
  return number === undefined ? "" : formatIpv4(number as Parameters<typeof formatIpv4>[0]);
}

function show(bytes: Uint8Array, { type, xid, codes }: Parts): string {
  return `type ${type} xid ${xid} options ${codes.join(",")}: ${Buffer.from(bytes).toString("hex")}`;
}
