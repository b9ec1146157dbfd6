// The cheap defences of an appliance page. See daemon/README.md for what each of them stops.

import type { HttpRequest, HttpResponse } from "./message.ts";
import { problem } from "./problem.ts";

/**
 * Sent with every answer. Scripts and styles only as files from here, nothing inline; and no
 * string may become markup (trusted types), so a device's name can never become a script.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
};

/** Why a request is not answered at all, or undefined. `fromPage`: what its page may tell the box over TCP. */
export function refusal(
  request: HttpRequest,
  fromPage: (path: string) => boolean,
): HttpResponse | undefined {
  return hostCheck(request) ?? readOnly(request, fromPage) ?? sameSite(request);
}

/**
 * Against DNS rebinding: a foreign page whose name suddenly points at 127.0.0.1 still sends its
 * own name as Host. A Unix socket cannot be reached from a browser and needs no check.
 */
function hostCheck(request: HttpRequest): HttpResponse | undefined {
  if (request.transport === "unix" || LOCAL_HOST.test(request.header("host") ?? "")) return;
  return problem(421, "Open this box as 127.0.0.1, localhost or [::1]; other names are refused.");
}

/**
 * Over TCP everything can be read and little changed. The box is told what to do (POST) over the Unix socket,
 * whose file says who may; and by its own page, where that is a person's matter.
 */
function readOnly(
  request: HttpRequest,
  fromPage: (path: string) => boolean,
): HttpResponse | undefined {
  const { method, transport, path } = request;
  if (method === "GET" || method === "HEAD") return;
  if (method !== "POST") return readOnlyProblem();
  if (transport === "unix") return;
  return fromPage(path) ? ownPage(request) : readOnlyProblem();
}

/**
 * Browsers say of each POST which page it is from. One of another site can send a form or plain text without
 * being asked, but no JSON: for that the browser asks first, and this box answers no such question.
 */
function ownPage(request: HttpRequest): HttpResponse | undefined {
  if (request.header("origin") !== `http://${request.header("host")}`) {
    return problem(403, "Only the page of this box may tell it so.");
  }
  if (request.header("content-type") === "application/json") return;
  return problem(415, "This is told to the box in JSON, as application/json.");
}

export function readOnlyProblem(): HttpResponse {
  return problem(405, "This can only be read: use GET or HEAD.", { allow: "GET, HEAD" });
}

/** A page of another site may link here, but not fetch from here or hold event streams open. */
function sameSite(request: HttpRequest): HttpResponse | undefined {
  if (!request.path.startsWith("/api/") || request.header("sec-fetch-mode") === "navigate") return;
  if (request.header("sec-fetch-site") !== "cross-site") return;
  return problem(403, "Pages of other sites may not read from this box.");
}

const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?$/i;
