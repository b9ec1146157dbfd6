// The configuration that both boxes share.

import type { ConfigSyncView } from "../daemon/http/api-types.ts";
import { type Answer, ask, valueIn } from "./ask.ts";

/** How both boxes stand to each other. Rejects when the box does not answer; undefined: there is none yet. */
export async function fetchConfiguration(): Promise<ConfigSyncView | undefined> {
  return orNone(await ask<ConfigSyncView>("/api/v1/configuration"));
}

function orNone<T>(answer: Answer<T>): T | undefined {
  if (!answer.isDone && (answer.status === 404 || answer.status === 503)) return undefined;
  return valueIn(answer);
}
