// What stands in an answer about a lease, alike over UDP (RFC 4388 §6.4.2) and TCP (RFC 6926 §6).

import { ANY, type Ipv4 } from "../base/address.ts";
import type { WallSeconds } from "../base/time.ts";
import { BOOTREPLY, type Dhcp4Message, MESSAGE_TYPE } from "../wire/dhcp4-message.ts";
import { OPTION } from "../wire/dhcp4-options.ts";
import type { ReplyWriter } from "../wire/reply.ts";
import { CLIENT_ID_IDENTITY } from "./client-identity.ts";
import { FOREVER_SECONDS } from "./config-view.ts";
import type { LeaseEntry } from "./lease-book.ts";
import { NOBODY } from "./lease-book.ts";
import type { LeaseQueryAnswer } from "./leasequery.ts";

const LEASE_TIME = OPTION.ipAddressLeaseTime.code;
const MESSAGE_TYPE_OPTION = OPTION.dhcpMessageType.code;
const SERVER_ID = OPTION.serverIdentifier.code;
const REQUEST_LIST = OPTION.parameterRequestList.code;
const MESSAGE_SIZE = OPTION.maximumDhcpMessageSize.code;
const RENEWAL_TIME = OPTION.renewalTimeValue.code;
const REBINDING_TIME = OPTION.rebindingTimeValue.code;
const CLIENT_ID = OPTION.clientIdentifier.code;
const RELAY_AGENT = OPTION.relayAgentInformation.code;
const LAST_TRANSACTION = OPTION.clientLastTransactionTime.code;
const ASSOCIATED_IP = OPTION.associatedIp.code;

/** Not parameters of the network: an answer has them from the lease, or not at all. */
const NOT_PARAMETERS: ReadonlySet<number> = new Set([
  OPTION.requestedIpAddress.code,
  OPTION.optionOverload.code,
  ...[LEASE_TIME, MESSAGE_TYPE_OPTION, SERVER_ID, REQUEST_LIST, MESSAGE_SIZE],
  ...[RENEWAL_TIME, REBINDING_TIME, CLIENT_ID, RELAY_AGENT, LAST_TRANSACTION, ASSOCIATED_IP],
  ...[OPTION.authentication.code, OPTION.forcerenewNonceCapable.code],
  ...[OPTION.statusCode.code, OPTION.baseTime.code, OPTION.startTimeOfState.code],
  ...[OPTION.queryStartTime.code, OPTION.queryEndTime.code],
  ...[OPTION.dhcpState.code, OPTION.dataSource.code],
]);

export interface LeaseQueryReply {
  /** The query; its `giaddr` (or, over TCP, its connection) is where the answer goes. */
  readonly query: Dhcp4Message;
  readonly serverId: Ipv4;
  readonly now: WallSeconds;
  /** Content of an option of the network that has the address; undefined when it has none. */
  readonly parameter: (code: number) => Uint8Array | undefined;
}

/**
 * Begins the answer and writes its header and options; whoever calls it does `finish`, over UDP from
 * port 67 to port 67 of the query's `giaddr`.
 */
export function writeLeaseQueryReply(
  writer: ReplyWriter,
  answer: LeaseQueryAnswer,
  reply: LeaseQueryReply,
): void {
  const { lease } = answer;
  const { query } = reply;
  // Nobody is known: the answer names what was asked for, so that it can be told apart.
  const isUnknown = answer.type === MESSAGE_TYPE.leaseUnknown;
  beginReply(writer, query, isUnknown ? query.ciaddr : answer.address, isUnknown ? query : lease);
  if (lease) writeRelayAgent(writer, lease, query);
  writer.u8(MESSAGE_TYPE_OPTION, answer.type);
  writer.u32(SERVER_ID, reply.serverId);
  // RFC 4388 §6.4 and §6.4.2: nothing else stands in an answer about no lease.
  if (!lease) return;
  writeLease(writer, lease, query, reply.now);
  // RFC 4388 §6.4.2: whoever has several addresses, all are said, wanted or not.
  if (answer.associated.length > 0) writer.bytes(ASSOCIATED_IP, addressesOf(answer));
  writeParameters(writer, query, reply.parameter);
}

/** Header of an answer. `of` has the hardware address it is about; nothing for none. */
export function beginReply(
  writer: ReplyWriter,
  query: Dhcp4Message,
  address: Ipv4,
  of: LeaseEntry | Dhcp4Message | undefined,
): void {
  const size = query.u16(MESSAGE_SIZE);
  const header = {
    op: BOOTREPLY,
    htype: of?.htype ?? 0,
    hlen: hardwareOf(of).length,
    hops: 0,
    xid: query.xid,
    secs: 0,
    flags: 0,
    ciaddr: address,
    yiaddr: ANY,
    siaddr: ANY,
    giaddr: query.giaddr,
    chaddr: hardwareOf(of),
  };
  writer.begin(header, typeof size === "number" ? size : undefined);
}

/** RFC 3046 §2.2: goes last, but is handed over first. Only after `beginReply`. */
export function writeRelayAgent(writer: ReplyWriter, lease: LeaseEntry, query: Dhcp4Message): void {
  if (lease.packedRelayAgent !== "" && isWanted(query, RELAY_AGENT)) {
    writer.bytes(RELAY_AGENT, lease.relayAgent);
  }
}

/** Who has the address, since when nothing was heard of it, and how long it lasts. */
export function writeLease(
  writer: ReplyWriter,
  lease: LeaseEntry,
  query: Dhcp4Message,
  now: WallSeconds,
): void {
  const { client } = lease;
  if (client[0] === CLIENT_ID_IDENTITY) writer.bytes(CLIENT_ID, client.subarray(1));
  if (isWanted(query, LAST_TRANSACTION)) {
    writer.u32(LAST_TRANSACTION, Math.max(0, now - lease.seenAt));
  }
  if (lease.state === "active") writeTimes(writer, lease, query, now);
}

/** The parameters of option 55 that the network has; those of the lease are not among them. */
export function writeParameters(
  writer: ReplyWriter,
  query: Dhcp4Message,
  parameter: (code: number) => Uint8Array | undefined,
): void {
  const asked = query.raw(REQUEST_LIST);
  if (!asked) return;
  for (const code of new Set(asked)) {
    const data = NOT_PARAMETERS.has(code) ? undefined : parameter(code);
    if (data) writer.bytes(code, data);
  }
}

/** RFC 4388 §6.4.2: what option 55 names; all there is when the query has no such list. */
export function isWanted(query: Dhcp4Message, code: number): boolean {
  return !query.has(REQUEST_LIST) || (query.raw(REQUEST_LIST)?.includes(code) ?? false);
}

/** What is left of the lease, and of its default T1 and T2 (RFC 2131 §4.4.5) while they are to come. */
function writeTimes(
  writer: ReplyWriter,
  lease: LeaseEntry,
  query: Dhcp4Message,
  now: WallSeconds,
): void {
  const { leaseSeconds, seenAt } = lease;
  const isForever = leaseSeconds === FOREVER_SECONDS;
  if (isWanted(query, LEASE_TIME)) {
    const left = Math.min(Math.max(0, lease.expiresAt - now), FOREVER_SECONDS - 1);
    writer.u32(LEASE_TIME, isForever ? FOREVER_SECONDS : left);
  }
  if (isForever) return;
  const renewal = seenAt + Math.floor(leaseSeconds / 2) - now;
  const rebinding = seenAt + Math.floor((leaseSeconds * 7) / 8) - now;
  if (renewal > 0 && isWanted(query, RENEWAL_TIME)) writer.u32(RENEWAL_TIME, renewal);
  if (rebinding > 0 && isWanted(query, REBINDING_TIME)) writer.u32(REBINDING_TIME, rebinding);
}

function hardwareOf(of: LeaseEntry | Dhcp4Message | undefined): Uint8Array {
  if (of === undefined) return NOBODY;
  return "hlen" in of ? of.chaddr.subarray(0, of.hlen) : of.chaddr;
}

/** The address of the answer comes first, then the client's others. */
function addressesOf({ address, associated }: LeaseQueryAnswer): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * associated.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, address);
  associated.forEach((one, index) => {
    view.setUint32(4 + 4 * index, one);
  });
  return bytes;
}
