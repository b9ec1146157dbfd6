// The control socket: one command per connection, answered line by line.

import { createServer, type Socket } from "node:net";
import { execute } from "./commands.ts";
import type { Lab } from "./lab-inside.ts";
import type { Reply, Request } from "./messages.ts";
import { eachLine } from "./shell.ts";

const requestBytesMax = 64 << 10;

/** `onStop` is called after a `stop` was answered. */
export function serveControl(path: string, lab: Lab, onStop: () => void): Promise<void> {
  const server = createServer((socket) => {
    // Whoever went away in the middle of an answer does not need the rest of it.
    socket.on("error", () => {});
    let bytes = 0;
    socket.on("data", (chunk) => {
      bytes += chunk.length;
      if (bytes > requestBytesMax) socket.destroy();
    });
    let asked = false;
    eachLine(socket, (line) => {
      if (!asked) void answer(lab, socket, line, onStop);
      asked = true;
    });
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(path, () => resolve());
  });
}

// Commands run one after another: each finds the lab as the one before left it. `exec` may take long
// and `status` only looks, so these two do not wait.
let queue: Promise<unknown> = Promise.resolve();

/** Runs a command in its turn. */
export function inTurn<T>(words: readonly string[], work: () => Promise<T>): Promise<T> {
  if (words[0] === "exec" || words[0] === "status") return work();
  const done = queue.then(work);
  queue = done.catch(() => {});
  return done;
}

async function answer(lab: Lab, socket: Socket, line: string, onStop: () => void): Promise<void> {
  const reply = (part: Reply): void => {
    if (socket.writable) socket.write(`${JSON.stringify(part)}\n`);
  };
  const words = wordsOf(line);
  if (!words) return void socket.destroy();
  const output = {
    out: (text: string) => reply({ out: text }),
    err: (text: string) => reply({ err: text }),
    onGone: (callback: () => void) => void socket.on("close", callback),
  };
  const code = await inTurn(words, () => execute(lab, words, output));
  reply({ code });
  socket.end();
  if (words[0] === "stop" && code === 0) onStop();
}

function wordsOf(line: string): readonly string[] | undefined {
  try {
    const { words } = JSON.parse(line) as Partial<Request>;
    const fine = Array.isArray(words) && words.every((word) => typeof word === "string");
    return fine ? words : undefined;
  } catch {
    return undefined;
  }
}
