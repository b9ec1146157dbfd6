// One document for whoever looks for a fault from afar.

import * as v from "valibot";
import { IoError } from "../base/errors.ts";
import { textResponse } from "./message.ts";
import { problem } from "./problem.ts";
import { type Route, row } from "./route.ts";

export interface SupportControl {
  /** JSON text for people. Rejects with IoError when it cannot be made. */
  make(isAnonymous: boolean): Promise<string>;
}

const YES_OR_NO = "must be yes or no";
const supportQuery = v.strictObject({
  anonymous: v.optional(v.picklist(["yes", "no"], YES_OR_NO), "no"),
});

export function supportRoutes(control: SupportControl): Route[] {
  return [
    row({
      ...{ method: "GET", path: "/api/v1/support", role: "admin", query: supportQuery },
      summary:
        "Everything that helps to find a fault, as one document without secrets; with invented names of devices when it is to be anonymous.",
      answers: { 200: "the document", 503: "it cannot be made now, with the reason" },
      handle: async ({ query }) => {
        try {
          const text = await control.make(query.anonymous === "yes");
          const response = textResponse(200, "application/json", text);
          const name = { "content-disposition": 'attachment; filename="tandem-support.json"' };
          return { ...response, headers: { ...response.headers, ...name } };
        } catch (error) {
          if (!(error instanceof IoError)) throw error;
          return problem(503, `It cannot be made: ${error.message}.`);
        }
      },
    }),
  ];
}
