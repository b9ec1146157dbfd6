// The configuration that both boxes share, and how the two stand to each other.

import { computed, effect, signal } from "@preact/signals";
import type { ConfigSyncView } from "../../daemon/http/api-types.ts";
import { fetchConfiguration } from "../api-config.ts";
import { connection, events, status } from "./box.ts";

export const configuration = signal<ConfigSyncView | undefined>(undefined);

const isPaired = computed(() => status.value?.partner.paired === true);

/** Changes whenever the box says something after which the configuration may be another one. */
const hint = computed(() => {
  const partner = status.value?.partner;
  if (!partner?.paired) return "";
  const isAbout = ({ id }: { readonly id: string }) => id.startsWith("config-");
  return JSON.stringify([
    partner.connected,
    partner.state,
    status.value?.conditions.filter(isAbout).map(({ sentence }) => sentence),
    events.value.find(isAbout)?.sequence,
  ]);
});

/** Asks for as long as the page lives: now and then, and at once after a hint. */
export function followConfiguration(): void {
  let next: ReturnType<typeof setTimeout> | undefined;
  const ask = async () => {
    clearTimeout(next);
    next = setTimeout(ask, ASK_MILLISECONDS);
    const isSeen = connection.value !== "lost" && document.visibilityState === "visible";
    if (isSeen && isPaired.value) await load();
  };
  effect(() => {
    if (hint.value !== "") setTimeout(ask);
    else configuration.value = undefined;
  });
  document.addEventListener("visibilitychange", ask);
}

async function load(): Promise<void> {
  try {
    const told = await fetchConfiguration();
    if (isPaired.value) configuration.value = told;
  } catch {
    // That the box does not answer is said at the top of the page.
  }
}

const ASK_MILLISECONDS = 10_000;
