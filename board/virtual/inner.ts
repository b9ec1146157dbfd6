// Inner process: the lab inside its namespaces. Everything it starts ends with it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute } from "./commands.ts";
import { inTurn, serveControl } from "./control.ts";
import { coverHostFiles, Lab } from "./lab-inside.ts";
import type { FromInner, LabSettings, ToInner } from "./messages.ts";
import { must, reason } from "./shell.ts";

const settings = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as LabSettings;

// Without the outer process nobody would ever end this one.
process.on("disconnect", () => process.exit(1));

main().catch((error) => {
  tell({ kind: "failed", text: reason(error) });
  process.exit(1);
});

async function main(): Promise<void> {
  const { folder, node } = settings;
  await coverHostFiles(folder);
  const lab = new Lab(settings);
  const nodeHere = join(folder, "program", "node");
  writeFileSync(nodeHere, "");
  await must(["mount", "--bind", node, nodeHere]);
  lab.onEvent(({ text }) => tell({ kind: "line", text }));
  process.on("message", (message: ToInner) => onMessage(lab, message));
  await serveControl(join(folder, "control.sock"), lab, () => void end(lab));
  await inTurn([], () => lab.start());
  tell({ kind: "ready" });
}

function onMessage(lab: Lab, message: ToInner): void {
  if (message.kind === "end") void end(lab);
  else if (message.kind === "watch") void watch(lab);
  else {
    const err = (text: string): void => lab.say(text.trim());
    const output = { out: () => {}, err, onGone: () => {} };
    void inTurn(message.words, () => execute(lab, message.words, output));
  }
}

// Status for a screen, as long as the lab runs.
async function watch(lab: Lab): Promise<void> {
  for (;;) {
    tell({ kind: "status", status: await lab.status() });
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

// The daemons get their orderly end; everything else dies with the namespaces.
async function end(lab: Lab): Promise<void> {
  await Promise.all(Object.values(lab.boxes).map((box) => box.shutDown()));
  process.exit(0);
}

function tell(message: FromInner): void {
  if (process.connected) process.send?.(message);
}
