// How far this box is with becoming one of two, and what a person says about it.

import { computed, signal } from "@preact/signals";
import type { PairingAction, PairingView } from "../../daemon/http/api-types.ts";
import { fetchPairing, sayPairing } from "../api.ts";
import { TEXTS } from "../texts.ts";
import { connection, now, status } from "./box.ts";

export const pairing = signal<PairingView | undefined>(undefined);
/** Something is being said to the box. */
export const isSaying = signal(false);
/** Why it was not done, one sentence; what was done shows in what is so now. */
export const failure = signal("");

/** When this page saw two boxes become one; 0: it did not, or it has been read. */
const finishedAt = signal(0);
/** The end of a pairing stays to be seen for a moment. */
export const isJustPaired = computed(() => {
  const partner = status.value?.partner;
  const isTogether = partner?.paired && partner.inStep && pairing.value?.underWay === false;
  return isTogether && now.value - finishedAt.value < FINISHED_MILLISECONDS;
});

export function dismiss(): void {
  finishedAt.value = 0;
}

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
  failure.value = "";
  const said = await sayPairing(action, content).catch(() => TEXTS.notSaid);
  await load();
  failure.value = said;
  isSaying.value = false;
}

async function load(): Promise<void> {
  const before = pairing.value;
  let view: PairingView | undefined;
  try {
    view = await fetchPairing();
  } catch {
    // That the box does not answer is said at the top of the page.
    return;
  }
  // What could not be done then may be otherwise now.
  if (situationOf(before) !== situationOf(view)) failure.value = "";
  const isOver = before?.underWay && view?.paired && !view.underWay;
  if (isOver && view?.stages.every(({ state }) => state === "done")) finishedAt.value = Date.now();
  pairing.value = view;
}

function situationOf(view: PairingView | undefined): string {
  return [view?.sentence, view?.digits, view?.refusal?.sentence, view?.paired].join();
}

const BUSY_MILLISECONDS = 1000;
const QUIET_MILLISECONDS = 2000;
const FINISHED_MILLISECONDS = 60_000;
