import { wholeSentence } from "../base/whole-sentence.ts";
import type { Done } from "./api-types.ts";
import type { ActionResult } from "./box-view.ts";
import { type HttpResponse, jsonResponse } from "./message.ts";
import { problem } from "./problem.ts";

/** What came of something that the box was asked to do. */
export function acted({ isDone, text }: ActionResult): HttpResponse {
  const sentence = wholeSentence(text);
  const done: Done = { sentence };
  return isDone ? jsonResponse(done) : problem(409, sentence);
}

/** What the statuses of such an answer mean. */
export const ACTED = { 200: "done: one sentence", 409: "refused, with the reason" } as const;
