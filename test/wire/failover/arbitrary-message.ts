// Messages that may be sent, of all types and in both dialects, made from the table of messages itself.

import fc from "fast-check";
import type { Ipv4 } from "../../../daemon/base/address.ts";
import {
  CLIENT_IN_UPDATE,
  type Dialect,
  type FailoverMessage,
  MESSAGE,
  type MessageName,
} from "../../../daemon/wire/failover/messages.ts";
import {
  BINDING_STATUS,
  type BindingStatus,
  REJECT_REASON,
  SERVER_STATE,
} from "../../../daemon/wire/failover/numbers.ts";
import type { OptionField, OptionValue } from "../../../daemon/wire/failover/options.ts";

const u32 = fc.nat({ max: 0xffffffff });
const text = fc.string({ unit: "grapheme", maxLength: 40 });
const embedded = fc.record({ magic: u32, options: fc.uint8Array({ maxLength: 20 }) });

/** What each option may be sent with. */
const VALUES: { readonly [F in OptionField]: fc.Arbitrary<OptionValue<F>> } = {
  addressesTransferred: u32,
  assignedIpAddress: u32 as fc.Arbitrary<Ipv4>,
  bindingStatus: fc.constantFrom(...keysOf(BINDING_STATUS)),
  clientIdentifier: fc.uint8Array({ minLength: 1, maxLength: 255 }),
  clientHardwareAddress: fc.record({
    htype: fc.integer({ min: 1, max: 255 }),
    chaddr: fc.uint8Array({ maxLength: 16 }),
  }),
  clientLastTransactionTime: u32,
  clientReplyOptions: embedded,
  clientRequestOptions: embedded,
  ddns: fc.record({ flags: fc.nat({ max: 15 }), name: fc.constantFrom(".", "a.example") }),
  delayedServiceParameter: fc.integer({ min: 1, max: 255 }),
  hashBucketAssignment: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  ipFlags: fc.nat({ max: 3 }),
  leaseExpirationTime: u32,
  maxUnackedBndupd: fc.integer({ min: 1, max: 0xffffffff }),
  mclt: u32,
  message: text,
  messageDigest: fc.record({ type: fc.nat({ max: 255 }), digest: fc.uint8Array() }),
  potentialExpirationTime: u32,
  receiveTimer: u32,
  protocolVersion: fc.constant(1),
  rejectReason: fc.constantFrom(...keysOf(REJECT_REASON)),
  relationshipName: fc.string({ minLength: 1, maxLength: 40 }),
  serverFlags: fc.nat({ max: 1 }),
  serverState: fc.constantFrom(...keysOf(SERVER_STATE).filter((state) => state !== "startup")),
  startTimeOfState: u32,
  tlsReply: fc.nat({ max: 1 }),
  tlsRequest: fc.nat({ max: 2 }),
  vendorClassIdentifier: text,
  vendorSpecificOptions: fc.array(
    fc.record({ code: fc.nat({ max: 0xffff }), content: fc.uint8Array({ maxLength: 20 }) }),
    { maxLength: 4 },
  ),
};

/** Any message that `writeMessage` must accept in this dialect. */
export function sendable(dialect: Dialect): fc.Arbitrary<FailoverMessage> {
  return fc.oneof(...keysOf(MESSAGE).map((name) => messageNamed(name, dialect)));
}

function messageNamed(name: MessageName, dialect: Dialect): fc.Arbitrary<FailoverMessage> {
  const header = { type: fc.constant(name), time: u32, xid: u32 };
  const body = bodyOf(name, dialect);
  if (!MESSAGE[name].isGrouped) {
    const whole = fc
      .tuple(fc.record(header), body)
      .map(([head, options]) => ({ ...head, ...options }));
    return whole as fc.Arbitrary<FailoverMessage>;
  }
  const maxLength = dialect === "isc" ? 1 : 4;
  const bindings = fc.array(body, { minLength: 1, maxLength });
  return fc.record({ ...header, bindings }) as fc.Arbitrary<FailoverMessage>;
}

function bodyOf(name: MessageName, dialect: Dialect): fc.Arbitrary<object> {
  if (name === "BNDUPD") return VALUES.bindingStatus.chain((status) => updateOf(status, dialect));
  const cells = Object.entries(MESSAGE[name].body) as [OptionField, string][];
  return fc.boolean().chain((isRefusal) => {
    const required: Record<string, fc.Arbitrary<unknown>> = {};
    const optional: Record<string, fc.Arbitrary<unknown>> = {};
    for (const [field, cell] of cells) {
      const rule = field === "rejectReason" && cell === "O" ? "reason" : ruleOf(cell, dialect);
      const isMust = rule === "M" || (isRefusal ? rule === "reason" : rule === "A" || rule === "B");
      const isMay = rule === "O" || (isRefusal && (rule === "B" || rule === "R"));
      if (isMust) required[field] = VALUES[field];
      else if (isMay) optional[field] = VALUES[field];
    }
    // A DISCONNECT always has a reason, so its message may always be there.
    return someOf(required, optional).map(withClass);
  });
}

function updateOf(status: BindingStatus | number, dialect: Dialect): fc.Arbitrary<object> {
  const required: Record<string, fc.Arbitrary<unknown>> = { bindingStatus: fc.constant(status) };
  const optional: Record<string, fc.Arbitrary<unknown>> = {};
  const client = CLIENT_IN_UPDATE[status as BindingStatus];
  for (const [field, cell] of Object.entries(MESSAGE.BNDUPD.body) as [OptionField, string][]) {
    const rule = ruleOf(cell, dialect);
    const isClient = field === "clientHardwareAddress" || field === "clientIdentifier";
    const isEnd = field === "leaseExpirationTime" || field === "potentialExpirationTime";
    if (field === "bindingStatus" || rule === "T" || (isClient && client === "T")) continue;
    const isMust =
      rule === "M" ||
      (field === "clientHardwareAddress" && client === "M") ||
      (isEnd && status === "active");
    if (isMust) required[field] = VALUES[field];
    else optional[field] = VALUES[field];
  }
  return someOf(required, optional);
}

function someOf(
  required: Record<string, fc.Arbitrary<unknown>>,
  optional: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<object> {
  return fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required) });
}

/** §12.29: a vendor's options are nothing without the class. */
function withClass(body: object): object {
  const isVendorless = !("vendorClassIdentifier" in body);
  const fields = Object.entries(body);
  return Object.fromEntries(
    fields.filter(([field]) => !isVendorless || field !== "vendorSpecificOptions"),
  );
}

function ruleOf(cell: string, dialect: Dialect): string {
  const [tandem = "", isc = tandem] = cell.split("/");
  return dialect === "isc" ? isc : tandem;
}

function keysOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}
