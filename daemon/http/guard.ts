// Who may ask, and from where. See daemon/README.md for what each of these stops.

import type { HttpResponse, RequestHead } from "./message.ts";
import { problem } from "./problem.ts";
import { type Caller, ROLES, type Route } from "./route.ts";

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

/** Names and addresses, in lower case, under which the box may be opened besides loopback. */
export type OwnHosts = () => ReadonlySet<string>;

/** Why a request is not answered at all, whatever it asks for; or undefined. */
export function refusal(request: RequestHead, hosts: OwnHosts): HttpResponse | undefined {
  return hostCheck(request, hosts) ?? sameSite(request);
}

/**
 * Against DNS rebinding: a foreign page whose name suddenly points at this box still sends its own name as Host. A
 * Unix socket cannot be reached from a browser and needs no check.
 */
function hostCheck(request: RequestHead, hosts: OwnHosts): HttpResponse | undefined {
  if (request.transport === "unix") return;
  const host = (request.header("host") ?? "").toLowerCase();
  if (LOOPBACK_HOST.test(host)) return;
  if (request.isSecure && hosts().has(host.replace(/:[0-9]{1,5}$/, ""))) return;
  return problem(
    421,
    "Open this box by one of its own addresses, or as 127.0.0.1, localhost or [::1]; other names are refused.",
  );
}

/** A page of another site may link here, but not fetch from here or hold event streams open. */
function sameSite(request: RequestHead): HttpResponse | undefined {
  if (!request.path.startsWith("/api/") || request.header("sec-fetch-mode") === "navigate") return;
  if (request.header("sec-fetch-site") !== "cross-site") return;
  return problem(403, "Pages of other sites may not read from this box.");
}

/**
 * Browsers say of each request that changes something which page it is from. One of another site can send a form
 * or plain text without being asked, but no JSON: for that the browser asks first, and this box answers no such
 * question. A program with a token is no browser, and says of no page; a page cannot send a token that it does not
 * have.
 */
export function foreignPage(request: RequestHead, caller: Caller): HttpResponse | undefined {
  if (request.transport === "unix") return;
  const origin = request.header("origin");
  const own = `${request.isSecure ? "https" : "http"}://${request.header("host")}`;
  if (origin !== own && !(origin === undefined && caller.via === "token")) {
    return problem(403, "Only the page of this box may tell it so.");
  }
  // Browsers ask before each DELETE, whatever it holds.
  if (request.method === "DELETE") return;
  if (request.header("content-type") === "application/json") return;
  return problem(415, "This is told to the box in JSON, as application/json.");
}

/** Whether this caller may; if not, what is answered. */
export function rights(route: Route, caller: Caller): HttpResponse | undefined {
  if (ROLES.indexOf(caller.role) >= ROLES.indexOf(route.role)) return;
  const isUnclaimed = caller.via === "nobody" && caller.role === "viewer";
  if (isUnclaimed && route.isBeforePassword) return;
  if (caller.via !== "nobody") {
    return problem(403, `This takes the rights of an ${route.role}; you are ${caller.role}.`);
  }
  return problem(401, "Log in first.", { "www-authenticate": 'Bearer realm="Tandem"' });
}

const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?$/;
