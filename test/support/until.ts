// Waiting for what other parts of this process do, or the kernel, also while the timers are a test's own.

/** Resolves when `ready` is true; fails with `what` after ten seconds of real time. */
export async function until(ready: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!ready()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await turn();
  }
}

/**
 * Lets everything happen that needs no time, also what goes to and fro between two sockets of this process: what is
 * written to one is there for the other one in the next turn of the loop.
 */
export async function settled(turns = 12): Promise<void> {
  for (let count = 0; count < turns; count++) await turn();
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
