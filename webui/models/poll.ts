// Asking again and again.

import { connection } from "./box.ts";

/**
 * Asks at once, and again after each pause for as long as the page is seen and the box answers; until it is stopped
 * with what is returned. `question` does not reject.
 */
export function poll(question: () => Promise<void>, pauseMilliseconds: () => number): () => void {
  let next: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  let isStopped = false;
  const turn = async () => {
    clearTimeout(next);
    if (isAsking || isStopped) return;
    isAsking = true;
    if (connection.peek() !== "lost" && document.visibilityState === "visible") await question();
    isAsking = false;
    if (!isStopped) next = setTimeout(turn, pauseMilliseconds());
  };
  document.addEventListener("visibilitychange", turn);
  void turn();
  return () => {
    isStopped = true;
    clearTimeout(next);
    document.removeEventListener("visibilitychange", turn);
  };
}
