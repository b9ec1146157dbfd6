// `npm run lab -- COMMAND`: tells a running lab what to do.
// Exit codes: 0 done, 1 refused or failed, 3 not understood; with `exec` that of the command.

import { existsSync } from "node:fs";
import { usageText } from "./commands.ts";
import { sendCommand } from "./control-client.ts";
import { controlSocket, defaultName, labFolder, nameProblem } from "./place.ts";
import { reason, until } from "./shell.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const words = [...argv];
  let name = defaultName;
  if (words[0] === "--name") [, name = ""] = words.splice(0, 2);
  const problem = nameProblem(name);
  if (problem) return complain(`${problem}.`, 3);
  if (words.length === 0 || ["help", "--help", "-h"].includes(words[0] ?? "")) {
    process.stdout.write(`Usage: npm run lab -- [--name LAB] COMMAND\n\n${usageText()}\n`);
    return words.length === 0 ? 3 : 0;
  }
  try {
    const { code } = await sendCommand(controlSocket(name), words, ({ out, err }) => {
      if (out !== undefined) process.stdout.write(out);
      if (err !== undefined) process.stderr.write(err);
    });
    // A lab of the same name may be started right behind this command.
    if (words[0] === "stop") await until(() => !existsSync(labFolder(name)), 10_000);
    return code;
  } catch (error) {
    return complain(reason(error), 1);
  }
}

function complain(sentence: string, code: number): number {
  process.stderr.write(`${sentence}\n`);
  return code;
}
