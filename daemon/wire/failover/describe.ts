// One line for a message, the same in logs, transcripts and tests:
// "STATE xid 3: server-state normal, server-flags 0x00, start-time-of-state 1795461001".

import type { FailoverMessage, ReceivedMessage } from "./messages.ts";
import { optionName } from "./options.ts";
import { isOfGroup, type MessagePlan, planOfMessage } from "./plan.ts";

type Fields = Readonly<Record<string, unknown>>;

export function describeMessage(message: FailoverMessage | ReceivedMessage): string {
  if (message.type === "ignored") return `type ${message.code} xid ${message.xid}`;
  const plan = planOfMessage(message.type);
  const parts = partsOf(plan, message as unknown as Fields, false);
  if (message.type === "BNDUPD" || message.type === "BNDACK") {
    parts.push(...message.bindings.map((one) => partsOf(plan, one, true).join(", ")));
  }
  const text = `${message.type} xid ${message.xid}`;
  const separator = plan.isGrouped ? "; " : ", ";
  return (parts.length === 0 ? text : `${text}: ${parts.join(separator)}`) + asideOf(message);
}

function partsOf(plan: MessagePlan, fields: Fields, isGroup: boolean): string[] {
  const parts: string[] = [];
  for (const { field, option } of plan.options) {
    const value = fields[field];
    if (value === undefined || isOfGroup(plan, field) !== isGroup) continue;
    parts.push(`${option.name} ${option.codec.format(value)}`);
  }
  return parts;
}

function asideOf(message: FailoverMessage | ReceivedMessage): string {
  if (!("setAside" in message) || message.setAside.length === 0) return "";
  const names = message.setAside.map(({ code, reason }) => `${optionName(code)} (${reason})`);
  return `; set aside: ${names.join(", ")}`;
}
