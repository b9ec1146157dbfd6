// What the box can be told to do about its partner and the configuration that they share, and who it is.

import { IoError } from "../base/errors.ts";
import type { IdentityView } from "./api-types.ts";
import type { BoxActions } from "./box-view.ts";
import { ACTED, acted } from "./done.ts";
import { type HttpResponse, jsonResponse } from "./message.ts";
import { problem } from "./problem.ts";
import { type Route, row } from "./route.ts";

export function actionRoutes(actions: BoxActions): Route[] {
  const { configuration } = actions;
  return [
    row({
      ...{ method: "POST", path: "/api/v1/pair/partner-down", role: "operator" },
      summary: "Says that the partner is off for certain: its addresses are given out as well.",
      answers: ACTED,
      handle: () => acted(actions.partnerDown()),
    }),
    row({
      ...{ method: "GET", path: "/api/v1/identity", role: "admin" },
      summary: "Who the box is to its partner.",
      answers: { 200: "the hash of its key", 503: "it has no key, with the reason" },
      handle: () => identified(actions),
    }),
    row({
      ...{ method: "GET", path: "/api/v1/configuration", role: "viewer" },
      summary: "Whether both boxes have the same configuration, and where they differ.",
      answers: { 200: "how the two stand to each other", 503: "the box is just starting" },
      handle: () => {
        const view = configuration.view();
        return view ? jsonResponse(view) : problem(503, "The box is just starting.");
      },
    }),
    ...(["keep", "take"] as const).map((choice) =>
      row({
        ...{ method: "POST", path: `/api/v1/configuration/${choice}`, role: "admin" },
        summary: CHOICES[choice],
        answers: ACTED,
        handle: () => acted(configuration.choose(choice)),
      }),
    ),
  ];
}

const CHOICES = {
  keep: "Both boxes are to have the configuration of this one.",
  take: "Both boxes are to have the configuration of the partner.",
} as const;

/** Making a key may need the disk. */
function identified(actions: BoxActions): HttpResponse {
  try {
    const view: IdentityView = { identity: actions.identity() };
    return jsonResponse(view);
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    return problem(503, `The box has no key: ${error.message}.`);
  }
}
