// The only file that talks to the box.

import type {
  ConfigSyncView,
  LeasePage,
  LeaseView,
  PairingAction,
  PairingView,
  Problem,
  StreamEvent,
} from "../daemon/http/api-types.ts";

export type LeaseSort = "address" | "hostname" | "mac" | "state" | "seenAt" | "expiresAt";

export interface LeaseQuery {
  readonly offset: number;
  readonly limit: number;
  readonly search: string;
  /** "" for all. */
  readonly state: LeaseView["state"] | "";
  readonly sort: LeaseSort;
  readonly descending: boolean;
}

/** Rejects when the box does not answer, or not with a list. */
export async function fetchLeases(query: LeaseQuery): Promise<LeasePage> {
  const parameters = new URLSearchParams({
    offset: String(query.offset),
    limit: String(query.limit),
    search: query.search,
    state: query.state,
    sort: `${query.descending ? "-" : ""}${query.sort}`,
  });
  const response = await fetch(`/api/v1/leases?${parameters}`, {
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
  });
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return (await response.json()) as LeasePage;
}

/** Rejects when the box does not answer; undefined: it knows nothing of pairing. */
export async function fetchPairing(): Promise<PairingView | undefined> {
  const response = await fetch("/api/v1/pairing", {
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
  });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return (await response.json()) as PairingView;
}

/** Rejects when the box does not answer; undefined: there is none yet. */
export async function fetchConfiguration(): Promise<ConfigSyncView | undefined> {
  const response = await fetch("/api/v1/configuration", {
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
  });
  if (response.status === 404 || response.status === 503) return undefined;
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return (await response.json()) as ConfigSyncView;
}

/** Why it was not done, in one sentence of the box; "": it was. Rejects when the box does not answer. */
export async function sayPairing(action: PairingAction, content: object): Promise<string> {
  const response = await fetch(`/api/v1/pairing/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(content),
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
  });
  if (response.ok) return "";
  return ((await response.json()) as Problem).detail;
}

export interface StreamHandlers {
  /** The stream is open; also after each new connection. */
  readonly opened: () => void;
  readonly event: (event: StreamEvent) => void;
  /** The stream is gone; it is opened again by itself. */
  readonly lost: () => void;
}

/** Follows the box for as long as the page lives, resuming after each break. */
export function followBox(handlers: StreamHandlers): void {
  let attempt = 0;
  let lastEventId = "";
  let retry: ReturnType<typeof setTimeout> | undefined;
  let source: EventSource | undefined;

  const connect = () => {
    clearTimeout(retry);
    retry = undefined;
    source = new EventSource(`/api/v1/events?lastEventId=${encodeURIComponent(lastEventId)}`);
    source.onopen = () => {
      attempt = 0;
      handlers.opened();
    };
    // The browser's own retry gives up on some errors, so each break is handled here.
    source.onerror = () => {
      source?.close();
      handlers.lost();
      retry = setTimeout(connect, retryDelay(attempt++));
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (message: MessageEvent<string>) => {
        if (message.lastEventId !== "") lastEventId = message.lastEventId;
        handlers.event({ kind, ...JSON.parse(message.data) } as StreamEvent);
      });
    }
  };
  const hurry = () => {
    if (retry !== undefined) connect();
  };
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") hurry();
  });
  connect();
}

/** Milliseconds before the next attempt: half a second, doubling up to eight. */
export function retryDelay(attempt: number): number {
  return Math.min(8000, 500 * 2 ** attempt);
}

const ANSWER_MILLISECONDS = 8000;
const KINDS = ["status", "leases", "log"] as const;
