// Status and leases of the box, and how it becomes one of two.

import type {
  Done,
  LeasePage,
  LeaseView,
  PairingAction,
  PairingView,
  StreamEvent,
} from "../daemon/http/api-types.ts";
import { type Answer, ask, tell, valueIn } from "./ask.ts";

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
  return valueIn(await ask<LeasePage>(`/api/v1/leases?${parameters}`));
}

/** Rejects when the box does not answer; undefined: it knows nothing of pairing. */
export async function fetchPairing(): Promise<PairingView | undefined> {
  const answer = await ask<PairingView>("/api/v1/pairing");
  return !answer.isDone && answer.status === 404 ? undefined : valueIn(answer);
}

export function sayPairing(action: PairingAction, content: object): Promise<Answer<Done>> {
  return tell(`/api/v1/pairing/${action}`, content);
}

export interface StreamHandlers {
  /** The stream is open; also after each new connection. */
  readonly opened: () => void;
  readonly event: (event: StreamEvent) => void;
  /** The stream is gone; it is opened again by itself. */
  readonly lost: () => void;
}

/** Follows the box until it is stopped with what is returned, resuming after each break. */
export function followBox(handlers: StreamHandlers): () => void {
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
  const hurryWhenSeen = () => {
    if (document.visibilityState === "visible") hurry();
  };
  document.addEventListener("visibilitychange", hurryWhenSeen);
  connect();
  return () => {
    clearTimeout(retry);
    source?.close();
    removeEventListener("online", hurry);
    document.removeEventListener("visibilitychange", hurryWhenSeen);
  };
}

/** Milliseconds before the next attempt: half a second, doubling up to eight. */
export function retryDelay(attempt: number): number {
  return Math.min(8000, 500 * 2 ** attempt);
}

const KINDS = ["status", "leases", "log"] as const;
