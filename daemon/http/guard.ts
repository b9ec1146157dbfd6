// The cheap defences of an appliance page. See daemon/README.md for what each of them stops.

import type { MiddlewareHandler } from "hono";
import { problem } from "./problem.ts";

/** How a request came in; a missing value counts as TCP, the stricter one. */
export interface Transport {
  readonly transport?: "tcp" | "unix";
}

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

export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.res.headers.set(name, value);
};

/** Everything can be read and nothing changed: any method but GET and HEAD is refused. */
export const readOnly: MiddlewareHandler = async (c, next) => {
  if (c.req.method === "GET" || c.req.method === "HEAD") return next();
  return problem(405, "This can only be read: use GET or HEAD.", { allow: "GET, HEAD" });
};

/**
 * Against DNS rebinding: a foreign page whose name suddenly points at 127.0.0.1 still sends its
 * own name as Host. A Unix socket cannot be reached from a browser and needs no check.
 */
export const hostCheck: MiddlewareHandler<{ Bindings: Transport }> = async (c, next) => {
  if (c.env?.transport === "unix") return next();
  const host = c.req.header("host") ?? new URL(c.req.url).host;
  if (LOCAL_HOST.test(host)) return next();
  return problem(421, "Open this box as 127.0.0.1, localhost or [::1]; other names are refused.");
};

/** A page of another site may link here, but not fetch from here or hold event streams open. */
export const sameSite: MiddlewareHandler = async (c, next) => {
  const isNavigation = c.req.header("sec-fetch-mode") === "navigate";
  if (c.req.header("sec-fetch-site") !== "cross-site" || isNavigation) return next();
  return problem(403, "Pages of other sites may not read from this box.");
};

const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?$/i;
