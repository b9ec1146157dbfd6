// The configuration that is in force here, and how both boxes stand to each other.

import { computed, effect, signal, untracked } from "@preact/signals";
import type { ConfigSyncView } from "../../daemon/http/api-types.ts";
import { fetchConfiguration } from "../api-config.ts";
import { events, status } from "./box.ts";
import { poll } from "./poll.ts";

/** Undefined: the box has not said, or has none yet. */
export const configuration = signal<ConfigSyncView | undefined>(undefined);

/** Changes whenever the box says something after which the configuration may be another one. */
const hint = computed(() => {
  const told = status.value;
  if (told === undefined) return "";
  const { partner, conditions } = told;
  const isAbout = ({ id }: { readonly id: string }) => id.startsWith("config-");
  return JSON.stringify([
    partner.paired && [partner.connected, partner.state],
    conditions.filter(isAbout).map(({ sentence }) => sentence),
    events.value.find(isAbout)?.sequence,
  ]);
});

/** Asks every other second, for what is on trial runs out soon; and at once after a hint. */
export function followConfiguration(): () => void {
  const stopAsking = poll(lookAtConfiguration, () => ASK_MILLISECONDS);
  const stopHints = effect(() => {
    if (hint.value !== "") void untracked(lookAtConfiguration);
  });
  return () => {
    stopAsking();
    stopHints();
    asked = undefined;
    configuration.value = undefined;
  };
}

export async function lookAtConfiguration(): Promise<void> {
  const mine = Symbol("look");
  asked = mine;
  try {
    const told = await fetchConfiguration();
    // An answer that was overtaken may know less.
    if (asked === mine) configuration.value = told;
  } catch {
    // That the box does not answer is said at the top of the page; the time of a trial goes on.
  }
}

let asked: symbol | undefined;

const ASK_MILLISECONDS = 2000;
