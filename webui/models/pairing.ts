// How far this box is with becoming one of two, and what a person says about it.

import { computed, signal } from "@preact/signals";
import type { PairingAction, PairingView } from "../../daemon/http/api-types.ts";
import { fetchPairing, sayPairing } from "../api.ts";
import { now, status } from "./box.ts";
import { poll } from "./poll.ts";
import { Talk } from "./talk.ts";

export const pairing = signal<PairingView | undefined>(undefined);
export const talk = new Talk();

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

/** Asks every second while something is under way, else now and then. */
export function followPairing(): () => void {
  const stop = poll(load, () => (pairing.value?.underWay ? BUSY_MILLISECONDS : QUIET_MILLISECONDS));
  return () => {
    stop();
    pairing.value = undefined;
  };
}

export async function say(action: PairingAction, content: object = {}): Promise<void> {
  await talk.say(() => sayPairing(action, content), load);
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
  if (situationOf(before) !== situationOf(view)) talk.forget();
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
