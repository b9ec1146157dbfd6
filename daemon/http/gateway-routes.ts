// What a person can have done with the gateway: POST does it, GET of the same says what would happen.

import { wholeSentence } from "../base/whole-sentence.ts";
import type { PreflightView } from "./api-types.ts";
import type { ActionResult, GatewayControl, GatewayVerb } from "./box-view.ts";
import { type HttpHandler, type HttpResponse, jsonResponse } from "./message.ts";

const PATH = "/api/v1/gateway";

/** Legend: the last part of the path, what it means. */
const VERBS: Readonly<Record<string, GatewayVerb>> = {
  handover: "handover",
  "maintenance/on": "maintenance-on",
  "maintenance/off": "maintenance-off",
  drill: "drill",
  unplug: "unplug",
};

export function gatewayPosts(
  control: GatewayControl,
  answer: (result: ActionResult) => HttpResponse,
): [string, HttpHandler][] {
  return Object.entries(VERBS).map(([name, verb]) => [
    `${PATH}/${name}`,
    () => answer(control.act(verb)),
  ]);
}

export function gatewayGets(control: GatewayControl): [string, HttpHandler][] {
  const preflights = Object.entries(VERBS).map(([name, verb]): [string, HttpHandler] => [
    `${PATH}/${name}`,
    () => {
      const { isPossible, text } = control.preflight(verb);
      const view: PreflightView = { possible: isPossible, sentence: wholeSentence(text) };
      return jsonResponse(view);
    },
  ]);
  return [...preflights, ["/api/v1/drills", () => jsonResponse(control.drills())]];
}
