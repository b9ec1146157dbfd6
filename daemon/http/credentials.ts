// What a request shows of who it is from: the cookie of a session, or a token.

import type { RequestHead } from "./message.ts";

export interface Credentials {
  readonly session: string | undefined;
  readonly token: string | undefined;
}

export function credentialsOf(head: RequestHead): Credentials {
  return { session: cookieOf(head), token: bearerOf(head) };
}

/** The Set-Cookie of a session that begins. A browser gives it to this box only, and to none of its scripts. */
export function sessionCookie(head: RequestHead, id: string): string {
  return `${cookieName(head)}=${id}; ${attributes(head)}`;
}

/** And of one that ends. */
export function endedCookie(head: RequestHead): string {
  return `${cookieName(head)}=; Max-Age=0; ${attributes(head)}`;
}

/**
 * Over TLS with a prefix by which a browser takes it from no other host, and from no page without TLS (RFC 6265bis
 * §4.1.3.2). Cookies do not know ports, and without TLS two boxes are often opened at two ports of one host.
 */
function cookieName(head: RequestHead): string {
  if (head.isSecure) return "__Host-tandem-session";
  const port = /:([0-9]{1,5})$/.exec(head.header("host") ?? "")?.[1];
  return port === undefined ? "tandem-session" : `tandem-session-${port}`;
}

function attributes({ isSecure }: RequestHead): string {
  return `Path=/; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
}

function cookieOf(head: RequestHead): string | undefined {
  const name = cookieName(head);
  // One header may hold many; several headers are joined by commas, which stand in no cookie.
  for (const part of (head.header("cookie") ?? "").split(/[;,]/)) {
    const end = part.indexOf("=");
    if (end > 0 && part.slice(0, end).trim() === name) return part.slice(end + 1).trim();
  }
  return undefined;
}

function bearerOf(head: RequestHead): string | undefined {
  return /^bearer +([\w~+/.=-]+)$/i.exec(head.header("authorization") ?? "")?.[1];
}
