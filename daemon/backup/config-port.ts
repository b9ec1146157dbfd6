// What puts configurations into force, as backups need it.

import type { Applied, ConfigMachine } from "../config-desk.ts";
import type { SharedDocument } from "../core/sync/shared-document.ts";
import type { ActionResult } from "../http/box-view.ts";
import type { BackupHost } from "./backup-desk.ts";
import type { RestoreOrigin } from "./restoring.ts";

/** How often it is tried while something else comes into force meanwhile. */
const TRIES = 3;
const STARTING: ActionResult = { isDone: false, text: "the box is just starting" };

export function configPort(
  machine: Pick<ConfigMachine, "inForce" | "apply">,
): Pick<BackupHost, "inForce" | "apply"> {
  return {
    inForce: () => {
      const now = machine.inForce();
      return now && { shared: JSON.parse(now.document.text), origin: now.origin };
    },
    apply: (document, origin) => apply(machine, document, origin),
  };
}

/** For good: whoever puts a backup back has seen what it means. */
async function apply(
  machine: Pick<ConfigMachine, "inForce" | "apply">,
  document: SharedDocument,
  { by, from, note }: RestoreOrigin,
): Promise<ActionResult> {
  for (let tries = 0; tries < TRIES; tries++) {
    const now = machine.inForce();
    if (!now) return STARTING;
    const wish = { expectedHash: now.hash, trialSeconds: 0, by, from, note };
    const applied = await machine.apply(document, wish);
    if (applied.kind !== "overtaken") return resultOf(applied);
  }
  return { isDone: false, text: "the configuration changes all the time; try again in a moment" };
}

function resultOf(applied: Exclude<Applied, { kind: "overtaken" }>): ActionResult {
  if (applied.kind === "applied") return { isDone: true, text: applied.sentence };
  const [first] = applied.issues;
  const issue = first ? `${first.file} ${first.path} ${first.reason}` : undefined;
  if (applied.kind === "invalid") return { isDone: false, text: issue ?? "it cannot be so" };
  return { isDone: false, text: issue ? `${applied.text}: ${issue}` : applied.text };
}
