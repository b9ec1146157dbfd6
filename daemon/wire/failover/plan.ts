// The table of messages, laid out for reading and writing: made once, when the program starts.

import { type Dialect, MESSAGE, type MessageName, type Rule } from "./messages.ts";
import { type FailoverOption, OPTION, OPTION_CODES, type OptionField } from "./options.ts";

export interface PlannedOption {
  readonly field: OptionField;
  readonly option: FailoverOption<unknown>;
  readonly rules: Readonly<Record<Dialect, Rule>>;
}

export interface MessagePlan {
  readonly name: MessageName;
  readonly code: number;
  readonly isGrouped: boolean;
  /** In the order in which they are sent. */
  readonly options: readonly PlannedOption[];
  readonly fields: ReadonlySet<OptionField>;
  readonly byCode: readonly (PlannedOption | undefined)[];
  /** All fields, undefined: a copy of it keeps one shape however a peer orders its options. */
  readonly blank: Readonly<Record<string, undefined>>;
}

const PLANS: readonly MessagePlan[] = (Object.keys(MESSAGE) as MessageName[]).map(planOf);
const byType: (MessagePlan | undefined)[] = new Array(256).fill(undefined);
for (const plan of PLANS) byType[plan.code] = plan;
const byName = new Map(PLANS.map((plan) => [plan.name, plan]));

/** Undefined for a number that is no message type. */
export function planOfType(code: number): MessagePlan | undefined {
  return byType[code];
}

export function planOfMessage(name: MessageName): MessagePlan {
  return byName.get(name) as MessagePlan;
}

/** Fields of the message itself; in grouped messages all options but the digest belong to a group. */
export function isOfGroup(plan: MessagePlan, field: OptionField): boolean {
  return plan.isGrouped && field !== "messageDigest";
}

function planOf(name: MessageName): MessagePlan {
  const { code, isGrouped, body } = MESSAGE[name];
  const cells = Object.entries(body) as [OptionField, string][];
  const options = cells.map(([field, cell]) => ({
    field,
    option: OPTION[field],
    rules: rulesOf(cell),
  }));
  const byCode: (PlannedOption | undefined)[] = new Array(OPTION_CODES).fill(undefined);
  for (const one of options) byCode[one.option.code] = one;
  const fields = new Set(options.map((one) => one.field));
  const ofRecord = [...fields].filter((field) => !isGrouped || field !== "messageDigest");
  const blank = Object.fromEntries(ofRecord.map((field) => [field, undefined]));
  return { name, code, isGrouped, options, fields, byCode, blank };
}

function rulesOf(cell: string): Readonly<Record<Dialect, Rule>> {
  const [tandem, isc = tandem] = cell.split("/") as [Rule, Rule?];
  return { tandem, isc };
}
