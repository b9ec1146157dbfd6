// The other end of the control socket: used by `npm run lab` and by tests.

import { connect } from "node:net";
import { basename, dirname } from "node:path";
import type { Reply } from "./messages.ts";
import { eachLine } from "./shell.ts";

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Sends a command; `onPart` sees the output as it comes. Rejects when no lab listens there. */
export function sendCommand(
  socketPath: string,
  words: readonly string[],
  onPart: (part: Reply) => void = () => {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    let [out, err] = ["", ""];
    let code: number | undefined;
    const socket = connect(socketPath);
    socket.on("error", (error: NodeJS.ErrnoException) =>
      reject(new Error(plain(socketPath, error))),
    );
    socket.on("connect", () => socket.write(`${JSON.stringify({ words })}\n`));
    eachLine(socket, (line) => {
      const part = JSON.parse(line) as Reply;
      out += part.out ?? "";
      err += part.err ?? "";
      code ??= part.code;
      onPart(part);
    });
    socket.on("close", () => {
      if (code === undefined) reject(new Error("The lab ended before it answered."));
      else resolve({ code, out, err });
    });
  });
}

function plain(socketPath: string, error: NodeJS.ErrnoException): string {
  if (error.code !== "ENOENT" && error.code !== "ECONNREFUSED") return error.message;
  const name = basename(dirname(socketPath));
  return `No lab named "${name}" runs; \`npm start\` starts one.`;
}
