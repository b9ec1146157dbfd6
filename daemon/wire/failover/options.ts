// THE option table of the failover protocol: every option of draft-ietf-dhc-failover-12 §12, one row
// each. Which message may carry which option stands in messages.ts.

import type { Ipv4 } from "../../base/address.ts";
import {
  bytes,
  bytesSentAs,
  ddns,
  embeddedOptions,
  type FieldCodec,
  flags8,
  flags16,
  hardwareAddress,
  ipv4,
  messageDigest,
  named,
  seconds,
  text,
  time,
  u8,
  u32,
  vendorOptions,
  window,
} from "./codecs.ts";
import {
  BINDING_STATUS,
  DDNS_FLAG,
  HASH_BUCKET_BYTES,
  IP_FLAG,
  PROTOCOL_VERSION,
  REJECT_REASON,
  SERVER_STATE,
  STARTUP_FLAG,
  TLS_REPLY,
  TLS_REQUEST,
} from "./numbers.ts";

export interface FailoverOption<T> {
  /** Of the failover protocol's own space; also the subsection of §12 that defines it. */
  readonly code: number;
  /** The name in the draft, as it writes it. */
  readonly name: string;
  readonly codec: FieldCodec<T>;
}

/** By the name of the field that holds the option's value in a message. */
export const OPTION = {
  addressesTransferred: row(1, "addresses-transferred", u32),
  assignedIpAddress: row<Ipv4>(2, "assigned-IP-address", ipv4),
  /** Outside 1 to 7 a number: the update has to be refused, not the connection. */
  bindingStatus: row(3, "binding-status", named("binding-status", BINDING_STATUS)),
  /** The content of the client's DHCP option 61, type byte included. */
  clientIdentifier: row(4, "client-identifier", bytes(1)),
  clientHardwareAddress: row(5, "client-hardware-address", hardwareAddress),
  clientLastTransactionTime: row(6, "client-last-transaction-time", time),
  clientReplyOptions: row(7, "client-reply-options", embeddedOptions),
  clientRequestOptions: row(8, "client-request-options", embeddedOptions),
  ddns: row(9, "DDNS", ddns(allOf(DDNS_FLAG))),
  delayedServiceParameter: row(10, "delayed-service-parameter", u8(1, 255)),
  /**
   * The bits mean opposite things: in the draft a set bit is a bucket of the secondary, to dhcpd one of
   * the primary. Bucket b is byte b >> 3, bit 1 << (b & 7).
   */
  hashBucketAssignment: row(11, "hash-bucket-assignment", bytesSentAs(HASH_BUCKET_BYTES)),
  /** The draft's figure says one byte and shows two; dhcpd takes two and nothing else. */
  ipFlags: row(12, "IP-flags", flags16(allOf(IP_FLAG))),
  leaseExpirationTime: row(13, "lease-expiration-time", time),
  maxUnackedBndupd: row(14, "max-unacked-bndupd", window),
  mclt: row(15, "MCLT", seconds),
  message: row(16, "message", text(0)),
  messageDigest: row(17, "message-digest", messageDigest),
  potentialExpirationTime: row(18, "potential-expiration-time", time),
  receiveTimer: row(19, "receive-timer", seconds),
  protocolVersion: row(20, "protocol-version", u8(PROTOCOL_VERSION, PROTOCOL_VERSION)),
  rejectReason: row(21, "reject-reason", named("reject-reason", REJECT_REASON)),
  relationshipName: row(22, "relationship-name", text(1)),
  serverFlags: row(23, "server-flags", flags8(STARTUP_FLAG)),
  serverState: row(24, "server-state", named("server-state", SERVER_STATE, ["startup"])),
  /** Of the binding in BNDUPD, of the server in STATE. */
  startTimeOfState: row(25, "start-time-of-state", time),
  tlsReply: row(26, "TLS-reply", u8(TLS_REPLY.none, TLS_REPLY.use)),
  tlsRequest: row(27, "TLS-request", u8(TLS_REQUEST.none, TLS_REQUEST.required)),
  vendorClassIdentifier: row(28, "vendor-class-identifier", text(0)),
  vendorSpecificOptions: row(29, "vendor-specific-options", vendorOptions),
} as const;

export type OptionField = keyof typeof OPTION;
export type OptionValue<F extends OptionField> =
  (typeof OPTION)[F] extends FailoverOption<infer T> ? T : never;

/** One above the highest code of the table. */
export const OPTION_CODES = 30;

const byCode = new Map<number, FailoverOption<unknown>>(
  Object.values(OPTION).map((option) => [option.code, option]),
);

export function isKnownOption(code: number): boolean {
  return byCode.has(code);
}

/** "MCLT", or "option 200" for a code without a row. */
export function optionName(code: number): string {
  return byCode.get(code)?.name ?? `option ${code}`;
}

function row<T>(code: number, name: string, codec: FieldCodec<T>): FailoverOption<T> {
  return { code, name, codec };
}

function allOf(flags: Readonly<Record<string, number>>): number {
  return Object.values(flags).reduce((all, flag) => all | flag, 0);
}
