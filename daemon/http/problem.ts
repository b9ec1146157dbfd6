import type { Problem } from "./api-types.ts";
import { type HttpResponse, textResponse } from "./message.ts";

/** An error answer in the form of RFC 9457; `type` stays about:blank, so the title is the status. */
export function problem(
  status: keyof typeof TITLES,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const body: Problem = { type: "about:blank", title: TITLES[status], status, detail };
  const response = textResponse(status, "application/problem+json", JSON.stringify(body));
  return { ...response, headers: { ...response.headers, ...headers } };
}

/** A request that cannot be answered as asked; becomes a problem with status 400. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

const TITLES = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;
