// The configuration: what is in force, what was, and what people say about it.

import type {
  ChangedView,
  ConfigSyncView,
  Done,
  HistoryVersionView,
  HistoryView,
} from "../daemon/http/api-types.ts";
import { type Answer, ask, tell, valueIn } from "./ask.ts";

/** What is in force, and how both boxes stand to each other. Rejects when the box does not answer; undefined: there is none yet. */
export async function fetchConfiguration(): Promise<ConfigSyncView | undefined> {
  const answer = await ask<ConfigSyncView>("/api/v1/configuration");
  if (!answer.isDone && (answer.status === 404 || answer.status === 503)) return undefined;
  return valueIn(answer);
}

/** Both boxes get that of this one, or that of the other one. */
export function sendChoice(choice: "keep" | "take"): Promise<Answer<Done>> {
  return tell(`/api/v1/configuration/${choice}`);
}

/** What is to become of the change that waits to be confirmed. */
export function sendVerdict(verdict: "confirm" | "undo"): Promise<Answer<Done>> {
  return tell(`${CONFIG}/${verdict}`);
}

export function fetchHistory(): Promise<Answer<HistoryView>> {
  return ask(`${CONFIG}/history`);
}

export function fetchVersion(generation: number): Promise<Answer<HistoryVersionView>> {
  return ask(`${CONFIG}/history/${generation}`);
}

/** It is undone by itself unless somebody confirms it within `seconds`. */
export function sendRestore(generation: number, seconds: number): Promise<Answer<ChangedView>> {
  return tell(`${CONFIG}/history/${generation}/restore?confirmWithinSeconds=${seconds}`);
}

const CONFIG = "/api/v1/config";
