// tandemd: reads its arguments, wires the parts together, and ends them in order.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { Administration } from "./administration.ts";
import { Appliance } from "./appliance.ts";
import { VERSION } from "./base/version.ts";
import { BulkQueries } from "./bulk-queries.ts";
import { type Board, parseBoard, UNKNOWN_BOARD } from "./config/board.ts";
import { ConfigFile } from "./io/config-file.ts";
import { StreamLog } from "./io/log.ts";
import { Surfaces } from "./surfaces.ts";

const USAGE = `usage: tandemd [options]

  --config DIR      holds config.json and box.json         (/etc/tandem)
  --state DIR       leases and the last good configuration (/var/lib/tandem)
  --board FILE      what the box is made of                (CONFIG/board.json)
  --run DIR         the API socket tandem.sock             (/run/tandem)
  --rawlink SOCKET  where the packet helper listens        (RUN/rawlink.sock)
  --gatekeeper SOCKET  what runs keepalived                (RUN/gatekeeper.sock)
  --web DIR         the built page                         (web/ beside this program)
  --page SOCKET     the page also on this socket, for a proxy on the box
  --debug           log more
`;

function options() {
  const { values } = parseArgs({
    options: {
      board: { type: "string" },
      config: { type: "string", default: "/etc/tandem" },
      state: { type: "string", default: "/var/lib/tandem" },
      run: { type: "string", default: "/run/tandem" },
      rawlink: { type: "string" },
      page: { type: "string" },
      gatekeeper: { type: "string" },
      web: { type: "string", default: path.join(import.meta.dirname, "web") },
      debug: { type: "boolean", default: false },
    },
  });
  return values;
}

/** A box that does not know what it is made of serves all the same. */
async function readBoard(
  file: string,
): Promise<{ readonly known: Board; readonly problem?: string }> {
  try {
    return { known: parseBoard(await new ConfigFile(file).read()) };
  } catch (error) {
    return { known: UNKNOWN_BOARD, problem: `${file}: ${(error as Error).message}` };
  }
}

async function main(values: ReturnType<typeof options>): Promise<void> {
  const log = new StreamLog(process.stdout, {
    managed: process.env.JOURNAL_STREAM !== undefined,
    showDebug: values.debug,
  });
  await mkdir(values.run, { recursive: true });
  const board = await readBoard(values.board ?? path.join(values.config, "board.json"));
  const appliance = new Appliance({
    configDir: values.config,
    stateDir: values.state,
    board: board.known,
    rawlinkSocket: values.rawlink ?? path.join(values.run, "rawlink.sock"),
    gatekeeperSocket: values.gatekeeper ?? path.join(values.run, "gatekeeper.sock"),
    version: VERSION,
    log,
  });
  if (board.problem) {
    appliance.setCondition("board-unreadable", "", { text: board.problem });
  }
  const administration = new Administration(appliance, {
    ...{ configDir: values.config, stateDir: values.state, board: board.known },
    commandLine: path.join(import.meta.dirname, "tandem.js"),
    restart: (reason) => void stop(reason),
  });
  const surfaces = new Surfaces(appliance, {
    administration,
    socketPath: path.join(values.run, "tandem.sock"),
    pageSocketPath: values.page,
    webDir: values.web,
    onProblem: (text) => appliance.say("surface-problem", { text }),
  });
  const queries = new BulkQueries(appliance);
  const stop = async (reason: string) => {
    await appliance.stop(reason);
    await Promise.all([surfaces.stop(), queries.stop()]);
    await administration.stop();
    process.exit(0);
  };
  process.on("SIGTERM", () => void stop("asked to by SIGTERM"));
  process.on("SIGINT", () => void stop("asked to by SIGINT"));
  process.on("SIGHUP", () => void appliance.reload());
  // What came of it is in the log.
  process.on("SIGUSR2", () => void appliance.partnerDown());
  await administration.start();
  await surfaces.start();
  appliance.onChange(() => {
    surfaces.update();
    void queries.update();
  });
  await appliance.start();
  administration.begin();
}

let values: ReturnType<typeof options>;
try {
  values = options();
} catch (error) {
  process.stderr.write(`tandemd: ${(error as Error).message}\n${USAGE}`);
  process.exit(3);
}
main(values).catch((error: unknown) => {
  process.stderr.write(`tandemd: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
