// How far this box is with becoming one of two, and what a person says about it.

import { signal } from "@preact/signals";
import type { PairingAction, PairingView } from "../../daemon/http/api-types.ts";
import { fetchPairing, sayPairing } from "../api.ts";
import { TEXTS } from "../texts.ts";
import { connection } from "./box.ts";

export const pairing = signal<PairingView | undefined>(undefined);
/** Something is being said to the box. */
export const isSaying = signal(false);
/** What came of it. */
export const answer = signal("");

/** Asks for as long as the page lives: every second while something is under way, else now and then. */
export function followPairing(): void {
  const ask = async () => {
    if (connection.value !== "lost" && document.visibilityState === "visible") await load();
    setTimeout(ask, pairing.value?.underWay ? BUSY_MILLISECONDS : QUIET_MILLISECONDS);
  };
  void ask();
}

export async function say(action: PairingAction, content: object = {}): Promise<void> {
  if (isSaying.value) return;
  isSaying.value = true;
  try {
    answer.value = await sayPairing(action, content);
  } catch {
    answer.value = TEXTS.notSaid;
  }
  await load();
  isSaying.value = false;
}

async function load(): Promise<void> {
  const before = pairing.value;
  try {
    pairing.value = await fetchPairing();
  } catch {
    // That the box does not answer is said at the top of the page.
    return;
  }
  // What was answered is about what was asked then.
  if (before?.digits !== pairing.value?.digits) answer.value = "";
}

const BUSY_MILLISECONDS = 1000;
const QUIET_MILLISECONDS = 2000;
