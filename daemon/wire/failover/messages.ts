// THE table of failover messages (draft-ietf-dhc-failover-12 §7): what each is for, who may send it, and
// which options it carries, in the order in which dhcpd sends them and so do we.
//
// Legend, one letter for each option of a message; absent: the option has no business there. It is set
// aside when it comes and refused when sending.
//   M  must be in every such message that is sent
//   O  may be in it
//   A  must be in one that accepts, may not be in a refusal (one with a reject-reason)
//   B  must be in one that accepts, may be in a refusal
//   R  may be in a refusal, and only there
//   T  taken when it comes, never sent
// Two letters are the dialects "tandem" (the draft's own rules) and "isc" (what dhcpd does and needs).
// MESSAGES.md shows the same as one table; a test keeps it true.
//
// All of these bind the sender. A received message is never refused because an option is missing: what
// to answer is the receiver's part, and each case has its own reject-reason.

import type { WallSeconds } from "../../base/time.ts";
import type { OptionField, OptionValue } from "./options.ts";

export const DIALECTS = ["tandem", "isc"] as const;
export type Dialect = (typeof DIALECTS)[number];

export type Rule = "M" | "O" | "A" | "B" | "R" | "T";
type Cell = Rule | `${Rule}/${Rule}`;
type Body = { readonly [F in OptionField]?: Cell };

export type FailoverRole = "primary" | "secondary";

interface MessageRow<B extends Body, G extends boolean> {
  readonly code: number;
  /** Of the draft. */
  readonly section: string;
  /** Who sends it; in the draft only a secondary sends POOLREQ, dhcpd does in both roles. */
  readonly sender: FailoverRole | "either";
  /** Name of the message that answers it, with the same xid. */
  readonly answer: string | undefined;
  /** §6.3: the options stand in groups, one for each address, which starts with that address. */
  readonly isGrouped: G;
  readonly body: B;
}

export const MESSAGE = {
  POOLREQ: message(1, "7.6", "either", "POOLRESP", {}),
  POOLRESP: message(2, "7.7", "either", undefined, { addressesTransferred: "M" }),
  BNDUPD: grouped(3, "7.1", "BNDACK", {
    assignedIpAddress: "M",
    bindingStatus: "M",
    clientIdentifier: "O",
    clientHardwareAddress: "O",
    leaseExpirationTime: "O/M",
    potentialExpirationTime: "O/M",
    startTimeOfState: "O/M",
    clientLastTransactionTime: "O",
    ipFlags: "O",
    ddns: "T",
    clientRequestOptions: "O/T",
    clientReplyOptions: "T",
  }),
  // Nothing else: dhcpd forgets what was agreed when it finds a client-identifier in the answer.
  BNDACK: grouped(4, "7.2", undefined, {
    assignedIpAddress: "M",
    rejectReason: "O",
    message: "R",
  }),
  CONNECT: message(5, "7.8", "primary", "CONNECTACK", {
    relationshipName: "M",
    maxUnackedBndupd: "M",
    receiveTimer: "M",
    vendorClassIdentifier: "M",
    protocolVersion: "M",
    // May not be in a CONNECT that is sent over TLS already.
    tlsRequest: "O/M",
    mclt: "M",
    hashBucketAssignment: "M",
    delayedServiceParameter: "T",
    vendorSpecificOptions: "O/T",
  }),
  CONNECTACK: message(6, "7.9", "secondary", undefined, {
    // A CONNECT without a name is refused without one.
    relationshipName: "B",
    maxUnackedBndupd: "A/B",
    receiveTimer: "A/B",
    vendorClassIdentifier: "A/B",
    protocolVersion: "M",
    // If and only if the CONNECT had a TLS-request.
    tlsReply: "O",
    rejectReason: "O",
    message: "R",
    vendorSpecificOptions: "O/T",
  }),
  UPDREQALL: message(7, "7.4", "either", "UPDDONE", {}),
  UPDDONE: message(8, "7.5", "either", undefined, {}),
  UPDREQ: message(9, "7.3", "either", "UPDDONE", {}),
  STATE: message(10, "7.10", "either", undefined, {
    serverState: "M",
    serverFlags: "M",
    startTimeOfState: "M",
  }),
  // The draft has nothing in it; a box tells its partner how far its journal is.
  CONTACT: message(11, "7.11", "either", undefined, {
    vendorClassIdentifier: "O/T",
    vendorSpecificOptions: "O/T",
  }),
  DISCONNECT: message(12, "7.12", "either", undefined, {
    rejectReason: "M",
    message: "R",
  }),
} as const;

export type MessageName = keyof typeof MESSAGE;

/** §7.1.1: the client that an update names, as its binding-status demands. */
export const CLIENT_IN_UPDATE = {
  free: "O",
  active: "M",
  expired: "M",
  released: "M",
  abandoned: "T",
  reset: "O",
  backup: "O",
} as const;

type BodyOf<N extends MessageName> = (typeof MESSAGE)[N]["body"];
/** Undefined: the option is not in the message. */
type Fields<B> = { readonly [F in keyof B & OptionField]?: OptionValue<F> | undefined };

interface Header {
  /** Clock of the sender when it sent the message; 0 to 2^32-1. */
  readonly time: WallSeconds;
  /** Counts the messages of one direction of one connection; answers repeat that of the request. */
  readonly xid: number;
}

type FlatName = {
  [N in MessageName]: (typeof MESSAGE)[N]["isGrouped"] extends true ? never : N;
}[MessageName];
type GroupedName = Exclude<MessageName, FlatName>;

type FlatMessage<N extends FlatName> = Header & { readonly type: N } & Fields<BodyOf<N>>;
type GroupedMessage<N extends GroupedName> = Header & {
  readonly type: N;
  /** One for each address; dhcpd bears exactly one. */
  readonly bindings: readonly Fields<Omit<BodyOf<N>, "messageDigest">>[];
} & Fields<Pick<BodyOf<N>, "messageDigest">>;

export type MessageOf<N extends MessageName> = N extends FlatName
  ? FlatMessage<N>
  : N extends GroupedName
    ? GroupedMessage<N>
    : never;

/** Any message of the table, told apart by `type`. */
export type FailoverMessage = { [N in MessageName]: MessageOf<N> }[MessageName];
export type BindingUpdate = MessageOf<"BNDUPD">["bindings"][number];
export type BindingAnswer = MessageOf<"BNDACK">["bindings"][number];

/** An option that was in a message and means nothing there. */
export interface SetAside {
  readonly code: number;
  /** In bytes from the start of the message to the option's code. */
  readonly offset: number;
  readonly content: Uint8Array;
  /**
   * "unknown": no row in the table; "misplaced": not in this message; "no-vendor-class": option 29
   * without the option 28 that says whose it is.
   */
  readonly reason: "unknown" | "misplaced" | "no-vendor-class";
}

/** A message of a type that a receiver has to ignore. */
export interface IgnoredMessage extends Header {
  readonly type: "ignored";
  readonly code: number;
}

export type ReceivedMessage = (FailoverMessage | IgnoredMessage) & {
  readonly setAside: readonly SetAside[];
};

/** Every message may have a digest, in front of all else (§12.17). It is read and never computed. */
type WithDigest<B extends Body> = { readonly messageDigest: "T" } & B;

function message<const B extends Body>(
  code: number,
  section: string,
  sender: FailoverRole | "either",
  answer: string | undefined,
  body: B,
): MessageRow<WithDigest<B>, false> {
  return {
    code,
    section,
    sender,
    answer,
    isGrouped: false,
    body: { messageDigest: "T", ...body },
  };
}

function grouped<const B extends Body>(
  code: number,
  section: string,
  answer: string | undefined,
  body: B,
): MessageRow<WithDigest<B>, true> {
  return { ...message(code, section, "either", answer, body), isGrouped: true };
}
