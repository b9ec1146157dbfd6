// Finding and killing processes by the network namespace they are in.

import { readdirSync, readlinkSync } from "node:fs";
import { inNamespace, must, until } from "./shell.ts";

/** Process numbers of everything that runs in the namespace. */
export function processesIn(namespaceId: string): number[] {
  const found: number[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readlinkSync(`/proc/${entry}/ns/net`) === namespaceId) found.push(Number(entry));
    } catch {
      // It ended meanwhile, or is a zombie.
    }
  }
  return found;
}

/** "net:[4026532281]": how /proc names the namespace. */
export async function namespaceId(namespace: string): Promise<string> {
  return (await must(inNamespace(namespace, ["readlink", "/proc/self/ns/net"]))).trim();
}

/** SIGKILL to everything in the namespace, also to what is born meanwhile. */
export async function killAllIn(namespace: string): Promise<void> {
  const id = await namespaceId(namespace);
  const empty = await until(
    () => {
      const left = processesIn(id);
      for (const pid of left) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // Already gone.
        }
      }
      return left.length === 0;
    },
    5000,
    5,
  );
  if (!empty) throw new Error(`processes in ${namespace} cannot be killed`);
}
