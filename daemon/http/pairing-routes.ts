// How far the box is with becoming one of two, and what people say about it.

import * as v from "valibot";
import type { PairingAct, PairingControl } from "./box-view.ts";
import { ACTED, acted } from "./done.ts";
import { jsonResponse } from "./message.ts";
import { type Route, row } from "./route.ts";

const PATH = "/api/v1/pairing";
const DIGITS = "must be the six digits that the box shows, in quotes";

/** As people write them: "123 456" is the same. */
const confirmation = v.object({
  digits: v.pipe(
    v.string(DIGITS),
    v.transform((text) => text.replace(/[ -]/g, "")),
    v.regex(/^[0-9]{6}$/, DIGITS),
  ),
});
const choice = v.object({ choice: v.picklist(["keep", "take"], 'must be "keep" or "take"') });
const nothing = v.object({});

/** A box that is new has no password yet, and is to be paired all the same: what has to be at hand is the cable. */
const WHO = { role: "operator", isBeforePassword: true, answers: ACTED } as const;

export function pairingRoutes(control: PairingControl): Route[] {
  const plain = (name: "differ" | "cancel" | "again" | "unpair", summary: string): Route =>
    row({
      ...{ method: "POST", path: `${PATH}/${name}`, ...WHO, summary, body: nothing },
      handle: () => act({ kind: name }),
    });
  const act = (one: PairingAct) => acted(control.pairingAct(one));
  return [
    row({
      ...{ method: "GET", path: PATH, role: "viewer" },
      summary: "How far this box is with becoming one of two.",
      answers: { 200: "stages, the box that was found, digits, what to do now" },
      handle: () => jsonResponse(control.pairing()),
    }),
    row({
      ...{ method: "POST", path: `${PATH}/confirm`, ...WHO, body: confirmation },
      summary: "Both boxes show these six digits.",
      handle: ({ body }) => act({ kind: "confirm", digits: body.digits }),
    }),
    row({
      ...{ method: "POST", path: `${PATH}/choose`, ...WHO, body: choice },
      summary: "Both boxes get the configuration of this one, or that of the other one.",
      handle: ({ body }) => act({ kind: "choose", choice: body.choice }),
    }),
    plain("differ", "The boxes do not show the same digits."),
    plain("cancel", "No pair shall come of it."),
    plain("again", "Begins anew after it has ended."),
    plain("unpair", "The boxes are no pair any more."),
    row({
      ...{ method: "POST", path: `${PATH}/button`, role: "operator", isLocal: true },
      ...{ summary: "The button of the box was pressed.", answers: ACTED },
      handle: () => act({ kind: "button" }),
    }),
  ];
}
