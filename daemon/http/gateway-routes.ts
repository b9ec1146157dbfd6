// What a person can have done with the gateway: POST does it, GET of the same says what would happen.

import { wholeSentence } from "../base/whole-sentence.ts";
import type { PreflightView } from "./api-types.ts";
import type { GatewayControl, GatewayVerb } from "./box-view.ts";
import { ACTED, acted } from "./done.ts";
import { jsonResponse } from "./message.ts";
import { type Route, row } from "./route.ts";

/** Legend: the last part of the path, what it means, in words. */
const VERBS: readonly (readonly [string, GatewayVerb, string])[] = [
  ["handover", "handover", "The gateway goes to the other box."],
  [
    "maintenance/on",
    "maintenance-on",
    "Everything goes to the partner, so that this box can be worked on.",
  ],
  ["maintenance/off", "maintenance-off", "The work on this box is done."],
  ["drill", "drill", "Tries a handover, measures it, and hands back."],
  ["unplug", "unplug", "The box with the gateway acts as if its power were gone, for ten seconds."],
];

export function gatewayRoutes(control: GatewayControl): Route[] {
  const verbs = VERBS.flatMap(([name, verb, summary]) => [
    row({
      ...{ method: "POST", path: `/api/v1/gateway/${name}`, role: "operator" },
      ...{ summary, answers: ACTED },
      handle: () => acted(control.act(verb)),
    }),
    row({
      ...{ method: "GET", path: `/api/v1/gateway/${name}`, role: "viewer" },
      summary: `What would happen: ${summary}`,
      answers: { 200: "whether it is possible, and what would happen or why not" },
      handle: () => {
        const { isPossible, text } = control.preflight(verb);
        const view: PreflightView = { possible: isPossible, sentence: wholeSentence(text) };
        return jsonResponse(view);
      },
    }),
  ]);
  const drills = row({
    ...{ method: "GET", path: "/api/v1/drills", role: "viewer" },
    summary: "What drills have shown, the newest first.",
    answers: { 200: "the reports" },
    handle: () => jsonResponse(control.drills()),
  });
  return [...verbs, drills];
}
