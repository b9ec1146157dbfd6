// What the daemon has written into its log in this run, for those who cannot read the journal of the system.

import * as v from "valibot";
import { LIMITS } from "../limits.ts";
import type { LogEntry, LogLevel, LogPage } from "./api-diagnostics.ts";
import { jsonResponse, textResponse } from "./message.ts";
import { type Route, row } from "./route.ts";

/** Least first. */
export const LOG_LEVELS = [
  "debug",
  "info",
  "warning",
  "error",
] as const satisfies readonly LogLevel[];

export interface LogQuery {
  /** Lines of this level and those above it. */
  readonly level: LogLevel;
  /** Lower-case text that has to be in the line or its id; "" for all. */
  readonly contains: string;
  /** 1 to LIMITS.logLinesMax: the newest so many. */
  readonly limit: number;
}

export interface LogControl {
  logs(query: LogQuery): LogPage;
}

const LIMIT_DEFAULT = 500;
const LIMIT = `must be a whole number from 1 to ${LIMITS.logLinesMax}`;

const logQuery = v.strictObject({
  level: v.optional(v.picklist(LOG_LEVELS, `must be one of: ${LOG_LEVELS.join(", ")}`), "debug"),
  contains: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(LIMITS.searchTextMax, `may have at most ${LIMITS.searchTextMax} characters`),
      v.transform((text) => text.toLowerCase()),
    ),
    "",
  ),
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[0-9]{1,6}$/, LIMIT),
      v.transform(Number),
      v.minValue(1, LIMIT),
      v.maxValue(LIMITS.logLinesMax, LIMIT),
    ),
    String(LIMIT_DEFAULT),
  ),
  format: v.optional(v.picklist(["json", "text"], "must be json or text")),
});

export function logRoutes(control: LogControl): Route[] {
  return [
    row({
      ...{ method: "GET", path: "/api/v1/logs", role: "operator", query: logQuery },
      summary: "The newest lines of the log of this run, also those that are no events.",
      media: ["application/json", "text/plain"],
      answers: { 200: "the lines, oldest first" },
      handle: ({ request, query: { format, ...query } }) => {
        const isText = (format ?? wanted(request.header("accept"))) === "text";
        const page = control.logs(query);
        if (!isText) return jsonResponse(page);
        return textResponse(200, "text/plain; charset=utf-8", page.lines.map(lineText).join(""));
      },
    }),
  ];
}

function wanted(accept = ""): "json" | "text" {
  return accept.startsWith("text/plain") ? "text" : "json";
}

/** One line each, whatever is in the text. */
function lineText({ at, level, id, text }: LogEntry): string {
  return `${at} ${level.padEnd(7)} ${id}: ${text.replace(/\p{Cc}+/gu, " ")}\n`;
}
