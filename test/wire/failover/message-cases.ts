// Messages as they should be, one of each, for tests that take them apart.

import type { Ipv4 } from "../../../daemon/base/address.ts";
import type {
  BindingUpdate,
  FailoverMessage,
  MessageOf,
} from "../../../daemon/wire/failover/messages.ts";

const HEADER = { time: 1795461001, xid: 7 };
const ADDRESS = 0x0a4d0014 as Ipv4;

export const UPDATE: BindingUpdate = {
  assignedIpAddress: ADDRESS,
  bindingStatus: "active",
  clientIdentifier: Uint8Array.of(1, 2, 0, 0, 0, 0, 1),
  clientHardwareAddress: { htype: 1, chaddr: Uint8Array.of(2, 0, 0, 0, 0, 1) },
  leaseExpirationTime: 1795461061,
  potentialExpirationTime: 1795461211,
  startTimeOfState: 1795461001,
  clientLastTransactionTime: 1795461001,
  ipFlags: 1,
};

export const BNDUPD: MessageOf<"BNDUPD"> = { type: "BNDUPD", ...HEADER, bindings: [UPDATE] };

export const BNDACK: MessageOf<"BNDACK"> = {
  type: "BNDACK",
  ...HEADER,
  bindings: [{ assignedIpAddress: ADDRESS }],
};

export const CONNECT: MessageOf<"CONNECT"> = {
  type: "CONNECT",
  ...HEADER,
  relationshipName: "fo",
  maxUnackedBndupd: 10,
  receiveTimer: 20,
  vendorClassIdentifier: "tandem",
  protocolVersion: 1,
  tlsRequest: 0,
  mclt: 3600,
  hashBucketAssignment: new Uint8Array(32).fill(0xff, 0, 16),
};

export const CONNECTACK: MessageOf<"CONNECTACK"> = {
  type: "CONNECTACK",
  ...HEADER,
  relationshipName: "fo",
  maxUnackedBndupd: 10,
  receiveTimer: 20,
  vendorClassIdentifier: "tandem",
  protocolVersion: 1,
  tlsReply: 0,
};

export const STATE: MessageOf<"STATE"> = {
  type: "STATE",
  ...HEADER,
  serverState: "recover-wait",
  serverFlags: 0,
  startTimeOfState: 1795461001,
};

export const DISCONNECT: MessageOf<"DISCONNECT"> = {
  type: "DISCONNECT",
  ...HEADER,
  rejectReason: "no-traffic",
  message: "silence",
};

export const ONE_OF_EACH: readonly FailoverMessage[] = [
  { type: "POOLREQ", ...HEADER },
  { type: "POOLRESP", ...HEADER, addressesTransferred: 5 },
  BNDUPD,
  BNDACK,
  CONNECT,
  CONNECTACK,
  { type: "UPDREQALL", ...HEADER },
  { type: "UPDDONE", ...HEADER },
  { type: "UPDREQ", ...HEADER },
  STATE,
  { type: "CONTACT", ...HEADER },
  DISCONNECT,
];
