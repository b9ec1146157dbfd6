// A box that becomes as it came from the factory leaves its pair before, and the other one goes on serving.

import type { PairingControl } from "../http/box-view.ts";

/** The box itself gives its partner a few seconds, and writes two files. */
const TRIES = 75;
const PAUSE_MILLISECONDS = 200;

/** Resolves with what came of it, a part of a sentence; in the end also without the partner. */
export async function leavePair(
  pairing: PairingControl,
  pause: (milliseconds: number) => Promise<void>,
): Promise<string> {
  const { isDone, text } = pairing.pairingAct({ kind: "retire" });
  if (!isDone) return text;
  for (let tries = 0; tries < TRIES && pairing.pairing().paired; tries++) {
    await pause(PAUSE_MILLISECONDS);
  }
  const { paired, unpaired } = pairing.pairing();
  if (paired || unpaired === "") return "the partner may not know of it";
  return `${unpaired.charAt(0).toLowerCase()}${unpaired.slice(1).replace(/\.$/, "")}`;
}
