// tandem: what the box says, in a terminal. A client of the daemon's API over its Unix socket.

import { run } from "./run.ts";

// A reader that has seen enough (`tandem leases | head`) is no error.
process.stdout.on("error", () => process.exit(0));

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  isTerminal: process.stdout.isTTY === true,
  columns: process.stdout.columns ?? 100,
  now: () => Date.now(),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
