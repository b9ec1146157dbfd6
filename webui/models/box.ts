// What the page knows of the box, and how old it is.

import { computed, signal } from "@preact/signals";
import type { EventView, Status } from "../../daemon/http/api-types.ts";

export type Connection = "connecting" | "live" | "lost";

export const status = signal<Status | undefined>(undefined);
export const events = signal<readonly EventView[]>([]);
export const connection = signal<Connection>("connecting");

/** Times of this browser's clock in milliseconds: ticking, of the last word, of the break. */
export const now = signal(Date.now());
export const lastWordAt = signal(0);
const lostAt = signal(0);

/** The box's own time now, so that ages are right when the browser's clock is not. */
export const boxNow = computed(() => {
  const told = status.value?.time;
  return told === undefined ? now.value : Date.parse(told) + (now.value - lastWordAt.value);
});

/** True when what is shown may no longer be so. A break shorter than a restart does not count. */
export const isStale = computed(() => {
  if (connection.value === "lost" && now.value - lostAt.value > BREAK_MILLISECONDS) return true;
  return status.value !== undefined && now.value - lastWordAt.value > SILENCE_MILLISECONDS;
});

/** What the sentence at the top is about; undefined: no single condition, or something else stands there. */
export const headlined = computed(() => {
  const told = status.value;
  return isStale.value ? undefined : told?.conditions.find(({ sentence }) => sentence === told.why);
});

export function heardStatus(next: Status): void {
  const before = status.value;
  if (before !== undefined && before.box.startedAt !== next.box.startedAt) events.value = [];
  status.value = next;
}

export function heardEvent(event: EventView): void {
  const known = events.value;
  if (known[0] !== undefined && event.sequence <= known[0].sequence) return;
  events.value = [event, ...known].slice(0, EVENTS_SHOWN);
}

export function heardAnything(): void {
  now.value = Date.now();
  lastWordAt.value = now.value;
  connection.value = "live";
}

export function lostBox(): void {
  if (connection.value === "lost") return;
  lostAt.value = Date.now();
  connection.value = "lost";
}

/** Nobody is inside any more: who comes next begins anew. */
export function forgetBox(): void {
  status.value = undefined;
  events.value = [];
  connection.value = "connecting";
}

const EVENTS_SHOWN = 30;
const BREAK_MILLISECONDS = 2000;
/** The box says something at least every 4 seconds. */
const SILENCE_MILLISECONDS = 10_000;
