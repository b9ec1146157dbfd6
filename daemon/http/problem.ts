import type { Problem } from "./api-types.ts";
import { type HttpResponse, textResponse } from "./message.ts";

/** An error answer in the form of RFC 9457; `type` stays about:blank, so the title is the status. */
export function problem(
  status: keyof typeof TITLES,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
  more: Readonly<Record<string, unknown>> = {},
): HttpResponse {
  const body: Problem = { type: "about:blank", title: TITLES[status], status, detail, ...more };
  const response = textResponse(status, "application/problem+json", JSON.stringify(body));
  return { ...response, headers: { ...response.headers, ...headers } };
}

/** One thing that is wrong with what was sent, with where it is. */
export interface RequestIssue {
  /** "" for all of it. */
  readonly path: string;
  readonly reason: string;
}

/** A request that cannot be answered as asked; becomes a problem with status 400. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly issues: readonly RequestIssue[];

  constructor(message: string, issues: readonly RequestIssue[] = []) {
    super(message);
    this.issues = issues;
  }
}

/** All that is wrong with a request: the first as its sentence, each in the list. */
export function invalid(issues: readonly RequestIssue[]): RequestError {
  const [first = { path: "", reason: "is not understood" }] = issues;
  const subject = first.path === "" ? "What was sent" : `"${first.path}"`;
  const more = issues.length > 1 ? `, and ${issues.length - 1} more` : "";
  return new RequestError(`${subject} ${first.reason}${more}.`, issues);
}

const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  428: "Precondition Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;
