// tandem: what the box says, in a terminal. A client of the daemon's API over its Unix socket.

import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { run } from "./run.ts";

// A reader that has seen enough (`tandem leases | head`) is no error.
process.stdout.on("error", () => process.exit(0));

async function ask(question: string, isSecret = false): Promise<string> {
  let isHidden = false;
  const output = new Writable({
    write: (text: Buffer, _, done) => {
      if (!isHidden) process.stdout.write(text);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  // The end of the input is no answer.
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  const asked = lines.question(question);
  isHidden = isSecret;
  const answer = await Promise.race([asked, ended]);
  lines.close();
  if (isSecret) process.stdout.write("\n");
  return answer;
}

function outBytes(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => process.stdout.write(bytes, () => resolve()));
}

const hasPerson = process.stdin.isTTY === true && process.stdout.isTTY === true;

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  isTerminal: process.stdout.isTTY === true,
  ask: hasPerson ? ask : undefined,
  columns: process.stdout.columns ?? 100,
  now: () => Date.now(),
  out: (text) => void process.stdout.write(text),
  outBytes,
  err: (text) => void process.stderr.write(text),
});
