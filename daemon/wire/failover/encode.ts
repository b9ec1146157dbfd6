// Message to bytes, exactly as dhcpd writes them: one order of options, each once, payload offset 12.

import { assert } from "../../base/assert.ts";
import { EncodeError } from "../writer.ts";
import { HEADER_BYTES, MESSAGE_BYTES_MAX } from "./decode.ts";
import { MessageWriter } from "./message-writer.ts";
import {
  type BindingUpdate,
  CLIENT_IN_UPDATE,
  type Dialect,
  type FailoverMessage,
} from "./messages.ts";
import { OPTION, type OptionField } from "./options.ts";
import { isOfGroup, type MessagePlan, type PlannedOption, planOfMessage } from "./plan.ts";

type Fields = Readonly<Record<string, unknown>>;

/** One message, in bytes of its own. Throws EncodeError as `writeMessage`. */
export function encodeMessage(message: FailoverMessage, dialect: Dialect): Uint8Array {
  const writer = new MessageWriter();
  writeMessage(writer, message, dialect);
  return writer.take();
}

/**
 * Appends a message to those that the writer holds, so that many leave in one segment. Throws
 * EncodeError, and leaves the writer as it was, when the message is one that may not be sent: an option
 * that the table of messages asks for is missing, one that it does not allow is there, a value is out of
 * its range, an update breaks §7.1.1, vendor options have no vendor class, or the whole is above 2048
 * bytes.
 */
export function writeMessage(
  writer: MessageWriter,
  message: FailoverMessage,
  dialect: Dialect,
): void {
  const start = writer.length;
  try {
    writeWhole(writer, message, dialect);
  } catch (error) {
    writer.cut(start);
    throw error;
  }
}

function writeWhole(writer: MessageWriter, message: FailoverMessage, dialect: Dialect): void {
  const plan = planOfMessage(message.type);
  const start = writer.length;
  writer.u16(0).u8(plan.code).u8(HEADER_BYTES);
  writeHeaderField(writer, plan, "time", message.time);
  writeHeaderField(writer, plan, "xid", message.xid);
  assert(writer.length - start === HEADER_BYTES, "header length");
  const fields = message as unknown as Fields;
  checkFields(plan, fields, false);
  checkVendor(plan, fields);
  for (const planned of plan.options) {
    if (!isOfGroup(plan, planned.field)) writeOption(writer, plan, planned, fields, dialect);
  }
  if (message.type === "BNDUPD" || message.type === "BNDACK") {
    writeGroups(writer, plan, message.bindings, dialect);
  }
  const length = writer.length - start;
  if (length > MESSAGE_BYTES_MAX) {
    throw new EncodeError(`${plan.name} has ${length} bytes, at most ${MESSAGE_BYTES_MAX}`);
  }
  writer.u16At(start, length);
}

/** dhcpd closes the connection when a message names a second address. */
function writeGroups(
  writer: MessageWriter,
  plan: MessagePlan,
  groups: readonly Fields[],
  dialect: Dialect,
): void {
  if (groups.length === 0) throw new EncodeError(`${plan.name} names no address`);
  if (groups.length > 1 && dialect === "isc") {
    throw new EncodeError(`${plan.name} names ${groups.length} addresses, dhcpd takes one`);
  }
  for (const group of groups) {
    checkFields(plan, group, true);
    for (const planned of plan.options) {
      if (isOfGroup(plan, planned.field)) writeOption(writer, plan, planned, group, dialect);
    }
    if (plan.name === "BNDUPD") checkUpdate(group as BindingUpdate);
  }
}

function writeOption(
  writer: MessageWriter,
  plan: MessagePlan,
  planned: PlannedOption,
  fields: Fields,
  dialect: Dialect,
): void {
  const value = fields[planned.field];
  const { name, code, codec } = planned.option;
  const fault = faultOf(planned, value !== undefined, fields.rejectReason !== undefined, dialect);
  if (fault !== undefined) throw new EncodeError(`${plan.name} ${name} ${fault}`);
  if (value === undefined) return;
  writer.u16(code).u16(0);
  const start = writer.length;
  try {
    codec.encode(value, writer);
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    throw new EncodeError(`${plan.name} ${name}: ${error.message}`);
  }
  writer.u16At(start - 2, writer.length - start);
}

/** A value that nothing would write must not get lost in silence. */
function checkFields(plan: MessagePlan, fields: Fields, isGroup: boolean): void {
  for (const field in fields) {
    if (fields[field] === undefined || !isOptionField(field)) continue;
    if (!plan.fields.has(field) || isOfGroup(plan, field) !== isGroup) {
      throw new EncodeError(`${plan.name} ${OPTION[field].name} has no business there`);
    }
  }
}

/** §12.29: without the class that they belong to no receiver reads them. */
function checkVendor(plan: MessagePlan, fields: Fields): void {
  if (fields.vendorSpecificOptions === undefined) return;
  if (fields.vendorClassIdentifier !== undefined) return;
  const { name } = OPTION.vendorSpecificOptions;
  throw new EncodeError(`${plan.name} ${name} without ${OPTION.vendorClassIdentifier.name}`);
}

function isOptionField(field: string): field is OptionField {
  return Object.hasOwn(OPTION, field);
}

/** What the legend of messages.ts says against it; undefined when all is well. */
function faultOf(
  planned: PlannedOption,
  isThere: boolean,
  isRefusal: boolean,
  dialect: Dialect,
): string | undefined {
  switch (planned.rules[dialect]) {
    case "M":
      return isThere ? undefined : "is missing";
    case "O":
      return undefined;
    case "A":
      if (isRefusal) return isThere ? "may not be in a refusal" : undefined;
      return isThere ? undefined : "is missing";
    case "B":
      return isThere || isRefusal ? undefined : "is missing";
    case "R":
      return isThere && !isRefusal ? "may only be in a refusal" : undefined;
    case "T":
      return isThere ? "is never sent" : undefined;
  }
}

/** §7.1.1, and what dhcpd refuses or does not survive. */
function checkUpdate(update: BindingUpdate): void {
  const status = update.bindingStatus;
  if (status === undefined || typeof status === "number") return;
  const rule = CLIENT_IN_UPDATE[status];
  if (rule === "M" && update.clientHardwareAddress === undefined) {
    throw new EncodeError(`BNDUPD client-hardware-address is missing for ${status}`);
  }
  const hasClient =
    update.clientHardwareAddress !== undefined || update.clientIdentifier !== undefined;
  if (rule === "T" && hasClient) throw new EncodeError(`BNDUPD names a client for ${status}`);
  if (status !== "active") return;
  if (update.leaseExpirationTime === undefined || update.potentialExpirationTime === undefined) {
    throw new EncodeError("BNDUPD lease-expiration-time or potential-expiration-time is missing");
  }
}

function writeHeaderField(
  writer: MessageWriter,
  plan: MessagePlan,
  name: string,
  value: number,
): void {
  try {
    writer.u32(value);
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    throw new EncodeError(`${plan.name} ${name}: ${error.message}`);
  }
}
