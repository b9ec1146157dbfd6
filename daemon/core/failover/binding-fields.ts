// A lease as the fields of a BNDUPD, and back (draft-ietf-dhc-failover-12 §7.1).

import type { Ipv4 } from "../../base/address.ts";
import { packBytes, unpackBytes } from "../../base/bytes.ts";
import type { WallSeconds } from "../../base/time.ts";
import { LIMITS } from "../../limits.ts";
import { OPTION } from "../../wire/dhcp4-options.ts";
import type { BindingUpdate, Dialect } from "../../wire/failover/messages.ts";
import { CLIENT_ID_IDENTITY, HARDWARE_IDENTITY } from "../client-identity.ts";
import { FOREVER_SECONDS } from "../config-view.ts";
import type { BindingState } from "../lease.ts";
import type { LeaseEntry } from "../lease-book.ts";

/** "Never ends", as a time on the wire (§12.13). */
export const NEVER_ON_WIRE = 0xffffffff;
/** Magic cookie of DHCP options (RFC 2131 §3) in front of those of a client. */
const DHCP_MAGIC = 0x63825363;
const HOST_NAME = OPTION.hostName.code;
const VENDOR_CLASS = OPTION.vendorClassIdentifier.code;
const RELAY_AGENT = OPTION.relayAgentInformation.code;
const FORCE_RENEW = OPTION.forcerenewNonceCapable.code;
/** Site-specific: transaction of the client's last ACK, which a FORCERENEW has to repeat. */
const LAST_XID = 224;
const NOTHING = new Uint8Array(0);

/** What a BNDUPD says about one address; times are by the clock of who sent it, 0 for none. */
export interface Told {
  readonly address: Ipv4;
  readonly state: BindingState;
  /** Identity in the form of `Lease.client`, packed; "" for nobody. */
  readonly packedClient: string;
  readonly htype: number;
  readonly chaddr: Uint8Array;
  readonly expiresAt: WallSeconds;
  readonly potentialUntil: WallSeconds;
  readonly startsAt: WallSeconds;
  readonly seenAt: WallSeconds;
  /** What the client said in its request; undefined when the sender does not tell. */
  readonly request: ClientRequest | undefined;
}

export interface ClientRequest {
  readonly hostname: string;
  readonly vendorClass: string;
  readonly relayAgent: Uint8Array;
  readonly canForceRenew: boolean;
  readonly xid: number;
}

export function onWire(seconds: WallSeconds): number {
  return seconds > NEVER_ON_WIRE ? NEVER_ON_WIRE : seconds;
}

/** The update that tells of a lease as it is now. */
export function updateOf(entry: LeaseEntry, dialect: Dialect): BindingUpdate {
  const { packedClient, packedChaddr, state } = entry;
  const hasClient = state !== "abandoned" && packedClient !== "";
  const isById = hasClient && packedClient.charCodeAt(0) === CLIENT_ID_IDENTITY;
  return {
    assignedIpAddress: entry.address,
    bindingStatus: state,
    clientIdentifier: isById ? unpackBytes(packedClient.slice(1)) : undefined,
    clientHardwareAddress: hasClient
      ? { htype: entry.htype || 1, chaddr: unpackBytes(packedChaddr) }
      : undefined,
    leaseExpirationTime: onWire(entry.expiresAt),
    potentialExpirationTime: onWire(potentialUntil(entry, dialect)),
    startTimeOfState: onWire(entry.startsAt),
    clientLastTransactionTime: entry.seenAt > 0 ? onWire(entry.seenAt) : undefined,
    clientRequestOptions: dialect === "tandem" && hasClient ? requestOf(entry) : undefined,
  };
}

/** The same by a clock that is `ahead` seconds ahead: a dhcpd takes all times for its own. */
export function byClockAhead(update: BindingUpdate, ahead: number): BindingUpdate {
  return {
    ...update,
    leaseExpirationTime: moved(update.leaseExpirationTime, -ahead),
    potentialExpirationTime: moved(update.potentialExpirationTime, -ahead),
    startTimeOfState: moved(update.startTimeOfState, -ahead),
    clientLastTransactionTime:
      update.clientLastTransactionTime && moved(update.clientLastTransactionTime, -ahead),
  };
}

/** The potential expiration time that an update about this lease carries. */
export function potentialUntil(entry: LeaseEntry, dialect: Dialect): WallSeconds {
  const { state, toldUntil, agreedUntil } = entry;
  return mayRun(state, dialect) ? Math.max(toldUntil, agreedUntil) : toldUntil;
}

/**
 * The other box, which may not have heard of its end yet, may have let the lease go on; of one that was given
 * back too, as the client may have come again there. A dhcpd keeps nothing with that.
 */
export function mayRun(state: BindingState, dialect: Dialect): boolean {
  return (
    state === "active" || state === "expired" || (state === "released" && dialect === "tandem")
  );
}

/**
 * Reads an update; undefined when address or status are missing or the status has no name. `offset` is by
 * how many seconds the sender's clock is ahead.
 */
export function toldIn(update: BindingUpdate, offset: number): Told | undefined {
  const { assignedIpAddress, bindingStatus, clientIdentifier, clientHardwareAddress } = update;
  if (assignedIpAddress === undefined || typeof bindingStatus !== "string") return undefined;
  const htype = clientHardwareAddress?.htype ?? 0;
  const chaddr = clientHardwareAddress?.chaddr ?? NOTHING;
  const startsAt = moved(update.startTimeOfState, offset);
  const seenAt = moved(update.clientLastTransactionTime, offset);
  const end = update.leaseExpirationTime ?? 0;
  const never = Math.max(startsAt, seenAt) + FOREVER_SECONDS;
  return {
    address: assignedIpAddress,
    state: bindingStatus as BindingState,
    packedClient: identityOf(clientIdentifier, clientHardwareAddress ? htype : -1, chaddr),
    htype,
    chaddr,
    expiresAt: end === NEVER_ON_WIRE ? never : moved(end, offset),
    potentialUntil: moved(update.potentialExpirationTime, offset),
    startsAt,
    seenAt,
    request: readRequest(update.clientRequestOptions),
  };
}

function moved(time: number | undefined, offset: number): WallSeconds {
  if (time === undefined || time === 0 || time === NEVER_ON_WIRE) return time ?? 0;
  return Math.min(Math.max(1, time - offset), NEVER_ON_WIRE);
}

function identityOf(id: Uint8Array | undefined, htype: number, chaddr: Uint8Array): string {
  if (id && id.length > 0) return String.fromCharCode(CLIENT_ID_IDENTITY) + packBytes(id);
  if (htype < 0) return "";
  return String.fromCharCode(HARDWARE_IDENTITY, htype) + packBytes(chaddr);
}

function requestOf(entry: LeaseEntry): BindingUpdate["clientRequestOptions"] {
  const { hostname, vendorClass, packedRelayAgent, canForceRenew, xid } = entry;
  let packed = "";
  if (hostname !== "") packed += piece(HOST_NAME, hostname);
  if (vendorClass !== "") packed += piece(VENDOR_CLASS, vendorClass);
  if (packedRelayAgent !== "") packed += piece(RELAY_AGENT, packedRelayAgent);
  if (canForceRenew) packed += piece(FORCE_RENEW, "\x01");
  if (xid !== 0) {
    const bytes = [xid >>> 24, (xid >>> 16) & 255, (xid >>> 8) & 255, xid & 255];
    packed += piece(LAST_XID, String.fromCharCode(...bytes));
  }
  return packed === "" ? undefined : { magic: DHCP_MAGIC, options: unpackBytes(packed) };
}

/** Names are printable ASCII, and option 82 is kept packed: a character is a byte. */
function piece(code: number, content: string): string {
  return String.fromCharCode(code, content.length) + content;
}

function readRequest(given: BindingUpdate["clientRequestOptions"]): ClientRequest | undefined {
  if (!given || given.magic !== DHCP_MAGIC) return undefined;
  const { options } = given;
  let hostname = "";
  let vendorClass = "";
  let relayAgent: Uint8Array = NOTHING;
  let canForceRenew = false;
  let xid = 0;
  for (let at = 0; at + 2 <= options.length; ) {
    const content = options.subarray(at + 2, at + 2 + (options[at + 1] as number));
    if (options[at] === HOST_NAME) hostname = printable(content, LIMITS.hostnameBytesMax);
    if (options[at] === VENDOR_CLASS) vendorClass = printable(content, LIMITS.vendorClassBytesMax);
    if (options[at] === RELAY_AGENT) relayAgent = content;
    if (options[at] === FORCE_RENEW) canForceRenew = true;
    if (options[at] === LAST_XID) for (const byte of content) xid = ((xid << 8) | byte) >>> 0;
    at += 2 + (options[at + 1] as number);
  }
  return { hostname, vendorClass, relayAgent, canForceRenew, xid };
}

/** Texts of a partner are checked like those of a client: they end in the same lines and pages. */
function printable(bytes: Uint8Array, max: number): string {
  for (const byte of bytes) if (byte < 0x20 || byte > 0x7e) return "";
  return bytes.length > max ? "" : packBytes(bytes);
}
