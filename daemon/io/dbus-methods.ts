// What a caller on the bus can have done. Who may call is enforced by the bus (image/dbus), as who may use the
// API's socket is by the kernel.

import { wholeSentence } from "../base/whole-sentence.ts";
import type { DrillReport } from "../http/api-types.ts";
import {
  type ActionResult,
  type BoxActions,
  GATEWAY_VERBS,
  type GatewayControl,
  type GatewayVerb,
} from "../http/box-view.ts";
import { REFUSED } from "./dbus-interfaces.ts";
import { clean, unsigned } from "./dbus-view.ts";

export type ApplianceControl = GatewayControl & Pick<BoxActions, "partnerDown">;

export type Answer =
  | { readonly signature: string; readonly body: unknown[] }
  | { readonly errorName: string; readonly text: string };

type Method = (control: ApplianceControl, argument: string) => Answer;

/** Legend: kind of drill, what it is called elsewhere. */
const DRILLS: Readonly<Record<DrillReport["kind"], GatewayVerb>> = {
  planned: "drill",
  unplugged: "unplug",
};

/** Legend: method of org.tandem.Appliance1, what it does. Their arguments are in dbus-interfaces.ts. */
const METHODS: Readonly<Record<string, Method>> = {
  Handover: (control) => acted(control.act("handover")),
  EnterMaintenance: (control) => acted(control.act("maintenance-on")),
  LeaveMaintenance: (control) => acted(control.act("maintenance-off")),
  StartDrill: (control, kind) => {
    const known = Object.keys(DRILLS) as DrillReport["kind"][];
    const found = known.find((name) => name === kind);
    if (found === undefined) return notOneOf("kind of drill", kind, known);
    return acted(control.act(DRILLS[found]));
  },
  DeclarePartnerDown: (control) => acted(control.partnerDown()),
  Preflight: (control, verb) => {
    const found = GATEWAY_VERBS.find((name) => name === verb);
    if (found === undefined) return notOneOf("verb", verb, GATEWAY_VERBS);
    const { isPossible, text } = control.preflight(found);
    return { signature: "bs", body: [isPossible, clean(wholeSentence(text))] };
  },
  GetDrills: (control) => ({
    signature: "aa{sv}",
    body: [control.drills().drills.map(drillList)],
  }),
};

/** `name` is in the table of the interface, and `body` as it says there. */
export function carryOut(
  name: string,
  body: readonly unknown[],
  control: ApplianceControl,
): Answer {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  return method
    ? method(control, String(body[0] ?? ""))
    : failure("UnknownMethod", `There is no method ${shown(name)}.`);
}

export function failure(name: string, text: string): Answer {
  return { errorName: `org.freedesktop.DBus.Error.${name}`, text };
}

const SHOWN_MAX = 80;

/** What a caller sent, to be shown in a sentence: short, and without control characters. */
export function shown(text: string): string {
  const part = text
    .slice(0, SHOWN_MAX)
    .toWellFormed()
    .replace(/\p{Cc}/gu, "\uFFFD");
  return text.length > SHOWN_MAX ? `${part}…` : part;
}

function acted({ isDone, text }: ActionResult): Answer {
  const sentence = clean(wholeSentence(text));
  return isDone ? { signature: "s", body: [sentence] } : { errorName: REFUSED, text: sentence };
}

function notOneOf(what: string, value: string, known: readonly string[]): Answer {
  const list = `${known.slice(0, -1).join(", ")} or ${known.at(-1)}`;
  return failure("InvalidArgs", `There is no ${what} "${shown(value)}": it is ${list}.`);
}

/** As the codec takes an a{sv}. What it did not come to is left out. */
function drillList(report: DrillReport): [string, [string, unknown]][] {
  const { kind, at, measuredBy, sentence, names } = report;
  const texts: [string, string][] = [
    ["Kind", kind],
    ["At", at],
    ["MeasuredBy", measuredBy],
    ["Sentence", sentence],
  ];
  const figures: [string, number | null][] = [
    ["Id", report.id],
    ["DetectionMilliseconds", report.detectionMilliseconds],
    ["GatewayMilliseconds", report.gatewayMilliseconds],
    ["DhcpMilliseconds", report.dhcpMilliseconds],
    ["OutageMilliseconds", report.outageMilliseconds],
    ["RevertedMilliseconds", report.revertedMilliseconds],
    ["PingsSent", report.pingsSent],
    ["PingsLost", report.pingsLost],
    ["NamesAsked", names?.asked ?? null],
    ["NamesAnswered", names?.answered ?? null],
    ["Leases", report.leases],
  ];
  return [
    ...texts.map(([name, text]): [string, [string, unknown]] => [name, ["s", clean(text)]]),
    ...figures.flatMap(([name, figure]): [string, [string, unknown]][] =>
      figure === null ? [] : [[name, ["u", unsigned(figure)]]],
    ),
  ];
}
